"""Intervals, p-values and plans for numbers that come from personas under several wordings.

The wording is a random factor. With it ignored, more personas make false verdicts more frequent, not less. So every
interval here is clustered on the wordings, and the persona, never the call, is the unit.

Example:
    >>> from toolkit.stats import intervals
    >>> intervals.exact_interval(1, 4)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
