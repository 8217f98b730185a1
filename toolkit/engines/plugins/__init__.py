"""Engines that other packages bring: entry points of the group `audience_toolkit.engines`.

Examples:
    >>> from toolkit.engines import plugins
    >>> plugins.BUILT_IN
    ('openai', 'local', 'replay')
    >>> plugins.make_plugin("nobody")
    Traceback (most recent call last):
    toolkit.errors.InputError: unknown engine 'nobody'...
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
