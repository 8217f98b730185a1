"""One run: plan who is asked what, ask, and keep every reply as it arrives.

Examples:
    >>> from toolkit.panel import plan
    >>> len(plan("examples/paypal-invoices.yaml", "uk-small-sellers").tasks)
    44
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
