"""Tables of any library as Polars frames or as rows, through narwhals; none of those libraries is imported for it.

Examples:
    >>> from toolkit.files import frames
    >>> frames.read_rows([{"id": "plain", "text": "Send an invoice."}])
    [{'id': 'plain', 'text': 'Send an invoice.'}]
    >>> frames.read_rows(3) is None
    True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
