"""From one page to the next: to a first test, and from a result to asking them why and to a better draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from toolkit.errors import InputError
from toolkit.panel import planning
from toolkit.results import Run
from toolkit.ui import keys, state
from toolkit.ui.people import find_audiences_of


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


def show_continue(run: Run) -> None:
    """Offer to ask what a saved run lacks; what the store holds is not asked again."""
    if run.is_complete:
        return
    if not can_continue(run):
        st.caption("Repeat the command that began this run to ask the rest. Nothing is asked twice.")
    elif st.button("Continue this run", icon=":material/play_arrow:", key=keys.name_way("continue", run.run_id)):
        _choose_as(run)
        state.find_session().enter("")  # the press is for the page it leads to
        state.find_session().press()
        open_page("")


def can_continue(run: Run) -> bool:
    """Whether the page can ask the rest of a run: one audience whose file is as it was, and the page's own settings."""
    methods, settings = run.methods, run.methods.settings
    if len(methods.audiences) != 1 or settings.repeats != 1 or methods.engine not in _ENGINES:
        return False
    try:
        found = find_audiences_of(run)
        audience = found.get(methods.audiences[0]["audience"])
        rating = None if audience is None else planning.choose_rating(methods.campaign, [audience])
    except InputError:
        return False
    return audience is not None and audience.digest == methods.audiences[0]["sha256"] and settings.rating == rating


def _choose_as(run: Run) -> None:
    """Put drafts and settings of a run into the fields of the page."""
    methods, settings = run.methods, run.methods.settings
    state.open_run_again(run)
    name = str(methods.audiences[0]["audience"])
    drawn, people = keys.name_sample(name), int(methods.audiences[0]["personas"])
    chosen = {
        keys.AUDIENCE: name,
        drawn: settings.sample or people,
        keys.name_most(drawn): people,
        keys.SEED: settings.seed,
        keys.HEAD_TO_HEAD: settings.head_to_head,
        keys.FORECAST: settings.forecast,
        keys.ENGINE: methods.engine,
        keys.MODEL: ", ".join(one.name for one in methods.models) or methods.model,
    }
    for key, value in chosen.items():
        state.put(key, value)


_ENGINES = ("local", "openai")
"""What the page can ask."""


def show_beginning(words: str) -> None:
    """Say why there is nothing here yet, and lead to the page where that changes."""
    st.info(words)
    page = state.find_session().pages.get("")
    if page is not None:
        st.page_link(page, label="Test two drafts", icon=":material/edit_note:")
