"""What a persona is asked, and how an answer is read.

Examples:
    >>> from toolkit.questionnaire import Prompts
    >>> len(Prompts().wordings) >= 8
    True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
