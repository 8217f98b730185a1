"""A team's own rules, from a `brand.yaml` beside the drafts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import regex
from pydantic import Field, field_validator

from toolkit.config import load_config
from toolkit.drafts.counts import count_emoji
from toolkit.drafts.links import find_links
from toolkit.drafts.lint.records import EXCLAMATION, MOST_READ, Finding, Part, Severity
from toolkit.files import load_yaml, make_record, normalising, read_text
from toolkit.models import Draft, Record

BRAND_FILE = "brand.yaml"
_SOURCED = re.compile(
    r"\b(?:source|according to|study|survey|tested by|based on|see)\b\s*:?|[*†¹]|\[\d+\]", re.IGNORECASE
)


_UNSPACED = regex.compile(rf"[{normalising.UNSPACED}]")
_CASELESS_PARTS = {
    "Arabic": (
        "(?:\u0648|\u0641)?(?:\u0627\u0644|\u0628\u0627\u0644|\u06a9\u0627\u0644|\u0644\u0644|[\u0628\u0644\u06a9\u0633])?",
        "(?:\u0627\u062a|\u0627\u0646|\u0648\u0646|\u06cc\u0646|\u06cc\u0647|\u0647\u0627|\u0647\u0645|\u0646\u0627|\u06a9\u0645|[\u0629\u0647\u06cc\u06a9\u0627])?\u06cc?",
    ),
    "Hebrew": (
        "[\u05d5\u05d4\u05d1\u05db\u05dc\u05de\u05e9]{0,3}",
        "(?:\u05d9\u05dd|\u05d5\u05ea|[\u05d4\u05d9\u05d5\u05da])?",
    ),
}
"""What is written together with a word before and after it: article, prepositions, plurals, possessives."""
_ENDINGS = r"(?:'?s|e|es|en|er|em|n|ed|ing|er|est|ly)?"
"""What a short word may end in: a longer one may take any three letters."""
_LONG = 5


class Term(Record):
    """Words that a team requires or bans, and in what forms."""

    term: str = Field(min_length=1)
    anywhere: bool = False
    """Whether it counts inside longer words, too, as gratis does in Gratisversand."""
    inflected: bool = False
    """Whether its endings may differ, and what some scripts write together with it, such as an article."""


class BannedTerm(Term):
    """A term that the team does not use."""

    instead: str | None = None
    """What to write in its place."""
    because: str | None = None
    """Why."""
    severity: Severity = "warning"
    """What a draft that says it gets."""


class Tone(Record):
    """How much of each the team allows."""

    exclamation_marks: int | None = Field(default=None, ge=0)
    emoji: int | None = Field(default=None, ge=0)
    sentence_words: int | None = Field(default=None, ge=5)
    reading_grade: float | None = Field(default=None, gt=0)
    avoid: tuple[str | Term, ...] = ()
    """Words that do not sound like the team."""


class Brand(Record):
    """What a team requires, bans, has to prove, and sounds like."""

    brand: str
    """Name of the brand."""
    required: tuple[str | Term, ...] = ()
    """Terms of which each must stand somewhere in every draft."""
    banned: tuple[BannedTerm, ...] = ()
    claims: tuple[str | Term, ...] = ()
    """Claims that need a link or a named source in the same draft."""
    tone: Tone = Tone()

    @field_validator("banned", mode="before")
    @classmethod
    def _plain_terms_too(cls, value: Any) -> Any:
        if isinstance(value, list):
            return [{"term": item} if isinstance(item, str) else item for item in value]
        return value


def load_brand(path: str | Path) -> Brand:
    """Return a team's rules; raise InputError naming file and line for what cannot be read."""
    located = load_yaml(read_text(path), str(path))
    return make_record(Brand, located, located.value)


def find_brand_beside(file: str | None) -> Brand | None:
    """Return the rules of the `brand.yaml` in the folder of a file of drafts, or else those that its team settled."""
    if file is None:
        return None
    path = Path(file).parent / BRAND_FILE
    if path.is_file():
        return load_brand(path)
    settled = load_config(path.parent).find_brand()
    return load_brand(settled) if settled is not None else None


def find_brand(draft: Draft, parts: list[Part], brand: Brand) -> Iterator[Finding]:
    """Yield what a draft lacks of, and says against, the team's rules."""
    whole = "\n".join(part.text for part in parts)
    for required in brand.required:
        term = required if isinstance(required, str) else required.term
        if not _find_term(required, whole):
            message = f"{brand.brand} requires “{term}”"
            yield parts[0].find("style.brand-required", (0, 0), message, suggestion=f"say “{term}”")
    sourced = draft.link or _SOURCED.search(whole) or any(True for _ in find_links(whole))
    for part in parts:
        yield from _find_terms(part, brand)
        if not sourced:
            for claim in brand.claims:
                for span in _find_term(claim, part.text):
                    message = f"the claim “{part.text[slice(*span)]}” needs a source"
                    yield part.find("style.brand-claim", span, message, suggestion="name the source or link to it")


def _find_terms(part: Part, brand: Brand) -> Iterator[Finding]:
    for banned in brand.banned:
        for span in _find_term(banned, part.text):
            because = f": {banned.because}" if banned.because else ""
            suggestion = f"write “{banned.instead}”" if banned.instead else "leave it out"
            message = f"{brand.brand} does not say “{part.text[slice(*span)]}”{because}"
            yield part.find("style.brand-banned", span, message, severity=banned.severity, suggestion=suggestion)
    for word in brand.tone.avoid:
        for span in _find_term(word, part.text):
            message = f"“{part.text[slice(*span)]}” does not sound like {brand.brand}"
            yield part.find("style.brand-tone", span, message, suggestion="use a plainer word")
    counted = {"exclamation_marks": len(EXCLAMATION.findall(part.text)), "emoji": count_emoji(part.text)}
    for name, count in counted.items():
        most = getattr(brand.tone, name)
        if most is not None and count > most:
            message = f"{count} {name.replace('_', ' ')}; {brand.brand} allows {most}"
            yield part.find("style.brand-tone", (0, len(part.text)), message, suggestion=f"keep {most} at most")


def _find_term(term: str | Term, text: str) -> Sequence[tuple[int, int]]:
    """Return where a term stands in a text, in any case, width and composition of its letters."""
    wanted = Term(term=term) if isinstance(term, str) else term
    folded = normalising.fold_text(text[:MOST_READ])
    matches = _compile(wanted.term, anywhere=wanted.anywhere, inflected=wanted.inflected).finditer(folded.text)
    return [folded.place(*match.span()) for match in matches]


@lru_cache(maxsize=1024)
def _compile(term: str, *, anywhere: bool, inflected: bool) -> regex.Pattern[str]:
    """Return an expression for a term in a folded text: between words, or also inside them.

    A script without spaces knows no edge of a word, so that a term in it counts wherever it stands.
    """
    folded = normalising.fold_text(term).text.strip()
    before, after = ("", "")
    if inflected:
        before, folded, after = _loosen(folded)
    written = regex.escape(folded).replace("\\ ", r"\s+") + after
    opens = "" if anywhere or _UNSPACED.match(folded[:1]) else r"(?<![\p{L}\p{M}\p{N}_])"
    closes = "" if anywhere or _UNSPACED.match(folded[-1:]) else r"(?![\p{L}\p{M}\p{N}_])"
    return regex.compile(f"{opens}{before}{written}{closes}")


def _loosen(folded: str) -> tuple[str, str, str]:
    """Return what may stand before a term, its unchanging part, and what may stand after it."""
    for script, (before, after) in _CASELESS_PARTS.items():
        if regex.match(rf"\p{{{script}}}", folded):
            return before, folded, after
    if len(folded) < _LONG:
        return "", folded, _ENDINGS
    stem = folded[:-1] if len(folded) > _LONG and regex.search(r"[aeiouyąęàèéòóíäöüıаеиоуыэюя]$", folded) else folded
    return "", stem, r"(?:'?\p{L}\p{M}*){0,3}"
