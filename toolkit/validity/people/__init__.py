"""A few real people: the panel's own questions on one page, their answers, and what they say beside the panel.

Examples:
    >>> from toolkit.validity.people import forms
    >>> forms.balance_orders(2)
    ((0, 1), (1, 0))
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
