"""What the command draws on a terminal: marks, tables that fit, and one line of progress."""

from __future__ import annotations

import contextlib
import os
import pty
import sys
from collections.abc import Callable

import pytest

from toolkit.cli.terminal import Bar, Columns, Console, escape, measure, wrap


def test_no_text_of_a_draft_is_a_mark(capsys: pytest.CaptureFixture[str]) -> None:
    """A draft that says [bold] is printed as it is, and in a pipe a mark leaves nothing."""
    Console().print(f"[bold]{escape('[bold]Sale[/bold] [today]')}:[/bold] {escape('[x]')}")
    assert capsys.readouterr().out == "[bold]Sale[/bold] [today]: [x]\n"


def test_no_reply_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences and carriage returns of a reply are left out."""
    Console().print("fine\x1b[2J\x1b]0;owned\x07\r over\n\tnext", style="dim")
    assert capsys.readouterr().out == "fine[2J]0;owned over\n\tnext\n"


@pytest.mark.parametrize("width", [40, 60, 100])
def test_a_table_fits_and_loses_no_word(width: int) -> None:
    """Wide cells wrap between words, wide characters count twice, and every word is still there."""
    table = Columns("Title")
    table.add_column("draft")
    table.add_column("said")
    table.add_column("share", justify="right")
    said = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    table.add_row("見出しの案", said, "12 % (3 to 30 %)")
    table.add_row("b", "short", "7 %")
    lines = table.draw(width)
    assert max(map(measure, lines)) <= width
    assert set(said.split()) <= set(" ".join(lines).split())
    assert lines[-1].endswith("7 %")
    if width == 100:
        assert measure(lines[-1]) == measure(lines[3]), "right edges are in line"


def test_only_a_word_longer_than_the_line_is_cut() -> None:
    """Words stay whole where they fit."""
    assert wrap("a bcdefghij kl\nm", 4) == ["a", "bcde", "fghi", "j kl", "m"]


def on_a_terminal(work: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what work writes to a terminal of 60 columns."""
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with os.fdopen(theirs, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        work()
    written = b""
    with contextlib.suppress(OSError):  # so a terminal that was closed says that nothing is left
        while part := os.read(ours, 65536):
            written += part
    os.close(ours)
    return written.decode()


def test_the_bar_shows_count_and_latest_and_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it runs it says how much is done; what is printed stands above it; at the end its line is empty."""

    def work() -> None:
        console = Console(stderr=True)
        bar = Bar(console, 2, shown=console.is_terminal)
        bar.start()
        console.print("warning", style="yellow")
        bar.update("Maya reads on. " + "and on " * 40, done=2, rate="1.0/s", cost="$0.01")
        bar.stop()

    written = on_a_terminal(work, monkeypatch)
    assert "2/2 1.0/s 00:00 $0.01 Maya" in written
    assert "\r\x1b[2K\x1b[33mwarning\x1b[0m\r\n\r\x1b[2K" in written
    assert written.endswith("\r\x1b[2K")
    assert max(len(line) for line in written.replace("\x1b[2K", "").split("\r")) < 60


def test_a_pipe_has_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody looks, nothing is drawn."""
    console = Console(stderr=True)
    bar = Bar(console, 2, shown=console.is_terminal)
    bar.start()
    bar.update("said", done=2)
    bar.stop()
    assert capsys.readouterr().err == ""
