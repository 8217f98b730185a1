"""The text under test: drafts are read, counted, compared and written back here.

Examples:
    >>> from toolkit.drafts import load_drafts
    >>> [draft.id for draft in load_drafts("examples/paypal-invoices.yaml").drafts]
    ['plain', 'benefit']
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
