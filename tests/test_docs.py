"""docs/surfaces.md is what the data says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_table_of_surfaces_is_current() -> None:
    """The page equals what `benchmarks/surfaces_table.py` writes from the data files."""
    written = subprocess.run(
        [sys.executable, "benchmarks/surfaces_table.py"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    ).stdout
    assert written == (ROOT / "docs" / "surfaces.md").read_text(encoding="utf-8")


def test_the_page_on_validity_is_current() -> None:
    """It equals what `python benchmarks/validity.py` writes from benchmarks/validity.json."""
    written = subprocess.run(
        [sys.executable, "benchmarks/validity.py"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    ).stdout
    assert written == (ROOT / "docs" / "validity.md").read_text(encoding="utf-8")
