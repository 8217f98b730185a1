"""The page where drafts are tested: write, choose, ask, watch, read."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from toolkit.errors import InputError
from toolkit.models import LABEL, Audience, Campaign
from toolkit.panel import estimating, live_runs, planning
from toolkit.report import seating
from toolkit.ui import ask, caching, keys, state, writing
from toolkit.ui.results import show_result
from toolkit.ui.room import show_room
from toolkit.ui.text import escape, say_here
from toolkit.ui.watching import REFRESH_SECONDS, show_run, wait_until_saved
from toolkit.ui.ways_on import open_page

_NOTHING_YET = "Write a draft, or start from an example."


def show() -> None:
    """Draw the page from top to bottom: what is tested, and once it was asked, the room or the result."""
    show_title()
    live = state.find_live()
    if live is None:
        show_form(locked=False, bar=st.bottom.container())
        return
    failed = live.is_over and live.run is None
    if failed:
        st.error(say_here(live.error or live.problem or "the run ended with no result; ask again to go on"))
    form = st.expander(f"Drafts and audience: {live.describe()}", icon=":material/edit:", expanded=failed)
    if live.run is not None:  # what somebody waits for is drawn before what they typed
        show_end(live)
    with form:
        show_form(locked=not live.is_over)
    if live.run is None and not live.is_over:
        show_run(live)


def lead_here() -> None:
    """Lead from the address `drafts` to this page, whose own is the bare one."""
    open_page("")


def show_title() -> None:
    """Draw the title, the label, and what became of a run that is not at hand any more."""
    st.title("Would they stop for it?", anchor=False)
    st.caption(LABEL)
    lost = state.find_session().take_lost()
    if lost:
        st.info(escape(lost))


def show_form(*, locked: bool, bar: DeltaGenerator | None = None) -> None:
    """Ask for drafts, people and the rest, and offer the button: in a bar that stays in sight, where there is one."""
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
        if locked:
            st.caption("The run is going on. Stop it to change something.")
        elif audience is not None:
            show_start(drafts, objective, audience, options, bar or st.container())
    if audience is not None:
        with room:
            show_room(seating.seat_panel(audience.personas), [""], {}, key=keys.PEOPLE_ROOM)


def ask_people() -> tuple[Audience | None, dict[str, Any]]:
    """Let the tester choose whom to ask and how; what cannot be used is said in one line."""
    try:
        audience = ask.ask_audience()
    except InputError as error:
        st.error(escape(str(error)))
        return None, {}
    sample = ask.ask_sample(audience)
    more = {"head_to_head": ask.ask_head_to_head(), "forecast": ask.ask_forecast()}
    return audience, {"sample": sample, **more, **ask.ask_engine()}


def show_start(
    drafts: list[dict[str, Any]], objective: str, audience: Audience, options: dict[str, Any], bar: DeltaGenerator
) -> None:
    """Say what a run will take and can tell, and start it on a press.

    The button is one and the same from the first letter on, and never disabled: a press may come sooner than the page
    has followed what was typed.
    """
    campaign, problem = None, ""
    takes, tells = estimating.say_people(options["sample"]), ""
    try:
        if any(draft["text"].strip() for draft in drafts):
            campaign = ask.make_test(drafts, objective)
            if planning.choose_rating(campaign, [audience]) == "direct":
                options = options | {"rating": "direct"}
            found = caching.find_estimate(campaign, audience, options)
            takes, tells = estimating.say_estimate(found)
            tells = ". ".join(filter(None, (tells, estimating.say_room(found))))
    except InputError as error:
        problem = str(error)
    said = _draw_start(takes, bar)
    if tells:
        st.caption(tells)
    pressed = state.find_session().take_press()
    if problem:
        said.error(say_here(problem))
    elif campaign is None:
        said.markdown("**Write a draft first**, or start from an example." if pressed else _NOTHING_YET)
    elif pressed:
        _start(campaign, audience, options, said)


def _draw_start(takes: str, bar: DeltaGenerator) -> DeltaGenerator:
    """Draw the button; return the place for what there is to say about it."""
    with bar, st.container(key=keys.START_BAR, horizontal=True, vertical_alignment="center"):
        st.button(takes, type="primary", key=keys.START, width=420, on_click=state.find_session().press)
        return st.empty()


def _start(campaign: Campaign, audience: Audience, options: dict[str, Any], said: DeltaGenerator) -> None:
    try:
        state.start_live(campaign, audience, options)
    except InputError as error:
        said.error(say_here(error))
    else:
        st.rerun()


def show_end(live: live_runs.LiveRun) -> None:
    """Draw what came of a run, with the ways on."""
    if live.run is None:
        return
    if not live.is_over:
        st.fragment(wait_until_saved, run_every=REFRESH_SECONDS)(live)
    if live.unsaved:
        st.warning(escape(live.unsaved))
    if live.is_over and not live.run.is_complete:
        limits = ask.find_limits()
        st.button("Ask the rest", icon=":material/play_arrow:", on_click=state.continue_live, args=(limits,))
    show_result(live.run, seating.seat_panel(live.plan.panel), is_fresh=True, is_saved=live.is_over)
