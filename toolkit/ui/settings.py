"""Settings of this browser session: what answers, within which limits, and where things are kept."""

from __future__ import annotations

import streamlit as st

from toolkit.panel import api
from toolkit.results import runs
from toolkit.ui import ask
from toolkit.ui.sign_in import show_signed_in


def show() -> None:
    """Draw the page."""
    st.title("Settings", anchor=False)
    st.caption("Settings are kept with your drafts. The key is forgotten with this browser session.")
    engine, rest = st.columns(2, gap="large")
    with engine:
        st.subheader("What answers", anchor=False)
        ask.ask_answering()
    with rest:
        st.subheader("Limits", anchor=False)
        ask.ask_limits()
        st.subheader("Sign-in", anchor=False)
        show_signed_in()
        st.subheader("Kept on this machine", anchor=False)
        show_places()


def show_places() -> None:
    """Say where replies and runs are kept."""
    st.caption("Drafts, replies, approvals and results are in this file. AUDIENCE_STORE names another.")
    st.text(api.default_store())
    st.caption("Finished runs are in this folder.")
    st.text(runs.RUNS.resolve())
