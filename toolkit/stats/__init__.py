"""Intervals, p-values and plans for numbers that come from personas under several wordings.

The wording is a random factor. With it ignored, more personas make false verdicts more frequent, not less. So every
interval here is clustered on the wordings, and the persona, never the call, is the unit.

Examples:
    >>> from toolkit.stats import intervals
    >>> [round(float(end), 3) for end in intervals.exact_interval(0.25, 4)]
    [0.006, 0.806]
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
