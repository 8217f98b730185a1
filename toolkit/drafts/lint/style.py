"""Habits of copy that people skip: long sentences, capitals, emoji, no call to action, undescribed pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import regex

from toolkit.drafts.counts import count_emoji
from toolkit.drafts.lint.phrases import StyleList, load_style_list, search
from toolkit.drafts.lint.records import EXCLAMATION, MOST_READ, Finding, Part
from toolkit.drafts.surfaces import Surface
from toolkit.models import Draft

_WIDE_ENDS = "\u3002\uff0e\uff01\uff1f\uff61\u0964\u0965\u061f\u06d4"
_SENTENCE = re.compile(
    rf"[^.!?\n…{_WIDE_ENDS}]+(?:[.!?…{_WIDE_ENDS}]+(?![\w])|\n|$)|[^.!?\n…{_WIDE_ENDS}]+[.!?…{_WIDE_ENDS}]+(?=\w)"
)
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’.-][\p{L}\p{N}][\p{L}\p{M}\p{N}]*)*")
_PLAIN_CAPITALS = re.compile(r"(?<![\w#@&])(?=(?:[A-Za-z'’-]*?[A-Z]){4})[A-Z][A-Z'’-]{3,}(?![\w])")
"""The same for ASCII, of which most copy is, in half the time."""
_CAPITALS = regex.compile(
    r"(?<![\w#@&\uff03])(?=(?:[\p{L}\p{M}'’-]*?\p{Lu}){4})\p{Lu}[\p{Lu}\p{M}'’-]{3,}(?![\w\p{M}])"
)
_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_HASHTAG = regex.compile(r"(?<![\w\p{M}])[#\uff03][\w\p{M}]+")
_INSECURE = re.compile(r"\bhttp://[^\s<>\"]+", re.IGNORECASE)
_GRADE = (0.39, 11.8, -15.59)


def find_form(part: Part) -> Iterator[Finding]:
    """Yield what is wrong with the form of a part in any language: capitals, emoji, hashtags, marks, links."""
    known, text = load_style_list(), part.text[:MOST_READ]
    loud = [
        match for match in (_PLAIN_CAPITALS if text.isascii() else _CAPITALS).finditer(text) if _shouts(match, known)
    ]
    if len(loud) > known.most.capital_words:
        span = (loud[0].start(), loud[-1].end())
        yield part.find(
            "style.caps", span, f"{len(loud)} words in capitals read as shouting", suggestion="use lower case"
        )
    if len(marks := [match.start() for match in EXCLAMATION.finditer(text)]) > known.most.exclamation_marks:
        span = (marks[0], marks[-1] + 1)
        yield part.find("style.exclamation", span, f"{len(marks)} exclamation marks", suggestion="keep one at most")
    if (emoji := count_emoji(text)) > known.most.emoji:
        message = f"{emoji} emoji: a screen reader says each of them aloud"
        yield part.find("style.emoji", (0, len(text)), message, suggestion=f"keep {known.most.emoji} at most")
    tags = list(_HASHTAG.finditer(text)) if "#" in text or "\uff03" in text else []
    if len(tags) > known.most.hashtags:
        span = (tags[0].start(), tags[-1].end())
        suggestion = f"keep the {known.most.hashtags} that people follow"
        yield part.find("style.hashtags", span, f"{len(tags)} hashtags", suggestion=suggestion)
    for match in _INSECURE.finditer(text):
        yield part.find("style.insecure-link", match.span(), "the link is not https", suggestion="use https://")


def _shouts(match: re.Match[str] | regex.Match[str], known: StyleList) -> bool:
    """Return whether a word in capitals is neither a known name, a Roman numeral, nor a name given in brackets."""
    word, text = match[0].removesuffix("'S").removesuffix("’S"), match.string
    bracketed = text[match.start() - 1 : match.start()] == "(" and text[match.end() : match.end() + 1] == ")"
    return not (bracketed or word in known.capitals_allowed or _ROMAN.fullmatch(word))


def find_reading(part: Part, *, most_words: int | None = None, most_grade: float | None = None) -> Iterator[Finding]:
    """Yield sentences longer than readers follow, and a reading grade (Flesch-Kincaid) above the team's."""
    known, text = load_style_list(), part.text[:MOST_READ]
    most_words, most_grade = most_words or known.most.sentence_words, most_grade or known.most.reading_grade
    words = _WORD.findall(text)
    if len(words) <= min(most_words, known.least_words_for_grade):
        return
    sentences = [(match, len(_WORD.findall(match[0]))) for match in _SENTENCE.finditer(text)]
    sentences = [(match, count) for match, count in sentences if count]
    for match, count in sentences:
        if count > most_words:
            message = f"a sentence of {count} words; more than {most_words} are seldom read to the end"
            start = match.end() - len(match[0].lstrip())
            yield part.find(
                "style.long-sentence", (start, match.end()), message, url=known.url, suggestion="cut it in two"
            )
    if len(words) > known.least_words_for_grade:
        grade = _grade(words, len(sentences))
        if grade > most_grade:
            message = (
                f"reading grade {grade:.0f} (years of school); this audience's copy stays at {most_grade:.0f} or under"
            )
            suggestion = "use shorter words and sentences"
            yield part.find("style.reading-grade", (0, len(text)), message, url=known.url, suggestion=suggestion)


def find_missing(draft: Draft, surface: Surface, *, english: bool) -> Iterator[Finding]:
    """Yield the parts that readers of this surface miss."""
    part = Part(draft, "text", draft.text)
    for name in surface.expected:
        if name not in {"cta", "alt"} and not getattr(draft, name):
            message = f"a {surface.label} without a {name} is passed over"
            yield part.find(f"style.missing-{name}", (0, 0), message, suggestion=f"add `{name}:`")
    if draft.image and not draft.alt:
        image = Part(draft, "image", draft.image)
        message = "the picture has no description: people who cannot see it get nothing"
        yield image.find("style.missing-alt", (0, len(draft.image)), message, suggestion="add `alt:`")
    if "cta" in surface.expected and english and not _calls_to_act(draft, load_style_list()):
        message = "nothing says what to do next"
        yield part.find("style.missing-cta", (0, 0), message, suggestion="say it in a verb, or add `cta:`")
    if draft.link and _INSECURE.match(draft.link):
        link = Part(draft, "link", draft.link)
        span = (0, len(draft.link))
        yield link.find("style.insecure-link", span, "the link is not https", suggestion="use https://")


def _calls_to_act(draft: Draft, known: StyleList) -> bool:
    offered = draft.cta or draft.link or draft.buttons or draft.quick_replies or draft.ice_breakers
    return bool(offered or search(known.calls_to_action, draft.text))


def _grade(words: list[str], sentences: int) -> float:
    """Return the Flesch-Kincaid grade (Kincaid and others, 1975); syllables are hyphenation points, so a little low."""
    per_sentence, per_word, constant = _GRADE
    syllables = sum(_count_syllables(word.lower()) for word in words)
    return per_sentence * len(words) / max(sentences, 1) + per_word * syllables / len(words) + constant


@lru_cache(maxsize=50_000)
def _count_syllables(word: str) -> int:
    return len(_hyphenation().positions(word)) + 1


@lru_cache(maxsize=1)
def _hyphenation() -> Any:
    import pyphen

    return pyphen.Pyphen(lang="en_GB", left=1, right=1)
