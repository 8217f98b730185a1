"""What turns a question into a reply: a provider's endpoint, a model on this machine, or stored replies.

Examples:
    >>> from toolkit.engines import Price
    >>> Price(0.25, 2.0).halve()
    Price(prompt=0.125, completion=1.0, cached=None)
"""

import lazy_loader

from toolkit.engines.late_types import defer_types

defer_types()
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
