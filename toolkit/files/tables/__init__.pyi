from . import headings, numbers, selecting, telling
from .reading import SUFFIXES, is_table_text, load_json_lines, load_table, load_tables, load_uploaded
from .records import LoadedTable, Row, drop_empty

__all__ = [
    "SUFFIXES",
    "LoadedTable",
    "Row",
    "drop_empty",
    "headings",
    "is_table_text",
    "load_json_lines",
    "load_table",
    "load_tables",
    "load_uploaded",
    "numbers",
    "selecting",
    "telling",
]
