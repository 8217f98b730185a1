"""The pytest plugin: campaigns with checks are test files, one item a check. Nothing heavy loads until one is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from toolkit.gate import results
    from toolkit.models import Campaign

_SUFFIXES = {".yaml", ".yml"}
_MARK = "audience"
_STALE = "stale"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --audience-engine and --audience-strict."""
    group = parser.getgroup("audience", "campaign checks (audience-toolkit)")
    group.addoption(
        "--audience-engine",
        choices=("replay", "local", "openai"),
        default="replay",
        help="What answers for campaign checks: the recording beside the campaign (replay: no network, no key, no "
        "cost), the embedded model, or an endpoint. Default: replay.",
    )
    group.addoption(
        "--audience-strict",
        action="store_true",
        help="An inconclusive campaign check is a failure instead of an expected one.",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect YAML files whose top level has campaign, drafts and checks."""
    if file_path.suffix.lower() not in _SUFFIXES:
        return None
    from toolkit.gate import is_meant_as_campaign

    if not is_meant_as_campaign(file_path):
        return None
    return CampaignFile.from_parent(parent, path=file_path)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what the checks were made of, and the next step where recordings are stale."""
    reports = [report for found in terminalreporter.stats.values() for report in found if _is_ours(report)]
    if not reports:
        return
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
        from toolkit.gate import check_campaign

        return check_campaign(campaign, engine=request.config.getoption("--audience-engine"))

    return check


class CampaignFile(pytest.File):
    """A campaign file with checks; judged once, when its first check runs."""

    _outcome: results.CampaignOutcome | None = None

    def collect(self) -> Iterable[CheckItem]:
        """Return an item for each check, named by what it claims; raise CollectError where the file is at fault."""
        from toolkit.errors import ToolkitError
        from toolkit.gate import list_checks

        try:
            checks = list_checks(self.path)
        except ToolkitError as error:
            raise self.CollectError(str(error)) from None
        for place, check in enumerate(checks):
            yield CheckItem.from_parent(self, name=check.name, place=place, line=check.line)

    def judge(self, place: int) -> results.CheckOutcome:
        """Return the outcome of the check at a place in the file."""
        from toolkit.gate import check_campaign

        if self._outcome is None:
            self._outcome = check_campaign(self.path, engine=self.config.getoption("--audience-engine"))
        return self._outcome.checks[place]


class CheckItem(pytest.Item):
    """One check of a campaign."""

    def __init__(self, *, place: int, line: int | None, **named: Any) -> None:
        super().__init__(**named)
        self._place = place
        self._line = line

    def runtest(self) -> None:
        """Pass, fail with the gate's own words, or be an expected failure where nothing can be told."""
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
        from toolkit.errors import ToolkitError

        if isinstance(excinfo.value, (CheckFailed, ToolkitError)):
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
