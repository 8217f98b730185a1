"""Numbers over many campaigns: means with campaigns as a random factor, and how well raters agree.

Examples:
    >>> from toolkit.stats.studies import concordance
    >>> concordance.kendall_w([[1, 2, 3], [1, 2, 3]])
    1.0
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
