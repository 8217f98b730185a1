"""The page where drafts are tested: write, choose, ask, watch, read."""

from __future__ import annotations

from typing import Any

import streamlit as st

from toolkit import api
from toolkit.errors import InputError, ToolkitError
from toolkit.estimating import say_estimate
from toolkit.linting import lint
from toolkit.live import LiveRun
from toolkit.models import LABEL, Audience, Campaign
from toolkit.room import hear_reactions, seat_panel
from toolkit.runs import Run
from toolkit.ui import ask, state
from toolkit.ui.past_runs import FOLDER
from toolkit.ui.results import escape, show_preview, show_result
from toolkit.ui.room import show_room

REFRESH_SECONDS = 0.4
_LATEST = 3
_MOST_NOTES = 4


def show() -> None:
    """Draw the page from top to bottom: what is tested, and under it the room or the result."""
    st.title("Would they stop for it?", anchor=False)
    st.caption(LABEL)
    live = state.find_live()
    if live is None:
        audience = show_form(live)
        if audience is not None:
            show_people(audience)
        return
    with st.expander(f"Drafts and audience: {live.describe()}", icon=":material/edit:"):
        show_form(live)
    show_outcome(live)


def show_form(live: LiveRun | None) -> Audience | None:
    """Ask for drafts and choices, offer the button; what cannot be used is said in one line."""
    written, chosen = st.columns([3, 2], gap="large")
    running = live is not None and not live.is_over
    with chosen:
        surface = ask.ask_surface()
        objective = ask.ask_objective(surface)
    with written:
        drafts = ask.ask_drafts(surface, locked=running)
        ask.ask_start()
    with chosen:
        try:
            audience = ask.ask_audience()
            options = {"sample": ask.ask_sample(audience), **ask.ask_engine()}
            if running:
                st.caption("Being asked; stop to change something.")
            elif any(draft.has_words for draft in drafts):
                campaign = ask.make_test(drafts, objective)
                show_notes(drafts, campaign, audience)
                show_start(campaign, audience, options)
            else:
                st.button("Ask them", type="primary", disabled=True, width="stretch")
                st.caption("Write a draft, or start from an example.")
        except InputError as error:
            st.error(str(error))
            return None
    return audience


def show_notes(drafts: list[ask.Written], campaign: Campaign, audience: Audience) -> None:
    """Say under each draft what passes a limit or may break a rule, and draw it as it will appear."""
    findings = lint(campaign, audience)
    places = {draft.fields["id"].strip(): draft.notes for draft in drafts}
    for draft in campaign:
        with places[draft.id]:
            for finding in [finding for finding in findings if finding.draft_id == draft.id][:_MOST_NOTES]:
                say = st.error if finding.severity == "error" else st.warning
                advice = f"; {finding.suggestion}" if finding.suggestion else ""
                say(escape(f"{finding.message}{advice}"), icon=":material/rule:")
            with st.popover("As it will appear", icon=":material/visibility:"):
                show_preview(draft)


def show_people(audience: Audience) -> None:
    """Draw the room before anybody is asked."""
    st.subheader("Who will be asked", anchor=False)
    show_room(seat_panel(audience.personas), [""], {}, key="ask-people-room")


def show_start(campaign: Campaign, audience: Audience, options: dict[str, Any]) -> None:
    """Say what a run will take and can tell, and start it on a press."""
    about = {name: value for name, value in options.items() if name != "api_key"}
    takes, tells = say_estimate(api.estimate(campaign, audience, **about))
    if st.button(takes, type="primary", width="stretch"):
        state.keep_live(LiveRun(campaign, audience, **options))
        st.rerun()
    st.caption(tells)


def show_outcome(live: LiveRun) -> None:
    """Draw a run that goes on, or what came of it."""
    if not live.is_over:
        st.fragment(watch, run_every=REFRESH_SECONDS)(live)
    elif live.run is None:
        st.error(live.problem or "the run ended with no result; press again to go on")
    else:
        show_finished(live, live.run)


def watch(live: LiveRun) -> None:
    """Draw what came so far, again and again until the run is over."""
    if live.is_over:
        st.rerun()
    progress = live.measure_progress()
    words, stop = st.columns([4, 1], vertical_alignment="center")
    words.progress(min(progress.share, 1.0), text=progress.describe())
    stop.button("Stop", icon=":material/stop_circle:", on_click=live.stop, disabled=live.is_stopping, width="stretch")
    drafts = [draft.id for draft in live.campaign.drafts]
    reactions = live.reactions
    show_room(seat_panel(live.plan.panel), drafts, hear_reactions(reactions), key="ask-live-room")
    show_latest(live)


def show_latest(live: LiveRun) -> None:
    """Show the newest reactions as they come."""
    said = [reaction for reaction in live.reactions if reaction.answer is not None and reaction.task.persona]
    for reaction in reversed(said[-_LATEST:]):
        with st.container(border=True):
            action = reaction.answer.action.replace("_", " ") if reaction.answer else ""
            st.caption(f"{reaction.name} · {reaction.task.draft.id} · {action}")
            st.text(f"“{reaction.answer.verbatim if reaction.answer else ''}”")


def show_finished(live: LiveRun, run: Run) -> None:
    """Draw the result, with the ways on: ask what is missing, keep the run."""
    if not run.is_complete:
        st.button("Ask the rest", icon=":material/play_arrow:", on_click=_go_on, args=(live,))
    show_result(run, seat_panel(live.plan.panel))
    if st.button("Keep this run", icon=":material/save:", help=f"Writes it to {FOLDER}/{run.run_id} on this machine"):
        _keep(run)


def _go_on(live: LiveRun) -> None:
    state.keep_live(live.go_on())


def _keep(run: Run) -> None:
    try:
        st.toast(f"Written to {run.save(FOLDER / run.run_id)}")
    except (ToolkitError, OSError) as error:
        st.error(f"{error}; the run was not kept")
