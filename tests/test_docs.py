"""Pages under docs/ that are written by a program are what it writes."""

from __future__ import annotations

import io
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
Printer = Callable[[str], str]


@pytest.fixture
def print_page(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Printer:
    """Return a function that runs a program of benchmarks/ with no input and returns what it prints."""

    def run(program: str) -> str:
        path = ROOT / "benchmarks" / program
        if program == "commands_page.py":  # click keeps the help option of a command that a test called by itself
            return subprocess.run([sys.executable, path], capture_output=True, text=True, check=True, cwd=ROOT).stdout
        monkeypatch.chdir(ROOT)
        monkeypatch.syspath_prepend(path.parent)
        monkeypatch.setattr("sys.argv", [str(path)])
        monkeypatch.setattr("sys.stdin", io.StringIO())
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    ("program", "page"),
    [
        ("api_page.py", "api.md"),
        ("surfaces_table.py", "surfaces.md"),
        ("commands_page.py", "commands.md"),
        ("environment_page.py", "environment.md"),
        ("validity.py", "validity.md"),
    ],
)
def test_a_written_page_is_current(program: str, page: str, print_page: Printer) -> None:
    """The page equals what its program prints: `python benchmarks/PROGRAM > docs/PAGE` renews it."""
    assert print_page(program) == (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_the_gates_are_described_as_the_program_describes_them(print_page: Printer) -> None:
    """The page on behaviour begins as its program begins one; the scorecard below it takes a model to renew."""
    head = print_page("behaviour_page.py")
    assert (ROOT / "docs" / "behaviour.md").read_text(encoding="utf-8").startswith(head)


def test_every_variable_that_is_read_is_listed() -> None:
    """A variable that the code reads by name stands on the page of variables."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "toolkit").rglob("*.py"))
    read = set(re.findall(r"environ(?:ment)?(?:\.get\(|\[)\s*\"(\w+)\"", code)) | set(
        re.findall(r"AUDIENCE_[A-Z_]+\b", code)
    )
    page = (ROOT / "docs" / "environment.md").read_text(encoding="utf-8")
    assert {"OPENAI_API_KEY", "AUDIENCE_STORE", "OMP_NUM_THREADS"} <= read
    assert [name for name in sorted(read) if f"`{name}`" not in page] == []
