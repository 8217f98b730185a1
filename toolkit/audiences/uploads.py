"""A table that came through the browser: held to a size, read in a folder of its own that is gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.audiences.importing import find_left_out, load_people_table, suggest_fitting, suggest_segments
from toolkit.audiences.loading import load_audience
from toolkit.errors import InputError, spell_out
from toolkit.files import tables
from toolkit.models import Audience

MOST_ROWS = 5_000
MOST_UPLOADED = 20 * 1024**2
MOST_CELLS = 1_000_000
"""Rows times columns."""
_MOST_TEMPLATE = 20_000
_TEMPLATE = "{% for column, value in row.items() %}{{ column }}: {{ value }}. {% endfor %}"
_SUFFIXES = (*tables.SUFFIXES, ".jsonl", ".json")
_SHOWN = 5


@dataclass(frozen=True)
class Table:
    """The rows of an uploaded file, and what its columns look like."""

    name: str
    data: bytes = field(repr=False)
    columns: tuple[str, ...]
    suggested: Mapping[str, str]
    """Which column looks like id, name, age and weight."""
    segments: tuple[str, ...]
    """Columns that divide people."""
    template: str = _TEMPLATE
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Columns that reach no description unless they are kept, and why."""
    notes: tuple[str, ...] = ()
    """What reading the file left out."""
    first: tuple[Mapping[str, Any], ...] = ()
    """The cells of the first rows."""
    sheet: str | None = None
    """The sheet of a workbook that was read."""
    sheets: tuple[str, ...] = ()
    """All its sheets, the one that fits first, where it has several."""

    @property
    def stem(self) -> str:
        """What an audience of it may be called."""
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in Path(self.name).stem)
        return plain.strip("-").lower()[:60] or "imported"


def read_table(name: str, data: bytes, sheet: str | None = None) -> Table:
    """Return an uploaded table, of one sheet where a workbook has several.

    Raises InputError, in terms of the file's own name, where it cannot be used.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError(f"{name[:80]}: rows cannot be read from this; allowed: {', '.join(_SUFFIXES)}")
    if len(data) > MOST_UPLOADED:
        raise InputError(f"{name[:80]}: larger than 20 MB; use `audience personas import`")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{suffix}"
        path.write_bytes(data)
        try:
            table = load_people_table(path, sheet)
            sheets = _list_sheets(path, table)
        except InputError as error:
            raise InputError(str(error).replace(str(path), name[:80])) from None
    rows = table.rows
    if not rows or len(rows) > MOST_ROWS:
        raise InputError(f"{name[:80]}: {len(rows):,} rows; from 1 to {MOST_ROWS:,} can be read here")
    if len(rows) * len(table.columns) > MOST_CELLS:
        raise InputError(f"{name[:80]}: {len(table.columns):,} columns; leave out those that describe nobody")
    left_out = find_left_out(table, rows)
    columns = tuple(dict.fromkeys(column for row in rows for column in row.cells))
    suggested = {own: column for own, column in suggest_fitting(table, left_out).items() if column in columns}
    segments = suggest_segments(rows, [*suggested.values(), *left_out])
    return Table(
        name, data, columns, suggested, tuple(segments), left_out=left_out, notes=tuple(map(spell_out, table.notes)),
        first=tuple(row.cells for row in rows[:_SHOWN]), sheet=sheet, sheets=sheets,
    )  # fmt: skip


def _list_sheets(path: Path, read: tables.LoadedTable) -> tuple[str, ...]:
    """Return the visible sheets of a workbook with the one that was read first; none where there is one alone."""
    if read.sheet is None:
        return ()
    names = [str(one.sheet) for one in tables.load_tables(path, "people")]
    return tuple(dict.fromkeys([read.sheet, *names])) if len(names) > 1 else ()


def make_audience(
    table: Table,
    name: str,
    template: str,
    segments: Sequence[str],
    columns: Mapping[str, str],
    *,
    keep: Sequence[str] = (),
    sentence: str | None = None,
) -> Audience:
    """Return the audience that a template makes of a table; raise InputError naming row, column or template."""
    if len(template) > _MOST_TEMPLATE:
        raise InputError(f"the template has {len(template):,} characters; {_MOST_TEMPLATE:,} are allowed")
    with tempfile.TemporaryDirectory() as folder:
        path, described = Path(folder) / f"upload{Path(table.name).suffix.lower()}", Path(folder) / "template.j2"
        path.write_bytes(table.data)
        described.write_text(template, encoding="utf-8")
        own = template.strip() not in {"", _TEMPLATE.strip()} and not sentence
        try:
            audience = load_audience(
                path,
                template=described if own else None,
                segments=segments,
                columns=columns,
                keep=keep,
                sentence=sentence or None,
                sheet=table.sheet,
            )
        except InputError as error:
            said = str(error).replace(str(path), table.name[:80]).replace(str(described), "the template")
            raise InputError(said) from None
    return audience.model_copy(update={"audience": name.strip() or table.stem, "source": f"rows of {table.name[:80]}"})


def make_audience_of(
    name: str, data: bytes, *, sheet: str | None, given: Sequence[Any], options: Mapping[str, Any]
) -> Audience:
    """Return the audience that `make_audience` makes of a file, with what it is given."""
    return make_audience(read_table(name, data, sheet), *given, **options)
