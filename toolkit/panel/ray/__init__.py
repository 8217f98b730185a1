"""One run spread over Ray workers: they share one budget, and each keeps its replies in a file of its own.

Examples:
    >>> from toolkit.panel.ray import carry_out_on_workers
    >>> carry_out_on_workers.__name__
    'carry_out_on_workers'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
