"""Rows to people: which column is what, which stay behind, and what turns a row into a description."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from toolkit.audiences import ages, persona_sets, privacy
from toolkit.errors import InputError, name_option, suggest
from toolkit.files import Located, frames, located_yaml, make_record, read_text, tables
from toolkit.models import Audience, Persona

OWN = ("id", "name", "age", "weight")
"""What a persona has besides its description and segments."""
MOST_VALUES = 8
"""Different values up to which a column is suggested as a segment."""
_PLACE = re.compile(r"\{([^{}]+)\}")
_MICRODATA_ADULT = 18
_PLAIN_ID = re.compile(r"[\w][\w .@+-]{0,119}")
_MOST_TOLD = 3
_MOST_NAMES = 4
_NO_NAMES = {"A", "An", "The", "He", "She", "They", "This", "As"}
_MISSING = re.compile(r"NA|<NA>|NaN|nan|#NULL!|#N/A|#REF!|#VALUE!|#DIV/0!|NULL|\.[a-z]?(?::\s.*)?|\.i:.*")
"""How R, pandas, SPSS, SAS, Stata and spreadsheets write a value that is missing."""
_COUNTRY = re.compile(r"[A-Z]{2}")

Fill = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How rows become people."""

    template: Path | None = None
    """A Jinja2 file; without one, a file of the table's name ending in .j2."""
    template_text: str | None = None
    """A Jinja2 template itself, in place of a file."""
    sentence: str | None = None
    """Sentences with columns in braces, such as "{job} in {place}"."""
    segments: Sequence[str] = ()
    """Columns that are kept as segments."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Which column holds id, name, age or weight; "" for none."""
    keep: Sequence[str] = ()
    """Columns that are kept though they look personal."""
    where: str | None = None
    """A condition on rows, such as "age >= 18"."""
    strict: bool = False
    """Whether one row that cannot be used refuses the file."""
    sheet: str | None = None


def suggest_columns(columns: Sequence[str], questions: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return which column, or the question behind it, looks like id, name, age and weight; no entry where none does."""
    export = tables.headings.find_export("people", columns)
    found = tables.headings.find_columns("people", columns, None, export)
    asked = {question: column for column, question in (questions or {}).items()}
    by_question = tables.headings.find_columns("people", list(asked))
    found = {own: asked[question] for own, question in by_question.items()} | found
    return {own: found[own] for own in OWN if own in found}


def suggest_fitting(
    table: tables.LoadedTable, left_out: Mapping[str, str], *, besides: Collection[str] = ()
) -> dict[str, str]:
    """Return the columns that are taken as id, name, age and weight where none is named.

    `besides` are columns that serve as something else. Ids that stand twice and names of real people are not taken.
    """
    export = tables.headings.find_export("people", table.columns)
    free = [column for column in table.columns if column not in besides]
    suggested = dict.fromkeys(OWN, "") | suggest_columns(free, table.questions)
    fitting = _drop_unfit(
        suggested, {}, table.rows, left_out, is_survey=_is_survey(export), is_export=export is not None
    )
    return {own: column for own, column in fitting.items() if column}


def suggest_segments(rows: Sequence[tables.Row], taken: Iterable[str]) -> list[str]:
    """Return the columns with two to eight different values that most rows have: those that divide people."""
    columns = dict.fromkeys(name for row in rows for name in row.cells if name not in set(taken))
    values = {name: [str(row.cells[name]) for row in rows if name in row.cells] for name in columns}
    return [
        name
        for name, held in values.items()
        if 1 < len(set(held)) <= min(MOST_VALUES, len(rows) // 2) and len(held) > len(rows) // 2
    ]


def load_people_table(path: Path, sheet: str | None = None) -> tables.LoadedTable:
    """Return the table of people in a file, JSON and JSON Lines included; nested personas are told in words."""
    if path.suffix.lower() == ".json":
        return _load_json(path)
    if path.suffix.lower() != ".jsonl":
        found = tables.load_table(path, "people", sheet=sheet, fits=_holds_people)
        return _join_rows(_drop_marks(found))
    rows = tables.load_json_lines(path, read_text(path))
    people = [persona_sets.find_people(privacy.drop_contacts(row.cells, set())) for row in rows]
    is_nested = not all(isinstance(row.cells.get("persona"), str) for row in rows)
    if rows and all(people) and is_nested:
        rows = [tables.Row(row.line, found[0]) for row, found in zip(rows, people, strict=True) if found]
    names = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    return tables.LoadedTable(str(path), names, rows)


def _load_json(path: Path) -> tables.LoadedTable:
    """Return the people of a persona set, or the rows of a list of objects."""
    value = located_yaml.load_document(read_text(path), str(path), ".json").value
    found = persona_sets.find_people(value)
    rows = found if found is not None else value
    if not isinstance(rows, list) or not rows or not all(isinstance(one, dict) for one in rows):
        raise InputError(f"{path}: neither a persona set nor a list of objects; see docs/files.md for the forms")
    return make_rows_of(rows, path)


def make_rows_of(values: Sequence[Mapping[str, Any]], path: Path) -> tables.LoadedTable:
    """Return the table of a JSON list of objects, one a person."""
    rows = [tables.Row(number, tables.drop_empty(dict(cells))) for number, cells in enumerate(values, 1)]
    return tables.LoadedTable(str(path), tuple(dict.fromkeys(name for row in rows for name in row.cells)), rows)


def _holds_people(table: tables.LoadedTable) -> bool:
    """Whether a sheet is of people: a known export, or a column of ages; a codebook has neither."""
    fields = tables.headings.find_columns("people", table.columns)
    return "age" in fields or tables.headings.find_export("people", table.columns) is not None


def _drop_marks(table: tables.LoadedTable) -> tables.LoadedTable:
    """Leave empty what statistics packages write for a missing value; NA among countries is Namibia."""
    counted: Counter[str] = Counter()
    kept_in = {
        column
        for column in table.columns
        if any(row.cells.get(column) == "NA" for row in table.rows)
        and all(_COUNTRY.fullmatch(str(row.cells[column])) for row in table.rows if column in row.cells)
        and len({str(row.cells[column]) for row in table.rows if column in row.cells}) > 1
    }
    rows = []
    for row in table.rows:
        marks = {
            name: cell
            for name, cell in row.cells.items()
            if isinstance(cell, str) and _MISSING.fullmatch(cell) and not (cell == "NA" and name in kept_in)
        }
        counted.update(marks.values())
        cells = {name: cell for name, cell in row.cells.items() if name not in marks} if marks else row.cells
        if cells:
            rows.append(tables.Row(row.line, cells))
    if not counted:
        return table
    said = ", ".join(f"{mark} ({count})" for mark, count in counted.most_common(_MOST_TOLD))
    return replace(table, rows=rows, notes=(*table.notes, f"read as empty: {said}"))


def _join_rows(table: tables.LoadedTable) -> tables.LoadedTable:
    """Put the rows of one person together, where an export has one for each visit or repeated form."""
    export = tables.headings.find_export("people", table.columns)
    parts = {tables.headings.simplify(name) for name in (export.of_one if export is not None else ())}
    if export is None or not any(tables.headings.simplify(column) in parts for column in table.columns):
        return table
    own = tables.headings.find_columns("people", table.columns, None, export).get("id")
    joined: dict[str, tables.Row] = {}
    differ: set[str] = set()
    for row in table.rows:
        person = str(row.cells.get(own or "", f"\x00{row.line}"))
        earlier = joined.get(person)
        if earlier is None:
            joined[person] = row
            continue
        plain = {name: cell for name, cell in row.cells.items() if tables.headings.simplify(name) not in parts}
        differ |= {name for name, cell in plain.items() if earlier.cells.get(name, cell) != cell}
        cells = {**plain, **earlier.cells}
        joined[person] = tables.Row(earlier.line, {name: cells[name] for name in table.columns if name in cells})
    if len(joined) == len(table.rows):
        return table
    note = f"{len(table.rows)} rows put together to {len(joined)} people, one of each {own}"
    more = [f"the first row of a person decides {', '.join(sorted(differ)[:_MOST_NAMES])}"] if differ else []
    return replace(table, rows=list(joined.values()), notes=(*table.notes, note, *more))


def make_people(
    path: Path, making: Making, fields: Mapping[str, Any], table: tables.LoadedTable | None = None
) -> Audience:
    """Return the audience of a table, read from `path` where none is given; `fields` are the audience's own.

    Columns that look personal, and the bookkeeping of a survey tool, reach no description unless `keep` names them. A
    row that cannot be used is left out and told. Raises InputError naming the line of the row, the column or the
    template at fault.
    """
    table = table or load_people_table(path, making.sheet)
    return make_people_of(path, list(enumerate(table.rows, 1)), making, fields, table)


def make_people_of(
    path: Path,
    numbered: Sequence[tuple[int, tables.Row]],
    making: Making,
    fields: Mapping[str, Any],
    table: tables.LoadedTable | None = None,
) -> Audience:
    """Return the audience of some rows of a table, each with its number in it; else as `make_people`."""
    if not numbered:
        raise InputError(f"{path}: there are no rows; write at least one person")
    rows = [row for _, row in numbered]
    names = table.columns if table is not None else tuple(dict.fromkeys(name for row in rows for name in row.cells))
    table = table or tables.LoadedTable(str(path), names, rows)
    maker = _plan(path, table, rows, making)
    personas, faults = maker.make_all(numbered)
    told = maker.tell(numbered, faults)
    if any(note.startswith(f"{told[0]}:") for note in table.notes if told):
        told = told[1:]
    notes = [*table.notes, *told]
    if not personas and not faults:
        raise InputError(f"{path}: nobody of {len(rows)} is left: {notes[-1]}; change {name_option('where')}")
    if not personas:
        line, fault = faults[0]
        raise InputError(f"{path}:{line}: {fault}; nobody of {len(rows)} can be used")
    filled = {"audience": path.stem, "source": f"rows of {path.name}", **fields, "personas": personas}
    return make_record(Audience, Located(None, str(path)), filled).with_notes(tuple(notes))


def make_set(people: Sequence[Mapping[str, Any]], path: Path, dropped: Collection[str] = ()) -> Audience:
    """Return the audience of a persona set that came as JSON; made-up names are kept, contacts are not."""
    rows = [tables.Row(number, dict(fields)) for number, fields in enumerate(people, 1)]
    redacted = 0
    read = ages.read_ages([row.cells.get("age") for row in rows], coded=False)
    personas = []
    for row, age in zip(rows, read, strict=True):
        if age.wrong:
            raise InputError(f"{path}: person {row.line}: {age.wrong}; correct it or leave the age out")
        name = str(row.cells.get("name") or f"Person {row.line}")
        given = {"id": str(row.cells.get("id") or _plain_id(name, row.line)), "name": name, "age": age.years}
        said = str(row.cells.get("about") or name)
        about = privacy.redact(said)
        redacted += about != said
        made = given | {"about": about}
        personas.append(make_record(Persona, Located(None, f"{path}: person {row.line}"), made))
    fields = {"audience": path.stem.removesuffix(".agent"), "source": f"rows of {path.name}", "personas": personas}
    notes = [f"left out as personal: {', '.join(sorted(dropped))}"] if dropped else []
    if redacted:
        notes.append(f"addresses or numbers inside {redacted} texts left out")
    return make_record(Audience, Located(None, str(path)), fields).with_notes(tuple(notes))


def make_audience(rows: Iterable[Mapping[str, Any]], source: str, segments: Sequence[str] | None = None) -> Audience:
    """Return the audience of a frame's rows, one mapping each.

    The columns id, name, age, weight and about are a persona's own; without about, all columns make its description.
    Any further column is a segment, or those that `segments` names, and so is each key of a column `segments` that
    holds mappings. `source` is what errors call the frame. Without about, columns that look personal are left out, and
    `notes` tells which. Raises InputError naming the row, counted from 1.
    """
    numbered = [tables.Row(number, tables.drop_empty(dict(cells))) for number, cells in enumerate(rows, 1)]
    if not numbered:
        raise InputError(f"{source}: there are no rows; write at least one person")
    located_yaml.check_distinct("persona", [(row.cells.get("id"), f"{source}:{row.line}") for row in numbered])
    own = {*OWN, "about", "segments"}
    further = list(dict.fromkeys(name for row in numbered for name in row.cells if name not in own))
    described = any("about" in row.cells for row in numbered)
    left_out = {} if described else privacy.find_personal(numbered, further)
    further = [name for name in further if name not in left_out]
    read = ages.read_ages([row.cells.get("age") for row in numbered], coded=False)
    maker = _Maker(
        chosen=choose_own(None), segments=further if segments is None else segments, fill=_fill_plain({}), columns=(),
        hidden=frozenset(left_out), reasons=left_out,
    )  # fmt: skip
    personas = []
    for row, age in zip(numbered, read, strict=True):
        if age.wrong:
            raise InputError(f"{source}:{row.line}: {age.wrong}; correct it and run again")
        made = maker.describe(row, row.line, age)
        kept = row.cells.get("segments")
        if isinstance(kept, Mapping):
            made["segments"] |= {str(key): str(value) for key, value in kept.items() if value is not None}
        said = str(row.cells.get("about", made["about"]))
        made["about"] = privacy.redact(said)
        maker.redacted += said != made["about"]
        personas.append(make_record(Persona, Located(None, source, {(): row.line}), made))
    notes = [note.partition(f"; {name_option('keep')}")[0] for note in maker.tell([], [])]
    if notes:
        notes.append("pass a list of Persona to send people as they are")
    return make_record(Audience, Located(None, source), {"audience": "people", "personas": personas}).with_notes(
        tuple(notes)
    )


_FRAME = "the frame of people"


def make_from_frame(
    frame: Any,
    columns: Mapping[str, str | None],
    fields: Mapping[str, Any],
    *,
    segments: Sequence[str] | None = None,
    template: str | Path | None = None,
    sentence: str | None = None,
    keep: Sequence[str] = (),
) -> Audience:
    """Return what `Audience.from_frame` does.

    `columns` names the column of a persona's id, name, age, weight and about, `fields` the fields of the audience.
    """
    rows = frames.read_rows(frame, _FRAME)
    if rows is None:
        raise InputError(f"{_FRAME}: {frames.name_kind(frame)} is no table; {frames.GIVE}")
    there = list(dict.fromkeys(str(name) for row in rows for name in row))
    named = {own: column for own, column in columns.items() if column is not None}
    for option, column in (*named.items(), *(("segments", one) for one in segments or ())):
        if column not in there:
            near, held = suggest(column, there), ", ".join(there)
            said = name_option(option, column)
            raise InputError(f"{_FRAME}: {said}: there is no such column{near}; it has: {held}")
    if named.get("about") is not None and (template is not None or sentence is not None):
        raise InputError(f"{_FRAME}: about names a column of descriptions; leave template and sentence out, or about")
    given = {name: value for name, value in fields.items() if value not in {None, ""}}
    if template is None and sentence is None:
        renamed = {column: own for own, column in named.items()}
        taken = set(named)
        people = [
            {renamed.get(name, name): cell for name, cell in row.items() if name in renamed or name not in taken}
            for row in rows
        ]
        made = make_audience(people, _FRAME, segments)
        return made.model_copy(update=_check_fields(given)).with_notes(made.notes)
    own = {name: column for name, column in named.items() if name in OWN}
    is_text = isinstance(template, str) and ("{{" in template or "{%" in template)
    making = Making(
        template=Path(template) if template is not None and not is_text else None, sentence=sentence, keep=keep,
        segments=segments or (), columns=own, template_text=str(template) if is_text else None,
    )  # fmt: skip
    return make_people(
        Path(_FRAME), making, {"audience": "people", "source": "", **given}, make_rows_of(rows, Path(_FRAME))
    )


def _check_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an audience's own fields as the record has them; raise InputError for one that it cannot have."""
    someone = Persona(id="p", name="P", about="A person.")
    made = make_record(Audience, Located(None, _FRAME), {"audience": "people", **given, "personas": [someone]})
    return {name: getattr(made, name) for name in given}


def choose_own(
    columns: Mapping[str, str] | None, there: Sequence[str] = (), questions: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the column of id, name, age and weight each: the one named for it, "" for none, else the one suggested."""
    suggested = {own: own for own in OWN} | suggest_columns(there, questions)
    taken = set((columns or {}).values())
    free = {own: column for own, column in suggested.items() if column == own or column not in taken}
    return {own: (columns or {}).get(own, free.get(own, own)) for own in OWN}


def number_id(number: int) -> str:
    """Return the id of a persona whose table has none."""
    return f"p{number:03}"


def check_names(path: Path, columns: Collection[str], wanted: Iterable[str]) -> None:
    """Raise InputError for the first column that the table lacks."""
    for name in wanted:
        if name not in columns:
            raise InputError(
                f"{path}: no column {name!r} in it{suggest(name, columns)}; it has: {', '.join(sorted(columns))}"
            )


def find_left_out(table: tables.LoadedTable, rows: Sequence[tables.Row], keep: Sequence[str] = ()) -> dict[str, str]:
    """Return the columns that reach no description, and why: what looks personal, or the export's bookkeeping."""
    export = tables.headings.find_export("people", table.columns)
    is_set = export is not None and "about" in export.fields
    found = privacy.find_personal(rows, table.columns, table.questions, persona_set=is_set, survey=_is_survey(export))
    patterns = [re.compile(one, re.IGNORECASE) for one in (export.bookkeeping if export else ())]
    for column in table.columns:
        if column not in found and any(pattern.fullmatch(column) for pattern in patterns):
            found[column] = privacy.BOOKKEEPING
    kept = {tables.headings.simplify(name) for name in keep}
    left_out = [column for column in table.columns if column in found]
    return {column: found[column] for column in left_out if tables.headings.simplify(column) not in kept}


@dataclass(slots=True, kw_only=True)
class _Maker:
    """What turns the rows of one table into people."""

    chosen: Mapping[str, str]
    segments: Sequence[str]
    fill: Fill
    columns: Sequence[str]
    hidden: frozenset[str]
    """Columns that no template sees."""
    reasons: Mapping[str, str]
    keep: frozenset[str] = frozenset()
    strict: bool = False
    path: Path = Path()
    test: tables.selecting.RowTest | None = None
    youngest: int = ages.YOUNGEST
    label: str = ""
    named_in: tuple[str, ...] = ()
    """Columns of a persona set whose texts begin with the name."""
    redacted: int = 0
    unwanted: int = 0
    told: list[tuple[int, str]] = field(default_factory=list)
    young: list[int] = field(default_factory=list)

    def make_all(self, numbered: Sequence[tuple[int, tables.Row]]) -> tuple[list[Persona], list[tuple[int, str]]]:
        """Return the people, and the line and fault of each row that is left out."""
        column = self.chosen["age"]
        read = ages.read_ages(
            [row.cells.get(column) for _, row in numbered], column, coded=self.youngest == ages.YOUNGEST
        )
        personas: list[Persona] = []
        faults: list[tuple[int, str]] = []
        for (number, row), age in zip(numbered, read, strict=True):
            years = {} if age.years is None else {column: age.years}
            if self.test is not None and not self.test(row.cells, years):
                self.unwanted += 1
                continue
            if age.years is not None and age.years < self.youngest:
                self.young.append(row.line)
                continue
            fault = age.wrong or self._check_weight(row)
            if fault and self.youngest > ages.YOUNGEST and age.wrong:
                self.young.append(row.line)
            elif fault:
                if self.strict:
                    raise InputError(
                        f"{self.path}:{row.line}: {fault}; correct it, or leave {name_option('strict')} out"
                    )
                faults.append((row.line, fault))
            else:
                personas.append(self._make(row, number, age))
        return personas, faults

    def _make(self, row: tables.Row, number: int, age: ages.ReadAge) -> Persona:
        if age.told:
            self.told.append((row.line, age.told))
        return make_record(Persona, Located(None, str(self.path), {(): row.line}), self.describe(row, number, age))

    def describe(self, row: tables.Row, number: int, age: ages.ReadAge) -> dict[str, Any]:
        """Return the fields of a persona."""
        from toolkit.files import templating

        unsaid = self.chosen["age"] if age.told else None  # the number of an answer would be read as an age
        cells = {name: value for name, value in row.cells.items() if name not in self.hidden and name != unsaid}
        if self.columns:
            cells = {name: self._clean(name, value) for name, value in cells.items()}
        own = {self.chosen["id"], self.chosen["name"], self.chosen["weight"]}
        others = _RowCells({name: value for name, value in cells.items() if name not in own}, self.columns)
        given = str(row.cells.get(self.chosen["id"], "")).strip()
        person_id = _shorten_id(given) if given else number_id(number)
        made: dict[str, Any] = {
            "id": person_id,
            "name": self._name(row, person_id, number),
            "age": age.years,
            "segments": {name: str(row.cells.get(name, "unknown")) for name in self.segments},
            "about": self.fill({**dict.fromkeys(self.columns, templating.EMPTY), **cells, "row": others}),
        }
        if self.chosen["weight"] in row.cells:
            made["weight"] = _read_weight(row.cells[self.chosen["weight"]])
        return made

    def _clean(self, name: str, value: Any) -> Any:
        if not isinstance(value, str) or name in self.keep:
            return value
        cleaned = privacy.redact(value)
        self.redacted += cleaned != value
        return cleaned

    def _name(self, row: tables.Row, person_id: str, number: int) -> str:
        given = str(row.cells.get(self.chosen["name"], "")).strip()
        if given and given.lower() not in {"nan", "none", "<na>"}:
            return f"Person {number}" if self.columns and privacy.find_in_text(given) else given
        if self.named_in and (found := _find_name([str(row.cells.get(name, "")) for name in self.named_in])):
            return found
        is_given = person_id != number_id(number)
        is_no_name = privacy.is_nameless(person_id) or self.chosen["id"] in self.hidden
        return f"Person {number}" if is_given and self.columns and is_no_name else person_id

    def _check_weight(self, row: tables.Row) -> str:
        cell = row.cells.get(self.chosen["weight"])
        if cell is None:
            return ""
        weight = _read_weight(cell)
        number = weight if isinstance(weight, float) else None
        return (
            ""
            if number is not None and 0 < number < float("inf")
            else f"weight {str(cell)[:40]!r} is no number above 0"
        )

    def tell(self, numbered: Sequence[tuple[int, tables.Row]], faults: Sequence[tuple[int, str]]) -> list[str]:
        """Return what was left out, one sentence each."""
        notes, keep = [f"read as {self.label}"] if self.label else [], name_option("keep")
        personal = [f"{column} ({why})" for column, why in self.reasons.items() if why != privacy.BOOKKEEPING]
        kept_back = [column for column, why in self.reasons.items() if why == privacy.BOOKKEEPING]
        if personal:
            notes.append(f"left out as personal: {', '.join(personal)}; {keep} brings a column back")
        if kept_back:
            notes.append(f"left out as {privacy.BOOKKEEPING}: {', '.join(kept_back)}; {keep} brings a column back")
        if self.redacted:
            notes.append(f"addresses or numbers inside {self.redacted} texts left out; {keep} keeps those of a column")
        if self.unwanted:
            notes.append(tables.selecting.say_unwanted(self.unwanted, len(numbered)))
        if self.young:
            named = name_option("where", "age >= 13")
            advice = "" if self.youngest == ages.YOUNGEST else f"; {named} reads those of 13 to 17, too"
            notes.append(f"{len(self.young)} under {self.youngest} left out{advice}")
        if self.told:
            shown = "; ".join(f"{said} (line {line})" for line, said in self.told[:_MOST_TOLD])
            more = f"; and {len(self.told) - _MOST_TOLD} more" if len(self.told) > _MOST_TOLD else ""
            notes.append(f"age unknown for {len(self.told)}: {shown}{more}")
        if faults:
            shown = "; ".join(f"{said} (line {line})" for line, said in faults[:_MOST_TOLD])
            more = f"; and {len(faults) - _MOST_TOLD} more" if len(faults) > _MOST_TOLD else ""
            usable = len(numbered) - len(faults) - self.unwanted - len(self.young)
            notes.append(f"{usable} of {len(numbered)} usable; {len(faults)} left out: {shown}{more}")
        return notes


class _RowCells(dict[str, Any]):
    """The filled cells of a row; an empty one of the table's columns reads as nothing."""

    def __init__(self, cells: Mapping[str, Any], columns: Collection[str]) -> None:
        super().__init__(cells)
        self._columns = columns

    def __missing__(self, name: str) -> Any:
        if name in self._columns:
            from toolkit.files import templating

            return templating.EMPTY
        raise KeyError(name)


def _plan(path: Path, table: tables.LoadedTable, rows: Sequence[tables.Row], making: Making) -> _Maker:
    """Settle what every column is before the first row is made."""
    named = {own: column for own, column in making.columns.items() if column}
    columns = {own: find_column(path, table, column) for own, column in named.items()}
    columns |= {own: "" for own, column in making.columns.items() if not column}
    segments = [find_column(path, table, name) for name in making.segments]
    for name in making.keep:
        find_column(path, table, name)
    export = tables.headings.find_export("people", table.columns)
    reasons = find_left_out(table, rows, making.keep)
    chosen = _drop_unfit(
        choose_own(columns, table.columns, table.questions),
        making.columns,
        rows,
        reasons,
        is_survey=_is_survey(export),
        is_export=export is not None,
    )
    ids = [(row.cells.get(chosen["id"]), f"{path}:{row.line}") for row in rows]
    located_yaml.check_distinct("persona", ids)
    hidden = frozenset(reasons)
    visible = replace(table, columns=tuple(name for name in table.columns if name not in hidden))
    about = _find_about(table, export)
    is_set = export is not None and "about" in export.fields
    young = export is not None and export.name in {"pums", "ipums"} and making.where is None
    return _Maker(
        chosen=chosen,
        segments=segments,
        fill=_choose_fill(path, visible, hidden, making, about),
        columns=visible.columns,
        hidden=hidden,
        reasons={column: why for column, why in reasons.items() if column in hidden},
        keep=frozenset(find_column(path, table, name) for name in making.keep),
        strict=making.strict,
        path=path,
        test=_read_where(making.where, table.columns, chosen),
        youngest=_MICRODATA_ADULT if young else ages.YOUNGEST,
        label=export.label if export is not None else "",
        named_in=tuple(name for name in table.columns if name == "persona" or name.endswith("_persona"))
        if is_set
        else (),
    )


def _is_survey(export: tables.headings.Export | None) -> bool:
    return export is not None and "about" not in export.fields


def _drop_unfit(
    chosen: dict[str, str],
    given: Mapping[str, str],
    rows: Sequence[tables.Row],
    reasons: Mapping[str, str],
    *,
    is_survey: bool,
    is_export: bool,
) -> dict[str, str]:
    """Take back suggestions that cannot be meant: ids that stand twice, and the names of real people."""
    column = chosen["id"]
    if "id" not in given:
        ids = [str(row.cells.get(column, "")).strip() for row in rows]
        unfit = is_export and not all(_PLAIN_ID.fullmatch(one) for one in ids)
        if unfit or (column != "id" and (len(set(ids)) < len(ids) or "" in ids)):
            chosen["id"] = ""
    if "name" not in given and (chosen["name"] in reasons or is_survey):
        chosen["name"] = ""
    return chosen


def find_column(path: Path, table: tables.LoadedTable, wanted: str) -> str:
    """Return the column that a heading or its question names, regardless of case, spaces and punctuation."""
    if wanted in table.columns:
        return wanted
    plain = tables.headings.simplify(wanted)
    for column in table.columns:
        if plain in {tables.headings.simplify(column), tables.headings.simplify(table.questions.get(column, column))}:
            return column
    check_names(path, table.columns, [wanted])
    return wanted


def _read_where(
    where: str | None, columns: Sequence[str], chosen: Mapping[str, str]
) -> tables.selecting.RowTest | None:
    if where is None:
        return None
    return tables.selecting.read_conditions(where, columns, {own: column for own, column in chosen.items() if column})


def _find_about(table: tables.LoadedTable, export: tables.headings.Export | None) -> str | None:
    if "about" in table.columns:
        return "about"
    wanted = export.fields.get("about", ()) if export is not None else ()
    plain = {tables.headings.simplify(column): column for column in table.columns}
    return next((plain[one] for name in wanted if (one := tables.headings.simplify(name)) in plain), None)


def _choose_fill(
    path: Path, table: tables.LoadedTable, hidden: Collection[str], making: Making, about: str | None
) -> Fill:
    """Return what makes a description of a row: the sentence, the template, the persona's own text, or all columns."""
    from toolkit.files import resources

    if making.sentence is not None:
        return _fill_sentence(path, table, hidden, making.sentence)
    if making.template_text is not None:
        return _fill_template("template", making.template_text, hidden)
    beside = path.with_suffix(".j2")
    if making.template is None and beside.is_file():
        resources.find_named(beside.name, path.parent, f"{path}: its template")
    template = making.template or (beside if beside.is_file() else None)
    if template is None and about is not None:
        return lambda context: str(context[about]).strip()
    if template is None:
        return _fill_plain(table.questions)
    return _fill_template(str(template), read_text(template), hidden)


def _fill_template(name: str, source: str, hidden: Collection[str]) -> Fill:
    """Return what fills in a template; one that asks for a column left out is told how to keep it."""
    from toolkit.files import templating

    fill = templating.compile_text(source, name=name)

    def explain(context: Mapping[str, Any]) -> str:
        try:
            return fill(context)
        except InputError as error:
            lost = next((column for column in hidden if f"'{column}'" in str(error)), None)
            if lost is None:
                raise
            named = name_option("keep", (lost,))
            raise InputError(f"{name}: the column {lost!r} is left out as personal; keep it with {named}") from None

    return explain


def _fill_plain(questions: Mapping[str, str]) -> Fill:
    """Return what tells every column with its question: "How old are you? 30. Region: north."."""

    def fill(context: Mapping[str, Any]) -> str:
        from toolkit.audiences.persona_sets import write_value

        parts = []
        for column, value in context["row"].items():
            asked = " ".join(questions.get(column, column).split())
            said = write_value(value) if isinstance(value, (list, dict)) else str(value)
            parts.append(f"{asked}{'' if asked[-1:] in '?!:.' else ':'} {said}.")
        return " ".join(parts) or "Nothing else is known."

    return fill


def _fill_sentence(path: Path, table: tables.LoadedTable, hidden: Collection[str], sentence: str) -> Fill:
    """Return what puts the cells of a row into a sentence; an unknown column, or one left out, is refused."""
    names: dict[str, str] = {}
    for wanted in _PLACE.findall(sentence):
        lost = next(
            (name for name in hidden if tables.headings.simplify(name) == tables.headings.simplify(wanted)), None
        )
        if lost is not None:
            named, keep = name_option("sentence"), name_option("keep", (lost,))
            raise InputError(f"{named}: the column {lost!r} is left out as personal; keep it with {keep}")
        names[wanted] = find_column(path, table, wanted)
    if not names:
        named = name_option("sentence", sentence)
        raise InputError(f"{named} names no column; put one in braces, such as {{{table.columns[0]}}}")
    return lambda context: _PLACE.sub(lambda found: str(context[names[found[1]]]), sentence)


def _read_weight(cell: Any) -> Any:
    try:
        return float(unicodedata.normalize("NFKC", str(cell)).strip().replace(",", ".").replace("\u066b", "."))
    except ValueError:
        return cell


def _shorten_id(given: str) -> str:
    """Return an id without the point and nought that spreadsheets and SPSS give whole numbers."""
    return given[:-2] if re.fullmatch(r"\d+\.0", given) else given


def _plain_id(name: str, number: int) -> str:
    plain = re.sub(r"[^\w.@+-]+", "-", name).strip("-.").lower()[:60]
    return plain or number_id(number)


def _find_name(texts: Sequence[str]) -> str | None:
    """Return the capitalised words that two texts about one person both begin with."""
    held = [text.split() for text in texts if text]
    found = [_list_common(one, other) for at, one in enumerate(held) for other in held[at + 1 :]]
    longest = max(found, key=len, default=[])
    return " ".join(longest) or None


def _list_common(one: Sequence[str], other: Sequence[str]) -> list[str]:
    common: list[str] = []
    for words in zip(one[:_MOST_NAMES], other, strict=False):
        plain = {re.sub(r"['\u2019]s$", "", word.strip(",.;:")) for word in words}
        word = plain.pop()
        if plain or not word[:1].isupper() or word in _NO_NAMES:
            break
        common.append(word)
    return common
