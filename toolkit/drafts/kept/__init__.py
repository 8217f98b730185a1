"""Campaigns that the store keeps: one and the same for the page, the command line and Python.

Examples:
    >>> from pathlib import Path
    >>> from toolkit.drafts.kept import list_kept
    >>> list_kept(Path("reactions.sqlite"))
    []
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
