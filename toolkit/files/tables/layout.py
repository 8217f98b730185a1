"""Where the table is on a sheet: titles above it, headings of one to three rows, totals within it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from toolkit.errors import InputError
from toolkit.files.tables import headings, numbers
from toolkit.files.tables.records import LoadedTable, Purpose, Row
from toolkit.files.tables.telling import count_noun, say_lines

Grid = list[tuple[int, list[str | None]]]
"""Rows as a file has them: the line of each, and its cells."""

_LOOKED_AT = 40
_TITLE_CELLS, _WIDE = 2, 5
"""A row of at most two cells above a table of five or more columns is a title, not headings."""
_LEAST_NAMES = 2
_WORDS_OF_DRAFTS = {"text", "draft", "copy", "caption", "body", "message", "post", "persona", "description"}
_IMPORT_ID = re.compile(r'\s*\{"ImportId"\s*:')
_ANSWERS = {"response", "open-ended response"}
_OPEN_ANSWERS = re.compile(r"response|open-ended response", re.IGNORECASE)
_ROW_NAMES = re.compile(r"__index_level_\d+__|unnamed: ?0(?:_level_\d+)?|x|\.\.\.1|rownames?", re.IGNORECASE)
_THINGS = (
    r"(?:[\w-]+ ){0,3}(?:ads?|account|campaigns?|(?:ad )?(?:groups?|sets?)|keywords?|networks?|results|rows|posts)"
)
_TOTAL = re.compile(
    rf"(?:grand |overall |sub)?totals?(?: of [\d.,]+ [a-z ]+| {_THINGS})?|totals?\s*[:\u2013-]\s*{_THINGS}"
    r"|sum|(?:summe|gesamt|insgesamt|gesamtsumme|gesamtergebnis)(?:\s*:\s*[\w ]+)?|total g[\u00e9e]n[\u00e9e]ral"
    r"|totale(?: complessivo)?|total general|suma total|\u0438\u0442\u043e\u0433\u043e"
    r"|(?:results|ergebnisse) (?:from|aus|von) [\d.,]+ [\w ]+|\u5408\u8a08|\u603b\u8ba1|\u7dcf\u8a08",
    re.IGNORECASE,
)
_TOTAL_OF = re.compile(r"(?:totals?|gesamt|summe|total g[\u00e9e]n[\u00e9e]ral)\s*[:\u2013-]\s*.{1,60}", re.IGNORECASE)
"""How a label begins that is a total where what stands beside it says so."""
_MEAN = re.compile(r"average|mean|median|durchschnitt|mittelwert|moyenne|promedio|media", re.IGNORECASE)
_LEAST_WIDE = 3
"""Columns from which on a last row of one cell is a note below the table."""
_QUESTION_OF = ("startdate", "enddate", "recordeddate")
"""Columns of a survey that hold moments; words in one are a second heading."""


@dataclass
class _Layout:
    """What is being found out about a table."""

    names: list[str | None]
    questions: dict[str, str] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)
    """The further columns that belong to the question of a column."""
    notes: list[str] = field(default_factory=list)
    titles: tuple[str, ...] = ()


def find_table(
    grid: Grid, source: str, purpose: Purpose, *, separator: str | None = None, sheet: str | None = None
) -> LoadedTable:
    """Return the table of a grid, with notes on every row and column that is not in it.

    Raises InputError with the line where a row has more cells than there are headings (text tables only, which
    `separator` marks), or a heading stands twice.
    """
    grid, blank = _split_blank(grid)
    if not grid:
        return LoadedTable(source, (), [], sheet=sheet)
    start, notes = _find_headings(grid, purpose)
    titles = tuple(" ".join(cell for cell in cells if cell) for _, cells in grid[:start])
    header_line, header = grid[start]
    rows = grid[start + 1 :]
    width = len(header) if separator else max(len(cells) for _, cells in grid[start:])
    found = _Layout(
        [" ".join((name or "").split()) or None for name in header] + [None] * (width - len(header)),
        notes=notes,
        titles=titles,
    )
    if blank:
        found.notes.append(f"{count_noun(len(blank), 'row')} of spaces left out ({say_lines(blank)})")
    rows = _read_further_headings(found, rows, purpose)
    rows = _drop_totals(found, rows, purpose)
    rows = _drop_footers(found, rows, purpose)
    _check_width(rows, len(found.names), source, separator)
    _name_blank_columns(found, rows, purpose)
    _check_repeated(found, rows, f"{source}:{header_line}", purpose)
    columns = tuple(name for name in found.names if name is not None)
    made = _make_rows(found, rows)
    return LoadedTable(source, columns, made, tuple(found.notes), found.questions, sheet, found.titles)


def _split_blank(grid: Grid) -> tuple[Grid, list[int]]:
    """Return the rows that hold something, and the lines of those that only look as if they did."""
    held, blank = [], []
    for line, cells in grid:
        if any(cell and not cell.isspace() for cell in cells):
            held.append((line, cells))
        elif any(cells):
            blank.append(line)
    return held, blank


def _count_filled(cells: Sequence[str | None]) -> int:
    return sum(bool(cell and not cell.isspace()) for cell in cells)


def _find_headings(grid: Grid, purpose: Purpose) -> tuple[int, list[str]]:
    """Return which row holds the headings, and a note on the titles above it."""
    looked_at = grid[:_LOOKED_AT]
    most = max(_count_filled(cells) for _, cells in looked_at)
    start = 0
    while start + 1 < len(looked_at) and (
        _is_title(looked_at[start][1], most) or _groups_headings(looked_at[start][1], looked_at[start + 1][1], purpose)
    ):
        start += 1
    said = [" ".join(" ".join(cell for cell in cells if cell).split())[:60] for _, cells in grid[:start]]
    lines = [line for line, _ in grid[:start]]
    return start, [f"title above the table left out ({say_lines(lines)}): {'; '.join(said)}"] if start else []


def _is_title(cells: Sequence[str | None], most: int) -> bool:
    filled = [cell.strip() for cell in cells if cell and not cell.isspace()]
    if len(filled) == 1 and most > 1:
        alone = filled[0].lower() in _WORDS_OF_DRAFTS
        return bool(cells[0] and cells[0].strip()) and not alone
    return len(filled) <= _TITLE_CELLS and most >= _WIDE


def _groups_headings(cells: Sequence[str | None], below: Sequence[str | None], purpose: Purpose) -> bool:
    """Whether a row only names groups of the headings below it: it has gaps, and they are the better known."""
    if _count_filled(cells) >= _count_filled(below) or any(numbers.is_number(cell) for cell in below if cell):
        return False
    known = headings.count_known(purpose, [cell for cell in below if cell])
    return known >= _LEAST_NAMES and known > headings.count_known(purpose, [cell for cell in cells if cell])


def _read_further_headings(found: _Layout, rows: Grid, purpose: Purpose) -> Grid:
    """Take a second and a third row of headings off the rows: questions and import ids, or the choices of questions."""
    if len(rows) > 1 and sum(bool(_IMPORT_ID.match(cell or "")) for cell in rows[1][1]) >= len(found.names) / 2:
        found.questions = _pair(found.names, rows[0][1])
        found.notes.append(
            f"read as a Qualtrics export: questions and import ids are headings ({say_lines([rows[0][0], rows[1][0]])})"
        )
        return rows[2:]
    if rows and sum(bool(_IMPORT_ID.match(cell or "")) for cell in rows[0][1]) >= len(found.names) / 2:
        found.notes.append(f"read as a Qualtrics export: import ids are headings ({say_lines([rows[0][0]])})")
        return rows[1:]
    if purpose == "people" and _holds_questions(found.names, rows):
        found.questions = _pair(found.names, rows[0][1])
        found.notes.append(f"second row of headings read as the questions ({say_lines([rows[0][0]])})")
        return rows[1:]
    if rows and purpose == "people" and _holds_choices(found.names, rows[0][1]):
        _join_choices(found, rows[0][1])
        found.notes.append(f"second row of headings read as the choices of each question ({say_lines([rows[0][0]])})")
        return rows[1:]
    return rows


def _holds_questions(names: Sequence[str | None], rows: Grid) -> bool:
    """Whether the first row says in words what the columns of moments are, over rows that hold moments."""
    places = [at for at, name in enumerate(names) if name and headings.simplify(name) in _QUESTION_OF]
    if not places or len(rows) < 2:  # noqa: PLR2004 - a row of questions, and one below it
        return False

    def holds_moments(cells: Sequence[str | None]) -> list[bool]:
        held = [cells[at] for at in places if at < len(cells) and cells[at]]
        return [any(letter.isdigit() for letter in str(cell)) for cell in held]

    first, others = holds_moments(rows[0][1]), holds_moments(rows[1][1])
    return bool(first) and not any(first) and bool(others) and all(others)


def _pair(names: Sequence[str | None], questions: Sequence[str | None]) -> dict[str, str]:
    pairs = zip(names, questions, strict=False)
    return {name: " ".join(question.split()) for name, question in pairs if name and question and question.strip()}


def _holds_choices(names: Sequence[str | None], cells: Sequence[str | None]) -> bool:
    filled = [bool(cell and cell.strip()) for cell in cells] + [False] * (len(names) - len(cells))
    if not any(filled) or filled[0]:
        return False
    if any((cell or "").strip().lower() in _ANSWERS for cell in cells):
        return True
    unnamed = [place for place, name in enumerate(names) if name is None]
    return bool(unnamed) and all(filled[place] for place in unnamed)


def _join_choices(found: _Layout, cells: Sequence[str | None]) -> None:
    """Give each column without a heading to the question on its left."""
    owner = 0
    for place, name in enumerate(found.names):
        if name is not None:
            owner = place
        elif place < len(cells) and cells[place]:
            found.parts.setdefault(owner, []).append(place)


def _drop_totals(found: _Layout, rows: Grid, purpose: Purpose) -> Grid:
    kept: Grid = []
    totals: Grid = []
    for line, cells in rows:
        filled = [cell.strip() for cell in cells if cell and not cell.isspace()]
        labels = filled if purpose == "results" else filled[:1] if len(filled) > 1 and len(found.names) > 1 else []
        is_total = any(_TOTAL.fullmatch(label) for label in labels)
        if purpose == "results" and filled:
            is_total = is_total or bool(_MEAN.fullmatch(filled[0])) or _is_total_of(filled)
        (totals if is_total else kept).append((line, cells))
    if totals:
        lines = say_lines([line for line, _ in totals])
        found.notes.append(f"{count_noun(len(totals), 'total row')} left out ({lines})")
    return kept


def _is_total_of(filled: Sequence[str]) -> bool:
    """Whether a row such as "Total: Search,--,--,1234" is a total: beside its label stand numbers and dashes alone."""
    others = filled[1:]
    dashes = [numbers.is_unknown(cell) for cell in others]
    return (
        bool(_TOTAL_OF.fullmatch(filled[0]))
        and any(dashes)
        and sum(dashes) + sum(numbers.is_number(cell) for cell in others) >= len(others) - 1  # one says the currency
    )


def _drop_footers(found: _Layout, rows: Grid, purpose: Purpose) -> Grid:
    """Leave out notes below the table: last rows whose only cell is the first, where a row has three or more."""
    if purpose == "drafts" or len(found.names) < _LEAST_WIDE:
        return rows
    end = len(rows)
    while end > 1 and _is_footer(rows[end - 1][1]):
        end -= 1
    if end < len(rows) and any(_count_filled(cells) > 1 for _, cells in rows[:end]):
        lines = say_lines([line for line, _ in rows[end:]])
        said = "; ".join(str(cells[0]).strip()[:60] for _, cells in rows[end:])
        found.notes.append(f"note below the table left out ({lines}): {said}")
        return rows[:end]
    return rows


def _is_footer(cells: Sequence[str | None]) -> bool:
    return _count_filled(cells) == 1 and bool(cells[0]) and len(str(cells[0]).split()) >= _LEAST_WIDE


def _check_width(rows: Grid, width: int, source: str, separator: str | None) -> None:
    if separator is None:
        return
    for line, cells in rows:
        if _count_filled(cells[width:]):
            raise InputError(
                f"{source}:{line}: {len(cells)} cells under {width} columns; "
                f"put double quotes around a text that contains {separator!r}"
            )


def _name_blank_columns(found: _Layout, rows: Grid, purpose: Purpose) -> None:
    """Leave out row names, join a survey's blank headings to their question, and name what else has no heading."""
    if _holds_row_names(found.names[0], rows):
        found.notes.append("first column left out: it numbers the rows")
        found.names[0] = None
    joined = {place for places in found.parts.values() for place in places}
    owner: int | None = None
    lost = []
    for place, name in enumerate(found.names):
        if name is not None:
            owner = place
            continue
        if place == 0 or place in joined or not _is_filled_below(place, rows):
            continue
        if purpose == "people" and owner is not None:
            found.parts.setdefault(owner, []).append(place)
        else:
            lost.append(name_column(place))
    if found.parts and purpose == "people":
        names = [str(found.names[owner]) for owner in found.parts]
        shown = ", ".join(" ".join(name.split())[:40] for name in names)
        found.notes.append(f"columns without a heading joined under: {shown}")
    if lost:
        found.notes.append(f"columns without a heading left out: {', '.join(lost)}")


def _holds_row_names(name: str | None, rows: Grid) -> bool:
    """Whether the first column only counts: no heading, or one that a library gives, over 1, 2, 3 or 0, 1, 2."""
    if name is not None and not _ROW_NAMES.fullmatch(name):
        return False
    cells = [(cells[0] or "").strip() if cells else "" for _, cells in rows]
    return bool(cells) and any(cells == [str(at + first) for at in range(len(cells))] for first in (0, 1))


def _is_filled_below(place: int, rows: Grid) -> bool:
    return any(place < len(cells) and cells[place] and not str(cells[place]).isspace() for _, cells in rows)


def name_column(place: int) -> str:
    """Return the letters of a column as spreadsheets show them: 0 is A, 26 is AA."""
    letters = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _check_repeated(found: _Layout, rows: Grid, place: str, purpose: Purpose) -> None:
    """Add numbers to headings that stand twice; leave out one of two columns alike, and refuse what a field needs."""
    first: dict[str, int] = {}
    counted: Counter[str] = Counter()
    renamed, alike = [], []
    for at, name in enumerate(found.names):
        if name is None:
            continue
        if name not in first:
            first[name] = at
        elif purpose != "people" and _are_alike(rows, first[name], at):
            found.names[at] = None
            alike.append(name)
        elif purpose != "people" and headings.count_known(purpose, [name]):
            raise InputError(f"{place}: the column {name!r} occurs twice; rename or remove one")
        else:
            counted[name] += 1
            found.names[at] = f"{name} ({counted[name] + 1})"
            renamed.append(name)
    if renamed:
        found.notes.append(f"headings that stand twice are numbered: {', '.join(dict.fromkeys(renamed))}")
    if alike:
        found.notes.append(f"columns that stand twice alike read once: {', '.join(alike)}")


def _are_alike(rows: Grid, one: int, other: int) -> bool:
    return all((cells[one : one + 1] or [None]) == (cells[other : other + 1] or [None]) for _, cells in rows)


def _make_rows(found: _Layout, rows: Grid) -> list[Row]:
    named = [(place, name) for place, name in enumerate(found.names) if name is not None]
    made = []
    for line, cells in rows:
        count = len(cells)
        held: dict[str, str | None] = {}
        for place, name in named:
            if place in found.parts:
                parts = [cells[at] for at in (place, *found.parts[place]) if at < count and cells[at]]
                if parts:
                    held[name] = ", ".join(str(part) for part in parts)
            elif place < count and cells[place]:
                held[name] = cells[place]
        if held:
            made.append(Row(line, held))
    return made
