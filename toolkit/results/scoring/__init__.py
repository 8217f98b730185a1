"""From reactions to scorecards, comparisons and a verdict. Reactions of any age and origin will do.

Examples:
    >>> from toolkit.results.scoring import PRIMARY
    >>> PRIMARY
    'objective_rate'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
