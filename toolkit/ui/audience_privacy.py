"""Contacts in an audience that exists: told before anything is sent, left out unless somebody keeps them."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from toolkit.audiences import editing, privacy
from toolkit.models import Audience
from toolkit.ui import caching, keys, state
from toolkit.ui.text import escape

_LEAVE_OUT, _KEEP = "Leave them out", "Send them as they are"


def ask_contacts(audience: Audience) -> Audience:
    """Return the audience to ask: without the contacts in it, unless somebody chose to send them."""
    found = caching.find_contacts(audience)
    if not found:
        return audience
    st.warning(escape(f"{say_contacts(found)} The model that answers would read them."))
    field = keys.name_contacts(audience.audience)
    state.keep_choice(field, [_LEAVE_OUT, _KEEP])
    chosen = st.radio("What to do with them", [_LEAVE_OUT, _KEEP], horizontal=True, **state.tie(field))
    return audience if chosen == _KEEP else caching.leave_contacts_out(audience)


def show_contacts(desk: editing.Desk) -> None:
    """Say who holds a contact, and offer to take all of them out; undo brings them back."""
    found = caching.find_contacts(desk.audience)
    if not found:
        return
    st.warning(escape(say_contacts(found)))
    st.button("Leave them out", icon=":material/visibility_off:", on_click=_leave_out, args=(desk,))


def say_contacts(found: dict[str, tuple[str, ...]]) -> str:
    """Return how many people hold contacts, of which kinds, and the first of them by id."""
    most = 3
    counts = Counter(kind for kinds in found.values() for kind in kinds)
    kinds = ", ".join(f"{kind} ({count})" for kind, count in counts.most_common())
    first = ", ".join(list(found)[:most]) + (", …" if len(found) > most else "")
    people = "One person holds" if len(found) == 1 else f"{len(found)} people hold"
    return f"{people} personal data: {kinds}. See {first}."


def _leave_out(desk: editing.Desk) -> None:
    session = state.find_session()
    session.desk = desk.change(privacy.redact_people(desk.audience))
    session.said = "The contacts are left out. Undo brings them back."
