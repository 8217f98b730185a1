"""A job on the page: how far it is, a way to stop it, and what went wrong in one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from toolkit.panel import background
from toolkit.ui import keys, state
from toolkit.ui.text import escape, say_here

_REFRESH_SECONDS = 0.4
_QUICK_SECONDS = 0.2


def show_job(
    name: str,
    what: str,
    *,
    done: str | None,
    draw: Callable[[Any], None] | None = None,
    tell: Callable[[Sequence[Any], int], background.Coming] | None = None,
) -> None:
    """Draw a job until it is over; then say what went wrong, or `done`. The page is drawn anew at its end.

    Where there is `draw`, it draws what came last, again and again while the job goes on. `tell` says how many of the
    items count, and what there is to say of the others.
    """
    job = state.find_session().jobs.get(name)
    if job is None:
        return
    if not job.is_over:
        st.fragment(_watch, run_every=_REFRESH_SECONDS if draw is None else _QUICK_SECONDS)(name, what, draw, tell)
    elif job.problem is not None:
        st.error(say_here(job.error or job.problem))
    elif done is not None:
        st.caption(done)


def _watch(
    name: str,
    what: str,
    draw: Callable[[Any], None] | None,
    tell: Callable[[Sequence[Any], int], background.Coming] | None,
) -> None:
    job = state.find_session().jobs.get(name)
    if job is None or job.is_over:
        st.rerun()
        return
    if draw is not None and job.items:
        draw(job.items[-1])
    words, stop = st.columns([4, 1], vertical_alignment="center")
    coming = tell(job.items, job.planned) if tell else background.Coming(len(job.items), job.share)
    if job.planned > 1:
        words.progress(coming.share, text=f"{coming.counted:,} of {job.planned:,} {what}")
    elif draw is not None:
        words.caption(f"{escape(what)} …")
    else:
        words.progress(job.share, text=f"{escape(what)} …")
    if job.planned > 1 or draw is not None:
        stop.button("Stop", icon=":material/stop_circle:", key=keys.name_stop(name), on_click=job.stop, width="stretch")
    for note in coming.notes:
        st.caption(say_here(note))
