"""From one page to the next: to a first test, and from a result to asking them why and to a better draft."""

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


def show_beginning(words: str) -> None:
    """Say why there is nothing here yet, and lead to the page where that changes."""
    st.info(words)
    page = workbench.find_page("")
    if page is not None:
        st.page_link(page, label="Test two drafts", icon=":material/edit_note:")
