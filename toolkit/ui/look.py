"""What all pages look like beyond the theme, and what they do alike."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from toolkit.files import resources
from toolkit.ui import keys, state


def apply_look() -> None:
    """Set the room around a page, and keep what is being drawn anew as clear as it was."""
    st.html(f"<style>{resources.read_data('page.css')}</style>")
    with st.container(key=keys.LEAVING, height=1, border=False):
        got = state.list_taken()  # a tuple: of a list Streamlit would ask pandas, and load it
        _register_leaving()(key=keys.LEAVING_PART, height=1, data={"got": got}, on_late_change=state.take_late)


@lru_cache(maxsize=1)
def _register_leaving() -> st.components.v2.types.ComponentRenderer:
    """Return what keeps a link waiting until the words typed just before it have arrived.

    It tells those words that have not: a box that goes while somebody types in it, as when a run begins, cannot.
    """
    return st.components.v2.component("audience_leaving", js=resources.read_data("leaving", "leaving.js"))
