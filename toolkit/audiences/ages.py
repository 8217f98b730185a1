"""Ages as surveys write them, read by the column as a whole; what cannot be told is never guessed."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

YOUNGEST, OLDEST = 13, 120
_ADULT = 18
_OPEN_YEARS = 5
_MOST_CODES = 9
"""A column whose every number is at most this holds codes of answers, not ages."""
_FIRST_YEAR = 1900
_YEARS = (
    "years?|yrs?|y\\.?/?o\\.?|y|jahren?|jahre?|ans|a\u00f1os|anni|anos|jaar|lata?|rok\u00f3w|ya\u015f(?:\u0131nda)?|"
    "\u0633\u0646\u0629|\u0639\u0627\u0645(?:\u064b\u0627|\u0627)?|\u0633\u0627\u0644|\u6b73|\u5c81|\u6b72|"
    "\u0938\u093e\u0932|\u0935\u0930\u094d\u0937"
)
"""What a year of age is called in the languages that campaigns are tried in."""
_UNIT = rf"(?:[\s-]*(?:{_YEARS})(?:[ -]?old)?)?"
_DASHES = r"[-\u2010\u2011\u2012\u2013\u2014\u2212~\u301c/_]"
_BAND = re.compile(rf"(\d{{1,3}}){_UNIT}\s*(?:{_DASHES}|to under|to|bis unter|bis|\u00e0|a|until)\s*(\d{{1,3}}){_UNIT}")
_INTERVAL = re.compile(r"[\[(]\s*(\d{1,3})\s*[,;]\s*(\d{1,3})\s*[\])]")
_AND = r"(?:and|or|&|und|oder|et|ou|y|o|e|en|i|ve|\u0648)"
_MORE = (
    "over|older|more|above|up|plus|mehr|\u00e4lter|m\u00e1s|mayor|pi\u00f9|mais|ouder|meer|wi\u0119cej|starsi|\u00fczeri|"
    "\u00fcst\u00fc|oltre|acima"
)
_ABOVE = re.compile(
    rf"(\d{{1,3}}){_UNIT}\s*(?:\+|plus|{_AND}\s*(?:{_MORE})|\u4ee5\u4e0a|"
    r"\u0641\u0645\u0627 \u0641\u0648\u0642|\u0641\u0623\u0643\u062b\u0631)"
    r"(?:\s*(?:years?|ans|jahre))?"
)
_OVER = re.compile(
    r"(?:over|above|older than|more than|\u00fcber|ab|plus de|m\u00e1s de|pi\u00f9 di|mais de|boven|ouder dan|"
    rf"powy\u017cej|\u0623\u0643\u062b\u0631 \u0645\u0646|>=?|\u2265)\s*(\d{{1,3}}){_UNIT}"
)
_UNDER = re.compile(
    r"(?:under|below|younger than|less than|unter|moins de|menos de|meno di|onder|jonger dan|poni\u017cej|"
    rf"\u0623\u0642\u0644 \u0645\u0646|<|\u2264|up to|<=)\s*(\d{{1,3}}){_UNIT}"
    rf"|(\d{{1,3}}){_UNIT}\s*{_AND}\s*(?:under|younger|less|below|j\u00fcnger|moins|menos)"
    rf"|(\d{{1,3}}){_UNIT}\s*(?:\u672a\u6e80|\u4ee5\u4e0b|\u4ee5\u5185)"
)
_DECADE = re.compile(r"(?:in (?:my|his|her|their|the) )?(?:early |mid |mid-|late )?([2-9]0)(?:['\u2019]?s|\u4ee3)")
_LED = re.compile(
    r"^(?:ages?|aged|alter|edad|\u00e2ge|wiek|ya\u015f|et\u00e0|idade|leeftijd|age group|between|zwischen)[\s:]+(?=\d)"
)
_NUMBER = re.compile(rf"(-?\d{{1,4}})(?:[.,](\d+))?{_UNIT}")
_DATE = re.compile(r"((?:19|20)\d{2})[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.]((?:19|20)\d{2})(?:\s.*)?")
_ASIDE = re.compile(r"\s*\([a-z][^)]*\)$")
_CODES = re.compile(r"-\d+|7{3,}|8{3,}|9{3,}|99[78]")
_REFUSALS = {
    "", "na", "n/a", "nan", "none", "null", ".", "..", "-", "--", "#null!", "#n/a", "unknown", "refused", "refusal",
    "prefer not to say", "prefer not to answer", "prefer not to disclose", "rather not say", "don't know", "dont know",
    "i'd rather not say",
    "i prefer not to say", "n.a.", "n. a.", "k.a", "no response", "declined",
    "not available", "not stated", "no answer", "not applicable", "missing", "skipped", "keine angabe", "k. a.", "k.a.",
    "weiss nicht",
    "ne sait pas", "sans r\u00e9ponse", "no contesta", "prefiero no decirlo", "decline to answer", "other",
    "gen z", "millennial", "millennials", "gen x", "gen y", "boomer", "boomers", "baby boomer",
    "silent generation", "consent_revoked", "data_expired", "not asked", "not applicable/not asked", "inapplicable",
}  # fmt: skip
_BORN = re.compile(
    r"birth|born|yob|dob|geburt|jahrgang|naissance|nacimiento|urodzenia|do\u011fum|nascita|nascimento|geboorte|\u751f\u5e74|\u51fa\u751f|"
    r"\u0440\u043e\u0436\u0434\u0435\u043d|\u0645\u064a\u0644\u0627\u062f",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReadAge:
    """What a cell says of an age."""

    years: int | None = None
    """The age; None where it is unknown."""
    wrong: str = ""
    """Why the person cannot be used; empty where they can."""
    told: str = ""
    """Why the age is unknown, where that is worth telling."""


def read_ages(
    cells: Sequence[Any], column: str = "age", *, year: int | None = None, coded: bool = True
) -> list[ReadAge]:
    """Return the age of each cell of a column; `coded` tells whether numbers of answers may stand in it.

    `year` is the current one, for years of birth. A band is read as its middle, an open one such as 65+ as five years
    into it. Whether 1987 is a year of birth, 99 a code or 3 the number of an answer, is told by the column: its name
    and its other cells.
    """
    year = year or datetime.datetime.now(datetime.UTC).year
    texts = [_tidy(cell) for cell in cells]
    numbers = [int(found[1]) for text in texts if (found := _NUMBER.fullmatch(text))]
    ages = [number for number in numbers if 0 <= number <= OLDEST]
    plain = [number for number in ages if number != 99]  # noqa: PLR2004 - the code that may be an age
    has_bands = any(_BAND.fullmatch(text) or _ABOVE.fullmatch(text) for text in texts)
    column_of = _Column(
        year=year,
        is_birth=(bool(_BORN.search(column)) and any(_DATE.fullmatch(text) for text in texts))
        or (
            bool(numbers)
            and (bool(_BORN.search(column)) or not ages)
            and all(_FIRST_YEAR <= number <= year for number in numbers if not _CODES.fullmatch(str(number)))
        ),
        is_codes=coded and bool(plain) and max(plain) <= _MOST_CODES,
        has_codes=any(_CODES.fullmatch(str(number)) for number in numbers)
        or (has_bands and 99 in ages)  # noqa: PLR2004
        or (bool(plain) and max(plain) <= _MOST_CODES),
        has_under_13=any((found := _UNDER.fullmatch(text)) and _first(found) == YOUNGEST for text in texts),
    )
    return [_read(text, str(cell).strip(), column_of) for text, cell in zip(texts, cells, strict=True)]


@dataclass(frozen=True, slots=True)
class _Column:
    """What the whole of a column says about each of its cells."""

    year: int
    is_birth: bool
    is_codes: bool
    has_codes: bool
    has_under_13: bool


def _tidy(cell: Any) -> str:
    if cell is None:
        return ""
    text = " ".join(unicodedata.normalize("NFKC", str(cell)).split()).casefold()
    return _LED.sub("", _ASIDE.sub("", text).strip("'\""))


def _first(found: re.Match[str]) -> int:
    return int(next(group for group in found.groups() if group is not None))


def _read(text: str, shown: str, column: _Column) -> ReadAge:  # noqa: PLR0911 - one return for each way of writing
    if text in _REFUSALS or text.replace("\u2019", "'") in _REFUSALS:
        return ReadAge(told=f"{shown!r} is no age" if text not in {"", "na", "nan", "."} else "")
    if column.is_birth and (dated := _DATE.fullmatch(text)):
        return _check(column.year - int(dated[1] or dated[2]), shown)
    if _DATE.fullmatch(text):
        return ReadAge(wrong=f"age {shown[:40]!r} is a day; spreadsheets make days of bands such as 10-14")
    if found := _NUMBER.fullmatch(text):
        return _read_number(int(found[1]), shown, column)
    if found := _INTERVAL.fullmatch(text):
        return _read_band(int(found[1]) + (text[0] == "("), int(found[2]), shown)
    if found := _BAND.fullmatch(text):
        return _read_band(int(found[1]), int(found[2]), shown)
    if found := _DECADE.fullmatch(text):
        return _read_band(int(found[1]), int(found[1]) + 9, shown)
    if found := _ABOVE.fullmatch(text) or _OVER.fullmatch(text):
        return _check(min(_first(found) + _OPEN_YEARS, OLDEST), shown)
    if found := _UNDER.fullmatch(text):
        return _read_under(_first(found), shown, column)
    return ReadAge(wrong=f"age {shown[:40]!r} is none")


def _read_number(number: int, shown: str, column: _Column) -> ReadAge:
    if column.is_birth and _FIRST_YEAR <= number <= column.year:
        return _check(column.year - number, shown)
    if _CODES.fullmatch(str(number)) or (number == 99 and column.has_codes):  # noqa: PLR2004
        return ReadAge(told=f"{shown!r} is a code")
    if column.is_codes and 0 <= number <= _MOST_CODES:
        return ReadAge(told=f"{shown!r} is the number of an answer")
    return _check(number, shown)


def _read_band(low: int, high: int, shown: str) -> ReadAge:
    if high < low or high > OLDEST:
        return ReadAge(wrong=f"age {shown[:40]!r} is no band")
    if high < YOUNGEST:
        return ReadAge(wrong=f"age {shown!r} is a child's; people under {YOUNGEST} are not simulated")
    middle = (low + high) // 2
    return ReadAge(middle) if middle >= YOUNGEST else ReadAge(told=f"{shown!r} may be a child or an adult")


def _read_under(limit: int, shown: str, column: _Column) -> ReadAge:
    if limit <= YOUNGEST:
        return ReadAge(wrong=f"age {shown!r} is a child's; people under {YOUNGEST} are not simulated")
    if column.has_under_13:
        return ReadAge((YOUNGEST + limit - 1) // 2)
    if limit <= _ADULT:
        return ReadAge(told=f"{shown!r} may be a child")
    return ReadAge((_ADULT + limit - 1) // 2)


def _check(years: int, shown: str) -> ReadAge:
    if years < YOUNGEST:
        return ReadAge(wrong=f"age {shown!r} is a child's; people under {YOUNGEST} are not simulated")
    return ReadAge(years) if years <= OLDEST else ReadAge(wrong=f"age {shown!r} is above {OLDEST}")
