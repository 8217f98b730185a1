"""Days as people write them. A day that could be another is refused, never guessed."""

from __future__ import annotations

import datetime
import re
from typing import Any

_ISO = re.compile(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?:[t ]\d{1,2}:\d{2}.*)?")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})")
_NUMBERS = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})")
_WORD = r"[^\W\d_]"
_DAY_FIRST = re.compile(
    rf"(?:{_WORD}+\.?,?\s+)?(\d{{1,2}})(?:st|nd|rd|th|er|\u00ba)?[\s.-]+(?:de\s+)?({_WORD}{{3,10}})\.?,?[\s-]+(?:de\s+)?(\d{{4}})"
)
_MONTH_FIRST = re.compile(rf"(?:{_WORD}+,?\s+)?({_WORD}{{3,10}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})")
_TIME = re.compile(r",? (?:at |um )?\d{1,2}:\d{2}.*$")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_COMPACT = 8
_CENTURY = 2000
_OTHER_MONTHS = (
    ("januar", "februar", "m\u00e4rz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
     "dezember"),
    ("janvier", "f\u00e9vrier", "mars", "avril", "mai", "juin", "juillet", "ao\u00fbt", "septembre", "octobre",
     "novembre", "d\u00e9cembre"),
    ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
     "diciembre"),
    ("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
     "novembre", "dicembre"),
    ("janeiro", "fevereiro", "mar\u00e7o", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
     "novembro", "dezembro"),
    ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
     "december"),
)  # fmt: skip
"""The months in German, French, Spanish, Italian, Portuguese and Dutch."""


def read_date(cell: Any, *, first: str | None = None) -> datetime.date:
    """Return the day of a cell: ISO 8601, 24.11.2026, 24/11/2026, 24 November 2026 or Nov 24, 2026.

    A month may be named in seven languages.

    Raises ValueError, with what to write instead, for anything else, and for a day such as 05/06/2026 that is one day
    to some and another to others, unless the column has settled whether `first` comes the "day" or the "month".
    """
    if isinstance(cell, datetime.datetime):
        return cell.date()
    if isinstance(cell, datetime.date):
        return cell
    text = " ".join(str(cell).split()).lower()
    year, month, day = _find_parts(text, first)
    try:
        return datetime.date(year, month, day)
    except ValueError:
        raise ValueError(f"there is no day {text!r}") from None


def _find_parts(text: str, order: str | None) -> tuple[int, int, int]:
    if (found := _ISO.fullmatch(text)) and (found[2] or len(text) == _COMPACT):
        return int(found[1]), int(found[3]), int(found[4])
    text = _TIME.sub("", text)
    if found := _DOTTED.fullmatch(text):
        return _read_year(found[3], text, order), int(found[2]), int(found[1])
    if found := _NUMBERS.fullmatch(text):
        return _order(int(found[1]), int(found[3]), _read_year(found[4], text, order), order)
    if found := _DAY_FIRST.fullmatch(text):
        return int(found[3]), _find_month(found[2], text), int(found[1])
    if found := _MONTH_FIRST.fullmatch(text):
        return int(found[3]), _find_month(found[1], text), int(found[2])
    raise ValueError(f"{text!r} is no day; write it as 2026-11-24")


def _order(first: int, second: int, year: int, order: str | None) -> tuple[int, int, int]:
    """Return year, month and day of two numbers in unknown order, where only one order is a day."""
    months = len(_MONTHS)
    if order is not None and max(first, second) <= months:
        return (year, second, first) if order == "day" else (year, first, second)
    if max(first, second) <= months and first != second:
        either = f"{year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}"
        raise ValueError(f"'{first:02}/{second:02}/{year}' may be two days; write {either}")
    return (year, second, first) if first > months else (year, first, second)


def _read_year(year: str, text: str, order: str | None) -> int:
    """Return the year of four digits, or of two where the column has settled that they are the year."""
    if len(year) == len("2026"):
        return int(year)
    if order is None:
        raise ValueError(f"{text!r} may be several days; write it as 2026-11-24")
    return _CENTURY + int(year)


def _find_month(name: str, text: str) -> int:
    """Return the month that a name or its beginning means, in English, else in any language where all agree."""
    found = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(name)]
    if not found:
        others = (
            number for months in _OTHER_MONTHS for number, month in enumerate(months, 1) if month.startswith(name)
        )
        found = list(dict.fromkeys(others))
    if len(found) != 1:
        raise ValueError(f"{text!r} names no month; write it as 2026-11-24")
    return found[0]
