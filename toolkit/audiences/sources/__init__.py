"""What made-up people rest on: rows that real people wrote, and the margins of those they stand for.

Examples:
    >>> from toolkit.audiences.sources import margins
    >>> margins.read_band("55+")
    (55, 100)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
