"""The page of campaigns: the list of all, or one of them with its brief, drafts, result, and what people say."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from toolkit.errors import InputError
from toolkit.models import LABEL, Audience, Campaign
from toolkit.panel import estimating, live_runs, planning
from toolkit.report import seating
from toolkit.store.campaigns import Round
from toolkit.ui import ask, caching, home, keys, own_questions, rounds, screening, sharing, state, writing
from toolkit.ui.results import show_result
from toolkit.ui.room import show_room
from toolkit.ui.session import DRAFTS, RESULT
from toolkit.ui.text import escape, say_here
from toolkit.ui.watching import REFRESH_SECONDS, show_run, wait_until_saved
from toolkit.ui.ways_on import open_page

ASK_SHORTCUT = "Alt+Enter"
"""Presses the button that asks, which shows it. Ctrl+Enter is taken: it ends a field of many lines."""
_NOTHING_YET = "Write a draft, or start from an example."


PARTS = ("Brief", DRAFTS, RESULT, "Share")
"""The parts of a campaign, in the order in which it is worked on."""


def show() -> None:
    """Draw the list of campaigns, or the one that is open: its head, and the part of it that was chosen."""
    if state.is_at_list():
        home.show_list()
        return
    live = state.find_live()
    bar = st.container(key=keys.ASK_BAR)  # first for a keyboard, at the foot of the window for the eye
    with st.container(key=keys.HEAD, gap="small"):
        title = st.container()
        with st.container(horizontal=True, vertical_alignment="center"):
            home.show_head(may_undo=state.recall(keys.PART) != RESULT)
            part = ask_part()
            chosen = rounds.ask_round() if part == RESULT else None
        with title:
            show_title(is_quiet=rounds.find_run(chosen) is not None)
    say_what_there_is()
    if part == "Brief":
        show_brief()
    elif part == RESULT:
        show_rounds(live, chosen, bar)
    elif part == "Share":
        sharing.show_sharing()
    elif live is None or live.is_over:
        show_form(locked=False, bar=bar)
    else:
        show_form(locked=True, bar=bar)


def lead_here() -> None:
    """Lead from the address `drafts` to this page, whose own is the bare one."""
    open_page("")


def show_title(*, is_quiet: bool = False) -> None:
    """Draw the title and the label: for screen readers alone where a result has a heading and a label of its own."""
    if is_quiet:
        with st.container(key=keys.QUIET_TITLE):
            st.title("Would they stop for it?", anchor=False)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Would they stop for it?", anchor=False, width="content")
        st.caption(LABEL)


def say_what_there_is() -> None:
    """Say what became of something that the page was asked for."""
    session = state.find_session()
    for words in filter(None, (session.take_lost(), session.take_said())):
        st.info(escape(words))


def ask_part() -> str:
    """Let the tester choose a part of the campaign."""
    state.keep_choice(keys.PART, PARTS, DRAFTS)
    chosen = st.segmented_control(
        "Part of the campaign", PARTS, required=True, label_visibility="collapsed", **state.tie(keys.PART)
    )
    return chosen or DRAFTS


def show_brief() -> None:
    """Ask what the drafts are for."""
    st.caption("Each draft is checked against the must-haves, and Improve follows goal and tone.")
    ask.ask_brief()
    ask.ask_brand()


def show_rounds(live: live_runs.LiveRun | None, chosen: Round | None, bar: DeltaGenerator) -> None:
    """Draw the chosen round: the room while it goes on, else the result."""
    run = rounds.find_run(chosen)
    if chosen is not None and run is None and chosen.asked and (live is None or not is_of_round(live, chosen)):
        live = state.take_up_round(chosen.number) or live
    if live is not None and (chosen is None or is_of_round(live, chosen)):
        show_live(live, bar)
    elif run is not None:
        show_result(run)
    elif chosen is None:
        st.info("Nobody was asked yet. Write your drafts, then ask.")
    elif chosen.run_id:
        st.info("The folder of this run is not here. Its drafts are kept above.")
    elif chosen.asked:
        st.info("This round was not finished. What was answered is kept, and is not asked again.")
        rounds.offer_rest(chosen)


def is_of_round(live: live_runs.LiveRun, chosen: Round) -> bool:
    """Whether the run of this session is the one of a round."""
    number = state.find_session().live_round
    if number is not None:
        return number == chosen.number
    return live.run.run_id == chosen.run_id if live.run and chosen.run_id else not chosen.run_id


def show_live(live: live_runs.LiveRun, bar: DeltaGenerator) -> None:
    """Draw the run of this session, going on or over; where nothing could be had, why, and the form."""
    if not live.is_over:
        show_run(live)
    elif live.run is None:
        st.error(say_here(live.error or live.problem or "the run ended with no result; ask again to go on"))
        show_form(locked=False, bar=bar)
    else:
        show_end(live)


def show_form(*, locked: bool, bar: DeltaGenerator) -> None:
    """Ask for drafts, people and the rest, and offer the button in a bar that stays in sight."""
    place = st.container()
    where, aim, device = st.columns([2, 2, 1], gap="large")
    with where:
        surface = ask.ask_surface()
    with aim:
        objective = ask.ask_objective(surface)
    with device:
        seen_on = ask.ask_device()
    st.subheader("Who will be asked", anchor=False)
    choices, room = st.columns([2, 3], gap="large")
    with choices:
        audience, options = ask_people()
    with place:
        screening.show_screening(surface, objective, audience, options, locked=locked)
        drafts = writing.ask_drafts(surface, seen_on, audience, locked=locked)
        writing.ask_start(locked=locked)
    with choices:
        if locked:
            st.caption("The run is going on. Stop it to change something.")
        elif audience is not None:
            show_start(drafts, objective, audience, options, bar)
    if audience is not None:
        with room:
            show_room(seating.seat_panel(audience.personas), [""], {}, key=keys.PEOPLE_ROOM)
    if not any(draft["text"].strip() for draft in drafts):
        writing.show_examples()


def ask_people() -> tuple[Audience | None, dict[str, Any]]:
    """Let the tester choose whom to ask and how; what cannot be used is said in one line."""
    try:
        audience = ask.ask_audience()
    except InputError as error:
        st.error(escape(str(error)))
        return None, {}
    sample = ask.ask_sample(audience, screening.count_others(audience))
    screening.show_screened(audience)
    more = {"head_to_head": ask.ask_head_to_head(), "forecast": ask.ask_forecast()}
    own_questions.ask_questions()
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
            campaign = own_questions.add_to(ask.make_test(drafts, objective))
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
    pressed, surprised = state.find_session().take_press(), state.find_session().take_surprise()
    if pressed and surprised:
        said.warning("Somebody else changed whom or how to ask. Look again, then press.")
    elif problem:
        said.error(say_here(problem))
    elif campaign is None:
        said.markdown("**Write a draft first**, or start from an example." if pressed else _NOTHING_YET)
    elif pressed:
        named = campaign.model_copy(update={"campaign": state.settle_name()})
        _start(named, audience, options, said)


def _draw_start(takes: str, bar: DeltaGenerator) -> DeltaGenerator:
    """Draw the button; return the place for what there is to say about it."""
    with bar, st.container(key=keys.START_BAR, horizontal=True, vertical_alignment="center"):
        press = state.find_session().press
        st.button(takes, type="primary", key=keys.START, width=420, on_click=press, shortcut=ASK_SHORTCUT)
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
