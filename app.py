"""The page list, which `audience app` serves."""

from __future__ import annotations

import streamlit as st

from toolkit.files import resources
from toolkit.ui import caching, client_view, drafts, look, pages, sign_in, state, ways_on

st.set_page_config(page_title="Audience toolkit", page_icon=str(resources.DATA / "page_icon.svg"), layout="wide")
look.apply_look()
sign_in.require_sign_in(admits_guest=client_view.has_link)
client_view.follow_link()
state.begin()
listed = [
    st.Page(drafts.show, title="Campaigns", icon=":material/edit_note:", default=True),
    st.Page(drafts.lead_here, title="Campaigns", url_path="drafts", visibility="hidden"),
    st.Page(
        pages.open_later("result"), title="Result", icon=":material/fact_check:", url_path="result", visibility="hidden"
    ),
    st.Page(
        pages.open_later("share_page"), title="Share", icon=":material/share:", url_path="share", visibility="hidden"
    ),
    st.Page(pages.open_later("why"), title="Ask them why", icon=":material/forum:", url_path="why"),
    st.Page(pages.open_later("improve"), title="Improve", icon=":material/edit_square:", url_path="improve"),
    st.Page(pages.open_later("audiences"), title="Audiences", icon=":material/groups:", url_path="audiences"),
    st.Page(pages.open_later("runs"), title="Runs", icon=":material/history:", url_path="runs"),
    st.Page(pages.open_later("validity"), title="Validity", icon=":material/verified:", url_path="validity"),
    st.Page(pages.open_later("settings"), title="Settings", icon=":material/tune:", url_path="settings"),
]
ways_on.note_pages(listed)
page = st.navigation(listed, position="top")
state.enter(page.url_path)
page.run()
caching.warm_up()
