"""Variables of templates: where a platform refuses a {{1}} that it would have to fill in."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from toolkit.drafts.lint.records import Finding, Part, Severity, split_parts
from toolkit.drafts.surfaces import Surface
from toolkit.models import Draft

RULE = "surface.variables"
_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MOST_IN_HEADER = 1
_PLAIN = {"description": "footer", "cta": "button label", "buttons": "button label"}
"""Parts of a template that hold no variable."""


def find_variables(draft: Draft, surface: Surface) -> Iterator[Finding]:
    """Yield each variable of a template that its platform refuses, with what to write instead."""
    if not surface.template:
        return
    for part in split_parts(draft):
        found = list(_VARIABLE.finditer(part.text))
        if not found:
            continue
        name = part.name.split("[")[0]
        if name in _PLAIN:
            yield _tell(part, surface, found[0].span(), f"a {_PLAIN[name]} takes no variable", "write the words out")
            continue
        if name == "headline" and len(found) > _MOST_IN_HEADER:
            message = f"the header has {len(found)} variables and takes {_MOST_IN_HEADER}"
            yield _tell(part, surface, found[_MOST_IN_HEADER].span(), message, "move the others into the body")
        yield from _find_numbering(part, surface, found)
        if name == "text":
            yield from _find_edges(part, surface, found)


def _find_edges(part: Part, surface: Surface, found: list[re.Match[str]]) -> Iterator[Finding]:
    """Yield variables at an end of the body, or side by side."""
    text, first, last = part.text, found[0], found[-1]
    if not text[: first.start()].strip():
        yield _tell(part, surface, first.span(), "the body begins with a variable", "put words before it")
    after = text[last.end() :].strip()
    if not after:
        yield _tell(part, surface, last.span(), "the body ends with a variable", "put words after it")
    elif not any(letter.isalnum() for letter in after):
        message = "after the last variable stand only marks, which many reviews take for a body that ends with it"
        yield _tell(part, surface, last.span(), message, "put words after it", "warning")
    for one, other in itertools.pairwise(found):
        if not text[one.end() : other.start()].strip():
            message = "two variables side by side are often refused"
            yield _tell(part, surface, (one.start(), other.end()), message, "put words between them", "warning")


def _find_numbering(part: Part, surface: Surface, found: list[re.Match[str]]) -> Iterator[Finding]:
    """Yield the first variable that breaks the numbers 1, 2, 3, or is neither a number nor a name."""
    numbers = [int(match[1]) for match in found if match[1].isdecimal()]
    for match in found:
        if not match[1].isdecimal() and not _NAME.fullmatch(match[1]):
            message = f"{match[0]} is neither a number nor a name of small letters, digits and _"
            yield _tell(part, surface, match.span(), message, "write {{1}} or {{first_name}}")
            return
    if numbers and len(numbers) < len(found):
        message = "numbered and named variables stand in one part"
        yield _tell(part, surface, found[0].span(), message, "use numbers or names alone")
        return
    for match in found:
        if numbers and int(match[1]) > len(set(numbers)):
            missing = min(set(range(1, int(match[1]))) - set(numbers), default=1)
            message = f"{match[0]} stands where there is no {{{{{missing}}}}}: numbers run from 1 without a gap"
            yield _tell(part, surface, match.span(), message, "number them 1, 2, 3")
            return


def _tell(
    part: Part,
    surface: Surface,
    span: tuple[int, int],
    message: str,
    suggestion: str,
    severity: Severity = "error",
) -> Finding:
    return part.find(RULE, span, message, severity=severity, url=surface.url, suggestion=suggestion)
