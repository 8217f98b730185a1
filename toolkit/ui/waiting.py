"""A job on the page: how far it is, a way to stop it, and what went wrong in one line."""

from __future__ import annotations

import streamlit as st

from toolkit.ui import workbench
from toolkit.ui.text import escape

_REFRESH_SECONDS = 0.4


def show_job(name: str, what: str, *, done: str | None) -> None:
    """Draw a job until it is over; then say what went wrong, or `done`. The page is drawn anew at its end."""
    job = workbench.find_job(name)
    if job is None:
        return
    if not job.is_over:
        st.fragment(_watch, run_every=_REFRESH_SECONDS)(name, what)
    elif job.problem is not None:
        st.error(escape(job.problem))
    elif done is not None:
        st.caption(done)


def _watch(name: str, what: str) -> None:
    job = workbench.find_job(name)
    if job is None or job.is_over:
        st.rerun()
        return
    words, stop = st.columns([4, 1], vertical_alignment="center")
    counted = f"{len(job.items)} of {job.planned} {what}" if job.planned > 1 else f"{escape(what)} …"
    words.progress(job.share, text=counted)
    if job.planned > 1:
        stop.button("Stop", icon=":material/stop_circle:", key=f"stop-{name}", on_click=job.stop, width="stretch")
