"""The records everything else speaks in: drafts, audiences, campaigns, questions and replies.

Examples:
    >>> from toolkit.models import Draft
    >>> Draft(id="a", text="Hello").surface
    'messenger_message'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
