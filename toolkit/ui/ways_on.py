"""From one page to the next: to a first test, and from a result to asking them why and to a better draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from toolkit.results import Run
from toolkit.ui import keys, state


def note_pages(pages: Sequence[Any]) -> None:
    """Note the pages of this run of the script, so that one can lead to another."""
    state.find_session().pages = {page.url_path: page for page in pages}


def open_page(name: str, run_id: str | None = None) -> None:
    """Go to another page, "" for the first, with a run to work on."""
    if run_id is not None:
        state.put(keys.SUBJECT, run_id)
    page = state.find_session().pages.get(name)
    if page is not None:
        st.switch_page(page)


def show_ways_on(run: Run) -> None:
    """Offer the pages that go on from a run: improve and share first, where there is a page to share it."""
    run_id = run.run_id
    with st.container(horizontal=True):
        if st.button(
            "Improve a draft", icon=":material/edit_square:", type="primary", key=keys.name_way("improve", run_id)
        ):
            open_page("improve", run_id)
        if "share" in state.find_session().pages and st.button(
            "Share", icon=":material/share:", key=keys.name_way("share", run_id)
        ):
            open_page("share", run_id)
        if st.button("Ask them why", icon=":material/forum:", type="tertiary", key=keys.name_way("why", run_id)):
            open_page("why", run_id)
        if st.button(
            "Use these drafts again", icon=":material/edit_note:", type="tertiary", key=keys.name_way("again", run_id)
        ):
            state.open_run_again(run)
            open_page("")


def show_beginning(words: str) -> None:
    """Say why there is nothing here yet, and lead to the page where that changes."""
    st.info(words)
    page = state.find_session().pages.get("")
    if page is not None:
        st.page_link(page, label="Test two drafts", icon=":material/edit_note:")
