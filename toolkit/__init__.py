"""Speak to the audience before the audience: personas react to drafts, and statistics say what that is worth.

Everything here loads on first use, so `import toolkit` costs nothing heavy.

Example:
    >>> import toolkit
    >>> drafts = toolkit.load_drafts("examples/paypal-invoices.yaml")
    >>> [draft.id for draft in drafts.drafts]
    ['plain', 'benefit']
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
