from . import agreement, factors
from .asking import CampaignsLike, StudyOptions, astudy, price_study, study
from .records import CellRecord
from .studies import Study, load_study

__all__ = [
    "CampaignsLike",
    "CellRecord",
    "Study",
    "StudyOptions",
    "agreement",
    "astudy",
    "factors",
    "load_study",
    "price_study",
    "study",
]
