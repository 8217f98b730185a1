"""Weights that bring a sample to what is known of a population.

Examples:
    >>> from toolkit.stats.weighting import rake
    >>> rake([{"sex": "f"}, {"sex": "m"}], {"sex": {"f": 0.6, "m": 0.4}}).weights
    (1.2, 0.8)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
