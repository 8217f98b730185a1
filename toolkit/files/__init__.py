"""Files of others: text, YAML with its lines, tables and templates are read here, and written whole or not at all.

Examples:
    >>> from toolkit.files import load_yaml
    >>> load_yaml("text: Hello", "draft.yaml").value
    {'text': 'Hello'}
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
