from .diff_html import render_changes
from .highlights import FLAGGED, Highlight, find_highlights, mark_text
from .html import describe_writing, make_environment
from .portraits import render_portrait
from .preview import load_style, render_preview, render_previews

__all__ = [
    "FLAGGED",
    "Highlight",
    "describe_writing",
    "find_highlights",
    "load_style",
    "make_environment",
    "mark_text",
    "render_changes",
    "render_portrait",
    "render_preview",
    "render_previews",
]
