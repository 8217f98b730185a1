"""The page list: `audience app`, or `streamlit run app.py`."""

from __future__ import annotations

import streamlit as st

from toolkit.ui import drafts, look, past_runs, state

st.set_page_config(page_title="Audience toolkit", page_icon=":material/groups:", layout="wide")
look.apply_look()
state.begin()
pages = [
    st.Page(drafts.show, title="Test drafts", icon=":material/edit_note:", url_path="drafts", default=True),
    st.Page(past_runs.show, title="Past runs", icon=":material/history:", url_path="runs"),
]
st.navigation(pages, position="top").run()
