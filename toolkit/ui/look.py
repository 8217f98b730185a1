"""What all pages look like beyond the theme."""

from __future__ import annotations

import streamlit as st

from toolkit.files import resources

_DARK = '[data-testid^="stBaseButton-primary"]:not(:disabled) { color: #10161d !important; }'
"""The light blue that is readable on a dark page needs dark letters on it."""


def apply_look() -> None:
    """Set the room around a page, and keep what is being drawn anew as clear as it was."""
    dark = _DARK if st.context.theme.type == "dark" else ""
    st.html(f"<style>{resources.read_data('page.css')}{dark}</style>")
