"""A finding, and the parts of a draft that rules read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from toolkit.models import Draft, Record

Severity = Literal["error", "warning", "note", "unchecked"]
"""What a platform refuses, what a person should look at again, what is only said, and what no rule has looked at."""
MOST_QUOTED = 200
"""Characters of matched words kept in a finding."""
MOST_READ = 20_000
"""Characters of a part that are looked through: beyond, nobody reads copy, and patterns grow slow."""

EXCLAMATION = re.compile("[!\uff01\ufe57]")
"""An exclamation mark, also the wide one of Chinese and Japanese."""

_WORD = re.compile(r"[^\W\d_]+")
_WORDED = ("text", "headline", "description", "cta", "greeting", "ice_breakers", "buttons", "quick_replies")


class Finding(Record):
    """Something in a draft that a platform refuses or a person should look at."""

    file: str | None = None
    """The file the draft came from."""
    line: int | None = None
    """The line the words stand on, or the one its part begins on where that cannot be told."""
    column: int | None = None
    """The column of the first word, from 1, in characters."""
    end_line: int | None = None
    end_column: int | None = None
    """The column behind the last word."""
    draft_id: str
    field: str
    """The part of the draft, such as text or ice_breakers[1]."""
    rule: str
    """limit.<field>, surface.retired, policy.<what>, style.<what> or brief.must-have."""
    severity: Severity
    start: int
    end: int
    """Code point offsets into the part; the end is not included."""
    text: str
    """The matched words, at most 200 characters of them."""
    message: str
    """What is wrong and why, in one sentence."""
    url: str | None = None
    """Where the rule can be read."""
    suggestion: str | None = None
    """What to do instead."""


@dataclass(frozen=True)
class Part:
    """One worded part of a draft."""

    draft: Draft
    name: str
    """The field, with its index in a list."""
    text: str

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the part in lower case."""
        return frozenset(_WORD.findall(self.text[:MOST_READ].lower()))

    def find(
        self,
        rule: str,
        span: tuple[int, int],
        message: str,
        *,
        severity: Severity = "warning",
        url: str | None = None,
        suggestion: str | None = None,
    ) -> Finding:
        """Return a finding about a stretch of this part."""
        start, end = span
        words = self.text[start:end]
        shown = words if len(words) <= MOST_QUOTED else f"{words[: MOST_QUOTED - 1]}…"
        return Finding(
            draft_id=self.draft.id, field=self.name, rule=rule, severity=severity, start=start, end=end, text=shown,
            message=message, url=url, suggestion=suggestion,
        )  # fmt: skip


def split_parts(draft: Draft) -> Iterator[Part]:
    """Yield every part of a draft that people read as words, the text first."""
    for name in _WORDED:
        value = getattr(draft, name)
        if isinstance(value, tuple):
            yield from (Part(draft, f"{name}[{index}]", item) for index, item in enumerate(value))
        elif value:
            yield Part(draft, name, value)
