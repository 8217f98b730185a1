"""Dated lists of phrases, read from data files and compiled once."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import Field

from toolkit.drafts.lint.records import MOST_READ, Severity
from toolkit.files import load_yaml, make_record, read_text, resources
from toolkit.models import Record

_ENDS = ".!?\n\u3002\uff0e\uff01\uff1f\uff61\u0964\u061f\u06d4"
"""What ends a sentence, in Latin, Chinese, Japanese, Hindi, Arabic and Urdu."""
_DATA = resources.DATA / "policy"


class PhraseList(Record):
    """One policy: what its words are, why they matter and where that is written."""

    rule: str
    why: str
    suggestion: str
    source: str
    url: str
    checked: datetime.date
    severity: Severity = "warning"
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Lists that stand in the patterns under their name in braces."""
    needs: frozenset[str] = frozenset()
    """Words of which a text must have one before the expressions are tried; empty where they always are."""
    patterns: tuple[str, ...]
    """Regular expressions, case ignored."""
    exempt: tuple[str, ...] = ()
    """A sentence in which one of these is found is let pass."""
    pressing: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()
    phone: tuple[str, ...] = ()
    invoice: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    retired_tags: tuple[str, ...] = ()
    retired_on: datetime.date | None = None


class StyleFigures(Record):
    """The most of each thing that passes without a word."""

    sentence_words: int = Field(gt=0)
    reading_grade: float
    emoji: int
    hashtags: int
    capital_words: int
    exclamation_marks: int


class StyleList(Record):
    """Habits of copy that people skip."""

    checked: datetime.date
    source: str
    url: str
    most: StyleFigures
    least_words_for_grade: int
    capitals_allowed: frozenset[str]
    calls_to_action: tuple[str, ...]


class WordList(Record):
    """Words that one language alone has, among those that copy is mostly in."""

    checked: datetime.date
    least_share: float
    """The share of a short text's words from which they tell its language."""
    english: frozenset[str]
    german: frozenset[str]
    other: frozenset[str]


def read_data(name: str) -> Any:
    """Return a data file of the policy folder with every scalar as the text that was typed."""
    return load_yaml(read_text(_DATA / f"{name}.yaml"), f"{name}.yaml").value


@lru_cache(maxsize=1)
def read_names() -> frozenset[str]:
    """Return the names of all lists; the code of a language follows that of a policy, but for English."""
    return frozenset(path.name.removesuffix(".yaml") for path in _DATA.glob("*.yaml"))


@lru_cache(maxsize=64)
def load_phrases(name: str, language: str = "en") -> PhraseList:
    """Return the phrase list called `name` in a language."""
    name = name if language == "en" else f"{name}.{language}"
    value = read_data(name)
    if "words" in value:
        value = {**value, "patterns": [_spell_out(pattern, value["words"]) for pattern in value["patterns"]]}
    if name == "invoice-scam":
        value = {"patterns": value["phone"], **value}
    return make_record(PhraseList, load_yaml("", f"{name}.yaml"), value)


def _spell_out(pattern: str, words: Mapping[str, Sequence[str]]) -> str:
    """Return a pattern with its lists written out, the longest of a list first."""
    for name, listed in words.items():
        ordered = sorted(listed, key=len, reverse=True)
        pattern = pattern.replace(f"{{{name}}}", f"(?:{'|'.join(ordered)})")
    return pattern


@lru_cache(maxsize=1)
def load_words() -> WordList:
    """Return the words by which a short text is told."""
    return make_record(WordList, load_yaml("", "words.yaml"), read_data("words"))


@lru_cache(maxsize=1)
def load_style_list() -> StyleList:
    """Return the figures and words of style."""
    return make_record(StyleList, load_yaml("", "style.yaml"), read_data("style"))


@lru_cache(maxsize=64)
def compile_any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return one expression that matches any of several, case ignored, with ^ and $ at line ends."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)", re.IGNORECASE | re.MULTILINE)


def search(patterns: Iterable[str], text: str) -> re.Match[str] | None:
    """Return the first match of any of several expressions."""
    return compile_any(tuple(patterns)).search(text[:MOST_READ])


def search_all(patterns: Iterable[str], text: str) -> Iterator[re.Match[str]]:
    """Yield every match of any of several expressions."""
    return compile_any(tuple(patterns)).finditer(text[:MOST_READ])


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of the sentence, or line, in which a stretch stands."""
    first = max(text.rfind(mark, 0, start) for mark in _ENDS) + 1
    lasts = [place for place in (text.find(mark, end) for mark in _ENDS) if place >= 0]
    return first, min(lasts, default=len(text) - 1) + 1
