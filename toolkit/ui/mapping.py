"""One step of every import: a look at the table, and which column is what."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from toolkit.errors import InputError
from toolkit.files import read_text, tables
from toolkit.ui import caching, keys, state
from toolkit.ui.text import say_here

FIELDS: Mapping[caching.Purpose, Mapping[str, str]] = {
    "drafts": {
        "text": "the words", "surface": "the place", "id": "the name of the draft", "headline": "the headline",
        "description": "the description", "cta": "the button", "link": "the link",
    },
    "results": {
        "draft": "the words", "draft_id": "the name of the draft", "shown": "how often it was shown",
        "clicks": "clicks", "replies": "replies", "shares": "shares", "hides": "hides", "date": "the day",
        "surface": "the place", "experiment": "the experiment",
    },
}  # fmt: skip
"""What each purpose has columns for, in the words of the page."""
NONE = "(none)"
_ALL = "(all)"
_SHOWN = 5
_IN_A_ROW = 3


@dataclass(frozen=True)
class Chosen:
    """Which columns of an uploaded table were chosen, and of which sheet."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Column of each field where it is not the one that would be taken; "" for none."""
    sheet: str | None = None


@contextlib.contextmanager
def hold_upload(name: str, data: bytes) -> Iterator[Path]:
    """Give an uploaded file a place for as long as it is read; errors name it as it was called in the browser."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder).joinpath(f"{Path(name).stem[:80] or 'upload'}{Path(name).suffix.lower()}")
        path.write_bytes(data)
        try:
            yield path
        except InputError as error:
            raise InputError(str(error).replace(str(path), name[:80])) from None


def is_table(name: str, data: bytes) -> bool:
    """Whether an uploaded file of drafts is a table; a campaign, a payload and a text are none."""
    suffix = Path(name).suffix.lower()
    if suffix != ".txt":
        return suffix in tables.SUFFIXES
    with hold_upload(name, data) as path:
        return tables.is_table_text(read_text(path))


def find_place(name: str, data: bytes) -> Path | None:
    """Return the file that was uploaded, where it lies in the folder of the page or in its `personas`; else None."""
    for folder in (Path(), Path("personas")):
        path = folder.joinpath(Path(name).name)
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return path
    return None


def remember(name: str, data: bytes, columns: Mapping[str, str]) -> str:
    """Write the chosen columns beside the file, where it has a place, as `--map` does; return what to say of it."""
    place = find_place(name, data)
    if place is None or columns == tables.headings.load_map(place):
        return ""
    return f"Your columns are remembered in {tables.headings.save_map(place, columns)}."


def recall_map(name: str, data: bytes) -> dict[str, str]:
    """Return the columns that are remembered for an uploaded file."""
    place = find_place(name, data)
    return tables.headings.load_map(place) if place is not None else {}


def ask_mapping(name: str, data: bytes, purpose: caching.Purpose) -> Chosen:
    """Show the first rows of an uploaded table and let somebody say which column is what.

    Raises InputError where the table cannot be read.
    """
    found = caching.read_tables(name, data, purpose)
    _begin(name, found, purpose)
    remembered = recall_map(name, data)
    known = [table for table in found if _is_complete(table, purpose, remembered)]
    with st.expander("Columns of the file", expanded=not known):
        sheet = _ask_sheet(found, known, purpose)
        table = next((one for one in found if one.sheet == sheet), None) or (known or found)[0]
        show_rows(table)
        columns = _ask_columns(table, purpose, remembered)
    return Chosen(columns, sheet if len(found) > 1 else None)


def show_rows(table: tables.LoadedTable) -> None:
    """Draw the first rows as they were read."""
    rows = [{name: str(row.cells.get(name, "")) for name in table.columns} for row in table.rows[:_SHOWN]]
    st.dataframe(rows, hide_index=True, height="content", alt=f"The first {len(rows)} rows of the file")


def _ask_sheet(
    found: Sequence[tables.LoadedTable], known: Sequence[tables.LoadedTable], purpose: caching.Purpose
) -> str | None:
    names = [str(table.sheet) for table in found]
    if len(found) == 1:
        return None
    choices = [_ALL, *names] if purpose == "drafts" and len(known) > 1 else names
    suggestion = _ALL if _ALL in choices else str((known or found)[0].sheet)
    key = keys.name_mapping(purpose, "sheet")
    state.keep_choice(key, choices, suggestion)
    chosen = st.selectbox("Sheet", choices, **state.tie(key))
    return None if chosen == _ALL else chosen


def _ask_columns(table: tables.LoadedTable, purpose: caching.Purpose, remembered: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each field where it is not the one that would be taken."""
    usual = find_fields(table, purpose, {})
    taken = find_fields(table, purpose, remembered)
    choices = [NONE, *table.columns]
    chosen = {}
    columns = itertools.cycle(st.columns(_IN_A_ROW))
    for name, label in FIELDS[purpose].items():
        key = keys.name_mapping(purpose, name)
        state.keep_choice(key, choices, taken.get(name, NONE))
        column = next(columns).selectbox(f"Column of {label}", choices, **state.tie(key))
        chosen[name] = "" if column == NONE else str(column)
    return {name: column for name, column in chosen.items() if column != usual.get(name, "")}


def find_fields(table: tables.LoadedTable, purpose: caching.Purpose, columns: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each field: those chosen, else those that are known."""
    export = tables.headings.find_export(purpose, table.columns)
    try:
        return tables.headings.find_columns(purpose, table.columns, columns, export)
    except KeyError:
        return tables.headings.find_columns(purpose, table.columns, None, export)


def _is_complete(table: tables.LoadedTable, purpose: caching.Purpose, columns: Mapping[str, str]) -> bool:
    """Whether a table has a column for everything that its purpose needs."""
    fields = find_fields(table, purpose, columns)
    if purpose == "drafts":
        return "text" in fields
    return "shown" in fields and bool({"draft", "draft_id"} & set(fields))


def _begin(name: str, found: Sequence[tables.LoadedTable], purpose: caching.Purpose) -> None:
    """Forget what was chosen for another table."""
    this = (name, tuple(table.columns for table in found))
    key = keys.name_mapping(purpose, "of")
    if state.recall(key) != this:
        state.put(key, this)
        for one in (*FIELDS[purpose], "sheet", "surface", "places", "drafts"):
            state.forget(keys.name_mapping(purpose, one))


def show_notes(notes: Sequence[str]) -> None:
    """Draw what reading a file left out."""
    if notes:
        st.info(say_here("\n\n".join(f"{note[:1].upper()}{note[1:]}." for note in notes)))
