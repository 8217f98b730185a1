"""Many campaigns as one study: which kind of draft does better, and how far its answers can be relied on.

Examples:
    >>> from toolkit.study import factors
    >>> factors.LEAST_CAMPAIGNS
    4
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
