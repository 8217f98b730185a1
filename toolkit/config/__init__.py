"""What a team settles once: `audience.toml`, or `[tool.audience]` in pyproject.toml, found upwards from a folder.

Examples:
    >>> from toolkit.config import load_config
    >>> load_config("examples").settings.on_stale
    'fail'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
