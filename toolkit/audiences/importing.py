"""Rows to people: which column is what, and a template that turns a row into a description."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.errors import InputError, suggest
from toolkit.files import Located, located_yaml, make_record, read_text, tables
from toolkit.models import Audience, Persona

OWN = ("id", "name", "age", "weight")
"""What a persona has besides its description and segments."""
MOST_VALUES = 8
"""Different values up to which a column is suggested as a segment."""
_PLAIN_TEMPLATE = "{% for column, value in row.items() %}{{ column }}: {{ value }}. {% endfor %}"
_SYNONYMS = {
    "id": ("id", "caseid", "serial", "respondent", "respondentid", "participant", "participantid", "responseid", "key"),
    "name": ("name", "firstname", "pseudonym", "nickname"),
    "age": ("age", "ageyears", "ageofrespondent", "respondentage", "dvage", "ageband", "agegroup"),
    "weight": ("weight", "wt", "wgt", "pweight", "surveyweight", "finalweight", "weighting", "popweight"),
}
_BAND = re.compile(r"(\d{1,3})\s*(?:-|\u2013|to)\s*(\d{1,3})")
_OPEN_BAND = re.compile(r"(\d{1,3})\s*(?:\+|and over|or over|or older)")
_OPEN_YEARS = 5


def suggest_columns(columns: Sequence[str]) -> dict[str, str]:
    """Return which column looks like a persona's id, name, age and weight; what none looks like is left out."""
    plain = {re.sub(r"[^a-z]", "", column.lower()): column for column in reversed(columns)}
    found = {own: next((plain[word] for word in words if word in plain), None) for own, words in _SYNONYMS.items()}
    return {own: column for own, column in found.items() if column is not None}


def suggest_segments(rows: Sequence[tables.Row], taken: Iterable[str]) -> list[str]:
    """Return the columns with two to eight different values that most rows have: those that divide people."""
    columns = dict.fromkeys(name for row in rows for name in row.cells if name not in set(taken))
    values = {name: [str(row.cells[name]) for row in rows if name in row.cells] for name in columns}
    return [
        name
        for name, held in values.items()
        if 1 < len(set(held)) <= min(MOST_VALUES, len(rows) // 2) and len(held) > len(rows) // 2
    ]


def make_people(
    path: Path,
    template: Path | None,
    segments: Sequence[str],
    fields: Mapping[str, Any],
    columns: Mapping[str, str] | None = None,
) -> Audience:
    """Return the audience of a table; `fields` are the audience's own, `columns` maps id, name, age, weight to columns.

    Raises InputError naming the line of the row, the column or the template at fault.
    """
    rows = tables.load_table(path, "people").rows
    return make_people_of(path, list(enumerate(rows, 1)), template, segments, fields, columns)


def make_people_of(
    path: Path,
    numbered: Sequence[tuple[int, tables.Row]],
    template: Path | None,
    segments: Sequence[str],
    fields: Mapping[str, Any],
    columns: Mapping[str, str] | None = None,
) -> Audience:
    """Return the audience of some rows of a table, each with its number in it; else as `make_people`."""
    if not numbered:
        raise InputError(f"{path}: there are no rows; write at least one person")
    rows = [row for _, row in numbered]
    chosen = choose_own(columns)
    _check_columns(path, rows, [*segments, *filter(None, (columns or {}).values())])
    located_yaml.check_distinct("persona", [(row.cells.get(chosen["id"]), f"{path}:{row.line}") for row in rows])
    beside = path.with_suffix(".j2")
    template = template or (beside if beside.is_file() else None)
    source = read_text(template) if template else _PLAIN_TEMPLATE
    name = str(template or "the built-in template")
    personas = [
        make_record(
            Persona,
            Located(None, str(path), {(): row.line}),
            _describe(row, number, chosen, segments, source, name),
        )
        for number, row in numbered
    ]
    filled = {"audience": path.stem, "source": f"rows of {path.name}", **fields, "personas": personas}
    return make_record(Audience, Located(None, str(path)), filled)


def make_audience(rows: Iterable[Mapping[str, Any]], source: str) -> Audience:
    """Return the audience of a frame's rows, one mapping each.

    The columns id, name, age, weight and about are a persona's own; without about, all columns make its description.
    Any further column is a segment, and so is each key of a column `segments` that holds mappings. `source` is what
    errors call the frame. Raises InputError naming the row, counted from 1.
    """
    numbered = [tables.Row(number, tables.drop_empty(dict(cells))) for number, cells in enumerate(rows, 1)]
    if not numbered:
        raise InputError(f"{source}: there are no rows; write at least one person")
    located_yaml.check_distinct("persona", [(row.cells.get("id"), f"{source}:{row.line}") for row in numbered])
    own = {*OWN, "about", "segments"}
    further = list(dict.fromkeys(name for row in numbered for name in row.cells if name not in own))
    personas = [
        make_record(Persona, Located(None, source, {(): row.line}), _describe_row(row, further)) for row in numbered
    ]
    return make_record(Audience, Located(None, source), {"audience": "people", "personas": personas})


def _describe_row(row: tables.Row, further: Sequence[str]) -> dict[str, Any]:
    own = choose_own(None)
    made = _describe(row, row.line, own, further, _PLAIN_TEMPLATE, "the built-in template")
    kept = row.cells.get("segments")
    if isinstance(kept, Mapping):
        made["segments"] |= {str(key): str(value) for key, value in kept.items() if value is not None}
    return {**made, "about": str(row.cells["about"])} if "about" in row.cells else made


def choose_own(columns: Mapping[str, str] | None) -> dict[str, str]:
    """Return the column of id, name, age and weight each: the one named for it, "" for none, else the one called so."""
    return {own: (columns or {}).get(own, own) for own in OWN}


def number_id(number: int) -> str:
    """Return the id of a persona whose table has none."""
    return f"p{number:03}"


def _describe(
    row: tables.Row, number: int, chosen: Mapping[str, str], segments: Sequence[str], source: str, template: str
) -> dict[str, Any]:
    from toolkit.files import templating

    hidden = {chosen["id"], chosen["name"], chosen["weight"]}
    others: dict[str, Any] = {name: value for name, value in row.cells.items() if name not in hidden}
    person_id = str(row.cells.get(chosen["id"], number_id(number)))
    own: dict[str, Any] = {name: row.cells[chosen[name]] for name in ("age", "weight") if chosen[name] in row.cells}
    if "age" in own:
        own["age"] = _read_age(own["age"])
    return {
        **own,
        "id": person_id,
        "name": str(row.cells.get(chosen["name"], person_id)),
        "segments": {name: str(row.cells.get(name, "unknown")) for name in segments},
        "about": templating.render_text(source, {**row.cells, "row": others}, name=template),
    }


def _read_age(cell: Any) -> Any:
    """Return the age of a cell; the middle of a band such as "25-34", and 5 years into an open one such as "65+"."""
    text = str(cell).strip()
    if band := _BAND.fullmatch(text):
        return (int(band[1]) + int(band[2])) // 2
    if band := _OPEN_BAND.fullmatch(text):
        return int(band[1]) + _OPEN_YEARS
    return cell


def _check_columns(path: Path, rows: Sequence[tables.Row], wanted: Iterable[str]) -> None:
    check_names(path, {name for row in rows for name in row.cells}, wanted)


def check_names(path: Path, columns: Collection[str], wanted: Iterable[str]) -> None:
    """Raise InputError for the first column that the table lacks."""
    for name in wanted:
        if name not in columns:
            raise InputError(
                f"{path}: no column {name!r} in it{suggest(name, columns)}; it has: {', '.join(sorted(columns))}"
            )
