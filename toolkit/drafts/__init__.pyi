from . import channels, diff, facts, payloads, pictures, taking, touched
from .loading import FORMATS, load_drafts, merge_campaigns
from .saving import check_campaign_path, save_campaign

__all__ = [
    "FORMATS",
    "channels",
    "check_campaign_path",
    "diff",
    "facts",
    "load_drafts",
    "merge_campaigns",
    "payloads",
    "pictures",
    "save_campaign",
    "taking",
    "touched",
]
