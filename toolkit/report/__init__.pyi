from . import advice, blocks, charts, seating, summaries
from .content import Report, list_methods, make_report
from .saving import FORMATS, check_suffix, save_report

__all__ = [
    "FORMATS",
    "Report",
    "advice",
    "blocks",
    "charts",
    "check_suffix",
    "list_methods",
    "make_report",
    "save_report",
    "seating",
    "summaries",
]
