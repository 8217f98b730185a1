"""Words that somebody forgot to fill in, and variables that nobody fills where the draft will appear."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.drafts import samples
from toolkit.drafts.lint.records import Finding, Part
from toolkit.models import Draft

RULE = "style.placeholder"
_TEMPLATE = "whatsapp_template"
_PUBLIC = {
    "facebook_post", "instagram_caption", "linkedin_post", "x_post", "threads_post", "tiktok_caption", "pinterest_pin",
    "youtube_title", "marketplace_listing", "buy_sell_group_post",
}  # fmt: skip
"""Surfaces on which everybody reads the same words: no tool fills a variable there."""
_FORGOTTEN = re.compile(
    r"\b(?:TODO|TBD|TBC|FIXME|XXX+)\b|\b(?i:lorem ipsum)\b|\b(?i:(?:insert|your) (?:text|link|name|copy) here)\b"
    r"|\[(?i:insert|your|add) [^\]]{1,40}\]"
)


def find_placeholders(draft: Draft) -> Iterator[Finding]:
    """Yield words that stand for words to come, and variables that people would read as they are."""
    for name in ("text", "headline", "description", "cta"):
        value = getattr(draft, name)
        if not value:
            continue
        part = Part(draft, name, value)
        for found in _FORGOTTEN.finditer(value):
            yield part.find(
                RULE, found.span(), f"{found[0]!r} was never filled in", suggestion="write what belongs here"
            )
        yield from _find_variables(part, [found.span() for found in _FORGOTTEN.finditer(value)])


def _find_variables(part: Part, told: list[tuple[int, int]]) -> Iterator[Finding]:
    """Yield variables of a form that the surface does not know, where no sample says what fills them."""
    for found in samples.PLACEHOLDER.finditer(part.text):
        name = samples.name_variable(found)
        if not samples.stands_for_words(found) or any(
            start < found.end() and found.start() < end for start, end in told
        ):
            continue
        if part.draft.surface == _TEMPLATE and not found[0].startswith("{{"):
            message = f"{found[0]} is no variable here, people would read it as it is"
            yield part.find(RULE, found.span(), message, suggestion="write {{1}}, and its sample")
        elif part.draft.surface in _PUBLIC and not samples.find_samples(part.draft, part.name, name):
            message = f"{found[0]} is filled by nobody here, people would read it as it is"
            yield part.find(
                RULE, found.span(), message, suggestion="write the words, or give a sample of what fills it"
            )
