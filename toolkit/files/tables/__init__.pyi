from . import headings, numbers, selecting
from .reading import SUFFIXES, is_table_text, load_json_lines, load_table, load_tables, say_way_out
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
    "say_way_out",
    "selecting",
]
