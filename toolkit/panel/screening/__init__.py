"""Many drafts at few people: a screening picks the shortlist that a full test then asks other people about.

Examples:
    >>> from toolkit.panel.screening import standings
    >>> standings.MOST_DRAFTS
    200
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
