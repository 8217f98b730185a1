"""Drafts drawn as they will appear: HTML that is safe with any text, for the page and the report.

Examples:
    >>> from toolkit.drafts.preview import mark_text
    >>> str(mark_text("Less is < more"))
    'Less is &lt; more'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
