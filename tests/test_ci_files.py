"""The GitHub Action and the pre-commit hooks, run step by step as their runners would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from recorded import CAMPAIGN, record, write_campaign

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with one recorded campaign that passes."""
    record(write_campaign(tmp_path / "campaigns"))
    return tmp_path


def run_step(repository: Path, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the action in bash, its environment filled from the inputs as the runner fills it."""
    step = next(step for step in ACTION["runs"]["steps"] if step.get("name") == name)
    given = {key: str(value.get("default", "")) for key, value in ACTION["inputs"].items()} | inputs
    environment = {
        key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: given[found[1]], value)
        for key, value in step.get("env", {}).items()
    }
    own = {
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_STEP_SUMMARY": str(repository / "summary.md"),
        "GITHUB_OUTPUT": str(repository / "output"),
        "RUNNER_TEMP": str(repository),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(
        bash, cwd=repository, env={**os.environ, **own, **environment}, capture_output=True, text=True, check=False
    )


def test_the_action_takes_inputs_through_the_environment() -> None:
    """No expression stands inside a script, where a name from a pull request could become a command."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_every_input_is_used() -> None:
    """An input that nothing reads would be a promise not kept."""
    steps = str(ACTION["runs"]["steps"])
    assert [name for name in ACTION["inputs"] if f"inputs.{name}" not in steps] == []


def test_what_the_action_installs_cannot_change() -> None:
    """Every action stands at a commit, and every package at a release with the digests of its files."""
    for step in ACTION["runs"]["steps"]:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step.get("uses", f"a@{'0' * 40}"))
    pinned = {}
    for one in re.split(r"\n(?=\S)", (ROOT / ".ci" / "constraints.txt").read_text()):
        if not one.startswith("#"):
            assert "--hash=sha256:" in one
            named = re.match(r"([\w.-]+)==([\w.]+)", one)
            assert named is not None, one
            pinned[named[1]] = named[2]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for line in (*project["project"]["dependencies"], *project["build-system"]["requires"]):
        requirement = Requirement(line)
        assert requirement.specifier.contains(pinned[requirement.name.lower()]), line


@pytest.mark.slow
def test_a_file_is_never_an_option(repository: Path) -> None:
    """A campaign whose file is named like an option is judged like any other."""
    (repository / "campaigns" / "jam.yaml").rename(repository / "--help.yaml")
    (repository / "campaigns" / "jam.reactions.jsonl").rename(repository / "--help.reactions.jsonl")
    (repository / "campaigns" / "jam-sellers.yaml").rename(repository / "jam-sellers.yaml")
    found = run_step(repository, "Check campaigns", campaigns="*help.yaml")
    assert found.returncode == 0, found.stderr
    assert (repository / "output").read_text() == "outcome=passed\n"


@pytest.mark.slow
def test_the_action_passes_what_holds(repository: Path) -> None:
    """A recorded campaign passes; the job's page shows each check; JUnit is written where it is asked for."""
    found = run_step(repository, "Check campaigns", junit="outcomes.xml")
    assert found.returncode == 0, found.stderr
    assert "::" not in found.stdout
    assert (repository / "output").read_text() == "outcome=passed\n"
    assert "| benefit beats plain | passed |" in (repository / "summary.md").read_text()
    assert "<testsuites>" in (repository / "outcomes.xml").read_text()


@pytest.mark.slow
def test_the_action_annotates_an_edit_on_its_line(repository: Path) -> None:
    """One word edited fails the job with an annotation; `on-stale: warn` lets it pass."""
    (repository / "campaigns" / "jam.yaml").write_text(CAMPAIGN.replace("an invoice", "one invoice"))
    found = run_step(repository, "Check campaigns")
    assert found.returncode == 1
    assert "::error file=campaigns/jam.yaml,line=14,title=jam%3A benefit beats plain::draft plain" in found.stdout
    assert (repository / "output").read_text() == "outcome=stale\n"
    let_pass = run_step(repository, "Check campaigns", **{"on-stale": "warn"})
    assert let_pass.returncode == 0
    assert "::warning file=campaigns/jam.yaml,line=14" in let_pass.stdout
    assert "::error" not in let_pass.stdout


@pytest.mark.slow
def test_the_action_annotates_a_hard_limit_on_its_line(repository: Path) -> None:
    """A draft over a platform's limit fails on the line of its text."""
    long = CAMPAIGN.replace("Send an invoice in the chat.", "Send an invoice. " * 130)
    (repository / "campaigns" / "jam.yaml").write_text(long)
    found = run_step(repository, "Check campaigns")
    assert found.returncode == 1
    assert "::error file=campaigns/jam.yaml,line=7,title=jam%3A lint%3A error::" in found.stdout


@pytest.mark.slow
def test_the_action_tells_what_it_cannot_tell(tmp_path: Path) -> None:
    """Too few people is a warning by default, and fails the job where the team wants that."""
    record(write_campaign(tmp_path / "campaigns", people=5))
    found = run_step(tmp_path, "Check campaigns")
    assert found.returncode == 0
    assert "::warning file=campaigns/jam.yaml,line=14" in found.stdout
    assert (tmp_path / "output").read_text() == "outcome=inconclusive\n"
    assert run_step(tmp_path, "Check campaigns", **{"on-inconclusive": "fail"}).returncode == 1


@pytest.mark.slow
def test_the_action_tells_a_file_that_is_none(repository: Path) -> None:
    """Where the command cannot even begin, the outcome is error and the job fails."""
    found = run_step(repository, "Check campaigns", campaigns="nowhere.yaml")
    assert found.returncode == 2
    assert (repository / "output").read_text() == "outcome=error\n"


def test_the_hooks_run_on_what_they_depend_on() -> None:
    """The gate's hook runs for a persona or a recording alone; neither runs for the brand file."""
    lint, check = HOOKS["audience-lint"], HOOKS["audience-check"]
    for path in ("campaigns/jam.yaml", "shop/campaigns/jam.reactions.jsonl", "personas/sellers.yaml"):
        assert re.search(check["files"], path)
    assert re.search(lint["files"], "campaigns/jam.yaml")
    assert not re.search(lint["files"], "campaigns/jam.reactions.jsonl")
    for hook in (lint, check):
        assert re.search(hook["exclude"], "campaigns/brand.yaml")


@pytest.mark.slow
def test_the_hook_checks_the_campaigns_of_a_persona(repository: Path) -> None:
    """A commit of the audience alone, or of the recording alone, has its campaign judged."""
    for path in ("campaigns/jam-sellers.yaml", "campaigns/jam.reactions.jsonl"):
        assert "1 campaign, 3 checks: 3 passed" in run_hook(repository, HOOKS["audience-check"], path).stdout
    people = repository / "campaigns" / "jam-sellers.yaml"
    people.write_text(people.read_text().replace("Sells jam", "Bakes bread"))
    assert run_hook(repository, HOOKS["audience-check"], "campaigns/jam-sellers.yaml").returncode == 1
    assert run_hook(repository, HOOKS["audience-lint"], "campaigns/jam-sellers.yaml").returncode == 0


@pytest.mark.slow
def test_the_hooks_judge_the_files_they_match(repository: Path) -> None:
    """Each hook's command, given the campaign as pre-commit gives it, passes, and fails once the copy is at fault."""
    path = "campaigns/jam.yaml"
    for hook in HOOKS.values():
        assert re.search(hook["files"], path)
        assert run_hook(repository, hook, path).returncode == 0
    (repository / path).write_text(CAMPAIGN.replace("Send an invoice in the chat.", "Send an invoice. " * 130))
    for hook in HOOKS.values():
        assert run_hook(repository, hook, path).returncode == 1


def run_hook(repository: Path, hook: dict[str, Any], path: str) -> subprocess.CompletedProcess[str]:
    """Run a hook's entry on a file, from the repository's root."""
    entry = [sys.executable, "-m", "toolkit", *hook["entry"].split()[1:], path]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(entry, cwd=repository, env=environment, capture_output=True, text=True, check=False)
