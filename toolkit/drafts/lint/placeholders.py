"""Words that somebody forgot to fill in, and variables of another tool."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.drafts.lint.records import Finding, Part
from toolkit.models import Draft

RULE = "style.placeholder"
_TEMPLATE = "whatsapp_template"
_FORGOTTEN = re.compile(r"\b(?:TODO|TBD|FIXME|XXX+)\b|\blorem ipsum\b|\b(?:insert|your) (?:text|link|name) here\b")
_FOREIGN = re.compile(r"\*\|\w+\|\*|<<\w+>>|%[A-Z_]{3,}%|(?<!\{)\{[A-Za-z_]\w*\}(?!\})|\[[A-Z]{3,}\]")


def find_placeholders(draft: Draft) -> Iterator[Finding]:
    """Yield words that stand for words to come, and what a WhatsApp template shows as it is."""
    for name in ("text", "headline", "description"):
        value = getattr(draft, name)
        if not value:
            continue
        part = Part(draft, name, value)
        for found in _FORGOTTEN.finditer(value):
            yield part.find(
                RULE, found.span(), f"{found[0]!r} was never filled in", suggestion="write what belongs here"
            )
        if draft.surface == _TEMPLATE:
            yield from _find_foreign(part)


def _find_foreign(part: Part) -> Iterator[Finding]:
    for found in _FOREIGN.finditer(part.text):
        message = f"{found[0]} is no variable here, people would read it as it is"
        yield part.find(RULE, found.span(), message, suggestion="write {{1}}, and its sample")
