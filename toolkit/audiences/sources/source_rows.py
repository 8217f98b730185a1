"""Rows that made-up people rest on: reviews, answers or posts of real people, with what is personal masked."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit.audiences import importing, privacy
from toolkit.errors import InputError, name_option
from toolkit.files import tables, templating

TEXT = "text"
"""The field that --map takes: the column that people wrote."""
LEAST_QUOTED = 4
"""Words of a quote, unless the row is shorter: fewer stand in any row."""
_MOST_SHOWN = 1_200
_MARKS = "\"'` \u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row as a model is shown it: on one line, masked."""

    number: int
    """Its line in the file, or on the sheet."""
    text: str


@dataclass(frozen=True, slots=True)
class SourceRows:
    """The rows of a file."""

    name: str
    """The file's name."""
    digest: str
    """SHA-256 of the file, hexadecimal."""
    rows: tuple[SourceRow, ...]
    notes: tuple[str, ...]
    """What was left out or masked."""

    def deal(self, person: int, share: int, seed: int) -> tuple[SourceRow, ...]:
        """Return the rows of one person: all are dealt in a random order before any is dealt again."""
        order = list(self.rows)
        random.Random(f"{seed}/rows").shuffle(order)  # noqa: S311 - a draw that anybody can repeat
        first = person * share
        places = (place % len(order) for place in range(first, first + min(share, len(order))))
        return tuple(sorted((order[place] for place in places), key=lambda row: row.number))


def read_rows(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    where: str | None = None,
    keep: Sequence[str] = (),
) -> SourceRows:
    """Return the rows of a table that somebody may be described from.

    Columns that look personal are left out unless `keep` names them. Contacts inside a text are masked always.
    `columns` may name the column `text`; without it every column that is left is shown, with its heading.
    """
    table = importing.load_people_table(path, sheet)
    wanted = dict(columns or {})
    unknown = next((name for name in wanted if name != TEXT), None)
    if unknown is not None:
        raise InputError(
            f"{name_option('columns', {unknown: wanted[unknown]})}: rows to draft from have one field, text"
        )
    chosen = importing.find_column(path, table, wanted[TEXT]) if wanted.get(TEXT) else None
    left_out = importing.find_left_out(table, table.rows, keep)
    shown = [chosen] if chosen else [column for column in table.columns if column not in left_out]
    test = tables.selecting.read_conditions(where, table.columns) if where else None
    found, masked = [], 0
    kept = [row for row in table.rows if test is None or test(row.cells)]
    for row in kept:
        cells = {column: row.cells[column] for column in shown if column in row.cells}
        whole = _join(cells, with_headings=len(shown) > 1)
        text = privacy.redact(whole)
        masked += text != whole
        if text:
            found.append(SourceRow(row.line, text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN].rstrip()))
    if not found:
        raise InputError(f"{path}: no row holds words to draft from; {name_option('where')} and the columns decide")
    notes = [*table.notes]
    if len(kept) < len(table.rows):
        notes.append(tables.selecting.say_unwanted(len(table.rows) - len(kept), len(table.rows)))
    if left_out and chosen is None:
        notes.append(f"left out as personal: {', '.join(left_out)}; {name_option('keep')} brings one back")
    if masked:
        notes.append(f"contacts are masked in {masked:,} of {len(found):,} rows")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return SourceRows(path.name, digest, tuple(found), tuple(notes))


def find_quote(said: str, named: int, rows: Sequence[SourceRow]) -> SourceRow | None:
    """Return the row in which a quote stands letter for letter: the named one, or else another; None for nowhere.

    Only white space and marks around the quote may differ.

    Examples:
        >>> find_quote(" the  zip broke at once ", 2, [SourceRow(2, "Nice, but the zip broke at once.")]).number
        2
    """
    quote = tidy_quote(said)
    ordered = sorted(rows, key=lambda row: row.number != named)
    for row in ordered:
        least = min(LEAST_QUOTED, len(row.text.split()))
        if quote and quote in row.text and len(quote.split()) >= least:
            return row
    return None


def tidy_quote(said: str) -> str:
    """Return a quote on one line, without marks around it."""
    return " ".join(templating.clean_text(said).split()).strip(_MARKS)


def _join(cells: Mapping[str, object], *, with_headings: bool) -> str:
    parts = ((column, " ".join(templating.clean_text(str(value)).split())) for column, value in cells.items())
    return "; ".join(f"{column}: {text}" if with_headings else text for column, text in parts if text)
