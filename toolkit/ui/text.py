"""Text of other people on our pages."""

from __future__ import annotations


def escape(text: str) -> str:
    """Return text that Markdown shows as it is: names, warnings and verbatims are not ours."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|~<>$:" else sign for sign in text)
