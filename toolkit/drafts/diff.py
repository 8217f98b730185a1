"""What changed between two texts, word by word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Literal

from toolkit.models import Draft, Record

_TOKEN = re.compile(r"\s+|[\w'\u2019-]+|[^\w\s]")
_MOST_TOKENS = 4_000
WORDED = ("text", "headline", "description", "cta", "greeting", "ice_breakers", "buttons", "quick_replies")
"""The parts of a draft that hold words a writer chose."""


class Piece(Record):
    """A stretch of two texts compared."""

    kind: Literal["same", "removed", "added"]
    text: str


class Change(Record):
    """One part of a draft, before and after."""

    part: str
    """The field, such as text or headline."""
    pieces: tuple[Piece, ...]

    @property
    def is_change(self) -> bool:
        """Whether anything differs."""
        return any(piece.kind != "same" for piece in self.pieces)


def compare_texts(before: str, after: str) -> list[Piece]:
    """Return the pieces of two texts in reading order, what was removed before what was added in its place.

    Put together, all but the added make `before`, all but the removed make `after`. Texts of more than 4,000 words are
    compared whole lines at a time.
    """
    old, new = _split(before), _split(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    pieces: list[Piece] = []
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            pieces.append(Piece(kind="same", text="".join(old[start:end])))
            continue
        if end > start:
            pieces.append(Piece(kind="removed", text="".join(old[start:end])))
        if new_end > new_start:
            pieces.append(Piece(kind="added", text="".join(new[new_start:new_end])))
    return _bridge(pieces)


def compare_drafts(before: Draft, after: Draft) -> list[Change]:
    """Return the worded parts that either draft has, each compared."""
    parts = [(name, _as_text(getattr(before, name)), _as_text(getattr(after, name))) for name in WORDED]
    return [Change(part=name, pieces=tuple(compare_texts(old, new))) for name, old, new in parts if old or new]


def write_difference(pieces: Sequence[Piece]) -> str:
    """Return one text with [-what was removed-] and {+what was added+} marked by signs alone."""
    marks = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
    return "".join(f"{marks[piece.kind][0]}{piece.text}{marks[piece.kind][1]}" for piece in pieces)


def _bridge(pieces: Sequence[Piece]) -> list[Piece]:
    """Join changes that only a space parts, so that a run of changed words reads as one change."""
    joined: list[Piece] = []
    for place, piece in enumerate(pieces):
        between = 0 < place < len(pieces) - 1
        if piece.kind == "same" and between and not piece.text.strip() and "\n" not in piece.text:
            joined += [Piece(kind="removed", text=piece.text), Piece(kind="added", text=piece.text)]
        else:
            joined.append(piece)
    return _merge(joined)


def _merge(pieces: Sequence[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    removed = added = ""
    for piece in [*pieces, Piece(kind="same", text="")]:
        if piece.kind == "removed":
            removed += piece.text
        elif piece.kind == "added":
            added += piece.text
        else:
            merged += [Piece(kind="removed", text=removed)] if removed else []
            merged += [Piece(kind="added", text=added)] if added else []
            merged += [piece] if piece.text else []
            removed = added = ""
    return merged


def _split(text: str) -> list[str]:
    tokens = _TOKEN.findall(text)
    return tokens if len(tokens) <= _MOST_TOKENS else text.splitlines(keepends=True)


def _as_text(value: str | tuple[str, ...] | None) -> str:
    return "\n".join(value) if isinstance(value, tuple) else value or ""
