"""The places where drafts appear: what each holds, hides and lets people do, as dated data.

Examples:
    >>> from toolkit.drafts.surfaces import find_surface
    >>> find_surface("sms").label
    'text message'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
