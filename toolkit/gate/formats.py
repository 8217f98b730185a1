"""Outcomes of the gate in the forms that CI systems read: JUnit XML, GitHub annotations, a Markdown summary."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from toolkit.drafts.lint import reports
from toolkit.files import markup
from toolkit.gate.results import CampaignOutcome, CheckOutcome
from toolkit.models import LABEL

_escape = markup.escape_markdown

_BLOCKING = frozenset({"failed", "stale", "error"})
_LEVELS = {"failed": "error", "stale": "error", "error": "error", "inconclusive": "warning"}
_MARKS = {"passed": "passed", "failed": "**failed**", "stale": "**stale**", "error": "**error**"}


def render_junit(outcomes: Sequence[CampaignOutcome], at: datetime.datetime) -> str:
    """Return JUnit XML: a suite a campaign, a case a check; `at` is when the gate ran.

    What fails, is stale or in error is a failure of that type; what is inconclusive is skipped with its reason. Only
    elements and attributes that the Ant schema (Windy Road) and both Jenkins schemas (junit-4, junit-10) share are
    used, so the file is valid under each; that is why nothing is an `error` element, which they spell differently.
    """
    suites = ElementTree.Element("testsuites")
    for number, outcome in enumerate(outcomes):
        suites.append(_make_suite(outcome, number, at))
    return reports.write_xml(suites)


def render_annotations(outcomes: Sequence[CampaignOutcome]) -> str:
    """Return workflow commands of GitHub Actions, one a line, errors first: a step shows ten of each kind.

    Checks that passed are left out. Files are named from the working folder, which is the repository's in a workflow.
    """
    found = [
        (_find_level(outcome, check), _annotate(outcome, check))
        for outcome in outcomes
        for check in outcome.checks
        if check.outcome in _LEVELS
    ]
    return "".join(f"{line}\n" for _, line in sorted(found, key=lambda pair: pair[0]))


def make_issues(outcomes: Sequence[CampaignOutcome]) -> list[reports.Issue]:
    """Return what is wrong as issues: each finding of lint by itself, and each other check that does not pass."""
    issues: list[reports.Issue] = []
    for outcome in outcomes:
        for check in outcome.checks:
            issues += reports.make_issues(check.findings)
            if check.outcome in _LEVELS and not check.findings:
                issues.append(
                    reports.Issue(
                        file=outcome.file,
                        line=check.line,
                        rule=f"check.{check.outcome}",
                        severity="error" if _find_level(outcome, check) == "error" else "warning",
                        about=f"{outcome.campaign}: {check.check}",
                        message=check.message,
                    )
                )
    return issues


def render_summary(outcomes: Sequence[CampaignOutcome]) -> str:
    """Return Markdown for the page of a job: a table a campaign, what blocks it first."""
    lines = ["## Campaign checks", ""]
    for outcome in outcomes:
        lines += _summarise(outcome)
    return "\n".join([*lines, f"_{LABEL}_", ""])


def _make_suite(outcome: CampaignOutcome, number: int, at: datetime.datetime) -> ElementTree.Element:
    checks = outcome.checks
    counts = {
        "tests": len(checks),
        "failures": sum(check.outcome in _BLOCKING for check in checks),
        "errors": 0,
        "skipped": sum(check.outcome == "inconclusive" for check in checks),
    }
    suite = ElementTree.Element(
        "testsuite",
        {
            **_token(name=outcome.campaign, package=_name_file(outcome)),
            "id": str(number),
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S"),
            "hostname": "localhost",
            "time": "0.000",
            **{name: str(count) for name, count in counts.items()},
        },
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("label", LABEL), ("synthetic_respondents", "true"), ("ai_generated", "true")):
        ElementTree.SubElement(properties, "property", {"name": name, "value": value})
    for check in checks:
        suite.append(_make_case(outcome, check))
    ElementTree.SubElement(suite, "system-out").text = reports.clean_xml("\n".join(outcome.warnings))
    ElementTree.SubElement(suite, "system-err")
    return suite


def _make_case(outcome: CampaignOutcome, check: CheckOutcome) -> ElementTree.Element:
    case = ElementTree.Element("testcase", {**_token(name=check.check, classname=outcome.campaign), "time": "0.000"})
    said = reports.clean_xml(f"{_place(outcome, check)}: {check.message}")
    if check.outcome in _BLOCKING:
        attributes = {"type": check.outcome, "message": reports.clean_xml(check.message)}
        ElementTree.SubElement(case, "failure", attributes).text = said
    elif check.outcome == "inconclusive":
        ElementTree.SubElement(case, "skipped").text = said
    return case


def _token(**names: str) -> dict[str, str]:
    """Return names with their white space folded, as the schema's tokens have it; empty ones become a dash."""
    return {key: " ".join(reports.clean_xml(name).split()) or "-" for key, name in names.items()}


def _annotate(outcome: CampaignOutcome, check: CheckOutcome) -> str:
    values = {"file": _name_file(outcome), "line": check.line, "title": f"{outcome.campaign}: {check.check}"}
    return markup.write_command(_find_level(outcome, check), values, check.message)


def _find_level(outcome: CampaignOutcome, check: CheckOutcome) -> str:
    """Return error or warning: what does not fail a job is no error."""
    is_let_pass = check.outcome == "stale" and outcome.on_stale == "warn"
    return "warning" if is_let_pass else _LEVELS[check.outcome]


def _summarise(outcome: CampaignOutcome) -> Iterator[str]:
    yield f"### {_escape(outcome.campaign)}: {outcome.outcome}"
    yield ""
    yield "| check | outcome | why |"
    yield "|---|---|---|"
    for check in sorted(outcome.checks, key=lambda check: check.outcome not in _BLOCKING):
        cells = (
            _escape(check.check),
            _MARKS.get(check.outcome, check.outcome),
            _escape(check.message),
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    for warning in outcome.warnings:
        yield f"- {_escape(warning)}"
    if outcome.warnings:
        yield ""


def _place(outcome: CampaignOutcome, check: CheckOutcome) -> str:
    return f"{_name_file(outcome)}:{check.line}" if check.line else _name_file(outcome)


def _name_file(outcome: CampaignOutcome) -> str:
    """Return the campaign's file from the working folder where it lies inside it."""
    return reports.shorten_path(outcome.file)
