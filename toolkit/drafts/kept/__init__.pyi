from . import content, shelf
from .adopting import adopt_runs, load_campaigns, save_campaign
from .shelf import (
    Kept,
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
    "export_kept",
    "find_kept",
    "import_kept",
    "list_history",
    "list_kept",
    "load_campaigns",
    "rename_kept",
    "save_campaign",
    "shelf",
]
