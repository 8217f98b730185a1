from . import channels, diff, facts, payloads, taking, touched
from .loading import FORMATS, load_drafts, merge_campaigns
from .pictures import load_picture
from .saving import check_campaign_path, save_campaign

__all__ = [
    "FORMATS",
    "channels",
    "check_campaign_path",
    "diff",
    "facts",
    "load_drafts",
    "load_picture",
    "merge_campaigns",
    "payloads",
    "save_campaign",
    "taking",
    "touched",
]
