"""Counts and days by the column as a whole: one cell that settles how they are written settles all."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from toolkit.errors import name_option

ERRORS = {"#ref!", "#value!", "#div/0!", "#name?", "#null!", "#num!", "#n/a", "#spill!", "#calc!"}
"""What a spreadsheet shows where a formula failed."""
UNKNOWN = {"-", "--", "---", "\u2013", "\u2014", "n/a", *ERRORS}
"""How exports write a count that they do not have."""
_WHOLE = re.compile(
    r"\d+(?:[.,]0{1,2})?|\d{1,3}(?:[,\u00a0\u202f '\u2019]\d{3})+(?:\.0{1,2})?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.0{1,2})?"
)
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,0{1,2})?")
_SETTLED = re.compile(r"\d{1,3}(?:\.\d{3}){2,}(?:,0{1,2})?|\d{1,3}(?:\.\d{3})+,0{1,2}")
_LARGEST = 10**15
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{2}|\d{4})(?:[, t].*)?")
_COMMA = re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d+),\d{1,2}(?:\s?%)?")
_POINT = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)\.\d{1,2}(?:\s?%)?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_FIRST_SERIAL, _LAST_SERIAL = 36526, 73050
"""The days 1 January 2000 and 31 December 2099, as spreadsheets count them."""


def is_unknown(cell: object) -> bool:
    """Whether a cell says that there is no number."""
    return str(cell).strip().lower() in UNKNOWN


def is_number(cell: object) -> bool:
    """Whether a cell is a number, an amount or a share, however it is written."""
    return bool(re.fullmatch(r"[-+]?[\d.,\u00a0\u202f '\u2019]*\d\s?%?", str(cell).strip()))


def find_dotted(cells: Iterable[object]) -> bool:
    """Whether a column separates thousands by points: one of its cells can be read in no other way."""
    return any(_SETTLED.fullmatch(str(cell).strip()) for cell in cells)


def has_decimal_commas(cells: Iterable[object]) -> bool:
    """Whether the amounts and rates of a table have decimal commas, and none has a decimal point."""
    texts = [cell.strip() for cell in cells if isinstance(cell, str)]
    return any(_COMMA.fullmatch(text) for text in texts) and not any(_POINT.fullmatch(text) for text in texts)


def are_serial_days(cells: Iterable[object]) -> bool:
    """Whether a column holds days as spreadsheets count them: numbers alone, all of this century."""
    texts = [str(cell).strip() for cell in cells]
    return bool(texts) and all(
        _SERIAL.fullmatch(text) and _FIRST_SERIAL <= float(text) <= _LAST_SERIAL for text in texts
    )


def read_serial_day(cell: object) -> datetime.date:
    """Return the day of a spreadsheet's number; 1 is 1 January 1900, and a day that never was is counted."""
    return datetime.date(1899, 12, 30) + datetime.timedelta(days=int(float(str(cell))))


def read_count(cell: object, name: str, *, dotted: bool = False) -> int:
    """Return a count; raise ValueError for what is none, and for 1.201 unless the column is known to be `dotted`."""
    text = str(cell).strip()
    if dotted and not isinstance(cell, float) and _DOTTED.fullmatch(text):
        text = text.split(",")[0].replace(".", "")
    if text.endswith("%"):
        named = name_option("columns", {name: "COLUMN"})
        raise ValueError(f"{name} is {text!r}, a share; name the column of the count: {named}")
    if isinstance(cell, bool) or not _WHOLE.fullmatch(text):
        raise ValueError(f"{name} is {text!r}; a whole number of 0 or more is needed, such as 1250")
    count = int(re.sub(r"\D", "", re.split(r"[.,]0{1,2}$", text)[0]))
    if count > _LARGEST:
        raise ValueError(f"{name} is {text}; that is more than a count can be")
    return count


def find_order(cells: Iterable[object]) -> str | None:
    """Return "month" or "day" for what comes first in a column such as 11/24/2026; None where no cell settles it.

    Years of two digits that may as well stand first settle nothing.
    """
    orders = set()
    found_parts = [found for cell in cells if (found := _SLASHED.fullmatch(str(cell).strip().lower()))]
    years_may_lead = len({found[1] for found in found_parts}) == 1 and len({found[3] for found in found_parts}) > 1
    for found in found_parts:
        if not (years_may_lead and len(found[3]) == 2):  # noqa: PLR2004 - digits of a year
            first, second = int(found[1]), int(found[2])
            if first > 12 >= second:  # noqa: PLR2004 - months of a year
                orders.add("day")
            elif second > 12 >= first:  # noqa: PLR2004
                orders.add("month")
    return orders.pop() if len(orders) == 1 else None
