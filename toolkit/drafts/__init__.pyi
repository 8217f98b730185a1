from . import channels, counts, diff, facts, touched
from .loading import FORMATS, load_drafts, make_drafts, merge_campaigns
from .pictures import load_picture
from .saving import check_campaign_path, save_campaign

__all__ = [
    "FORMATS",
    "channels",
    "check_campaign_path",
    "counts",
    "diff",
    "facts",
    "load_drafts",
    "load_picture",
    "make_drafts",
    "merge_campaigns",
    "save_campaign",
    "touched",
]
