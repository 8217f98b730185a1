"""Real results: what was published, what happened, and what that says about panel, control reader and model.

Examples:
    >>> from toolkit.validity.outcomes import load_outcomes
    >>> load_outcomes("no-such-file.csv")
    Traceback (most recent call last):
    toolkit.errors.InputError: ...
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
