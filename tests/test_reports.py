"""What other tools read of lint and check: each form through a schema or a reader of its own consumers."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml
from recorded import CAMPAIGN, record, write_campaign

from toolkit.cli.main import audience as command_group
from toolkit.drafts.lint import reports

NODE = Path(__file__).parent / "node" / "node_modules"
SARIF = NODE / "@microsoft" / "jest-sarif" / "lib" / "schemas" / "sarif-2.1.0-rtm.5.json"
RDJSON = NODE / "@umbrelladocs" / "rdformat-validator"
needs_npm = pytest.mark.skipif(
    not (SARIF.is_file() and RDJSON.is_dir()) and not os.environ.get("CI"),
    reason="needs npm: npm --prefix tests/node ci",
)
COPY = """\
campaign: jam
surface: x_post
drafts:
  - id: loud
    text: |
      Žluťoučký jam — tag a friend!
      TAG A FRIEND NOW, GREAT CHEAP JAM
  - id: long
    text: {long}
"""
texts = st.text(st.characters(codec=None), max_size=40)
numbers = st.none() | st.integers(1, 500)
issues = st.builds(
    reports.Issue,
    file=st.sampled_from(["campaigns/spring sale.yaml", "/srv/ö.yaml", None]),
    line=numbers,
    column=numbers,
    rule=st.sampled_from(["limit.text", "style.caps"]),
    severity=st.sampled_from(["error", "warning", "note"]),
    about=texts,
    text=texts,
    message=texts.filter(str.strip),
    url=st.sampled_from([None, "https://example.org/rule"]),
)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a campaign with faults, in a folder with a blank in its name, named from the folder we stand in."""
    path = tmp_path / "spring sale" / "jam.yaml"
    path.parent.mkdir()
    path.write_text(COPY.format(long="Jam is good. " * 30), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Path("spring sale/jam.yaml")


def call(*arguments: object) -> Result:
    """Run the command."""
    return CliRunner().invoke(command_group, [*map(str, arguments)], standalone_mode=False)


@needs_npm
@given(st.lists(issues, max_size=4))
def test_sarif_is_valid_whatever_the_words(found: list[reports.Issue]) -> None:
    """Any message and place, lone surrogates too, is valid under the schema of SARIF 2.1.0."""
    schema = json.loads(SARIF.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(json.loads(reports.render_sarif(found)))


@needs_npm
def test_sarif_names_rule_place_and_level(copy: Path, tmp_path: Path) -> None:
    """Code scanning gets repository paths, the words' own region, and fingerprints that stay when lines move."""
    loader = pytest.importorskip("sarif.loader")
    done = call("lint", copy, "--format", "sarif")
    assert done.return_value == 1
    results = json.loads(done.stdout)["runs"][0]["results"]
    baits = [one for one in results if one["ruleId"] == "policy.engagement-bait"]
    place = baits[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "spring%20sale/jam.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 6, "startColumn": 23, "endLine": 6, "endColumn": 35}
    file = tmp_path / "lint.sarif"
    file.write_text(done.stdout, encoding="utf-8")
    counts = loader.load_sarif_file(str(file)).get_report().get_issue_count_for_severity
    assert (counts("error"), counts("warning")) == (1, len(results) - 1)
    moved = copy.read_text(encoding="utf-8").replace("drafts:", "# a comment\ndrafts:")
    copy.write_text(moved, encoding="utf-8")
    again = json.loads(call("lint", copy, "--format", "sarif").stdout)["runs"][0]["results"]
    assert [one["partialFingerprints"] for one in again] == [one["partialFingerprints"] for one in results]
    assert again[0]["locations"] != results[0]["locations"]


def test_gitlab_gets_one_fingerprint_an_issue(copy: Path) -> None:
    """Every field that GitLab needs is there, and no two issues share a fingerprint, which hides one of them."""
    found = json.loads(call("lint", copy, "--format", "codequality").stdout)
    assert {tuple(sorted(one)) for one in found} == {
        ("check_name", "description", "fingerprint", "location", "severity")
    }
    assert {one["severity"] for one in found} <= {"info", "minor", "major", "critical", "blocker"}
    assert len({one["fingerprint"] for one in found}) == len(found) >= 4
    assert {one["location"]["path"] for one in found} == {"spring sale/jam.yaml"}
    assert all(one["location"]["lines"]["begin"] > 4 for one in found)


@given(st.lists(issues, max_size=4))
def test_checkstyle_is_xml_whatever_the_words(found: list[reports.Issue]) -> None:
    """Any words make a document with each issue below its file."""
    root = ElementTree.fromstring(reports.render_checkstyle(found))  # noqa: S314 - our own
    assert root.tag == "checkstyle"
    assert len(list(root.iter("error"))) == len(found)
    assert {one.get("severity") for one in root.iter("error")} <= {"error", "warning", "info"}
    assert len({one.get("name") for one in root}) == len(list(root))


@needs_npm
def test_rdjson_counts_bytes(copy: Path, tmp_path: Path) -> None:
    """The validator of the format takes the result, whose columns count bytes where letters have several."""
    done = call("lint", copy, "--format", "rdjson")
    file = tmp_path / "lint.json"
    file.write_text(done.stdout, encoding="utf-8")
    checked = subprocess.run(
        ["node", RDJSON / "bin" / "rdformat-validator.js", "--strict", "--no-extra-fields", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    found = json.loads(done.stdout)["diagnostics"]
    bait = next(one for one in found if one["code"]["value"] == "policy.engagement-bait")
    line = copy.read_text(encoding="utf-8").split("\n")[5].encode()
    start, end = (bait["location"]["range"][edge]["column"] - 1 for edge in ("start", "end"))
    assert line[start:end] == b"tag a friend"


def test_junit_of_lint_is_read(copy: Path) -> None:
    """A suite a file, a case a finding: errors fail with their place, warnings are skipped with their words."""
    clean = copy.with_name("clean.yaml")
    clean.write_text(CAMPAIGN.split("checks:", maxsplit=1)[0])
    suites = list(JUnitXml.fromstring(call("lint", copy, clean, "--format", "junit").stdout.encode()))
    assert [suite.failures for suite in suites] == [1, 0]
    assert [suite.tests for suite in suites][1] == 1
    (failed,) = [case.result[0] for case in suites[0] if case.result and case.result[0].type == "failed"]
    assert failed.text.startswith("spring sale/jam.yaml:9: ")


@pytest.mark.parametrize("form", ["sarif", "codequality", "checkstyle", "rdjson"])
def test_checks_are_issues_too(tmp_path: Path, form: str) -> None:
    """A stale check is an issue on its line in every form, and each finding of lint one by itself."""
    path = record(write_campaign(tmp_path / "campaigns"))
    path.write_text(CAMPAIGN.replace("an invoice", "one invoice TAG A FRIEND"))
    done = call("check", path, "--format", form)
    assert done.return_value == 1
    assert "check.stale" in done.stdout
    assert "policy.engagement-bait" in done.stdout
    assert "draft plain: 24 reactions, its text changed" in done.stdout


def test_rules_are_selected_and_ignored(copy: Path) -> None:
    """One rule, a group, or a pattern is kept or left out; a rule that there is not is told with the nearest."""

    def rules(*arguments: str) -> set[str]:
        return {one["rule"] for one in json.loads(call("lint", copy, "--json", *arguments).stdout)["findings"]}

    every = rules()
    assert {"limit.text", "policy.engagement-bait", "style.caps"} <= every
    assert rules("--select", "style.caps") == {"style.caps"}
    assert rules("--select", "policy", "--select", "limit.*") == {"policy.engagement-bait", "limit.text"}
    assert rules("--ignore", "style") == {rule for rule in every if not rule.startswith("style.")}
    refused = CliRunner().invoke(command_group, ["lint", str(copy), "--select", "style.cap"], standalone_mode=False)
    assert "no lint rule is called 'style.cap'; did you mean style.caps" in str(refused.exception)


def test_too_many_warnings_fail(copy: Path) -> None:
    """With a limit on warnings, one more than it exits 1, for lint and for check, and says so."""
    copy.write_text("campaign: c\nsurface: facebook_post\ndrafts:\n  - text: TAG A FRIEND, please.\n")
    assert call("lint", copy).return_value == 0
    warnings = call("lint", copy, "--json").stdout.count('"warning"')
    assert call("lint", copy, "--max-warnings", warnings).return_value == 0
    refused = call("lint", copy, "--max-warnings", warnings - 1)
    assert refused.return_value == 1
    assert f"--max-warnings is {warnings - 1}" in refused.stderr
    copy.write_text(copy.read_text() + "checks:\n  - lint: error\n")
    assert call("check", copy, "--max-warnings", warnings).return_value == 0
    assert call("check", copy, "--max-warnings", "0").return_value == 1
