"""Tables of results to records: every row is checked before the first one is kept."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.drafts.surfaces import surface_names
from toolkit.errors import A_PATH, InputError, accept_only, suggest
from toolkit.files import normalising, read_text, tables
from toolkit.store import outcome_log
from toolkit.validity.outcomes.dates import read_date

FORMATS = (*tables.SUFFIXES, ".jsonl")
COLUMNS = ("draft", "draft_id", "headline", "surface", "shown", *outcome_log.COUNTS, "date", *outcome_log.KEYS)
_SYNONYMS = {"text": "draft", "impressions": "shown"}
_WHOLE = re.compile(r"\d+(?:\.0{1,2})?|\d{1,3}(?:[,\u00a0\u202f ]\d{3})+")
_HASH = re.compile(r"[0-9a-f]{64}")
_LARGEST = 10**15


class OutcomeTable(NamedTuple):
    """Real results as a table had them."""

    outcomes: list[outcome_log.Outcome]
    """Each result once, in the order of the table."""
    notes: list[str]
    """What was left out, one sentence each."""


@accept_only(path=A_PATH)
def load_outcomes(path: str | Path, today: datetime.date | None = None, surface: str | None = None) -> OutcomeTable:
    r"""Return the real results of a table (.csv .xlsx .parquet .jsonl) and notes on what was left out.

    A row needs `draft` or `draft_id`, `shown`, and one of `clicks`, `replies`, `shares`, `hides`. `today` is the latest
    day that a row may name; the default is today's date. `surface` is for rows that name none. A row that stands twice
    counts once. Raises InputError with FILE:LINE of the first row that cannot be used, and the lines of the others;
    nothing of such a file is returned.

    Examples:
        >>> import pathlib, tempfile
        >>> table = pathlib.Path(tempfile.mkdtemp()) / "spring.csv"
        >>> _ = table.write_text("draft,shown,clicks\nGet paid today.,1200,48\n")
        >>> results, notes = toolkit.load_outcomes(table, surface="messenger_message")
        >>> results[0].shown, results[0].clicks
        (1200, 48)
    """
    path, today = Path(path), today or datetime.datetime.now(datetime.UTC).date()
    suffix = path.suffix.lower()
    if path.is_file() and suffix not in FORMATS:
        raise InputError(f"{path}: results cannot be read from {suffix or 'this'}; allowed: {', '.join(FORMATS)}")
    rows = tables.load_json_lines(path, read_text(path)) if suffix == ".jsonl" else tables.load_rows(path)
    if not rows:
        raise InputError(f"{path}: there are no rows; write at least one result with draft and shown")
    rows = [tables.Row(row.line, {_name(name): value for name, value in row.cells.items()}) for row in rows]
    notes = _check_columns(path, rows)
    outcomes: list[tuple[int, outcome_log.Outcome]] = []
    faults: list[tuple[int, str]] = []
    for row in rows:
        try:
            outcomes.append((row.line, _read_row(row, today, surface)))
        except ValueError as error:
            faults.append((row.line, str(error)))
    if faults:
        raise InputError(_say_faults(path, faults))
    kept, repeated = _drop_repeated(path, outcomes)
    if repeated:
        notes.append(f"rows that stand twice were counted once: {_say_lines(repeated)}")
    return OutcomeTable(kept, notes)


def read_outcome(cells: dict[str, Any], today: datetime.date) -> outcome_log.Outcome:
    """Return one result that was typed in, its cells named as columns of a table; InputError on a fault."""
    try:
        return _read_row(tables.Row(1, {name: cell for name, cell in cells.items() if cell is not None}), today, None)
    except ValueError as error:
        raise InputError(str(error)) from None


def _name(column: str) -> str:
    plain = column.strip().lower().replace(" ", "_")
    return _SYNONYMS.get(plain, plain)


def _check_columns(path: Path, rows: Sequence[tables.Row]) -> list[str]:
    """Refuse a table without the columns it takes; return notes on columns that are not read."""
    found = list(dict.fromkeys(name for row in rows for name in row.cells))
    allowed = f"columns are {', '.join(COLUMNS)}"
    if "draft" not in found and "draft_id" not in found:
        raise InputError(f"{path}:1: no column draft or draft_id, or nothing in it{suggest('draft', found)}; {allowed}")
    if "shown" not in found:
        raise InputError(f"{path}:1: no column shown, or nothing in it{suggest('shown', found)}; {allowed}")
    if not set(outcome_log.COUNTS) & set(found):
        near = next((hint for name in outcome_log.COUNTS if (hint := suggest(name, found))), "")
        raise InputError(f"{path}:1: none of {', '.join(outcome_log.COUNTS)} is a column{near}; {allowed}")
    unread = [name for name in found if name not in COLUMNS]
    for name in unread:
        near = suggest(name, [column for column in COLUMNS if column not in found])
        if near and name.rstrip("s") in {column.rstrip("s") for column in COLUMNS}:
            raise InputError(f"{path}:1: unknown column {name!r}{near}; {allowed}")
    return [f"columns not read: {', '.join(unread)}"] if unread else []


def _read_row(row: tables.Row, today: datetime.date, surface: str | None) -> outcome_log.Outcome:
    cells = row.cells
    counts = {name: _read_count(cells[name], name) for name in ("shown", *outcome_log.COUNTS) if name in cells}
    if "shown" not in counts:
        raise ValueError("shown is empty; write how often the draft was shown")
    for name, count in counts.items():
        if count > counts["shown"]:
            raise ValueError(f"{name} {count} is more than shown {counts['shown']}; check the two columns")
    if len(counts) == 1:
        raise ValueError(f"nothing happened here: fill one of {', '.join(outcome_log.COUNTS)} (0 where nobody did)")
    day = None
    if "date" in cells:
        day = read_date(cells["date"])
        if day > today + datetime.timedelta(days=1):
            raise ValueError(f"date {day} lies ahead; results are of what was published")
    named = {name: _read_name(cells[name]) for name in ("draft_id", "headline", *outcome_log.KEYS) if name in cells}
    chosen = str(cells.get("surface", surface or "")).strip() or None
    if chosen is not None and chosen not in surface_names():
        near = suggest(chosen, surface_names())
        raise ValueError(f"unknown surface {chosen!r}{near}; allowed: {', '.join(surface_names())}")
    fields: dict[str, Any] = {
        **_read_draft(cells),
        **named,
        **counts,
        "surface": chosen,
        "date": day and day.isoformat(),
    }
    return outcome_log.Outcome(**fields)


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


def _read_count(cell: Any, name: str) -> int:
    text = str(cell).strip()
    if isinstance(cell, bool) or not _WHOLE.fullmatch(text):
        raise ValueError(f"{name} is {text!r}; a whole number of 0 or more is needed, such as 1250")
    count = int(re.sub(r"\D", "", text.split(".")[0]))
    if count > _LARGEST:
        raise ValueError(f"{name} is {text}; that is more than a count can be")
    return count


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
