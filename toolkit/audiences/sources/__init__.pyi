from . import margins, source_rows

__all__ = ["margins", "source_rows"]
