"""Untrusted text made harmless for the places it is shown in: Markdown, and the log of a CI job."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+|~!-])")
_PROPERTY = ":,"


def escape_markdown(text: str) -> str:
    """Return text on one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


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
