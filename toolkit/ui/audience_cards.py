"""Personas as cards: find, edit, duplicate, delete and add them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import streamlit as st

from toolkit.audiences import editing, vetting
from toolkit.drafts.preview import render_portrait
from toolkit.errors import InputError
from toolkit.models import Audience, Persona
from toolkit.report import seating
from toolkit.ui import keys, state
from toolkit.ui.text import escape

_PAGE = 12
_COLUMNS = 3
_MOST_BESIDE = 4
_FIELDS = ("id", "name", "age", "weight", "segments", "about")
_NEW = ""


def show_people(desk: editing.Desk) -> None:
    """Draw the segments, the search and the cards, or the form of the persona that is being edited."""
    session = state.find_session()
    said = session.take_said()
    if said:
        st.info(escape(said))
    if session.edited is not None:
        show_form(desk, session.edited)
        return
    show_segments(desk.audience)
    personas = ask_personas(desk.audience)
    st.button("Add a persona", icon=":material/person_add:", on_click=_open, args=(desk, None))
    show_cards(desk, personas)


def show_segments(audience: Audience) -> None:
    """Say how the audience divides, with counts and shares of the weight."""
    with st.expander("Segments: shares and counts"):
        for key, held in vetting.share_segments(audience).items():
            parts = (f"{value} {share:.0%} ({count})" for value, (count, share) in held.items())
            st.markdown(f"**{escape(key)}**  \n{escape(' · '.join(parts))}")
        if not audience.segment_keys:
            st.caption("There are no segments, so a result cannot compare groups.")


def ask_personas(audience: Audience) -> list[Persona]:
    """Let somebody search by words and segments."""
    segments = list(audience.segment_keys)
    columns = st.columns(min(len(segments) + 1, _MOST_BESIDE))
    words = columns[0].text_input("Search", placeholder="a name, a job, a town", **state.tie(keys.CARD_WORDS, ""))
    wanted: dict[str, list[str]] = {}
    for key, column in zip(segments, itertools.cycle([*columns[1:], columns[0]]), strict=False):
        values = sorted({persona.segments[key] for persona in audience.personas if key in persona.segments})
        state.keep_choices(keys.name_card_filter(key), values)
        wanted[key] = column.multiselect(key, values, placeholder="any", **state.tie(keys.name_card_filter(key)))
    return editing.find_personas(audience, words, wanted)


def show_cards(desk: editing.Desk, personas: Sequence[Persona]) -> None:
    """Draw a page of cards."""
    pages = editing.count_pages(personas, _PAGE)
    st.caption(f"{len(personas)} of {len(desk.audience.personas)} personas")
    page = 1
    if pages > 1:
        state.limit_page(keys.CARD_PAGE, pages)
        page = int(st.number_input(f"Page, of {pages}", 1, pages, width=160, **state.tie(keys.CARD_PAGE)))
    shown = editing.take_page(personas, _PAGE, page)
    for row in editing.split_rows(shown, _COLUMNS):
        for column, persona in zip(st.columns(_COLUMNS), row, strict=False):
            with column.container(border=True):
                show_card(desk, persona)


def show_card(desk: editing.Desk, persona: Persona) -> None:
    """Draw one persona with what can be done to it."""
    group = next(iter(persona.segments.values()), persona.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(str(render_portrait(seating.find_initials(persona.name), group)), width="content")
        st.markdown(f"**{escape(editing.shorten(persona.name, 60))}{_say_age(persona)}**", width="stretch")
    held = " · ".join(persona.segments.values())
    st.caption(
        escape(editing.shorten(f"{persona.id} · weight {persona.weight:g}" + (f" · {held}" if held else ""), 200))
    )
    st.text(editing.shorten(persona.about, 260))
    with st.container(horizontal=True):
        for label, what, change in (
            ("Edit", "open", _open),
            ("Duplicate", "copy", _duplicate),
            ("Delete", "drop", _delete),
        ):
            key, told = keys.name_person_button(persona.id, what), f"{label} {editing.shorten(persona.name, 40)}"
            st.button(label, key=key, on_click=change, args=(desk, persona), type="tertiary", help=told)


def show_form(desk: editing.Desk, edited: str) -> None:
    """Let somebody change a persona; what is wrong stands beside its field and nothing typed is lost."""
    st.subheader(escape(f"Edit {edited}") if edited else "Add a persona", anchor=False)
    faults = state.find_session().faults
    left, right = st.columns([1, 2], gap="large")
    with left:
        _ask("id", "Id", faults)
        _ask("name", "Name", faults)
        _ask("age", "Age", faults, help="13 or more. Younger children are not simulated.")
        _ask("weight", "Weight", faults, help="How many people this persona stands for, in any unit.")
    with right:
        _ask("segments", "Segments, one a line", faults, area=110, placeholder="role: seller")
        _ask("about", "Who this is, in plain sentences", faults, area=220)
    with st.container(horizontal=True):
        st.button("Keep", type="primary", on_click=_keep, args=(desk, edited))
        st.button("Cancel", on_click=state.find_session().close_form)


def _ask(name: str, label: str, faults: dict[str, str], *, area: int = 0, **options: Any) -> None:
    tied = state.tie(keys.name_person_field(name), "")
    if area:
        st.text_area(label, height=area, **tied, **options)
    else:
        st.text_input(label, **tied, **options)
    if name in faults:
        st.error(escape(faults[name]))


def _open(desk: editing.Desk, persona: Persona | None) -> None:
    """Put a persona, or an empty one, into the form."""
    filled = {
        "id": persona.id if persona else editing.suggest_id(desk.audience),
        "name": persona.name if persona else "",
        "age": str(persona.age) if persona and persona.age is not None else "",
        "weight": f"{persona.weight:g}" if persona else "1",
        "segments": editing.write_segments(persona)
        if persona
        else "\n".join(f"{key}: " for key in desk.audience.segment_keys),
        "about": persona.about if persona else "",
    }
    state.find_session().open_form(persona.id if persona else _NEW, filled)


def _keep(desk: editing.Desk, edited: str) -> None:
    others = [persona.id for persona in desk.audience.personas if persona.id != edited]
    session = state.find_session()
    persona, session.faults = editing.make_persona(session.read_form(_FIELDS), others)
    if persona is not None:
        session.desk = desk.change(editing.put_persona(desk.audience, persona, edited or None))
        session.close_form()


def _duplicate(desk: editing.Desk, persona: Persona) -> None:
    audience, copy = editing.duplicate_persona(desk.audience, persona.id)
    session = state.find_session()
    session.desk = desk.change(audience)
    session.said = f"{copy.id} is a copy of {persona.name}. Undo removes it."


def _delete(desk: editing.Desk, persona: Persona) -> None:
    session = state.find_session()
    try:
        session.desk = desk.change(editing.remove_persona(desk.audience, persona.id))
        session.said = f"{persona.name} is deleted. Undo brings them back."
    except InputError as error:
        session.said = str(error)


def _say_age(persona: Persona) -> str:
    return "" if persona.age is None else f", {persona.age}"
