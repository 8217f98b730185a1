"""Drafts drawn as they will appear: HTML that is safe with any text, for the page and the report."""

from __future__ import annotations

from toolkit.rendering.marks import FLAGGED, Highlight, find_highlights, mark_text
from toolkit.rendering.previews import load_style, render_preview, render_previews
from toolkit.rendering.results import (
    Funnel,
    Objection,
    Step,
    Voice,
    render_evidence,
    render_funnel,
    render_objections,
    render_segments,
    render_voices,
)

__all__ = [
    "FLAGGED",
    "Funnel",
    "Highlight",
    "Objection",
    "Step",
    "Voice",
    "find_highlights",
    "load_style",
    "mark_text",
    "render_evidence",
    "render_funnel",
    "render_objections",
    "render_preview",
    "render_previews",
    "render_segments",
    "render_voices",
]
