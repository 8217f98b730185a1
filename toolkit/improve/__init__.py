"""From a run to a better draft: ask people why, list what they hold against it, rewrite it, test it again.

Examples:
    >>> from toolkit.improve import interviews
    >>> interviews.check_question("  What would change your mind?  ")
    'What would change your mind?'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
