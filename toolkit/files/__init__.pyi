from . import languages, located_yaml, markup, normalising, resources, tables, templating
from .atomic import write_atomically
from .located_yaml import Located, load_yaml, make_record
from .text import read_text

__all__ = [
    "Located",
    "languages",
    "load_yaml",
    "located_yaml",
    "make_record",
    "markup",
    "normalising",
    "read_text",
    "resources",
    "tables",
    "templating",
    "write_atomically",
]
