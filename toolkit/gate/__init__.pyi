from . import comments, formats, merging, results
from .checking import check, check_campaign, list_checks
from .finding_files import choose_campaigns, is_meant_as_campaign
from .recording import preview_recording, record_campaign
from .replay import Shelf

__all__ = [
    "Shelf",
    "check",
    "check_campaign",
    "choose_campaigns",
    "comments",
    "formats",
    "is_meant_as_campaign",
    "list_checks",
    "merging",
    "preview_recording",
    "record_campaign",
    "results",
]
