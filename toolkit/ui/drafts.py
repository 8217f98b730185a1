"""The page where drafts are tested: write, choose, ask, watch, read."""

from __future__ import annotations

from typing import Any

import streamlit as st

from toolkit.errors import InputError
from toolkit.estimating import say_estimate
from toolkit.live import LiveRun
from toolkit.models import LABEL, Audience, Campaign
from toolkit.room import seat_panel
from toolkit.ui import ask, state, writing
from toolkit.ui.results import show_result
from toolkit.ui.room import show_room
from toolkit.ui.text import escape
from toolkit.ui.watching import show_run


def show() -> None:
    """Draw the page from top to bottom: what is tested, and once it was asked, the room or the result."""
    show_title()
    live = state.find_live()
    if live is None:
        show_form(locked=False)
        return
    with st.expander(f"Drafts and audience: {live.describe()}", icon=":material/edit:"):
        show_form(locked=not live.is_over)
    if live.is_over:
        show_end(live)
    else:
        show_run(live)


def show_title() -> None:
    """Draw the title, the label, and what became of a run that is not at hand any more."""
    st.title("Would they stop for it?", anchor=False)
    st.caption(LABEL)
    lost = state.take_lost()
    if lost:
        st.info(escape(lost))


def show_form(*, locked: bool) -> None:
    """Ask for drafts, people and the rest, and offer the button."""
    writing.ask_start(locked=locked)
    where, aim, device = st.columns([2, 2, 1], gap="large")
    with where:
        surface = ask.ask_surface()
    with aim:
        objective = ask.ask_objective(surface)
    with device:
        seen_on = ask.ask_device()
    place = st.container()
    st.subheader("Who will be asked", anchor=False)
    choices, room = st.columns([2, 3], gap="large")
    with choices:
        audience, options = ask_people()
    with place:
        drafts = writing.ask_drafts(surface, seen_on, audience, locked=locked)
    with choices:
        show_start(drafts, objective, audience, options, locked=locked)
    if audience is not None:
        with room:
            show_room(seat_panel(audience.personas), [""], {}, key="ask-people-room")


def ask_people() -> tuple[Audience | None, dict[str, Any]]:
    """Let the tester choose whom to ask and how; what cannot be used is said in one line."""
    try:
        audience = ask.ask_audience()
    except InputError as error:
        st.error(escape(str(error)))
        return None, {}
    sample = ask.ask_sample(audience)
    return audience, {"sample": sample, "head_to_head": ask.ask_head_to_head(), **ask.ask_engine()}


def show_start(
    drafts: list[dict[str, Any]], objective: str, audience: Audience | None, options: dict[str, Any], *, locked: bool
) -> None:
    """Say what a run will take and can tell, and start it on a press."""
    if locked:
        st.caption("Being asked; stop to change something.")
    elif audience is None or not any(draft["text"].strip() for draft in drafts):
        st.button("Ask them", type="primary", disabled=True, width="stretch", key="start-nobody")
        st.caption("Write a draft, or start from an example.")
    else:
        try:
            _offer(ask.make_test(drafts, objective), audience, options)
        except InputError as error:
            st.error(escape(str(error)))


def _offer(campaign: Campaign, audience: Audience, options: dict[str, Any]) -> None:
    takes, tells = say_estimate(state.find_estimate(campaign, audience, options))
    if st.button(takes, type="primary", width="stretch", key="start"):
        state.start_live(campaign, audience, options)
        st.rerun()
    st.caption(tells)


def show_end(live: LiveRun) -> None:
    """Draw what came of a run, with the ways on."""
    if live.run is None:
        st.error(escape(live.problem or "the run ended with no result; press again to go on"))
        return
    if live.unsaved:
        st.warning(escape(live.unsaved))
    if not live.run.is_complete:
        st.button("Ask the rest", icon=":material/play_arrow:", on_click=state.continue_live)
    show_result(live.run, seat_panel(live.plan.panel))
