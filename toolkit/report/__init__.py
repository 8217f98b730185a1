"""A run as one file to read, print, send or compute with: HTML, Markdown, Excel, JSON, or a chart as a picture.

Examples:
    >>> from toolkit.report import saving
    >>> sorted(saving.FORMATS)
    ['.html', '.json', '.md', '.png', '.svg', '.xlsx']
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
