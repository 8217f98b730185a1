from . import advice, blocks, cards, charts, saving, seating, summaries
from .content import Report, list_methods, make_report
from .saving import FORMATS, save_report

__all__ = [
    "FORMATS",
    "Report",
    "advice",
    "blocks",
    "cards",
    "charts",
    "list_methods",
    "make_report",
    "save_report",
    "saving",
    "seating",
    "summaries",
]
