"""Rows of a table become an audience: columns suggested, three people shown before anything is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import streamlit as st

from toolkit.audiences import editing, privacy, uploads
from toolkit.errors import InputError, speaking
from toolkit.files import tables
from toolkit.models import Audience
from toolkit.ui import caching, keys, mapping, state
from toolkit.ui.text import PAGE, escape, say_here

_NONE = "(none)"
_SHOWN = 3
_COLUMNS = ("id", "name", "age", "weight")
_CHOSEN = (*_COLUMNS, "audience", "segments", "template", "sentence", "keep")
_TYPES = [suffix[1:] for suffix in (*tables.SUFFIXES, ".jsonl", ".json")]


def show_import() -> None:
    """Draw the import from file to preview."""
    upload = st.file_uploader("A table with one row a person", type=_TYPES, key=keys.ROWS)
    if upload is None:
        st.caption(
            "CSV, Excel, OpenDocument, Parquet, SPSS, Stata or JSON, up to 20 MB and 5,000 rows. "
            "The table stays on this machine. Names and descriptions are sent to the model that answers."
        )
        return
    try:
        data = upload.getvalue()
        table = caching.read_rows(upload.name, data, _ask_sheet(upload.name, data))
        remembered = mapping.recall_map(upload.name, data)
        table = dataclasses.replace(table, suggested={**table.suggested, **_fit(remembered, table)})
        show_first_rows(table)
        name, columns, segments, template = ask_columns(table)
        sentence, keep = ask_words(table)
        audience = caching.make_audience(table, name, template, segments, columns, keep=keep, sentence=sentence)
    except InputError as error:
        st.error(say_here(error))
        return
    show_three(audience)
    show_personal(audience)
    show_notes(audience)
    desk = state.find_session().desk
    waits = desk is not None and desk.is_changed
    st.button(
        "Open it", type="primary", on_click=_open, args=(audience, upload.name, data, columns), disabled=waits,
        help="Save or discard your changes first." if waits else "You can change it before you save it.",
    )  # fmt: skip


def show_first_rows(table: uploads.Table) -> None:
    """Draw the first rows of the table, so that somebody sees what its columns hold."""
    with st.expander("The first rows of the file"):
        rows = [{column: str(cells.get(column, "")) for column in table.columns} for cells in table.first]
        st.dataframe(rows, hide_index=True, height="content", alt=f"The first {len(rows)} rows of the file")


def _ask_sheet(name: str, data: bytes) -> str | None:
    """Ask which sheet of a workbook holds the people, where it has several."""
    sheets = caching.read_rows(name, data).sheets
    if not sheets:
        return None
    key = keys.name_import("sheet")
    state.keep_choice(key, sheets, sheets[0])
    return str(st.selectbox("Sheet", sheets, **state.tie(key)))


def _fit(remembered: Mapping[str, str], table: uploads.Table) -> dict[str, str]:
    """Return the remembered columns that the table has; "" means none."""
    return {own: column for own, column in remembered.items() if own in _COLUMNS and column in ("", *table.columns)}


def ask_columns(table: uploads.Table) -> tuple[str, dict[str, str], list[str], str]:
    """Let somebody say which column is what; what looks right is suggested."""
    _begin(table)
    left, right = st.columns([2, 3], gap="large")
    columns = {}
    with left:
        name = st.text_input("Name of the audience", **state.tie(keys.name_import("audience"), table.stem))
        for own in _COLUMNS:
            choices = [_NONE, *table.columns]
            state.keep_choice(keys.name_import(own), choices, table.suggested.get(own))
            chosen = st.selectbox(f"Column of the {own}", choices, **state.tie(keys.name_import(own)))
            columns[own] = "" if chosen == _NONE else chosen
    with right:
        free = [column for column in table.columns if column not in columns.values()]
        state.suggest(keys.name_import("segments"), [one for one in table.segments if one in free])
        state.keep_choices(keys.name_import("segments"), free)
        segments = st.multiselect("Columns to keep as segments", free, **state.tie(keys.name_import("segments")))
        template = st.text_area(
            "Template that turns a row into a description", height=200,
            help="{{ column }} stands for a cell. Write {{ row['a column'] }} if the name has spaces.",
            **state.tie(keys.name_import("template"), table.template),
        )  # fmt: skip
    return name, columns, segments, template


def ask_words(table: uploads.Table) -> tuple[str, list[str]]:
    """Let somebody describe people in sentences, and bring back columns that look personal."""
    left, right = st.columns(2, gap="large")
    free = [column for column in table.columns if column not in table.left_out]
    example = " ".join(f"{{{column}}}" for column in free[:2])
    with left:
        sentence = st.text_input(
            "Sentence that describes a person", placeholder=example,
            help="Columns stand in braces. Leave it empty to use the template.",
            **state.tie(keys.name_import("sentence"), ""),
        )  # fmt: skip
    if not table.left_out:
        return sentence, []
    with right:
        state.suggest(keys.name_import("keep"), [])
        state.keep_choices(keys.name_import("keep"), list(table.left_out))
        keep = st.multiselect(
            "Personal columns to keep", list(table.left_out),
            format_func=lambda column: f"{column} ({table.left_out[column]})",
            help="These columns reach no description unless you choose them here.",
            **state.tie(keys.name_import("keep")),
        )  # fmt: skip
    return sentence, keep


def show_notes(audience: Audience) -> None:
    """Draw what was left out of the table."""
    with speaking(PAGE):
        notes = audience.notes
    mapping.show_notes(notes)


def show_three(audience: Audience) -> None:
    """Draw the first three people as they would be."""
    st.subheader(f"The first {min(_SHOWN, len(audience.personas))} of {len(audience.personas)}", anchor=False)
    for column, persona in zip(st.columns(_SHOWN), audience.personas, strict=False):
        with column.container(border=True):
            st.markdown(f"**{escape(persona.called)}**")
            held = " · ".join(f"{key}: {value}" for key, value in persona.segments.items())
            st.caption(escape(f"{persona.id} · weight {persona.weight:g}" + (f" · {held}" if held else "")))
            st.text(persona.about[:600])


def show_personal(audience: Audience) -> None:
    """Warn of descriptions that still hold a contact, since a model gets to read them."""
    found = sum(privacy.find_in_text(f"{persona.name}. {persona.about}") for persona in audience.personas)
    if found:
        st.warning(
            f"Descriptions with an e-mail or IP address or a telephone number: {found}. "
            "They would be sent to the model that answers. Take the column out of the description."
        )


def _begin(table: uploads.Table) -> None:
    """Forget what was chosen for another table."""
    this = (table.name, table.columns)
    if state.recall(keys.IMPORTED) != this:
        state.put(keys.IMPORTED, this)
        for own in _CHOSEN:
            state.forget(keys.name_import(own))


def _open(audience: Audience, name: str, data: bytes, columns: Mapping[str, str]) -> None:
    session = state.find_session()
    session.drop_desk()
    usual = caching.read_rows(name, data).suggested
    session.said = mapping.remember(
        name, data, {own: column for own, column in columns.items() if column != usual.get(own, "")}
    )
    session.desk = editing.Desk(audience.audience, bundled=False, steps=(audience,), opened="")
    state.put(keys.VIEW, "People")
