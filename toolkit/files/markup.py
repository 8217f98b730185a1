"""Untrusted text made harmless for the places it is shown in: Markdown, and the log of a CI job."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+|~!&$=-]|^\d+(?=\.))")
_CALLS = re.compile(r"(?:@|\\#)(?=\w)|(?<!\w)GH\\-(?=\d)|:(?=//)|(?<!\w)www(?=\.)", re.IGNORECASE)
"""What platforms take for a mention, a number of an issue or the beginning of an address, once it is escaped."""
_UNSEEN = "\u200b"
_PROPERTY = ":,"


def escape_markdown(text: str) -> str:
    """Return text on one line that Markdown shows as it is, and in which no platform finds a mention or a link.

    They look for those after Markdown is read, so escapes alone do not help: a space of no width stands in between.
    """
    escaped = _SPECIAL.sub(_put_behind_stroke, " ".join(text.split()))
    return _CALLS.sub(rf"\g<0>{_UNSEEN}", escaped)


def _put_behind_stroke(match: re.Match[str]) -> str:
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"


def write_command(name: str, properties: Mapping[str, object], message: str) -> str:
    """Return a workflow command of GitHub Actions, such as "::error file=a.yaml,line=3::too long", on one line.

    Percent signs and line breaks are escaped everywhere, colons and commas in properties too, as the runner's own
    toolkit does (actions/toolkit, packages/core/src/command.ts); properties that are None are left out.
    """
    told = ",".join(f"{key}={_escape(str(value), _PROPERTY)}" for key, value in properties.items() if value is not None)
    return f"::{name}{' ' if told else ''}{told}::{_escape(message)}"


def _escape(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
