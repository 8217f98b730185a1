"""What all pages look like beyond the theme."""

from __future__ import annotations

import streamlit as st

from toolkit.files.resources import read_data


def apply_look() -> None:
    """Set the room around a page, and keep what is being drawn anew as clear as it was."""
    st.html(f"<style>{read_data('page.css')}</style>")
