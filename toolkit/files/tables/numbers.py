"""Counts and days by the column as a whole: one cell that settles how they are written settles all."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNKNOWN = {"-", "--", "---", "\u2013", "\u2014", "n/a", "#n/a"}
"""How exports write a count that they do not have."""
_WHOLE = re.compile(r"\d+(?:\.0{1,2})?|\d{1,3}(?:[,\u00a0\u202f '\u2019]\d{3})+(?:\.0{1,2})?")
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,0{1,2})?")
_SETTLED = re.compile(r"\d{1,3}(?:\.\d{3}){2,}(?:,0{1,2})?|\d{1,3}(?:\.\d{3})+,0{1,2}")
_LARGEST = 10**15
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-]\d{4}(?:[ t].*)?")


def is_unknown(cell: object) -> bool:
    """Whether a cell says that there is no number."""
    return str(cell).strip().lower() in UNKNOWN


def find_dotted(cells: Iterable[object]) -> bool:
    """Whether a column separates thousands by points: one of its cells can be read in no other way."""
    return any(_SETTLED.fullmatch(str(cell).strip()) for cell in cells)


def read_count(cell: object, name: str, *, dotted: bool = False) -> int:
    """Return a count; raise ValueError for what is none, and for 1.201 unless the column is known to be `dotted`."""
    text = str(cell).strip()
    if dotted and not isinstance(cell, float) and _DOTTED.fullmatch(text):
        text = text.split(",")[0].replace(".", "")
    if isinstance(cell, bool) or not _WHOLE.fullmatch(text):
        raise ValueError(f"{name} is {text!r}; a whole number of 0 or more is needed, such as 1250")
    count = int(re.sub(r"\D", "", re.split(r"\.0{1,2}$", text)[0]))
    if count > _LARGEST:
        raise ValueError(f"{name} is {text}; that is more than a count can be")
    return count


def find_order(cells: Iterable[object]) -> str | None:
    """Return "month" or "day" for what comes first in a column such as 11/24/2026; None where no cell settles it."""
    orders = set()
    for cell in cells:
        if found := _SLASHED.fullmatch(str(cell).strip().lower()):
            first, second = int(found[1]), int(found[2])
            if first > 12 >= second:  # noqa: PLR2004 - months of a year
                orders.add("day")
            elif second > 12 >= first:  # noqa: PLR2004
                orders.add("month")
    return orders.pop() if len(orders) == 1 else None
