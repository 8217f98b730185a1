"""Drafts drawn as they will appear: HTML that is safe with any text, for the page and the report."""

from __future__ import annotations

from toolkit.rendering.marks import Highlight, find_highlights, mark_text
from toolkit.rendering.previews import load_style, render_preview, render_previews

__all__ = ["Highlight", "find_highlights", "load_style", "mark_text", "render_preview", "render_previews"]
