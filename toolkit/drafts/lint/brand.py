"""A team's own rules, from a `brand.yaml` beside the drafts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from toolkit.config import load_config
from toolkit.drafts.counts import count_emoji
from toolkit.drafts.links import find_links
from toolkit.drafts.lint.records import Finding, Part, Severity
from toolkit.files import load_yaml, make_record, read_text
from toolkit.models import Draft, Record

BRAND_FILE = "brand.yaml"
_SOURCED = re.compile(
    r"\b(?:source|according to|study|survey|tested by|based on|see)\b\s*:?|[*†¹]|\[\d+\]", re.IGNORECASE
)


class BannedTerm(Record):
    """A term that the team does not use."""

    term: str = Field(min_length=1)
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
    avoid: tuple[str, ...] = ()
    """Words that do not sound like the team."""


class Brand(Record):
    """What a team requires, bans, has to prove, and sounds like."""

    brand: str
    """Name of the brand."""
    required: tuple[str, ...] = ()
    """Terms of which each must stand somewhere in every draft."""
    banned: tuple[BannedTerm, ...] = ()
    claims: tuple[str, ...] = ()
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
    for term in brand.required:
        if not _compile(term).search(whole):
            message = f"{brand.brand} requires “{term}”"
            yield parts[0].find("style.brand-required", (0, 0), message, suggestion=f"say “{term}”")
    sourced = draft.link or _SOURCED.search(whole) or any(True for _ in find_links(whole))
    for part in parts:
        yield from _find_terms(part, brand)
        if not sourced:
            for claim in brand.claims:
                for match in _compile(claim).finditer(part.text):
                    message = f"the claim “{match[0]}” needs a source"
                    yield part.find(
                        "style.brand-claim", match.span(), message, suggestion="name the source or link to it"
                    )


def _find_terms(part: Part, brand: Brand) -> Iterator[Finding]:
    for banned in brand.banned:
        for match in _compile(banned.term).finditer(part.text):
            because = f": {banned.because}" if banned.because else ""
            suggestion = f"write “{banned.instead}”" if banned.instead else "leave it out"
            message = f"{brand.brand} does not say “{match[0]}”{because}"
            yield part.find(
                "style.brand-banned", match.span(), message, severity=banned.severity, suggestion=suggestion
            )
    for word in brand.tone.avoid:
        for match in _compile(word).finditer(part.text):
            message = f"“{match[0]}” does not sound like {brand.brand}"
            yield part.find("style.brand-tone", match.span(), message, suggestion="use a plainer word")
    counted = {"exclamation_marks": part.text.count("!"), "emoji": count_emoji(part.text)}
    for name, count in counted.items():
        most = getattr(brand.tone, name)
        if most is not None and count > most:
            message = f"{count} {name.replace('_', ' ')}; {brand.brand} allows {most}"
            yield part.find("style.brand-tone", (0, len(part.text)), message, suggestion=f"keep {most} at most")


def _compile(term: str) -> re.Pattern[str]:
    written = re.escape(term).replace(r"\ ", r"\s+").replace("'", "['’]")
    return re.compile(rf"(?<!\w){written}(?!\w)", re.IGNORECASE)
