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
from toolkit.ui import state, workbench
from toolkit.ui.text import escape

_PAGE = 12
_COLUMNS = 3
_MOST_BESIDE = 4
_FIELDS = "ask-person-"
"""Kept while another view or page is shown."""
_NEW = ""


def show_people(desk: editing.Desk) -> None:
    """Draw the segments, the search and the cards, or the form of the persona that is being edited."""
    said = workbench.take_said()
    if said:
        st.info(escape(said))
    edited = workbench.find_edited()
    if edited is not None:
        show_form(desk, edited)
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
            st.caption("No segments: nobody is told apart in a result.")


def ask_personas(audience: Audience) -> list[Persona]:
    """Let somebody search by words and segments."""
    keys = list(audience.segment_keys)
    columns = st.columns(min(len(keys) + 1, _MOST_BESIDE))
    words = columns[0].text_input("Search", key="ask-cards-words", placeholder="a name, a job, a town")
    wanted: dict[str, list[str]] = {}
    for key, column in zip(keys, itertools.cycle([*columns[1:], columns[0]]), strict=False):
        values = sorted({persona.segments[key] for persona in audience.personas if key in persona.segments})
        state.keep_choices(f"ask-cards-{key}", values)
        wanted[key] = column.multiselect(key, values, key=f"ask-cards-{key}", placeholder="any")
    return editing.find_personas(audience, words, wanted)


def show_cards(desk: editing.Desk, personas: Sequence[Persona]) -> None:
    """Draw a page of cards."""
    pages = editing.count_pages(personas, _PAGE)
    st.caption(f"{len(personas)} of {len(desk.audience.personas)} personas")
    page = 1
    if pages > 1:
        workbench.limit_page("ask-cards-page", pages)
        page = int(st.number_input(f"Page, of {pages}", 1, pages, key="ask-cards-page", width=160))
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
        st.markdown(f"**{escape(editing.shorten(persona.name, 60))}, {persona.age}**", width="stretch")
    held = " · ".join(persona.segments.values())
    st.caption(
        escape(editing.shorten(f"{persona.id} · weight {persona.weight:g}" + (f" · {held}" if held else ""), 200))
    )
    st.text(editing.shorten(persona.about, 260))
    with st.container(horizontal=True):
        st.button("Edit", key=f"open-{persona.id}", on_click=_open, args=(desk, persona), type="tertiary",
                  help=f"Edit {editing.shorten(persona.name, 40)}")  # fmt: skip
        st.button("Duplicate", key=f"copy-{persona.id}", on_click=_duplicate, args=(desk, persona), type="tertiary")
        st.button("Delete", key=f"drop-{persona.id}", on_click=_delete, args=(desk, persona), type="tertiary")


def show_form(desk: editing.Desk, edited: str) -> None:
    """Let somebody change a persona; what is wrong stands beside its field and nothing typed is lost."""
    st.subheader(escape(f"Edit {edited}") if edited else "Add a persona", anchor=False)
    faults = workbench.find_faults()
    left, right = st.columns([1, 2], gap="large")
    with left:
        _ask("id", "Id", faults)
        _ask("name", "Name", faults)
        _ask("age", "Age", faults, help="13 or more: younger children are not simulated.")
        _ask("weight", "Weight", faults, help="How many people this persona stands for, in any unit.")
    with right:
        _ask("segments", "Segments, one a line", faults, area=110, placeholder="role: seller")
        _ask("about", "Who this is, in plain sentences", faults, area=220)
    with st.container(horizontal=True):
        st.button("Keep", type="primary", on_click=_keep, args=(desk, edited))
        st.button("Cancel", on_click=workbench.close_form)


def _ask(name: str, label: str, faults: dict[str, str], *, area: int = 0, **options: Any) -> None:
    if area:
        st.text_area(label, key=f"{_FIELDS}{name}", height=area, **options)
    else:
        st.text_input(label, key=f"{_FIELDS}{name}", **options)
    if name in faults:
        st.error(escape(faults[name]))


def _open(desk: editing.Desk, persona: Persona | None) -> None:
    """Put a persona, or an empty one, into the form."""
    workbench.open_form(persona.id if persona else _NEW)
    filled = {
        "id": persona.id if persona else editing.suggest_id(desk.audience),
        "name": persona.name if persona else "",
        "age": str(persona.age) if persona else "",
        "weight": f"{persona.weight:g}" if persona else "1",
        "segments": editing.write_segments(persona)
        if persona
        else "\n".join(f"{key}: " for key in desk.audience.segment_keys),
        "about": persona.about if persona else "",
    }
    for name, value in filled.items():
        workbench.set_value(f"{_FIELDS}{name}", value)


def _keep(desk: editing.Desk, edited: str) -> None:
    others = [persona.id for persona in desk.audience.personas if persona.id != edited]
    persona, faults = editing.make_persona(workbench.find_fields(_FIELDS), others)
    workbench.keep_faults(faults)
    if persona is not None:
        workbench.keep_desk(desk.change(editing.put_persona(desk.audience, persona, edited or None)))
        workbench.close_form()


def _duplicate(desk: editing.Desk, persona: Persona) -> None:
    audience, copy = editing.duplicate_persona(desk.audience, persona.id)
    workbench.keep_desk(desk.change(audience))
    workbench.say_once(f"{persona.name} duplicated as {copy.id}; Undo takes it back")


def _delete(desk: editing.Desk, persona: Persona) -> None:
    try:
        workbench.keep_desk(desk.change(editing.remove_persona(desk.audience, persona.id)))
        workbench.say_once(f"{persona.name} deleted; Undo brings them back")
    except InputError as error:
        workbench.say_once(str(error))
