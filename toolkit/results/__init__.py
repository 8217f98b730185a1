"""What a run found: reactions, scorecards, comparisons, a verdict, and the evidence beside it.

Examples:
    >>> from toolkit.results import find_runs
    >>> find_runs("no-such-folder")
    []
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
