"""What every test may use: a small audience, a campaign, a store of its own."""

from __future__ import annotations

import contextlib
import functools
import gc
import io
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from installed import Installed, install
from openai_server import PATIENCE, OpenAIServer
from scheduling import BrowserFirst, check_files, put_slow_first

from toolkit.models import Audience, Campaign, Draft, Persona

ROOT = Path(__file__).parent.parent
Command = Callable[..., "subprocess.CompletedProcess[str]"]

# The same examples at every run, however slow the machine: a test that fails, fails again.
settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


# As `audience app` has it.
os.environ["STREAMLIT_RUNNER_POST_SCRIPT_GC"] = "false"

# Compiled code is kept, whatever the machine says: each of some hundred processes would compile the package anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_finish() -> None:
    """Do once what would be done again and again: look through all modules for garbage, all packages for components."""
    if "streamlit" in sys.modules:
        from streamlit.components.v2 import manifest_scanner

        manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let a worker begin with what takes longest, and leave what is for the night to those who ask for it."""
    check_files(items)
    if "nightly" not in config.option.markexpr:
        nightly = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=nightly)
        items[:] = [item for item in items if item not in nightly]
    if hasattr(config, "workerinput"):
        put_slow_first(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test that failed in a browser tell what its pages showed."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("browser")
    if report.when == "call" and report.failed and browser is not None:
        for page in (page for context in browser.contexts for page in context.pages):
            with contextlib.suppress(Exception):  # a page that cannot tell any more takes nothing from the report
                report.sections.append((f"page {page.url}", page.inner_text("body", timeout=5_000)))
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BrowserFirst:
    """Keep tests that drive a browser on one worker: two browsers on two cores wait for each other."""
    return BrowserFirst(config, log)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return paths of stores to be: most tests need none, and a folder for each would take longer than many a test."""
    folder = tmp_path_factory.mktemp("stores")
    return (folder / str(number) / "reactions.sqlite" for number in itertools.count())


@pytest.fixture(autouse=True)
def own_surroundings(stores: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a store of its own and no key, endpoint or option from the machine."""
    for name in [name for name in os.environ if name.startswith(("AUDIENCE_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AUDIENCE_STORE", str(next(stores)))


@pytest.fixture(autouse=True)
def one_thread(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the embedded model one thread where tests run beside each other.

    Threads that wait for each other on cores that others use burn twice the processor time, and take longer.
    """
    if request.node.get_closest_marker("model") and "PYTEST_XDIST_WORKER" in os.environ:
        monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Return the installed product."""
    return install(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def audience() -> Audience:
    """Return twelve personas of two roles."""
    return make_audience()


def make_audience() -> Audience:
    """Return twelve personas of two roles."""
    people = [
        Persona(
            id=f"p{number:02}",
            name=f"Person{number}",
            age=20 + number,
            segments={"role": "seller" if number % 2 else "buyer"},
            about=f"Lives at number {number} and sells jam.",
        )
        for number in range(12)
    ]
    return Audience(audience="jam-sellers", description="People who sell jam.", source="a test", personas=tuple(people))


@pytest.fixture
def campaign() -> Campaign:
    """Return two short drafts of a Messenger message."""
    return make_campaign()


def make_campaign() -> Campaign:
    """Return two short drafts of a Messenger message."""
    drafts = (
        Draft(id="plain", text="Send an invoice in the chat."),
        Draft(id="benefit", text="Get paid today, in the chat."),
    )
    return Campaign(campaign="invoices", objective="click", drafts=drafts)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """Serve an OpenAI-compatible endpoint on loopback."""
    with OpenAIServer(key=None) as running:
        yield running


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Return a function that runs `audience` in an empty folder, within this process: a new one would load it anew."""
    from toolkit.cli.main import main

    folder = tmp_path / "work"
    folder.mkdir(exist_ok=True)

    def start(*arguments: object, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        words = list(map(str, arguments))
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as surroundings:
            surroundings.chdir(folder)
            surroundings.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((stdin or "").encode()), encoding="utf-8"))
            for name, value in environment.items():
                surroundings.setenv(name, value)
            with pytest.raises(SystemExit) as left:
                main(words)
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(words, int(left.value.code or 0), printed.out, printed.err)

    return start


@pytest.fixture
def process(tmp_path: Path) -> Command:
    """Return a function that runs `audience` as a process in an empty folder."""
    folder = tmp_path / "work"
    folder.mkdir(exist_ok=True)

    def start(*arguments: object, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "toolkit", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            input=stdin,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            timeout=PATIENCE,
        )

    return start
