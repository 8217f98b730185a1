"""From a result to what comes next: ask them why, improve a draft."""

from __future__ import annotations

import streamlit as st

from toolkit.ui import workbench


def show_ways_on(run_id: str) -> None:
    """Offer the pages that go on from a run."""
    with st.container(horizontal=True):
        if st.button("Ask them why", icon=":material/forum:", key=f"why-{run_id}"):
            workbench.open_page("why", run_id)
        if st.button("Improve a draft", icon=":material/edit_square:", key=f"improve-{run_id}"):
            workbench.open_page("improve", run_id)
