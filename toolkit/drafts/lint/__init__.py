"""Drafts against limits, policies, plain style and your own brand file. No model and no network is needed.

Examples:
    >>> from toolkit.drafts import load_drafts
    >>> from toolkit.drafts.lint import lint
    >>> lint(load_drafts("examples/paypal-invoices.yaml"))
    []
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
