"""Answers of real people, read from the file that a form saved or the text that it gave to paste."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

from toolkit.errors import A_PATH, InputError, accept_only, suggest
from toolkit.files import normalising, read_text
from toolkit.models import MEASURES, records
from toolkit.store import outcome_log, test_log
from toolkit.validity.outcomes import Addition
from toolkit.validity.people.forms import COLUMNS, GLANCES, VERSION

FORMATS = (".csv", ".tsv", ".txt")
_MARK = COLUMNS[0]
_DELIMITERS = (",", ";", "\t")
_LONGEST = 2_000
_MOST_UPLOADED = 20 * 1024**2
_LEVELS = range(1, 6)
_NEEDED = tuple(name for name in COLUMNS if name not in {*MEASURES, "verbatim", "objection"})


def holds_answers(path: Path) -> bool:
    """Whether a file is what forms of `ask_people` hand back, one person's or several one after the other."""
    if path.suffix.lower() not in FORMATS or not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(_LONGEST)
    return _MARK.encode() in start.split(b"\n", 1)[0]


@accept_only(path=A_PATH)
def load_answers(path: str | Path) -> list[outcome_log.PersonAnswer]:
    """Return the answers in a file, each once; InputError with FILE:LINE of the first that cannot be used.

    Several people's texts may stand one after the other, each with its own heading. Of two answers of one person about
    one draft the later one stands.
    """
    path = Path(path)
    found: dict[bytes, outcome_log.PersonAnswer] = {}
    heading: list[str] = []
    text = read_text(path).lstrip("\ufeff")
    delimiter = _find_delimiter(text)
    lines = csv.reader(io.StringIO(text), delimiter=delimiter)
    for cells in lines:
        row = [cell.strip() for cell in cells]
        if not any(row):
            continue
        if row[0].lstrip("\ufeff") == _MARK:
            heading = [_MARK, *row[1:]]
            _check_heading(path, lines.line_num, heading)
            continue
        if not heading:
            raise InputError(f"{path}:{lines.line_num}: no heading; the first line of answers begins with {_MARK}")
        try:
            answer = _read(dict(zip(heading, row, strict=False)))
        except ValueError as error:
            raise InputError(f"{path}:{lines.line_num}: {error}; hand in what the form gave, as it is") from None
        found[answer.key] = answer
    if not found:
        raise InputError(f"{path}: there are no answers; the form hands them back at its end")
    return list(found.values())


def read_uploaded_answers(name: str, data: bytes) -> list[outcome_log.PersonAnswer] | None:
    """Return the answers of people that came through the browser; None for anything else. Errors name the file."""
    if Path(name).suffix.lower() not in FORMATS or _MARK.encode() not in data[:_LONGEST].split(b"\n", 1)[0]:
        return None
    if len(data) > _MOST_UPLOADED:
        raise InputError(f"{name[:80]}: larger than 20 MB; use `audience outcomes add`")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{Path(name).suffix.lower()}"
        path.write_bytes(data)
        try:
            return load_answers(path)
        except InputError as error:
            raise InputError(str(error).replace(str(path), name[:80])) from None


def add_answers(
    store: Path, answers: Sequence[outcome_log.PersonAnswer], source: str, *, dry_run: bool = False
) -> Addition:
    """Keep answers of people in a store. The same answer again changes nothing, and a later one replaces it."""
    with outcome_log.Outcomes(store) as kept:
        standing = {answer.key: answer for answer in kept.list_answers()}
        fresh = [one for one in answers if one.key not in standing]
        changed = [one for one in answers if one.key in standing and one != standing[one.key]]
        news = [*fresh, *changed]
        return Addition(
            batch=kept.add_answers(news, source) if news and not dry_run else None,
            added=len(fresh),
            replaced=tuple(f"{one.person[:8]} on {one.draft_id}" for one in changed),
            known=len(answers) - len(news),
        )


def count_tested(store: Path, answers: Sequence[outcome_log.PersonAnswer]) -> int:
    """Return how many answers are about a draft that a run has tested."""
    with test_log.History(store) as history:
        known = {one.draft_hash for one in history.list_tested()}
    return sum(one.draft_hash in known for one in answers)


def _find_delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(_DELIMITERS, key=first.count)


def _check_heading(path: Path, line: int, heading: Sequence[str]) -> None:
    lacking = [name for name in _NEEDED if name not in heading]
    if lacking:
        near = suggest(lacking[0], heading)
        raise InputError(f"{path}:{line}: no column {lacking[0]!r}{near}; answers have: {', '.join(COLUMNS)}")


def _read(cells: dict[str, str]) -> outcome_log.PersonAnswer:
    """Return the answer of a row; raise ValueError with what is wrong in it."""
    if cells[_MARK] != VERSION:
        raise ValueError(f"these are answers of a form of version {cells[_MARK]!r}, and this one reads {VERSION}")
    for name in _NEEDED:
        if not cells.get(name):
            raise ValueError(f"{name} is empty")
    glance, action = cells["glance"], cells["action"]
    if glance not in GLANCES:
        raise ValueError(f"glance {glance!r}{suggest(glance, GLANCES)} is none of {', '.join(GLANCES)}")
    stopped = glance == "stop"
    allowed = [name for name in records.ACTIONS if name != "scroll_past"] if stopped else [glance]
    if action not in allowed:
        raise ValueError(f"action {action!r} does not go with the glance {glance!r}; allowed: {', '.join(allowed)}")
    ratings = {name: _read_level(name, cells[name]) for name in MEASURES if cells.get(name)} if stopped else {}
    return outcome_log.PersonAnswer(
        form=cells["form"],
        person=cells["person"],
        code=_read_number("code", cells["code"]),
        draft_id=_unguard(cells["draft_id"]),
        draft_hash=cells["draft_hash"],
        surface=cells["surface"],
        objective=_check_objective(cells["objective"]),
        wording=_read_number("wording", cells["wording"]),
        position=_read_number("position", cells["position"]),
        stopped=stopped,
        action=action,
        ratings=ratings,
        verbatim=_unguard(cells.get("verbatim", "")) if stopped else "",
        objection=_unguard(cells.get("objection", "")) if stopped else "",
    )


def _read_level(name: str, cell: str) -> int:
    level = _read_number(name, cell)
    if level not in _LEVELS:
        raise ValueError(f"{name} {level} is not 1 to 5")
    return level


def _read_number(name: str, cell: str) -> int:
    if not (cell.isascii() and cell.isdigit()):
        raise ValueError(f"{name} {cell!r} is no whole number")
    return int(cell)


def _check_objective(objective: str) -> str:
    if objective not in records.OBJECTIVES:
        raise ValueError(f"objective {objective!r} is none of {', '.join(records.OBJECTIVES)}")
    return objective


def _unguard(text: str) -> str:
    """Return a text without the sign that keeps spreadsheets from taking it for a formula, at most 2,000 characters."""
    return (text[1:] if normalising.GUARDED.match(text) else text)[:_LONGEST]


def match_answers(
    answers: Sequence[outcome_log.PersonAnswer], digests: Sequence[str], objective: str
) -> list[outcome_log.PersonAnswer]:
    """Return the answers about some drafts, by their digests, under one objective."""
    wanted = set(digests)
    return [one for one in answers if one.draft_hash in wanted and one.objective == objective]
