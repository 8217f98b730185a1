"""A team's repository of forty campaigns: two branches record, merge, and are checked by what changed."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from junitparser import JUnitXml
from recorded import CAMPAIGN, lively, write_campaign
from scripted import ScriptedEngine

from toolkit.cli.main import audience as command_group
from toolkit.gate import record_campaign

CAMPAIGNS = 40
OURS = ("an invoice", "one invoice")
THEIRS = ("paid today, in", "paid today and in")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with forty recorded campaigns on main, and a merge driver for recordings."""
    root = tmp_path_factory.mktemp("team")
    for number in range(CAMPAIGNS):
        text = CAMPAIGN.replace("campaign: jam", f"campaign: jam {number}")
        path = write_campaign(root / f"campaign {number:02}", text, people=12)
        record_campaign(path, engine=ScriptedEngine(lively), rating="direct")
    (root / ".gitattributes").write_text("*.reactions.jsonl merge=audience\n")
    git(root, "init", "-b", "main")
    merge = shlex.join([sys.executable, "-m", "toolkit", "record", "--merge"])
    git(root, "config", "merge.audience.driver", f"{merge} %A %B")
    git(root, "add", ".")
    git(root, "commit", "-m", "Begin")
    return root


def git(root: Path, *arguments: str) -> str:
    """Run Git in the repository, with the toolkit that is tested within reach of the merge driver."""
    named = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    environment = {"PYTHONPATH": str(Path(__file__).parent.parent), "PATH": "/usr/bin:/bin", "HOME": str(root)}
    done = subprocess.run(
        ["git", *named, *arguments], cwd=root, check=False, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def change(root: Path, branch: str, number: int, edit: tuple[str, str]) -> None:
    """Edit one draft of one campaign on a branch from main, and record what that makes stale."""
    git(root, "checkout", "-b", branch, "main")
    path = root / f"campaign {number:02}" / "jam.yaml"
    path.write_text(path.read_text().replace(*edit))
    record_campaign(path, engine=ScriptedEngine(lively))
    git(root, "commit", "-am", f"Edit on {branch}")


def call(*arguments: str) -> Result:
    """Run the command here."""
    return CliRunner().invoke(command_group, list(arguments), standalone_mode=False)


def test_two_branches_merge_and_nobody_is_asked_again(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both drafts of one campaign change on two branches; Git merges text and recording, and the gate passes."""
    change(repository, "ours", 7, OURS)
    change(repository, "theirs", 7, THEIRS)
    git(repository, "checkout", "ours")
    git(repository, "merge", "--no-edit", "theirs")
    monkeypatch.chdir(repository)
    done = call("check", ".", "--json", "--changed-since", "main")
    assert [(one["file"], one["outcome"]) for one in json.loads(done.stdout)["campaigns"]] == [
        ("campaign 07/jam.yaml", "passed")
    ]
    engine = ScriptedEngine(lively)
    assert record_campaign(repository / "campaign 07" / "jam.yaml", engine=engine).asked == engine.calls == 0
    git(repository, "checkout", "--force", "main")


def test_every_report_is_read(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one edit, each form names that campaign alone among the forty, and its readers agree on the count."""
    loader = pytest.importorskip("sarif.loader")
    git(repository, "checkout", "-b", "edit", "main")
    path = repository / "campaign 21" / "jam.yaml"
    path.write_text(path.read_text().replace(*OURS))
    monkeypatch.chdir(repository)
    named = ("sarif", "codequality", "checkstyle", "rdjson", "junit")
    forms = {form: call("check", ".", "--format", form).stdout for form in named}
    sarif = repository / "check.sarif"
    sarif.write_text(forms["sarif"])
    assert loader.load_sarif_file(str(sarif)).get_report().get_issue_count_for_severity("error") == 1
    assert [one["location"]["path"] for one in json.loads(forms["codequality"])] == ["campaign 21/jam.yaml"]
    assert [one["location"]["path"] for one in json.loads(forms["rdjson"])["diagnostics"]] == ["campaign 21/jam.yaml"]
    told = [one for one in ElementTree.fromstring(forms["checkstyle"]).iter("file") if len(one)]  # noqa: S314 - our own
    assert [one.get("name") for one in told] == ["campaign 21/jam.yaml"]
    suites = list(JUnitXml.fromstring(forms["junit"].encode()))
    assert (len(suites), sum(suite.failures for suite in suites)) == (CAMPAIGNS, 1)
    sarif.unlink()
    git(repository, "checkout", "--force", "main")
