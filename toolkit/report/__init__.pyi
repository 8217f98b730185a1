from . import advice, answers, blocks, cards, charts, saving, seating, summaries
from .content import Report, list_methods, make_report
from .saving import save_report

__all__ = [
    "Report",
    "advice",
    "answers",
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
