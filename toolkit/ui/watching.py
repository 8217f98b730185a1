"""A run that goes on: the drafts, what people say to them as it comes, and the room filling."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from toolkit.panel import live_runs
from toolkit.questionnaire import Reaction
from toolkit.report import blocks, seating, summaries
from toolkit.ui import keys
from toolkit.ui.previews import show_preview
from toolkit.ui.room import show_room
from toolkit.ui.text import escape, say_here

REFRESH_SECONDS = 0.4
WAITING_SECONDS = 2.0
"""How often a run that waits for others to end is looked at."""


def show_run(live: live_runs.LiveRun) -> None:
    """Draw a run that goes on, again and again until it is over."""
    if live.measure_progress().place is None:
        st.fragment(watch, run_every=REFRESH_SECONDS)(live)
    else:
        st.fragment(wait_in_line, run_every=WAITING_SECONDS)(live)


def wait_in_line(live: live_runs.LiveRun) -> None:
    """Draw a run that waits for others to end, until it begins."""
    if live.measure_progress().place is None:
        st.rerun()
    show_progress(live)


def watch(live: live_runs.LiveRun) -> None:
    """Draw what came so far."""
    if live.is_over or live.run is not None:
        st.rerun()
    show_progress(live)
    reactions = live.reactions
    show_drafts(live, reactions)
    drafts = [draft.id for draft in live.campaign.drafts]
    show_room(seating.seat_panel(live.plan.panel), drafts, seating.hear_reactions(reactions), key=keys.LIVE_ROOM)


def wait_until_saved(live: live_runs.LiveRun) -> None:
    """Draw the page anew once a run, whose result stands there already, is saved."""
    if live.is_over:
        st.rerun()


def show_progress(live: live_runs.LiveRun) -> None:
    """Say how far it has come, and offer to stop."""
    progress = live.measure_progress()
    words, stop = st.columns([4, 1], vertical_alignment="center")
    words.progress(min(progress.share, 1.0), text=progress.describe())
    if progress.trouble:
        st.warning(say_here(progress.trouble), icon=":material/cloud_off:")
    stop.button("Stop", icon=":material/stop_circle:", on_click=live.stop, disabled=live.is_stopping, width="stretch")
    st.caption("The run goes on if you leave. The address of this page leads back to it.")


def show_drafts(live: live_runs.LiveRun, reactions: Sequence[Reaction]) -> None:
    """Draw each draft with its figures so far and the newest reactions."""
    card = live.score()
    drafts = live.campaign.drafts
    for column, draft in zip(st.columns(len(drafts), gap="large"), drafts, strict=True):
        with column:
            st.markdown(f"**{escape(draft.id)}**")
            show_preview(draft)
            st.html(
                blocks.render_funnel(
                    summaries.measure_funnel(card, draft.id, live.plan.settings.objective), so_far=True
                )
            )
            st.html(blocks.render_voices(summaries.list_voices(summaries.find_latest(reactions, draft.id))))
