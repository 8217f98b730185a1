"""Drafts drawn as they will appear: HTML that is safe with any text, for the page and the report.

Example:
    >>> from toolkit.drafts.preview import mark_text
    >>> str(mark_text("Free today", []))
    'Free today'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
