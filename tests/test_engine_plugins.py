"""Engines that packages bring: found by name, listed, refused in one line, run and recorded."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Command, make_audience, make_campaign
from documented import list_blocks
from installed import Installed

import toolkit
from toolkit import InputError
from toolkit.engines import plugins

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "engine.md"
ENGINE = next(block.code for block in list_blocks(PAGE) if "class Parrot" in block.code)
PROJECT = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
CAMPAIGN = """campaign: jam
audience: uk-small-sellers
objective: click
drafts:
  - id: plain
    text: Send an invoice.
  - id: benefit
    text: Get paid today.
checks:
  - draft: benefit
    stop_rate: {at_least: 0.5}
"""


def install_by_hand(folder: Path, name: str, target: str, code: str) -> None:
    """Put a module and the metadata of a package with one entry point into a folder on the path."""
    (folder / f"{target.partition(':')[0]}.py").write_text(code, encoding="utf-8")
    info = folder / f"{target.partition(':')[0]}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {info.stem[:-4]}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[audience_toolkit.engines]\n{name} = {target}\n")


@pytest.fixture
def parrot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder on the path in which the engine of the documentation is installed."""
    folder = tmp_path / "packages"
    folder.mkdir()
    install_by_hand(folder, "parrot", "audience_parrot:Parrot", ENGINE)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "audience_parrot", raising=False)
    return folder


def test_a_plugin_answers_by_its_name(parrot: Path, tmp_path: Path) -> None:
    """A run, an estimate and a panel of two models go through it; its name and model are recorded."""
    options = {"engine": "parrot", "rating": "direct", "control": False}
    run = toolkit.run(make_campaign(), make_audience(), store=tmp_path / "a.sqlite", **options)  # type: ignore[arg-type]
    assert (run.methods.engine, run.methods.model, run.counts.ok) == ("parrot", "polly-1", 24)
    named = toolkit.run(make_campaign(), make_audience(), store=tmp_path / "b.sqlite", model="polly-2", **options)  # type: ignore[arg-type]
    assert named.methods.model == "polly-2"
    both = toolkit.run(
        make_campaign(),
        make_audience(),
        store=tmp_path / "c.sqlite",
        model=["polly-1", "polly-2"],
        **options,  # type: ignore[arg-type]
    )
    assert {one.name for one in both.methods.models} == {"polly-1", "polly-2"}
    takes = toolkit.estimate(make_campaign(), make_audience(), engine="parrot", rating="direct")  # type: ignore[arg-type]
    assert takes.calls > 0
    assert plugins.make_plugin("parrot", model="polly-3").model == "polly-3"
    assert parrot.is_dir()


def test_an_unknown_engine_names_those_there_are(parrot: Path, command: Command) -> None:
    """The error lists built-in engines and plugins, from Python and from the command; doctor lists the plugins."""
    with pytest.raises(InputError, match=r"unknown engine 'parot'; did you mean parrot\?; allowed: .*replay, parrot"):
        toolkit.run(make_campaign(), make_audience(), engine="parot")  # type: ignore[arg-type]
    refused = command("run", "drafts.yaml", "--engine", "parot")
    assert refused.returncode == 2
    assert "'parrot'" in refused.stderr
    assert "parrot (audience_parrot 1.0)" in command("doctor").stdout
    assert parrot.is_dir()


BROKEN = {
    "an option that it does not take": (ENGINE, "parrot", {"base_url": "http://127.0.0.1:9"}, "base_url=.*takes none"),
    "another name": (ENGINE.replace('name = "parrot"', 'name = "polly"'), "parrot", {}, "calls itself 'polly'"),
    "no engine": ("Parrot = dict", "parrot", {}, "it made no engine"),
    "a module that fails": ("raise OSError('no licence')", "parrot", {}, "cannot be loaded: OSError: no licence"),
    "a class that is not there": ("x = 1", "parrot", {}, "cannot be loaded: AttributeError"),
}


@pytest.mark.parametrize(("code", "name", "options", "said"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_used_is_one_line(
    code: str, name: str, options: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the engine, its package and what is wrong, before anything is asked."""
    install_by_hand(tmp_path, name, "audience_parrot:Parrot", code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "audience_parrot", raising=False)
    with pytest.raises(InputError, match=said) as caught:
        toolkit.run(make_campaign(), make_audience(), engine=name, rating="direct", **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_a_built_in_name_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that calls its engine openai is not found."""
    install_by_hand(tmp_path, "openai", "audience_parrot:Parrot", ENGINE)
    monkeypatch.syspath_prepend(tmp_path)
    assert plugins.list_names() == plugins.BUILT_IN


def test_one_name_of_two_packages_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of them would answer is not left to the order of folders."""
    install_by_hand(tmp_path, "parrot", "audience_parrot:Parrot", ENGINE)
    install_by_hand(tmp_path, "parrot", "other_parrot:Parrot", ENGINE)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"audience_parrot 1\.0 and other_parrot 1\.0 both bring it"):
        plugins.make_plugin("parrot")


@pytest.mark.slow
def test_the_example_of_the_page_installs_and_runs(installed: Installed, tmp_path: Path) -> None:
    """Built and installed offline, it answers a run, a recording that a check judges or refuses, and pytest."""
    package, target, work = tmp_path / "audience-parrot", tmp_path / "site", tmp_path / "work"
    package.mkdir()
    work.mkdir()
    (package / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (package / "audience_parrot.py").write_text(ENGINE, encoding="utf-8")
    (work / "jam.yaml").write_text(CAMPAIGN, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(package)], check=True, capture_output=True)

    def start(*words: str) -> subprocess.CompletedProcess[str]:
        return installed.start(work, *words, PYTHONPATH=str(target), AUDIENCE_STORE=str(work / "a.sqlite"))

    asked = ("--engine", "parrot", "--rating", "direct", "--no-control", "--json")
    ran = start("audience", "run", "jam.yaml", *asked)
    assert json.loads(ran.stdout)["counts"]["ok"] == 24, ran.stderr
    recorded = start("audience", "record", "jam.yaml", "--engine", "parrot", "--quiet")
    assert recorded.returncode == 0, recorded.stderr
    header = json.loads((work / "jam.reactions.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert (header["engine"], header["model"]) == ("parrot", "polly-1")
    checked = start("audience", "check", "jam.yaml", "--json")
    assert json.loads(checked.stdout)["outcome"] == "passed", checked.stdout + checked.stderr
    other = start("audience", "check", "jam.yaml", "--model", "polly-2", "--json")
    assert (other.returncode, json.loads(other.stdout)["outcome"]) == (1, "stale")
    (work / "jam.yaml").write_text(CAMPAIGN.replace("Get paid today.", "Get paid now."), encoding="utf-8")
    tested = start("pytest", "-q", "--audience-engine", "parrot", "jam.yaml")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    refused = start("pytest", "-q", "--audience-engine", "parot", "jam.yaml")
    assert refused.returncode == 4
    assert "choose from replay, local, openai" in refused.stderr
