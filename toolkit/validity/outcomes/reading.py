"""Tables of results to records: every row is checked before the first one is kept."""

from __future__ import annotations

import dataclasses
import datetime
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.drafts import channels
from toolkit.drafts.surfaces import surface_names
from toolkit.errors import A_PATH, InputError, accept_only, name_option, spell_out, suggest
from toolkit.files import normalising, read_text, resources, tables
from toolkit.store import outcome_log
from toolkit.validity.outcomes.dates import read_date

FORMATS = (".csv", ".xlsx", ".parquet", ".jsonl", ".tsv", ".xlsm", ".xls", ".ods")
COLUMNS = ("draft", "draft_id", "headline", "surface", "shown", *outcome_log.COUNTS, "date", *outcome_log.KEYS)
_MOST_UPLOADED = 20 * 1024**2
_HASH = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"\b\d{1,2}[/-]\d{1,2}[/-]\d{4}\b")
_COUNTED = ("shown", *outcome_log.COUNTS)
_NAMES = ("draft", "draft_id", "headline")
"""What says which draft a row is of; a total has none of them."""


class OutcomeTable(NamedTuple):
    """Real results as a table had them."""

    outcomes: list[outcome_log.Outcome]
    """Each result once, in the order of the table."""
    notes: list[str]
    """What was left out, one sentence each."""


@accept_only(path=A_PATH)
def load_outcomes(
    path: str | Path,
    today: datetime.date | None = None,
    surface: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    where: str | None = None,
    encoding: str | None = None,
) -> OutcomeTable:
    r"""Return the real results of a table (.csv .xlsx .parquet .jsonl and others) and notes on what was left out.

    A row needs `draft` or `draft_id`, `shown`, and one of `clicks`, `replies`, `shares`, `hides`; exports of Meta,
    Google, X, TikTok, LinkedIn, Pinterest and Mailchimp are known by their headings. `columns` names the column of a
    field that is called something else; without it, those remembered beside the file in NAME.map.yaml hold. `today` is
    the latest day that a row may name; the default is today's date.
    `surface` is for rows that name none, `sheet` one of a workbook's, and `where` a condition such as "country = GB".
    `encoding` is for a file that is neither UTF-8 nor UTF-16.
    A row that stands twice counts once. Raises InputError with FILE:LINE of the first row that cannot be used, and the
    lines of the others; nothing of such a file is returned.

    Examples:
        >>> import pathlib, tempfile
        >>> table = pathlib.Path(tempfile.mkdtemp()) / "spring.csv"
        >>> _ = table.write_text("draft,shown,clicks\nGet paid today.,1200,48\n")
        >>> results, notes = toolkit.load_outcomes(table, surface="messenger_message")
        >>> results[0].shown, results[0].clicks
        (1200, 48)
    """
    path, today = Path(path), today or datetime.datetime.now(datetime.UTC).date()
    columns = tables.headings.load_map(path, "results") if columns is None else columns
    with resources.reading_as(encoding):
        table = _load_table(path, sheet, columns)
    if not table.rows:
        raise InputError(f"{path}: there are no rows; write at least one result with draft and shown")
    table, unwanted = _choose_rows(path, table, where)
    layout, notes = _find_layout(path, table, columns)
    notes += unwanted
    has_commas = tables.numbers.has_decimal_commas(cell for row in table.rows for cell in row.cells.values())
    rows = _keep_results(table.rows, layout, notes, has_commas=has_commas)
    days = _list_cells(rows, "date")
    are_serial = tables.numbers.are_serial_days(days)
    if are_serial:
        notes.append("days read as the numbers that spreadsheets give them")
    reader = _Reader(
        today,
        surface or layout.constants.get("surface"),
        first=tables.numbers.find_order(days) or _find_order_of_titles(table.titles) or layout.days,
        dotted=tuple(name for name in _COUNTED if has_commas or tables.numbers.find_dotted(_list_cells(rows, name))),
        are_serial=are_serial,
    )
    outcomes = _read_rows(path, rows, reader)
    if layout.splits:
        outcomes = _add_up(outcomes, notes, layout.splits)
    kept, repeated = _drop_repeated(path, outcomes)
    if repeated:
        notes.append(f"rows that stand twice were counted once: {_say_lines(repeated)}")
    if layout.label:
        notes.insert(0, f"read as {layout.label}: {len(kept)} result{'' if len(kept) == 1 else 's'}")
    return OutcomeTable(kept, notes)


def _choose_rows(path: Path, table: tables.LoadedTable, where: str | None) -> tuple[tables.LoadedTable, list[str]]:
    """Return the table with the rows that are wanted, and what to say of the others."""
    if where is None:
        return table, []
    wanted = tables.selecting.read_conditions(where, table.columns)
    rows = [row for row in table.rows if wanted(row.cells)]
    if len(rows) == len(table.rows):
        return table, []
    said = tables.selecting.say_unwanted(len(table.rows) - len(rows), len(table.rows))
    if not rows:
        raise InputError(f"{path}: no result is left: {said}; change {name_option('where')}")
    return dataclasses.replace(table, rows=rows), [spell_out(said)]


def _read_rows(path: Path, rows: Sequence[tables.Row], reader: _Reader) -> list[tuple[int, outcome_log.Outcome]]:
    outcomes: list[tuple[int, outcome_log.Outcome]] = []
    faults: list[tuple[int, str]] = []
    for row in rows:
        try:
            outcomes.append((row.line, reader.read(row)))
        except ValueError as error:
            faults.append((row.line, str(error)))
    if faults:
        raise InputError(_say_faults(path, faults))
    return outcomes


def _find_order_of_titles(titles: Sequence[str]) -> str | None:
    """Return what comes first in the days of a report's title, such as "11/01/2026 - 11/24/2026"."""
    return tables.numbers.find_order(_DAY.findall(" ".join(titles)))


def read_upload(
    name: str,
    data: bytes,
    *,
    surface: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> OutcomeTable:
    """Return the results of a table that came through the browser; errors name the file as it was called there."""
    if len(data) > _MOST_UPLOADED:
        raise InputError(f"{name[:80]}: larger than 20 MB; use `audience outcomes add`")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{Path(name).suffix.lower()}"
        path.write_bytes(data)
        try:
            return load_outcomes(path, surface=surface, columns=columns, sheet=sheet)
        except InputError as error:
            raise InputError(str(error).replace(str(path), name[:80])) from None


def read_outcome(cells: dict[str, Any], today: datetime.date) -> outcome_log.Outcome:
    """Return one result that was typed in, its cells named as columns of a table; InputError on a fault."""
    try:
        return _Reader(today).read(tables.Row(1, {name: cell for name, cell in cells.items() if cell is not None}))
    except ValueError as error:
        raise InputError(str(error)) from None


class _Columns(NamedTuple):
    """Which column of a table is which field."""

    fields: Mapping[str, str]
    label: str = ""
    """The export it is, empty where it is a table of one's own."""
    constants: Mapping[str, str] = {}
    splits: tuple[str, ...] = ()
    """Columns that split one result into several rows."""
    days: str | None = None
    """What comes first in its days, where its exports are all alike."""


def _load_table(path: Path, sheet: str | None, columns: Mapping[str, str]) -> tables.LoadedTable:
    suffix = path.suffix.lower()
    if path.is_file() and suffix not in FORMATS:
        way = tables.telling.say_way_out(path)
        said = f"{suffix}; {way}" if way else suffix or "this"
        raise InputError(f"{path}: results cannot be read from {said}; allowed: {', '.join(FORMATS)}")
    if suffix != ".jsonl":
        return tables.load_table(path, "results", sheet=sheet, fits=lambda one: _fits(one, columns))
    rows = tables.load_json_lines(path, read_text(path))
    return tables.LoadedTable(str(path), tuple(dict.fromkeys(name for row in rows for name in row.cells)), rows)


def _fits(table: tables.LoadedTable, columns: Mapping[str, str]) -> bool:
    export = tables.headings.find_export("results", table.columns)
    try:
        fields = tables.headings.find_columns("results", table.columns, columns, export)
    except KeyError:
        return False
    return "shown" in fields and bool({"draft", "draft_id"} & set(fields))


def _find_layout(path: Path, table: tables.LoadedTable, columns: Mapping[str, str]) -> tuple[_Columns, list[str]]:
    """Return which column is which; refuse a table without what it takes, and note the columns that are not used."""
    held = {name for row in table.rows for name in row.cells}
    names = [name for name in table.columns if name in held]
    tables.headings.check_map(str(path), "results", names, columns)
    export = tables.headings.find_export("results", table.columns)
    splits = {tables.headings.simplify(name) for name in (export.breakdowns if export else ())}
    chosen = {tables.headings.simplify(column) for column in columns.values()}
    split = tuple(name for name in names if tables.headings.simplify(name) in splits - chosen)
    fields = tables.headings.find_columns("results", [name for name in names if name not in split], columns, export)
    _check_fields(path, names, fields, export)
    notes = list(map(spell_out, table.notes))
    unread = [name for name in names if name not in fields.values() and name not in split]
    if unread:
        notes.append(f"columns not read: {', '.join(unread)}")
    if export is None:
        return _Columns(fields), notes
    return _Columns(fields, export.label, export.constants, split, export.days), notes


def _check_fields(
    path: Path, names: Sequence[str], fields: Mapping[str, str], export: tables.headings.Export | None
) -> None:
    if export is not None and export.lacks and not {"shown"} <= set(fields):
        named = name_option("columns", {"shown": "COLUMN"})
        raise InputError(f"{path}: {export.label} has {export.lacks}, or name the column: {named}")
    named = name_option("columns", {"FIELD": "COLUMN"})
    allowed = f"it has: {', '.join(names)}; columns are {', '.join(COLUMNS)}, or name one: {named}"
    if "draft" not in fields and "draft_id" not in fields:
        raise InputError(f"{path}:1: no column draft or draft_id, or nothing in it{suggest('draft', names)}; {allowed}")
    if "shown" not in fields:
        raise InputError(f"{path}:1: no column shown, or nothing in it{suggest('shown', names)}; {allowed}")
    if not set(outcome_log.COUNTS) & set(fields):
        near = next((hint for name in outcome_log.COUNTS if (hint := suggest(name, names))), "")
        raise InputError(f"{path}:1: none of {', '.join(outcome_log.COUNTS)} is a column{near}; {allowed}")
    for name in names:
        missing = [field for field in COLUMNS if field not in fields]
        plain = name.strip().lower().replace(" ", "_")
        if name not in fields.values() and plain.rstrip("s") in {field.rstrip("s") for field in missing}:
            raise InputError(f"{path}:1: unknown column {name!r}{suggest(plain, missing)}; {allowed}")


def _keep_results(
    rows: Sequence[tables.Row], layout: _Columns, notes: list[str], *, has_commas: bool
) -> list[tables.Row]:
    """Return the rows under the names of their fields, without totals and without those never counted."""
    named = [_name_cells(row, layout) for row in rows]
    totals = _find_unnamed_totals(named, certain=bool(layout.label), has_commas=has_commas)
    unknown = [
        row.line
        for row in named
        if row.line not in totals and "shown" in row.cells and tables.numbers.is_unknown(row.cells["shown"])
    ]
    if totals:
        word = "total row without a name" if len(totals) == 1 else "total rows without a name"
        notes.append(f"{len(totals)} {word} left out ({_say_lines(totals)})")
    if unknown:
        word = "row" if len(unknown) == 1 else "rows"
        notes.append(f"{len(unknown)} {word} left out, shown is unknown there ({_say_lines(unknown)})")
    left_out = {*totals, *unknown, *_find_uncounted(named, {*totals, *unknown}, layout, notes)}
    return [
        tables.Row(row.line, {name: cell for name, cell in row.cells.items() if not _is_blank_count(name, cell)})
        for row in named
        if row.line not in left_out
    ]


def _name_cells(row: tables.Row, layout: _Columns) -> tables.Row:
    """Return a row under the names of the fields; a dash names no draft."""
    cells = {field: row.cells[column] for field, column in layout.fields.items() if column in row.cells}
    dashes = {name for name in _NAMES if name in cells and str(cells[name]).strip() in {"-", "--", "\u2013", "\u2014"}}
    return tables.Row(row.line, {name: cell for name, cell in cells.items() if name not in dashes})


def _find_uncounted(rows: Sequence[tables.Row], left_out: set[int], layout: _Columns, notes: list[str]) -> list[int]:
    """Return the lines of an export's rows that count nothing but how often the draft was shown, and note them.

    Where an export splits a result into rows, all rows of such a result are left out: a part of it would mislead.
    """
    if not layout.label:
        return []
    counts = [name for name in outcome_log.COUNTS if name in layout.fields]

    def says_nothing(row: tables.Row) -> bool:
        return all(name not in row.cells or tables.numbers.is_unknown(row.cells[name]) for name in counts)

    def identify(row: tables.Row) -> tuple[str, ...]:
        return tuple(str(row.cells.get(name, "")) for name in (*_NAMES, "surface", "date", *outcome_log.KEYS))

    kept = [row for row in rows if row.line not in left_out]
    empty = [row for row in kept if says_nothing(row)]
    if len(empty) == len(kept):
        return []
    parts = {identify(row) for row in empty} if layout.splits else set()
    found = [row.line for row in kept if says_nothing(row) or identify(row) in parts]
    if found:
        word = "row" if len(found) == 1 else "rows"
        notes.append(f"{len(found)} {word} left out, {' and '.join(counts)} unknown there ({_say_lines(found)})")
    return found


def _is_blank_count(name: str, cell: Any) -> bool:
    return name in _COUNTED and tables.numbers.is_unknown(cell)


def _find_unnamed_totals(rows: Sequence[tables.Row], *, certain: bool, has_commas: bool) -> list[int]:
    """Return the lines of rows without a draft whose every count is the sum of the others.

    In a table of one's own only the last of at least three rows can be one; an export has it first or last.
    """
    least = 2 if certain else 3
    unnamed = [at for at, row in enumerate(rows) if not any(str(row.cells.get(name, "")).strip() for name in _NAMES)]
    ends = {len(rows) - 1, *([0] if certain else [])}
    if len(unnamed) != 1 or len(rows) < least or unnamed[0] not in ends:
        return []
    total, others = rows[unnamed[0]], [row for at, row in enumerate(rows) if at != unnamed[0]]
    dotted = {name: has_commas or tables.numbers.find_dotted(_list_cells(rows, name)) for name in _COUNTED}
    counted = [name for name in _COUNTED if name in total.cells and not tables.numbers.is_unknown(total.cells[name])]
    try:
        sums = all(
            tables.numbers.read_count(total.cells[name], name, dotted=dotted[name])
            == sum(
                tables.numbers.read_count(row.cells[name], name, dotted=dotted[name])
                for row in others
                if name in row.cells and not tables.numbers.is_unknown(row.cells[name])
            )
            for name in counted
        )
    except ValueError:
        return []
    return [total.line] if counted and sums else []


def _list_cells(rows: Sequence[tables.Row], name: str) -> list[Any]:
    return [row.cells[name] for row in rows if name in row.cells]


def _add_up(
    outcomes: Sequence[tuple[int, outcome_log.Outcome]], notes: list[str], splits: Sequence[str]
) -> list[tuple[int, outcome_log.Outcome]]:
    """Return one result for all rows that an export splits by age, placement or device."""
    found: dict[bytes, tuple[int, outcome_log.Outcome]] = {}
    for line, outcome in outcomes:
        if outcome.key not in found:
            found[outcome.key] = (line, outcome)
            continue
        first, earlier = found[outcome.key]
        sums = {name: _add(getattr(earlier, name), getattr(outcome, name)) for name in _COUNTED}
        found[outcome.key] = (first, earlier.model_copy(update=sums))
    if len(found) < len(outcomes):
        word = "result" if len(found) == 1 else "results"
        notes.append(f"{len(outcomes)} rows split by {', '.join(splits)} added up to {len(found)} {word}")
    return list(found.values())


def _add(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


@dataclasses.dataclass(frozen=True)
class _Reader:
    """Rows to results, each column read as the whole of it says."""

    today: datetime.date
    surface: str | None = None
    first: str | None = None
    """What comes first in days such as 05/06/2026: "day" or "month"."""
    dotted: tuple[str, ...] = ()
    are_serial: bool = False

    def read(self, row: tables.Row) -> outcome_log.Outcome:
        """Return the result of a row under the names of the fields; raise ValueError with what is wrong in it."""
        cells = row.cells
        counts = {
            name: tables.numbers.read_count(cells[name], name, dotted=name in self.dotted)
            for name in _COUNTED
            if name in cells
        }
        if "shown" not in counts:
            raise ValueError("shown is empty; write how often the draft was shown")
        for name, count in counts.items():
            if count > counts["shown"]:
                raise ValueError(f"{name} {count} is more than shown {counts['shown']}; check the two columns")
        if len(counts) == 1:
            raise ValueError(f"nothing happened here: fill one of {', '.join(outcome_log.COUNTS)} (0 where nobody did)")
        day = self._read_day(cells)
        named = {name: _read_name(cells[name]) for name in ("draft_id", "headline", *outcome_log.KEYS) if name in cells}
        chosen = channels.read_surface(str(cells.get("surface", self.surface or "")).strip())
        if chosen is not None and chosen not in surface_names():
            near = suggest(chosen, surface_names())
            raise ValueError(f"unknown surface {chosen!r}{near}; allowed: {', '.join(surface_names())}")
        fields: dict[str, Any] = {**_read_draft(cells), **named, **counts, "surface": chosen, "date": day}
        return outcome_log.Outcome(**fields)

    def _read_day(self, cells: Mapping[str, Any]) -> str | None:
        if "date" not in cells:
            return None
        if self.are_serial:
            day = tables.numbers.read_serial_day(cells["date"])
        else:
            day = read_date(cells["date"], first=self.first)
        if day > self.today + datetime.timedelta(days=1):
            raise ValueError(f"date {day} lies ahead; results are of what was published")
        return day.isoformat()


def _read_draft(cells: dict[str, Any]) -> dict[str, str]:
    draft = normalising.normalise_text(str(cells.get("draft", "")))
    if not draft and not str(cells.get("draft_id", "")).strip():
        raise ValueError("neither draft nor draft_id is filled; one says which draft this was")
    if _HASH.fullmatch(draft):
        return {"draft_hash": draft}
    return {"text": draft} if draft else {}


def _read_name(cell: Any) -> str:
    name = " ".join(str(cell).split())
    return name[1:] if normalising.GUARDED.match(name) else name


def _drop_repeated(
    path: Path, outcomes: Sequence[tuple[int, outcome_log.Outcome]]
) -> tuple[list[outcome_log.Outcome], list[int]]:
    """Return each result once and the lines of repeats; refuse one result with two counts."""
    first: dict[bytes, tuple[int, outcome_log.Outcome]] = {}
    repeated = []
    for line, outcome in outcomes:
        earlier = first.setdefault(outcome.key, (line, outcome))
        if earlier[0] == line:
            continue
        if earlier[1].counts != outcome.counts:
            raise InputError(
                f"{path}:{line}: the same draft as line {earlier[0]} with other counts; tell them apart with date, "
                "group or experiment, or add them up"
            )
        repeated.append(line)
    return [outcome for _, outcome in first.values()], repeated


def _say_faults(path: Path, faults: Sequence[tuple[int, str]]) -> str:
    line, fault = faults[0]
    others = [line for line, _ in faults[1:]]
    return f"{path}:{line}: {fault}" + (f" (also to be looked at: {_say_lines(others)})" if others else "")


def _say_lines(lines: Sequence[int]) -> str:
    shown = ", ".join(str(line) for line in lines[:10])
    return f"line{'s' if len(lines) > 1 else ''} {shown}" + (f" and {len(lines) - 10} more" if len(lines) > 10 else "")  # noqa: PLR2004 - ten lines are enough to begin with
