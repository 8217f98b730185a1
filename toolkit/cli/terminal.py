"""Text, tables and one line of progress on a terminal; in a pipe the same words, with no colour and no bar."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TextIO

import click

_STYLES = {"bold": "1", "dim": "2", "yellow": "33"}
_MARK = re.compile(r"(\\)?\[(/?)(bold)\]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal would obey instead of showing: a reply may hold it."""
_WIDE = {"W", "F"}
_GAP = 2
_LEAST = 8
"""Columns that a cell keeps when a table is squeezed."""


def escape(text: str) -> str:
    """Return text of which no part is read as a mark."""
    return _MARK.sub(lambda mark: f"\\{mark[0]}", text)


class Console:
    """Prints on standard output, or standard error; `[bold]...[/bold]` is the one mark it knows."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._is_error = stderr
        self._bar: Bar | None = None

    @property
    def stream(self) -> TextIO:
        """Where it prints."""
        return sys.stderr if self._is_error else sys.stdout

    @property
    def is_terminal(self) -> bool:
        """Whether a person may be looking."""
        return self.stream.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def width(self) -> int:
        """How many columns there are; 80 in a pipe."""
        return shutil.get_terminal_size((80, 24)).columns

    def print(self, what: str | Columns = "", *, style: str = "") -> None:
        """Print a text or a table with a line break behind it, above the bar if there is one."""
        text = "\n".join(what.draw(self.width)) if isinstance(what, Columns) else what
        if style:
            text = _paint(_MARK.sub(_take_out, _UNSEEN.sub("", text)), style)
        else:
            text = _MARK.sub(_set_off, _UNSEEN.sub("", text))
        if self._bar is not None:
            self._bar.clear()
        colour = False if os.environ.get("NO_COLOR") else None
        click.echo(text, err=self._is_error, color=colour)
        if self._bar is not None:
            self._bar.draw()

    def show(self, bar: Bar | None) -> None:
        """Keep a bar under whatever is printed; None takes it away."""
        self._bar = bar


def _take_out(mark: re.Match[str]) -> str:
    return mark[0][1:] if mark[1] else ""


def _set_off(mark: re.Match[str]) -> str:
    if mark[1]:
        return mark[0][1:]
    return "\x1b[0m" if mark[2] else f"\x1b[{_STYLES[mark[3]]}m"


def _paint(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


@dataclass(slots=True)
class Columns:
    """Rows under headings, wrapped between words until they fit; `lines` draws one under the headings."""

    title: str
    lines: bool = True
    headings: list[str] = field(default_factory=list)
    _aligned: list[Literal["left", "right"]] = field(default_factory=list)
    _whole: list[bool] = field(default_factory=list)
    _rows: list[tuple[str, ...]] = field(default_factory=list)

    def add_column(self, heading: str, *, justify: Literal["left", "right"] = "left", no_wrap: bool = False) -> None:
        """Add a column; without wrapping, its cells keep their width whatever the terminal's."""
        self.headings.append(heading)
        self._aligned.append(justify)
        self._whole.append(no_wrap)

    def add_row(self, *cells: str) -> None:
        """Add a row of one cell a column."""
        self._rows.append(cells)

    def draw(self, width: int) -> list[str]:
        """Return the table's lines, for so many columns of a terminal."""
        widths = self._fit(width)
        drawn = [self.title, *self._draw_row(self.headings, widths)]
        if self.lines:
            drawn.append((" " * _GAP).join("─" * one for one in widths))
        return [*drawn, *(line for row in self._rows for line in self._draw_row(row, widths))]

    def _fit(self, width: int) -> list[int]:
        """Return each column's width: the widest shrink first, until all fit."""
        widths = [
            max(measure(line) for cell in (heading, *(row[place] for row in self._rows)) for line in cell.split("\n"))
            for place, heading in enumerate(self.headings)
        ]
        room = width - _GAP * (len(widths) - 1)
        while sum(widths) > room:
            able = [at for at, one in enumerate(widths) if not self._whole[at] and one > _LEAST]
            if not able:
                break
            widths[max(able, key=widths.__getitem__)] -= 1
        return widths

    def _draw_row(self, cells: Sequence[str], widths: Sequence[int]) -> list[str]:
        wrapped = [wrap(cell, one) for cell, one in zip(cells, widths, strict=True)]
        height = max(map(len, wrapped))
        filled = [lines + [""] * (height - len(lines)) for lines in wrapped]
        rows = []
        for line in zip(*filled, strict=True):
            padded = (
                _pad(cell, one, side == "right") for cell, one, side in zip(line, widths, self._aligned, strict=True)
            )
            rows.append((" " * _GAP).join(padded).rstrip())
        return rows


def measure(text: str) -> int:
    """Return how many columns a text takes: two for a wide character, none for a mark on another."""
    plain = _MARK.sub(_take_out, text)
    if plain.isascii():
        return len(plain)
    return sum(
        0 if unicodedata.combining(one) or unicodedata.category(one) in {"Mn", "Me", "Cf"}
        else 2 if unicodedata.east_asian_width(one) in _WIDE else 1
        for one in plain
    )  # fmt: skip


def wrap(text: str, width: int) -> list[str]:
    """Return a text as lines of at most so many columns, broken between words, and inside one only if it is longer."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            joined = f"{line} {word}" if line else word
            if measure(joined) <= width:
                line = joined
                continue
            if line:
                lines.append(line)
            *pieces, line = _cut(word, width)
            lines += pieces
        lines.append(line)
    return lines


def _cut(word: str, width: int) -> list[str]:
    pieces = [""]
    for one in word:
        if pieces[-1] and measure(pieces[-1] + one) > width:
            pieces.append("")
        pieces[-1] += one
    return pieces


def _pad(cell: str, width: int, is_right: bool) -> str:  # noqa: FBT001 - two sides
    room = " " * max(width - measure(cell), 0)
    return room + cell if is_right else cell + room


class Bar:
    """One line under what is printed: bar, count, rate, time left, cost, and what came last. It leaves no trace."""

    def __init__(self, console: Console, total: int, *, shown: bool) -> None:
        self.shown = shown
        self._console = console
        self._total = total
        self._done = 0
        self._words: tuple[str, str] = ("", "")
        self._said = "starting"
        self._began = time.monotonic()
        self._drawn = 0.0

    def start(self) -> None:
        """Begin to draw."""
        if self.shown:
            self._console.show(self)
            self.draw()

    def stop(self) -> None:
        """Take the line away."""
        if self.shown:
            self.clear()
            self._console.show(None)

    def update(self, said: str, *, done: int | None = None, rate: str = "", cost: str = "") -> None:
        """Say what came last, and how much is done."""
        self._said = said
        if done is not None:
            self._done, self._words = done, (rate, cost)
        if self.shown and (time.monotonic() - self._drawn > _PAUSE or self._done >= self._total):
            self.draw()

    def draw(self) -> None:
        """Draw the line anew."""
        share = min(self._done / self._total, 1.0) if self._total else 1.0
        full = round(share * _BAR)
        count = f"{self._done}/{self._total}"
        rate, cost = self._words
        words = (
            f"{'━' * full}{'╌' * (_BAR - full)}", count, rate, self._say_left(), cost, _UNSEEN.sub("", self._said)
        )  # fmt: skip
        line = " ".join(filter(None, words)).replace("\n", " ")
        while measure(line) >= self._console.width and line:
            line = line[:-1]
        self._write(f"\r\x1b[2K{line}")
        self._drawn = time.monotonic()

    def clear(self) -> None:
        """Empty the line."""
        self._write("\r\x1b[2K")

    def _say_left(self) -> str:
        if not self._done:
            return "--:--"
        left = round((time.monotonic() - self._began) / self._done * (self._total - self._done))
        hours, rest = divmod(max(left, 0), 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"

    def _write(self, text: str) -> None:
        self._console.stream.write(text)
        self._console.stream.flush()


_PAUSE = 0.1
_BAR = 24
