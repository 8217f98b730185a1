"""How an engine and an audience behave where the right answer is known: gates, and the scorecard they give.

Examples:
    >>> from toolkit.validity.behaviour import Gate
    >>> "name" in Gate.model_fields
    True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
