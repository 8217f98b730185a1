"""Pages under docs/ that are written by a program are what it writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


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
def test_a_written_page_is_current(program: str, page: str) -> None:
    """The page equals what its program prints: `python benchmarks/PROGRAM > docs/PAGE` renews it."""
    written = subprocess.run(
        [sys.executable, f"benchmarks/{program}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    ).stdout
    assert written == (ROOT / "docs" / page).read_text(encoding="utf-8")
