"""Text tables: the separator judged outside quotes, each row with the line it begins on."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from toolkit.errors import InputError
from toolkit.files.tables import headings
from toolkit.files.tables.layout import Grid
from toolkit.files.text import MOST_BYTES

_SEPARATORS = (",", ";", "\t", "|")
_LOOKED_AT = 200
_LEAST_KNOWN = 2
_NAMED = re.compile(r'"?sep=(.)"?[ \t]*\n', re.IGNORECASE)
_COMMENT = re.compile(r"#(?:[ \t\-=#*]|$)")


def read_separated(text: str, source: str) -> tuple[Grid, str]:
    """Return the rows of CSV in any dialect, and its separator; raise InputError where its quotes do not close."""
    csv.field_size_limit(MOST_BYTES)  # the file's own limit; the module's is 128 kB
    named = _NAMED.match(text)
    first = 2 if named else 1
    text = text[named.end() :] if named else text
    separator = named[1] if named else find_separator(text)
    grid: Grid = []
    line = 1
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        for cells in reader:
            grid.append((line + first - 1, list(cells)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{source}:{line + first - 1}: not CSV: {error}; check the quotes of this row") from None
    packed = _find_packed(grid)
    if packed is not None:
        return [(line, [*(cells[0] or "").split(packed)] if cells else []) for line, cells in grid], packed
    return _drop_comments(grid), separator


def _find_packed(grid: Grid) -> str | None:
    """Return the separator inside rows that were quoted whole, as some programs export a table; else None."""
    if len(grid) < _LEAST_KNOWN or any(len(cells) > 1 for _, cells in grid) or not grid[0][1]:
        return None
    head = grid[0][1][0] or ""
    known = headings.list_words()
    for separator in _SEPARATORS:
        names = head.split(separator)
        widths = {(cells[0] or "").count(separator) for _, cells in grid if cells}
        if sum(headings.simplify(name) in known for name in names) >= _LEAST_KNOWN and len(widths) == 1:
            return separator
    return None


def find_separator(text: str) -> str:
    """Return the separator under which all rows have as many cells, else known headings, else most cells of one width.

    Separators inside quotes do not count.
    """
    return max(_SEPARATORS, key=lambda separator: _rank(text, separator))


def _rank(text: str, separator: str) -> tuple[bool, bool, float]:
    share, width, _ = judge_separator(text, separator)
    known = headings.list_words()
    lines = text.split("\n", _LOOKED_AT)[:_LOOKED_AT]
    most = max(
        (
            sum(headings.simplify(cell) in known for cell in line.split(separator))
            for line in lines
            if separator in line
        ),
        default=0,
    )
    return share == 1, most >= _LEAST_KNOWN, share * (width - 1)


def judge_separator(text: str, separator: str) -> tuple[float, int, int]:
    """Return how well a separator fits: the share of rows of the commonest width, that width, cells of the first."""
    widths = list(_list_widths(text, separator))
    counted = Counter(width for width in widths if width > 1)
    if not counted:
        return 0.0, 0, 0
    width, count = max(counted.items(), key=lambda item: (item[1], item[0]))
    return count / len(widths), width, widths[0]


def _list_widths(text: str, separator: str) -> Iterator[int]:
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        for cells in islice(reader, _LOOKED_AT):
            if any(cell.strip() for cell in cells):
                yield len(cells)
    except csv.Error:
        return


def _drop_comments(grid: Grid) -> Grid:
    """Leave out lines such as "# 20261101-20261124" above the headings; a heading may be "#" itself."""
    width = Counter(len(cells) for _, cells in grid if len(cells) > 1).most_common(1)
    usual = width[0][0] if width else 1
    for place, (_, cells) in enumerate(grid):
        if not any((cell or "").strip() for cell in cells):
            continue
        if not (usual > 1 and len(cells) != usual and _COMMENT.match(cells[0] or "")):
            return grid[place:]
    return grid
