r"""Tables of any kind that people keep: one reader, one policy, and a note on all that it left out.

Example:
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "drafts.csv"
    >>> _ = path.write_text("sep=;\nid;text\na;Hello, you\n")
    >>> from toolkit.files import tables
    >>> tables.load_table(path).rows[0].cells
    {'id': 'a', 'text': 'Hello, you'}
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
