"""Every program of benchmarks/ still runs, at a size that takes seconds, or says here why not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"
SMALL = {
    "big_run.py": (["{folder}", "24"], "many-"),
    "check_speed.py": (["1"], "6 checks"),
    "compare_speed.py": (["--personas", "80", "--drafts", "3"], "figures agree to 1e-12"),
    "factors.py": (["--runs", "2"], "campaigns, people and wordings (this toolkit)"),
    "first_request.py": (["--rounds", "1"], ""),
    "keeping.py": (["20"], ""),
    "lint_precision.py": ([], ""),
    "lint_speed.py": (["60"], "60 drafts"),
    "million_rows.py": (["--rows", "6000"], "6,000 rows"),
    "plugin_cost.py": (["--pairs", "1"], "1 pairs: the plugin adds"),
    "preview_page.py": (["{folder}/previews.html"], ""),
    "study_speed.py": (["2"], "the study takes"),
    "ten_million.py": (["--personas", "80"], "the same estimates to 1e-9"),
    "throughput.py": (["--calls", "12", "--in-flight", "4", "--rounds", "1"], "kB of peak memory a call"),
    "verdict_speed.py": (["--people", "8", "--rounds", "1"], "32 reactions, here: "),
}
"""How each is run, and what it then prints."""
MODEL, DATA = "asks a model for minutes", "fits or judges for minutes, on data that is not all here"
HELPED = {"own_draft.py", "persona_spread.py", "small_chat_model.py"}
OTHERS = {
    "api_page.py": "tests/test_docs.py",
    "behaviour_page.py": "tests/test_docs.py",
    "commands_page.py": "tests/test_docs.py",
    "environment_page.py": "tests/test_docs.py",
    "surfaces_table.py": "tests/test_docs.py",
    "validity.py": "tests/test_docs.py",
    "notebook_pages.py": "tests/test_notebook.py",
    "contestants.py": "throughput.py starts it",
    "loopback.py": "throughput.py starts it",
    "domain_cards.py": DATA,
    "train_outcome_model.py": DATA,
    "train_post_model.py": DATA,
    "install_size.py": "installs packages for minutes",
    "languages_table.py": "writes its figures into docs/languages.md",
    "model_panels.py": DATA,
    "place_record.py": DATA,
    "page_speed.py": "measures a browser for minutes",
    "start_speed.py": "measures a browser for minutes",
    **dict.fromkeys(HELPED, MODEL),
}
"""Who else runs each program, or why nobody does in a test."""


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of benchmarks/ as its docstring says."""
    command = [sys.executable, str(FOLDER / program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=FOLDER.parent)


def test_every_program_is_named() -> None:
    """No program of benchmarks/ is forgotten here."""
    assert {path.name for path in FOLDER.glob("*.py")} == {*SMALL, *OTHERS}


@pytest.mark.slow
@pytest.mark.parametrize("program", sorted(SMALL))
def test_a_benchmark_runs_at_a_small_size(program: str, tmp_path: Path) -> None:
    """It comes to its end and prints what it measured; whether an aim is met is no matter at this size."""
    arguments, said = SMALL[program]
    done = run(program, *(argument.format(folder=tmp_path) for argument in arguments))
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in {0, 1}
    assert said in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("program", sorted(HELPED))
def test_a_benchmark_of_a_model_says_how_to_run_it(program: str) -> None:
    """What takes a model for minutes is imported, and describes its options."""
    done = run(program, "--help")
    assert done.returncode == 0, done.stderr
    assert "--personas" in done.stdout
