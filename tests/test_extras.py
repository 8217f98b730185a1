"""The core alone: it lints, checks and asks, and what needs an extra says in one line how to add it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import polars as pl
import pytest
from installed import Installed, install
from packaging.requirements import Requirement

from toolkit.audiences import load_audience
from toolkit.audiences.streaming import Draw

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Return the wheel in an environment that sees what the core requires, and nothing else of this one."""
    made = install(tmp_path_factory.mktemp("core"))
    (made.site / "dependencies.pth").unlink()
    for name in list_required(made):
        found = distribution(name)
        for top in {Path(str(path)).parts[0] for path in found.files or ()} - {"..", "__pycache__"}:
            if not (made.site / top).exists():
                (made.site / top).symlink_to(Path(str(found.locate_file(top))).resolve())
    return made


def list_required(made: Installed) -> set[str]:
    """Return what the wheel requires without extras, and what that requires in turn."""
    script = "import importlib.metadata, json; print(json.dumps(importlib.metadata.requires('audience-toolkit')))"
    listed = subprocess.run([made.python, "-c", script], capture_output=True, text=True, check=True).stdout
    left = [Requirement(line) for line in json.loads(listed)]
    left = [one for one in left if one.marker is None or one.marker.evaluate({"extra": ""})]
    seen: set[str] = set()
    known: set[str] = set()
    while left:
        requirement = left.pop()
        asked = {requirement.name, *(f"{requirement.name}[{extra}]" for extra in requirement.extras)}
        if asked <= seen:
            continue
        seen |= asked
        known.add(requirement.name)
        for line in distribution(requirement.name).requires or ():
            further = Requirement(line)
            extras = {"", *requirement.extras}
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras):
                left.append(further)
    return known


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a recorded campaign, and a run of it by a double."""
    place = tmp_path / "team"
    place.mkdir()
    for path in (ROOT / "examples").glob("reading-club.*"):
        shutil.copy(path, place)
    return place


def test_the_core_is_small(core: Installed) -> None:
    """No package of the core brings SciPy, pandas, PyArrow, Streamlit or a drawing library with it."""
    heavy = {"scipy", "pandas", "pyarrow", "streamlit", "altair", "vl-convert-python", "polars-hash", "fastexcel"}
    required = {name.lower() for name in list_required(core)}
    assert {"polars", "numpy", "openai"} <= required
    assert required & heavy == set()


def test_the_core_lints_checks_and_asks(core: Installed, folder: Path) -> None:
    """Lint, the gate and `toolkit.run` with an engine of one's own work with nothing added; so do three reports."""
    assert core.start(folder, "audience", "lint", "reading-club.yaml").returncode == 0
    checked = core.start(folder, "audience", "check", "reading-club.yaml", "--json")
    assert json.loads(checked.stdout)["outcome"] == "passed", checked.stderr
    smoke = (ROOT / ".ci" / "smoke").read_text()
    script = smoke.split("<<'PYTHON'\n")[1].split("\nPYTHON\n")[0]
    (folder / "people.csv").write_text("id,age,role\n1,24,seller\n2,31,buyer\n3,45,seller\n")
    imported = core.start(
        folder, "audience", "personas", "import", "people.csv", "--sentence", "Aged {age}, a {role}.", "--yes",
        "-o", "people.yaml",
    )  # fmt: skip
    assert imported.returncode == 0, imported.stderr
    asked = core.start(folder, "-c", script)
    assert asked.returncode == 0, asked.stderr
    for suffix in ("html", "md", "json"):
        done = core.start(folder, "audience", "report", "one", "-o", f"report.{suffix}")
        assert done.returncode == 0, done.stderr
    assert "pip install &#39;audience-toolkit[charts]&#39;" in (folder / "report.html").read_text()
    for form, extra in (("xlsx", "excel"), ("png", "charts"), ("svg", "charts")):
        lacking = core.start(folder, "audience", "report", "one", "-o", f"report.{form}")
        assert lacking.returncode == 2
        assert lacking.stderr.count("\n") == 1
        assert lacking.stderr.endswith(f"pip install 'audience-toolkit[{extra}]'\n")


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (("app", "--no-browser"), "page"),
        (("mcp", "--engine", "replay"), "mcp"),
        (("run", "reading-club.yaml", "--engine", "local"), "local"),
        (("run", "reading-club.yaml", "--workers", "2"), "ray"),
        (("personas", "import", "people.xlsx", "-o", "p.yaml"), "excel"),
        (("personas", "import", "people.sav", "-o", "p.yaml"), "survey"),
    ],
)
def test_a_missing_extra_is_one_line_with_its_command(
    core: Installed, folder: Path, words: tuple[str, ...], extra: str
) -> None:
    """What needs an extra ends at once, with the command that adds it."""
    shutil.copy(next((ROOT / "tests" / "data" / "people").rglob("*.xlsx")), folder / "people.xlsx")
    shutil.copy(next((ROOT / "tests" / "data").rglob("*.sav")), folder / "people.sav")
    done = core.start(folder, "audience", *words)
    assert done.returncode == 2, done.stdout
    assert done.stderr.count("\n") == 1
    assert f"pip install 'audience-toolkit[{extra}]'" in done.stderr


def test_the_core_draws_the_same_people(core: Installed, folder: Path) -> None:
    """Who is drawn from a large table does not depend on the extra that hashes on all cores."""
    pytest.importorskip("polars_hash")
    rows = [f"p{number}é" for number in range(5000)]
    pl.DataFrame({"id": rows, "age": [40] * 5000}).write_parquet(folder / "people.parquet")
    script = (
        "from toolkit.audiences import load_audience; from toolkit.audiences.streaming import Draw; "
        "print(*(one.id for one in load_audience('people.parquet', draw=Draw(seed=3, sample=40)).personas))"
    )
    done = core.start(folder, "-X", "utf8", "-c", script)
    here = load_audience(folder / "people.parquet", draw=Draw(seed=3, sample=40)).personas
    assert done.stdout.split() == [one.id for one in here], done.stderr


def test_every_extra_named_in_a_message_exists() -> None:
    """Each command that a message or a page hands out names extras of the package."""
    declared = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    named = set()
    for path in [*(ROOT / "toolkit").rglob("*.py"), ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for extras in re.findall(
            r"(?:audience-toolkit|needing\(|install '\.)\"?\[?([a-z-]+(?:,[a-z-]+)*)[\]\"]", path.read_text()
        ):
            named |= set(extras.split(","))
    assert named <= declared
    assert {"page", "charts", "excel", "survey", "local", "ray", "docs", "all", "sign-in", "stats"} <= declared
