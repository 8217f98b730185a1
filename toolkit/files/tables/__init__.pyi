from . import headings, numbers, selecting, telling
from .reading import SUFFIXES, is_table_text, load_json_lines, load_table, load_tables
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
    "numbers",
    "selecting",
    "telling",
]
