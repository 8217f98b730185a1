"""Python code in README, docs and docstrings runs as it stands, on a provider that is played on loopback."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from documented import Block, find_example, list_blocks
from openai_server import PATIENCE, OpenAIServer
from scripted import ScriptedEngine
from toolkit_runs import answer

import toolkit

ROOT = Path(__file__).parent.parent
BLOCKS = [
    block
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "CONTRIBUTING.md"]
    for block in list_blocks(page)
]
DOCUMENTED = {
    name: value
    for name in toolkit.__all__
    if inspect.ismodule(value := getattr(toolkit, name)) or inspect.isclass(value) or callable(value)
}
"""Every public name but plain values, which have no docstring of their own."""
EXAMPLES = {name: example for name, value in DOCUMENTED.items() if (example := find_example(value)) is not None}
EMBEDDED = 'engine="local"'
"""What an example says if it asks the embedded language model."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> toolkit.Run:
    """Return a finished run of the bundled example on the bundled sellers."""
    store = tmp_path_factory.mktemp("finished") / "reactions.sqlite"
    drafts = toolkit.load_drafts(ROOT / "examples" / "paypal-invoices.yaml")
    return toolkit.run(drafts, "uk-small-sellers", engine=ScriptedEngine(answer), rating="direct", store=store)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a study of the bundled example, its drafts tagged by their ids, everybody asked twice."""
    folder = tmp_path_factory.mktemp("made")
    campaign = toolkit.load_drafts(ROOT / "examples" / "paypal-invoices.yaml")
    tagged = tuple(draft.model_copy(update={"tags": (("style", draft.id),)}) for draft in campaign.drafts)
    toolkit.study(
        campaign.replace_drafts(tagged),
        repeats=2,
        audiences="uk-small-sellers",
        engine=ScriptedEngine(answer),
        rating="direct",
        folder=folder / "study",
        store=folder / "reactions.sqlite",
    )
    return folder / "study"


@pytest.fixture
def place(tmp_path: Path, finished: toolkit.Run, made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand in a folder as a user has it: the examples, campaigns with recordings, a saved run, an endpoint."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for name in ("invoices", "spring"):
        for suffix in (".yaml", ".reactions.jsonl"):
            source = ROOT / "examples" / f"reading-club{suffix}"
            (tmp_path / "campaigns").mkdir(exist_ok=True)
            shutil.copy(source, tmp_path / "campaigns" / f"{name}{suffix}")
    finished.save(tmp_path / "runs" / "today")
    shutil.copytree(made, tmp_path / "studies" / "today")
    monkeypatch.chdir(tmp_path)
    with OpenAIServer(models=("gpt-5-mini",), key=None) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "a key of a test")
        yield tmp_path


@pytest.fixture
def names(finished: toolkit.Run) -> dict[str, Any]:
    """Return what an example may use without making it."""
    drafts = toolkit.load_drafts(ROOT / "examples" / "paypal-invoices.yaml")
    audience = toolkit.load_audience("uk-small-sellers")
    return {"__name__": "example", "toolkit": toolkit, "drafts": drafts, "audience": audience, "run": finished}


def mark(code: str) -> list[pytest.MarkDecorator]:
    """Return the marks of an example: those that ask the embedded language model, or start pytest, take long."""
    if EMBEDDED in code:
        return [pytest.mark.model, pytest.mark.slow]
    if "range(200)" in code:  # also in tests/test_study_command.py, in a smaller size
        return [pytest.mark.nightly]
    return [pytest.mark.slow] if "def test_" in code else []


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, id=f"{block.page.relative_to(ROOT)}:{block.line}", marks=mark(block.code))
        for block in BLOCKS
    ],
)
def test_a_block_of_a_page_runs(block: Block, place: Path, names: dict[str, Any]) -> None:
    """A reader who copies the block gets what the page says, not an error."""
    if EMBEDDED in block.code:
        keep_two_people(place)
    if "def test_" in block.code:
        run_as_test(block.code, place)
    else:
        padded = "\n" * (block.line - 1) + block.code  # so that a traceback shows the page's own line
        exec(compile(padded, str(block.page), "exec"), names)  # noqa: S102 - our own pages


def keep_two_people(folder: Path) -> None:
    """Put an audience of two in the place of the bundled one: twelve take the embedded model a minute."""
    bundled = yaml.safe_load((ROOT / "personas" / "uk-small-sellers.yaml").read_text(encoding="utf-8"))
    (folder / "personas").mkdir()
    few = {**bundled, "personas": bundled["personas"][:2]}
    (folder / "personas" / "uk-small-sellers.yaml").write_text(yaml.safe_dump(few), encoding="utf-8")


def run_as_test(code: str, folder: Path) -> None:
    """Run a block that defines tests as pytest would."""
    (folder / "test_block.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_block.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_pages_have_blocks() -> None:
    """The pages that teach Python are among those that are run."""
    pages = {block.page.name for block in BLOCKS}
    assert {"README.md", "python.md", "ci.md", "gate.md", "improve.md", "outcome-model.md"} <= pages


def test_every_public_name_has_an_example() -> None:
    """The API page shows each name at work."""
    assert DOCUMENTED.keys() == EXAMPLES.keys()


@pytest.mark.parametrize("name", [pytest.param(name, marks=mark(code)) for name, code in EXAMPLES.items()])
@pytest.mark.usefixtures("place")
def test_the_example_of_a_public_name_runs(name: str, names: dict[str, Any]) -> None:
    """The example in a docstring runs; what a doctest says is printed, is printed."""
    run_example(name, EXAMPLES[name], names)


MODULES = sorted(
    "toolkit." + ".".join(path.relative_to(ROOT / "toolkit").with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "toolkit").rglob("*.py")
    if re.search(r"^ *>>> ", path.read_text(encoding="utf-8"), re.MULTILINE) and path.parent != ROOT / "toolkit"
)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.usefixtures("place")
def test_the_examples_of_a_room_run(module: str, names: dict[str, Any]) -> None:
    """What a face, a class or a function behind it shows is what happens."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    found = doctest.testmod(importlib.import_module(module), extraglobs=names, optionflags=flags)
    assert found.attempted > 0
    assert found.failed == 0


def run_example(name: str, code: str, names: dict[str, Any]) -> None:
    """Run an example, as a doctest if it is one; raise AssertionError with doctest's report if it prints otherwise."""
    if ">>>" not in code:
        exec(compile(code, f"<example of {name}>", "exec"), names)  # noqa: S102 - our own docstrings
        return
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=flags)
    runner.run(doctest.DocTestParser().get_doctest(code, names, name, None, 0), out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def documented(text: str) -> object:
    """Return something with this docstring."""

    def thing() -> None: ...

    thing.__doc__ = textwrap.dedent(text)
    return thing


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("One.\n\nExample:\n    a = 1\n\n    b = 2\n\nRaises InputError.", "a = 1\n\nb = 2"),
        ("One.\n\nExamples:\n    ```python\n    a = 1\n    ```\n", "a = 1\n"),
        ("One.\n\nExample:\n    >>> 1 + 1\n    2\n", ">>> 1 + 1\n2"),
        ("One.\n\n>>> 1 + 1\n2", "One.\n\n>>> 1 + 1\n2"),
        ("One example: none.", None),
    ],
)
def test_an_example_is_found(text: str, code: str | None) -> None:
    """A section called Example, with or without a fence, or a doctest."""
    assert find_example(documented(text)) == code


def test_a_wrong_doctest_fails() -> None:
    """What is printed otherwise than said is a failure, not a note."""
    with pytest.raises(AssertionError, match="Expected"):
        run_example("wrong", ">>> 1 + 1\n3\n", {})
