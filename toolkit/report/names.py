"""What measures are called for people."""

from __future__ import annotations

from toolkit.models import MEASURES

NAMES = {
    "stop_rate": "stopped",
    "objective_rate": "reached the objective",
    "negative_rate": "hid or reported",
    **{measure: measure for measure in MEASURES},
}
ACTION_COLOURS = {
    "scroll_past": "#bbbbbb",
    "read": "#56b4e9",
    "react": "#0072b2",
    "click": "#009e73",
    "reply": "#117733",
    "share": "#44aa99",
    "save": "#88ccee",
    "hide": "#e69f00",
    "report": "#d55e00",
}
"""Told apart with the common kinds of colour blindness (Okabe and Ito, with three tones of Tol)."""
DRAFT_COLOURS = ("#7b5cc4", "#b5478f", "#8a6d1f", "#64748b", "#5d7a1f", "#a3564e", "#4a5fb0")
"""Of the drafts, in file order: no colour of an action, readable on white and on near-black."""
