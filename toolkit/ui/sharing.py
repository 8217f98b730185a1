"""What people say of a campaign: comments and requested changes by draft, approvals, and who did what when."""

from __future__ import annotations

import streamlit as st

from toolkit.models import records
from toolkit.ui import home, keeping, keys, remarks, state
from toolkit.ui.text import escape
from toolkit.ui.ways_on import open_page


def show_sharing() -> None:
    """Draw the part of a campaign that others take part in."""
    session = state.find_session()
    home.ask_team()
    offer_client()
    written = [slot for slot in session.own_slots if slot.is_written]
    if not written:
        st.info("Write a draft first. Then people can comment on it.")
    for slot in written:
        with st.container(border=True):
            st.markdown(f"**{escape(slot.name)}**")
            st.text(slot.text)
            remarks.show_remarks(slot)
    show_history()


def offer_client() -> None:
    """Lead to the page of the client of the last round that is over; nothing before."""
    asked = [one for one in keeping.list_rounds(state.find_session()) if one.run_id]
    if asked and st.button("Share with a client", icon=":material/share:", type="primary", key=keys.SHARE_CLIENT):
        open_page("share", asked[-1].run_id)


def show_history() -> None:
    """Say who did what to the campaign, the last first."""
    events = keeping.list_events(state.find_session())
    if not events:
        return
    st.subheader("Who did what", anchor=False)
    lines = (
        f"- {records.say_moment(one.done_at)}: {f'{one.done_by} ' if one.done_by else ''}{one.what}"
        for one in events[:50]
    )
    st.markdown("\n".join(escape(line) if not line.startswith("- ") else f"- {escape(line[2:])}" for line in lines))
