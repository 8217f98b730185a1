"""The pytest plugin: campaigns with checks are test files, one item a check.

A wheel carries this file beside the package, as the module `audience_toolkit_pytest`, which pytest loads in every
session. It imports nothing of the package until a campaign with checks is found, and then only inside
`borrow_name`: the repository under test may have a package of its own called `toolkit`, and its tests must see theirs.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.abc
import importlib.machinery
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from toolkit.gate import results
    from toolkit.models import Campaign

_PACKAGE = "toolkit"
_OF_OURS = ("cli/main.py", "data/surfaces/messenger_message.yaml")
"""Files by which the package is told from another one of its name."""
_SUFFIXES = {".yaml", ".yml"}
_WORDS = (b"campaign", b"drafts", b"checks")
"""What stands in every campaign with checks."""
_MARK = "audience"
_PATHS = "audience_paths"
_STALE = "stale"
_SHELF: pytest.StashKey[Any] = pytest.StashKey()
"""Audiences and prompts that the campaigns of a session share."""


class _Returning(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Keeps the package's modules while its name is another's, and hands them back to whoever imports it later."""

    def __init__(self) -> None:
        self.modules: dict[str, ModuleType] = {}
        self.place: str | None = None
        """The folder that this package is imported from, once it was looked for."""

    def find_spec(self, fullname: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        """Return the modules that were loaded before, if it is this package that an import would find now."""
        if fullname != _PACKAGE or not self.modules:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname)
        if found is None or found.origin != self.modules[_PACKAGE].__file__:
            return None
        return importlib.machinery.ModuleSpec(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        """Put all of them back, the package itself in the place of `module`."""
        assert module.__name__ == _PACKAGE  # noqa: S101 - no other name is found here
        sys.modules.update(self.modules)


_KEPT = _Returning()


@contextlib.contextmanager
def borrow_name() -> Iterator[None]:
    """Let `toolkit` be this package while the block lasts, and afterwards what it was before.

    Where it is this package already, nothing happens.
    """
    loaded = getattr(sys.modules.get(_PACKAGE), "__file__", None)
    if loaded and _is_our_package(Path(loaded).parent):
        yield
        return
    if _KEPT not in sys.meta_path:
        sys.meta_path.insert(0, _KEPT)
    place = _KEPT.place = _KEPT.place or _find_place()
    theirs = _take_modules()
    sys.modules.update(_KEPT.modules)
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)
        _KEPT.modules = _take_modules()
        sys.modules.update(theirs)


def _take_modules() -> dict[str, ModuleType]:
    """Return everything loaded under the name, and forget it."""
    names = [name for name in sys.modules if name.startswith(_PACKAGE) and name.partition(".")[0] == _PACKAGE]
    return {name: sys.modules.pop(name) for name in names}


def _find_place() -> str:
    """Return the folder that this package is imported from."""
    here = Path(__file__).parent
    for place in (str(here), str(here.parent), *sys.path):
        if _is_our_package(Path(place) / _PACKAGE):
            return place
    raise pytest.UsageError("audience-toolkit is installed in part; install it again, or pass -p no:audience")


def _is_our_package(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _OF_OURS)


def _read_engine(name: str) -> str:
    """Return the name of an engine: a built-in one, or one that a package brings."""
    import argparse
    from importlib.metadata import entry_points

    names = ("replay", "local", "openai")
    if name in names or any(entry.name == name for entry in entry_points(group="audience_toolkit.engines")):
        return name
    raise argparse.ArgumentTypeError(f"invalid choice: {name!r} (choose from {', '.join(names)}, or a plugin's)")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --audience-engine and --audience-strict."""
    group = parser.getgroup("audience", "campaign checks (audience-toolkit)")
    group.addoption(
        "--audience-engine",
        type=_read_engine,
        metavar="{replay,local,openai}",
        default="replay",
        help="What answers for campaign checks: the recording beside the campaign (replay: no network, no key, no "
        "cost), the embedded model, or an endpoint. Default: replay.",
    )
    group.addoption(
        "--audience-strict",
        action="store_true",
        help="An inconclusive campaign check is a failure instead of an expected one.",
    )
    parser.addini(
        _PATHS,
        "Folders, files and globs from the root folder: only campaigns among them are collected. Default: all.",
        type="args",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of every campaign check, for `-m audience` and `-m 'not audience'`."""
    config.addinivalue_line("markers", f"{_MARK}: a check of a campaign, judged from its recording (audience-toolkit)")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect YAML files whose top level has campaign, drafts and checks."""
    if file_path.suffix.lower() not in _SUFFIXES or not _is_wanted(file_path, parent.config):
        return None
    if not _may_be_campaign(file_path):
        return None
    with borrow_name():
        from toolkit.gate import is_meant_as_campaign

        if not is_meant_as_campaign(file_path):
            return None
    return CampaignFile.from_parent(parent, path=file_path)


def _is_wanted(path: Path, config: pytest.Config) -> bool:
    """Whether a file lies among `audience_paths`, if the team names any; a file named to pytest itself always does."""
    wanted = config.getini(_PATHS)
    if not wanted or str(path) in {str(Path(word.split("::")[0]).absolute()) for word in config.args}:
        return True
    try:
        place = path.relative_to(config.rootpath)
    except ValueError:
        return False
    return any(_fits(place, one) for one in wanted)


def _fits(place: Path, wanted: str) -> bool:
    """Whether a path is a glob's, or the folder or file that is named, or below it."""
    plain = wanted.strip("/").removeprefix("./")
    if any(sign in plain for sign in "*?["):
        return bool(_read_glob(plain).fullmatch(place.as_posix()))
    return plain in {"", ".", place.as_posix(), *(folder.as_posix() for folder in place.parents)}


@functools.lru_cache(maxsize=100)
def _read_glob(pattern: str) -> re.Pattern[str]:
    """Return a glob as an expression: `**/` is any number of folders, `*` and `?` stay inside a name."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^]]+\])", pattern)
    signs = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(signs.get(one) or (one if one.startswith("[") else re.escape(one)) for one in parts))


def _may_be_campaign(path: Path) -> bool:
    """Whether the words of a campaign stand in a file; what cannot be read is none of ours."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return all(word in data for word in _WORDS)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what the checks were made of, and the next step where recordings are stale."""
    reports = [report for found in terminalreporter.stats.values() for report in found if _is_ours(report)]
    if not reports:
        return
    with borrow_name():
        from toolkit.models import LABEL
    terminalreporter.section("campaign checks", sep="-")
    terminalreporter.write_line(LABEL)
    stale = sorted({report.nodeid.split("::")[0] for report in reports if (_MARK, _STALE) in report.user_properties})
    if stale:
        terminalreporter.write_line(f"Renew what is stale: audience record {' '.join(stale)}")


@pytest.fixture
def audience_check(request: pytest.FixtureRequest) -> Callable[[Path | str | Campaign], results.CampaignOutcome]:
    """Judge campaigns from a test in Python; see docs/ci.md.

    Such as `assert audience_check("campaigns/spring.yaml").outcome == "passed"`. Takes a path, relative to the folder
    pytest was started in, or a campaign; returns its outcome with one entry a check, from the engine of
    --audience-engine.
    """

    def check(campaign: Path | str | Campaign) -> results.CampaignOutcome:
        with borrow_name():
            from toolkit.gate import check_campaign

            return check_campaign(campaign, engine=request.config.getoption("--audience-engine"))

    return check


class CampaignFile(pytest.File):
    """A campaign file with checks; judged once, when its first check runs."""

    _campaign: Campaign | None = None
    _outcome: results.CampaignOutcome | None = None

    def collect(self) -> Iterable[CheckItem]:
        """Return an item for each check, named by what it claims; raise CollectError if the file is at fault."""
        with borrow_name():
            from toolkit.drafts import load_drafts
            from toolkit.errors import ToolkitError
            from toolkit.gate import list_checks

            try:
                self._campaign = load_drafts(self.path)
                checks = list_checks(self._campaign)
            except ToolkitError as error:
                raise self.CollectError(str(error)) from None
        return [
            CheckItem.from_parent(self, name=check.name, place=place, line=check.line)
            for place, check in enumerate(checks)
        ]

    def judge(self, place: int) -> results.CheckOutcome:
        """Return the outcome of the check at a place in the file; CheckFailed if it cannot be judged."""
        if self._outcome is None:
            with borrow_name():
                from toolkit.errors import ToolkitError
                from toolkit.gate import Shelf, check_campaign

                shelf = self.config.stash.setdefault(_SHELF, Shelf())
                engine = self.config.getoption("--audience-engine")
                try:
                    self._outcome = check_campaign(self._campaign or self.path, engine=engine, shelf=shelf)
                except ToolkitError as error:
                    raise CheckFailed(str(error)) from None
                self._campaign = None
        return self._outcome.checks[place]


class CheckItem(pytest.Item):
    """One check of a campaign."""

    def __init__(self, *, place: int, line: int | None, **named: Any) -> None:
        super().__init__(**named)
        self._place = place
        self._line = line
        self.add_marker(_MARK)

    def runtest(self) -> None:
        """Pass, fail with the gate's own words, or be an expected failure if nothing can be told."""
        assert isinstance(self.parent, CampaignFile)  # noqa: S101 - made by no other collector
        outcome = self.parent.judge(self._place)
        self.user_properties.append((_MARK, outcome.outcome))
        if outcome.outcome == "passed":
            return
        if outcome.outcome == "inconclusive" and not self.config.getoption("--audience-strict"):
            pytest.xfail(outcome.message)
        raise CheckFailed(f"{outcome.outcome}: {outcome.message}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the gate's words and the place, without a traceback, for what the gate found."""
        if isinstance(excinfo.value, pytest.xfail.Exception):
            return str(excinfo.value)  # nobody is shown a traceback of it, and it takes 30 ms to write one
        if isinstance(excinfo.value, CheckFailed):
            return f"{self._where()}: {self.name}\n{excinfo.value}"
        return super().repr_failure(excinfo, style=style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return file, line (from 0) and name of the check."""
        return self.path, None if self._line is None else self._line - 1, self.name

    def _where(self) -> str:
        shown = self.nodeid.split("::")[0]
        return f"{shown}:{self._line}" if self._line else shown


class CheckFailed(Exception):  # a signal to pytest, shown as its message alone
    """A check did not hold."""


def _is_ours(report: Any) -> bool:
    return any(name == _MARK for name, _ in getattr(report, "user_properties", ()))
