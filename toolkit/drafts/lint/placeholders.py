"""Variables that a platform refuses, and those that somebody forgot to fill."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.drafts.lint.records import Finding, Part
from toolkit.models import Draft

RULE = "style.placeholder"
_TEMPLATE = "whatsapp_template"
_SOURCE = "https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/"
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_NEXT_TO = re.compile(r"\{\{\s*\w+\s*\}\}\s*\{\{\s*\w+\s*\}\}")
_FORGOTTEN = re.compile(r"\b(?:TODO|TBD|FIXME|XXX+)\b|\blorem ipsum\b|\b(?:insert|your) (?:text|link|name) here\b")
_FOREIGN = re.compile(r"\*\|\w+\|\*|<<\w+>>|%[A-Z_]{3,}%|(?<!\{)\{[A-Za-z_]\w*\}(?!\})|\[[A-Z]{3,}\]")


def find_placeholders(draft: Draft) -> Iterator[Finding]:
    """Yield what Meta refuses in the variables of a WhatsApp template, and words that stand for words to come."""
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
            yield from _find_refused(part)


def _find_refused(part: Part) -> Iterator[Finding]:
    variables = list(_VARIABLE.finditer(part.text))
    text = part.text.strip()
    if variables and part.name == "text":
        first, last = variables[0], variables[-1]
        if text.startswith(first[0]):
            yield _refuse(part, first.span(), "a template may not begin with a variable", "write a word before it")
        if text.endswith(last[0]):
            yield _refuse(part, last.span(), "a template may not end with a variable", "write a word after it")
    for found in _NEXT_TO.finditer(part.text):
        yield _refuse(part, found.span(), "two variables may not stand next to each other", "write a word between them")
    numbers = list(dict.fromkeys(int(found[1]) for found in variables if found[1].isdigit()))
    if numbers and sorted(numbers) != list(range(1, len(numbers) + 1)):
        said = ", ".join(str(number) for number in numbers)
        message = f"variables are numbered from 1 without a gap, here {said}"
        yield _refuse(part, variables[-1].span(), message, "number them anew")
    if part.name == "headline" and len(variables) > 1:
        yield _refuse(part, variables[1].span(), "a header takes one variable", "leave one")
    if part.name == "description" and variables:
        yield _refuse(part, variables[0].span(), "a footer takes no variable", "write it out")
    for found in _FOREIGN.finditer(part.text):
        message = f"{found[0]} is no variable here, people would read it as it is"
        yield part.find(RULE, found.span(), message, suggestion="write {{1}}, and its sample")


def _refuse(part: Part, span: tuple[int, int], message: str, suggestion: str) -> Finding:
    said = f"{message} (Meta developer documentation, message templates, 2026)"
    return part.find(RULE, span, said, severity="error", url=_SOURCE, suggestion=suggestion)
