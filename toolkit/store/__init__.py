"""What outlasts a run, in one SQLite file: replies and vectors, approvals, conversations, versions of drafts.

Examples:
    >>> from toolkit.store import Store
    >>> from pathlib import Path
    >>> with Store(Path("reactions.sqlite")) as store:
    ...     store.count_replies()
    0
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
