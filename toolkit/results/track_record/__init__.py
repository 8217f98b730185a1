"""How often each source was right about your own results, at the place that a run is about.

Examples:
    >>> from toolkit.results.track_record import places
    >>> places.LEAST_PAIRS
    20
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
