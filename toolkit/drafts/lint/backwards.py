"""Numbers that read backwards: digits with hyphens or spaces between them, in text that is written from the right.

The order is that of the Unicode Bidirectional Algorithm (UAX #9): after a letter that is written from the right, a sign
that is no part of a number separates two numbers, and the second one then stands on the left.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

from toolkit.drafts.lint.records import MOST_READ, Finding, Part

RULE = "style.direction"
_NUMBER = re.compile(r"\+?\d(?:[\d\s()+\-\u2010-\u2015\u2212./:,]*\d)?\+?")
_GROUPS = re.compile(r"\d+")
_RIGHT = {"R", "AL"}
_STARTS_LEFT = "\u200e\u202a\u202d\u2066\u2068"
_LEFT_ISOLATE, _END_ISOLATE = "\u2066", "\u2069"


def find_backwards(part: Part) -> Iterator[Finding]:
    """Yield each number whose groups of digits people see in the wrong order."""
    text = part.text[:MOST_READ]
    if text.isascii():
        return
    place = 0
    for paragraph in text.split("\n"):
        for match in _NUMBER.finditer(paragraph):
            if _turns(paragraph, match):
                span = (place + match.start(), place + match.end())
                message = "from the right, these digits are shown in another order than they are written"
                mended = f"{_LEFT_ISOLATE}{match[0]}{_END_ISOLATE}"
                suggestion = f"put U+2066 before and U+2069 behind them: {mended}"
                yield part.find(RULE, span, message, severity="note", url=_URL, suggestion=suggestion)
        place += len(paragraph) + 1


_URL = "https://www.unicode.org/reports/tr9/"


def _reads_from_right(paragraph: str) -> bool:
    """Tell the direction of a paragraph by its first letter that has one (rules P2 and P3)."""
    return next((kind in _RIGHT for kind in map(unicodedata.bidirectional, paragraph) if kind in {"L", *_RIGHT}), False)


def _turns(paragraph: str, match: re.Match[str]) -> bool:
    """Tell whether a sign inside or around a number parts it (rules W2, W4 and W7)."""
    edge = "\N{RIGHT-TO-LEFT MARK}" if _reads_from_right(paragraph) else "\N{LEFT-TO-RIGHT MARK}"
    before = next((letter for letter in reversed(paragraph[: match.start()]) if _is_strong(letter)), edge)
    if before in _STARTS_LEFT or unicodedata.bidirectional(before) == "L":
        return False
    arabic = unicodedata.bidirectional(before) == "AL" or unicodedata.bidirectional(match[0][-1]) == "AN"
    number = match[0]
    if arabic and (number[0] == "+" or number[-1] == "+"):
        return True
    groups = list(_GROUPS.finditer(number))
    between = [number[one.end() : other.start()] for one, other in itertools.pairwise(groups)]
    return any(not _joins(signs, arabic=arabic) for signs in between)


def _is_strong(letter: str) -> bool:
    return letter in _STARTS_LEFT or unicodedata.bidirectional(letter) in {"L", *_RIGHT}


def _joins(signs: str, *, arabic: bool) -> bool:
    """Tell whether one sign keeps two numbers together: a separator of any number, or of European ones alone."""
    kind = unicodedata.bidirectional(signs) if len(signs) == 1 else ""
    return kind == "CS" or (kind == "ES" and not arabic)
