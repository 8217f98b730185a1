from . import content, shelf
from .adopting import adopt_runs, load_campaigns
from .shelf import (
    Kept,
    duplicate_kept,
    export_kept,
    find_kept,
    import_kept,
    list_history,
    list_kept,
    rename_kept,
)

__all__ = [
    "Kept",
    "adopt_runs",
    "content",
    "duplicate_kept",
    "export_kept",
    "find_kept",
    "import_kept",
    "list_history",
    "list_kept",
    "load_campaigns",
    "rename_kept",
    "shelf",
]
