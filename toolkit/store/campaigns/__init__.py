"""What a file of drafts cannot hold and stays with a campaign: comments of people, rounds, marks, who did what when.

Examples:
    >>> from pathlib import Path
    >>> from toolkit.store.campaigns import Comments
    >>> with Comments(Path("reactions.sqlite")) as comments:
    ...     comments.list_comments("paypal-invoices")
    []
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
