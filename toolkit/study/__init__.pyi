from . import agreement, factors
from .asking import CampaignsLike, StudyOptions, astudy, carry_out_study, plan_study, price_study, study
from .records import CellRecord
from .studies import Study, load_study

__all__ = [
    "CampaignsLike",
    "CellRecord",
    "Study",
    "StudyOptions",
    "agreement",
    "astudy",
    "carry_out_study",
    "factors",
    "load_study",
    "plan_study",
    "price_study",
    "study",
]
