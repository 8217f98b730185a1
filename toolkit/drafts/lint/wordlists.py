"""Which lists of phrases a draft is read with: those of its own language, or none, and then it is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

from toolkit.drafts.lint.phrases import load_words, read_names
from toolkit.drafts.lint.records import MOST_READ, Finding, Part
from toolkit.files import languages
from toolkit.models import Audience, Draft

RULE = "style.language"
POLICIES = ("personal-attributes", "self-perception", "engagement-bait", "children", "disclosure", "invoice-scam")
"""The policies that are lists of phrases, of which each language has its own."""
_ASIDE = regex.compile(r"https?://\S+|www\.\S+|\S+@\S+|[@#]\w+|\{\{.*?\}\}|\{\w+\}")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:['’]\p{L}[\p{L}\p{M}]*)?")
_PLAIN_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_MOST_FOREIGN = 0.15
_SHORT = 5
"""Words from which a detector is asked unless they tell plainly."""
_PLAIN_WORDS, _PLAIN_SHARE = 2, 0.25
_LIKELY = 0.5
_LEAST_TOLD = 3
"""Words of a text in ASCII of which it is worth saying that nobody can tell its language."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The language that a draft is read in."""

    language: str | None
    """The first code of its family; None where nobody can tell."""
    tag: str | None
    """As the draft, the campaign or the audience names it."""
    policies: frozenset[str]
    """The policies that there is a list for in it."""

    @property
    def is_english(self) -> bool:
        """Whether reading grade, calls to action and the lists of English apply."""
        return self.language == languages.ENGLISH


def choose_reading(draft: Draft, named: str | None = None, audience: Audience | None = None) -> Reading:
    """Return the language of a draft: the one named, else what its words surely are, else its audience's."""
    tag = draft.language or named
    told = tell_language(draft.text) if tag is None else None
    if tag is None and told is None:
        tag = next(iter(audience.language), None) if audience else None
    language = languages.reduce_language(tag) if tag else told
    return Reading(language, tag, list_policies(language) if language else frozenset())


def find_unchecked(draft: Draft, reading: Reading) -> Iterator[Finding]:
    """Yield what nobody checks in a draft, because there is no list for its language."""
    if reading.is_english:
        return
    part = Part(draft, "text", draft.text)
    if reading.language is None:
        words = _list_words(draft.text)
        if len(words) >= _LEAST_TOLD or not all(map(str.isascii, words)):
            message = "checked: limits and form; no policy list, for the language cannot be told from so few words"
            yield part.find(RULE, (0, 0), message, severity="unchecked", suggestion="name it: `language: en`")
        return
    name = languages.name_language(reading.tag or reading.language)
    if not reading.policies:
        message = f"checked: limits and form; no policy list for {name}"
        yield part.find(RULE, (0, 0), message, severity="unchecked", suggestion="have a reader check it")
        return
    lacking = " and ".join(_say(policy) for policy in POLICIES if policy not in reading.policies)
    message = f"checked: limits, form and the {name} policy lists; no list for {lacking}, and no reading grade"
    yield part.find(RULE, (0, 0), message, severity="note", suggestion="have a reader check the rest")


@lru_cache(maxsize=4096)
def tell_language(text: str) -> str | None:
    """Return the first code of the family of languages that a text is in; None where it is too short to tell.

    Words that one language alone has settle a short text, and spare plain English the detector. A text with words of
    two languages, or of none, is told by the detector, where it is sure.
    """
    words = _list_words(text)
    if not words:
        return None
    known = load_words()
    english, german, other = (sum(map(part.__contains__, words)) for part in (known.english, known.german, known.other))
    foreign = 0 if text.isascii() else sum(not word.isascii() for word in words)
    may_be_english = foreign <= _MOST_FOREIGN * len(words) and english > german + other
    share = english / len(words)
    is_plain = english >= _PLAIN_WORDS and share >= _PLAIN_SHARE and not german + other
    if may_be_english and (is_plain or (len(words) < _SHORT and share >= known.least_share)):
        return languages.ENGLISH
    guess = languages.detect_language(text)
    if guess.sure:
        return guess.language
    if may_be_english and (guess.language == languages.ENGLISH or share >= known.least_share):
        return languages.ENGLISH
    likely = guess.language == "de" and guess.probability >= _LIKELY
    if german > english + other and (likely or german >= known.least_share * len(words)):
        return "de"
    is_likely = guess.probability >= _LIKELY or (text.isascii() and not german + other)
    return guess.language if guess.language == languages.ENGLISH and is_likely else None


@lru_cache(maxsize=64)
def list_policies(language: str) -> frozenset[str]:
    """Return the policies for which a language has a list."""
    names = read_names()
    ending = "" if language == languages.ENGLISH else f".{language}"
    return frozenset(policy for policy in POLICIES if f"{policy}{ending}" in names)


@lru_cache(maxsize=16)
def _list_words(text: str) -> list[str]:
    prose = text[:MOST_READ]
    if any(sign in prose for sign in "@#{/") or "www." in prose:
        prose = _ASIDE.sub(" ", prose)
    if prose.isascii():
        return _PLAIN_WORD.findall(prose.lower())
    return _WORD.findall(prose.lower().replace("’", "'"))


def _say(policy: str) -> str:
    return policy.replace("-", " ")
