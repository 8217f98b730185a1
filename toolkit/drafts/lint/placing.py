"""Where the words of a finding stand in a file: line and column, also inside a block of YAML or the body of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from toolkit.drafts.lint.records import Finding
from toolkit.errors import InputError
from toolkit.files import located_yaml, read_text
from toolkit.models import Campaign

_MARKED_UP = {".yaml", ".yml", ".json"}
_BODIES = {".md", ".txt"}
_ESCAPE = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)")
_ESCAPED_SPACE = re.compile(r"\\[nrt ]")
_FARTHEST = 3
"""Characters that a doubled mark may take in a file for one that is read."""


@dataclass(frozen=True)
class Place:
    """A stretch of a file; lines and columns count from 1, and the end is not included."""

    line: int
    column: int
    end_line: int
    end_column: int


class Placer:
    """Finds places in the file of a campaign; reads it once, and only when the first finding asks."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._file = Path(campaign.file) if campaign.file else None

    def find(self, finding: Finding) -> Place | None:
        """Return where the words of a finding stand, or None if that cannot be told."""
        if self._file is None or self._file.suffix.lower() not in _MARKED_UP | _BODIES:
            return None
        name, _, index = finding.field.partition("[")
        draft = next((one for one in self._campaign if one.id == finding.draft_id), None)
        value = getattr(draft, name, None)
        whole = value[int(index[:-1])] if index and isinstance(value, tuple) else value
        if not isinstance(whole, str):
            return None
        region = self._find_region(finding.draft_id, name, int(index[:-1]) if index else None, whole)
        if region is None:
            return None
        places = list(_align(whole, self._text, *region))
        if len(places) != len(whole):
            return None
        start = places[finding.start] if finding.start < len(places) else region[0]
        end = places[finding.end - 1] + 1 if finding.end > finding.start else start
        return Place(*self._count(start), *self._count(end))

    @cached_property
    def _text(self) -> str:
        assert self._file is not None  # noqa: S101 - asked for only where there is a file
        try:
            return read_text(self._file)
        except InputError:
            return ""

    @cached_property
    def _scalars(self) -> dict[tuple[str, int], yaml.Node]:
        """Each value by its key and the line of that key."""
        try:
            node = yaml.compose(self._text, Loader=located_yaml.FAST_LOADER)
        except (yaml.YAMLError, RecursionError, UnicodeError):
            return {}
        return dict(_walk(node)) if node else {}

    def _find_region(self, draft_id: str, name: str, index: int | None, whole: str) -> tuple[int, int] | None:
        """Return start and end, in characters of the file, of what holds the words."""
        assert self._file is not None  # noqa: S101 - asked for only where there is a file
        if self._file.suffix.lower() in _BODIES and name == "text":
            start = self._text.rfind(whole)
            return (start, start + len(whole)) if start >= 0 else None
        line = self._campaign.find_line(draft_id, name)
        node: Any = self._scalars.get((name, line or 0))
        if index is not None and isinstance(node, yaml.SequenceNode) and index < len(node.value):
            node = node.value[index]
        if not isinstance(node, yaml.ScalarNode):
            return None
        return self._skip_header(node), self._offset(node.end_mark)

    def _skip_header(self, node: yaml.ScalarNode) -> int:
        """Return where the words of a value begin: behind its quotation mark, or on the line below a | or >."""
        start = self._offset(node.start_mark)
        if node.style in {"|", ">"}:
            return self._text.find("\n", start) + 1
        return start + 1 if node.style in {"'", '"'} else start

    def _offset(self, mark: Any) -> int:
        return self._lines[mark.line] + int(mark.column) if mark.line < len(self._lines) else len(self._text)

    @cached_property
    def _lines(self) -> Sequence[int]:
        starts = [0]
        for line in self._text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        return starts

    def _count(self, offset: int) -> tuple[int, int]:
        before = self._text[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _walk(node: yaml.Node) -> Iterator[tuple[tuple[str, int], yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (str(key.value), key.start_mark.line + 1), value
            yield from _walk(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _walk(item)


def _align(value: str, text: str, start: int, end: int) -> Iterator[int]:
    """Yield for each character of a value where it stands in a stretch of text; stop where the two part.

    White space is folded and indented in a file, so that it is matched to the next white space, or to nothing.
    """
    place = start
    for letter in value:
        if letter.isspace():
            yield place
            if (escaped := _ESCAPED_SPACE.match(text, place)) is not None:
                place = escaped.end()
            continue
        while place < end and (text[place].isspace() or text.startswith("\\\n", place)):
            place += 1
        if text[place : place + 1] == letter:
            yield place
            place += 1
        elif (escape := _ESCAPE.match(text, place, end)) is not None:
            yield place
            place = escape.end()
        else:
            place = text.find(letter, place, min(end, place + _FARTHEST))
            if place < 0:
                return
            yield place
            place += 1
