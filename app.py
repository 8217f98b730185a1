"""The page list, which `audience app` serves."""

from __future__ import annotations

import streamlit as st

from toolkit.files import resources
from toolkit.ui import (
    audiences,
    client_view,
    drafts,
    improve,
    look,
    result,
    runs,
    settings,
    share_page,
    sign_in,
    state,
    validity,
    ways_on,
    why,
)

st.set_page_config(page_title="Audience toolkit", page_icon=str(resources.DATA / "page_icon.svg"), layout="wide")
look.apply_look()
sign_in.require_sign_in(admits_guest=client_view.has_link)
client_view.follow_link()
state.begin()
pages = [
    st.Page(drafts.show, title="Campaigns", icon=":material/edit_note:", default=True),
    st.Page(drafts.lead_here, title="Campaigns", url_path="drafts", visibility="hidden"),
    st.Page(result.show, title="Result", icon=":material/fact_check:", url_path="result", visibility="hidden"),
    st.Page(share_page.show, title="Share", icon=":material/share:", url_path="share", visibility="hidden"),
    st.Page(why.show, title="Ask them why", icon=":material/forum:", url_path="why"),
    st.Page(improve.show, title="Improve", icon=":material/edit_square:", url_path="improve"),
    st.Page(audiences.show, title="Audiences", icon=":material/groups:", url_path="audiences"),
    st.Page(runs.show, title="Runs", icon=":material/history:", url_path="runs"),
    st.Page(validity.show, title="Validity", icon=":material/verified:", url_path="validity"),
    st.Page(settings.show, title="Settings", icon=":material/tune:", url_path="settings"),
]
ways_on.note_pages(pages)
page = st.navigation(pages, position="top")
state.enter(page.url_path)
page.run()
