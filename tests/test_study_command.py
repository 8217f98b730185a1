"""`audience study`, and the script of the docs, killed half-way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from documented import list_blocks
from openai_server import PATIENCE, OpenAIServer

import toolkit

ROOT = Path(__file__).parent.parent
Command = Callable[..., subprocess.CompletedProcess[str]]
(SCRIPT,) = [block.code for block in list_blocks(ROOT / "docs" / "studies.md") if "range(200)" in block.code]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an audience and two campaigns, one of which names its audience."""
    people = [{"id": f"p{place}", "name": f"Person {place}", "age": 30, "about": "Sells."} for place in range(4)]
    place = tmp_path / "work"
    (place / "campaigns").mkdir(parents=True)
    (place / "people.yaml").write_text(yaml.safe_dump({"audience": "people", "personas": people}))
    for name in ("spring", "autumn"):
        drafts = [{"id": "plain", "text": f"Buy in {name}."}, {"id": "benefit", "text": f"Save in {name}."}]
        campaign = {"campaign": name, "audience": "../people.yaml", "objective": "click", "drafts": drafts}
        (place / "campaigns" / f"{name}.yaml").write_text(yaml.safe_dump(campaign))
    (place / "campaigns" / "notes.yaml").write_text("these: are no campaign\n")
    return place


@pytest.fixture
def arguments(server: OpenAIServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Return the arguments of a study of the folder."""
    monkeypatch.setenv("AUDIENCE_STORE", str(folder.parent / "replies.sqlite"))
    return (
        "study", "campaigns", "--model", "m", "--rating", "direct", "--base-url", server.base_url, "--out", "made",
        "--price", "1,10", "--no-control",
    )  # fmt: skip


def test_the_command_tells_what_is_next(command: Command, arguments: tuple[str, ...], folder: Path) -> None:
    """A folder stands for its campaigns; the table, the label, the folder and the next step are printed."""
    done = command(*arguments, OPENAI_API_KEY="k")
    assert done.returncode == 0, done.stderr
    assert "spring" in done.stdout
    assert "autumn" in done.stdout
    assert "2 of 2 runs are made" in done.stdout
    assert "No real people were asked" in done.stdout
    assert "Next: audience report made/runs/" in done.stdout
    assert toolkit.load_study(folder / "made").is_complete


def test_the_command_prints_one_object(command: Command, arguments: tuple[str, ...], server: OpenAIServer) -> None:
    """With --json standard output is one object; the same command again asks nothing."""
    first = json.loads(command(*arguments, "--json", OPENAI_API_KEY="k").stdout)
    assert first["counts"]["runs"] == first["counts"]["done"] == 2
    assert first["counts"]["ok"] == first["counts"]["calls"] == 16
    asked = server.count()
    again = json.loads(command(*arguments, "--json", OPENAI_API_KEY="k").stdout)
    assert again == first
    assert server.count() == asked


def test_the_price_is_told_before(command: Command, arguments: tuple[str, ...], server: OpenAIServer) -> None:
    """--dry-run prices each run and the whole, and asks nothing."""
    told = json.loads(command(*arguments, "--dry-run", "--json").stdout)
    assert [row["campaign"] for row in told["cells"]] == ["autumn", "spring"]
    assert told["total"]["calls"] == 16
    costs = [row["estimate"]["cost_usd"] for row in told["cells"]]
    assert told["total"]["cost_usd"] == pytest.approx(sum(costs))
    shown = command(*arguments, "--dry-run").stdout
    assert "2 runs, 0 of them made already" in shown
    assert server.count() == 0


def test_the_limit_ends_it_with_4(command: Command, arguments: tuple[str, ...]) -> None:
    """What the limit left out is told, in the words of the command, with how to go on."""
    done = command(*arguments, "--max-cost", "0.02", OPENAI_API_KEY="k")
    assert done.returncode == 4
    assert "--max-cost 0.02 is reached" in done.stderr
    assert "Next: raise --max-cost" in done.stdout
    assert command(*arguments, "--max-cost", "5", OPENAI_API_KEY="k").returncode == 0


def test_a_failed_run_ends_it_with_3(command: Command, arguments: tuple[str, ...], server: OpenAIServer) -> None:
    """One campaign that gets no usable reply is told at the end; the other is whole."""
    server.script = lambda ask: "no form at all" if "autumn" in ask.text else None
    done = command(*arguments, OPENAI_API_KEY="k")
    assert done.returncode == 3
    assert "warning: autumn, people, m: failed" in done.stderr
    assert "1 of 2 runs are made" in done.stdout
    server.script = None
    assert command(*arguments, OPENAI_API_KEY="k").returncode == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--workers", "2"), "audience: --workers: a study asks from one process"),
        (("--repeats", "2", "--sample", "9"), "audience: --sample 9: the audience has 4 personas"),
        (("--model", "m"), "audience: --model m: it is named twice"),
    ],
)
def test_bad_options_are_one_line(
    more: tuple[str, ...], said: str, command: Command, arguments: tuple[str, ...]
) -> None:
    """What cannot be used is exit 2, in the words of the command."""
    done = command(*arguments, *more, OPENAI_API_KEY="k")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(said)


@pytest.mark.parametrize(
    "campaigns",
    [pytest.param(6, id="short", marks=pytest.mark.slow), pytest.param(200, id="whole", marks=pytest.mark.nightly)],
)
def test_the_script_of_the_docs_survives_kill_9(campaigns: int, tmp_path: Path) -> None:
    """Killed half-way and started again, it gives the tables of a study that nothing interrupted, byte for byte."""
    code = SCRIPT.replace("range(200)", f"range({campaigns})")
    calls = 18 * campaigns
    with OpenAIServer(models=("gpt-5-mini",), key=None) as server:
        finish(code, tmp_path / "whole", server)
        assert server.count("/chat/completions") == calls
        server.wait_until_idle()
        server.hold_after(calls // 2)
        with start(code, tmp_path / "killed", server) as killed:
            server.wait_until_held()
            os.kill(killed.pid, signal.SIGKILL)
            assert killed.wait(PATIENCE) == -signal.SIGKILL
        assert not (tmp_path / "killed" / "tables").exists()
        server.release()
        server.wait_until_idle()
        asked = server.count("/chat/completions")
        assert f"{campaigns} runs" in finish(code, tmp_path / "killed", server)
        assert server.count("/chat/completions") - asked < calls
    for name in ("verdicts.csv", "scorecard.csv"):
        whole, mended = (tmp_path / place / "tables" / name for place in ("whole", "killed"))
        assert mended.read_bytes() == whole.read_bytes()
    one, other = (toolkit.load_study(tmp_path / place / "studies" / "goods") for place in ("whole", "killed"))
    assert read_reactions(one) == read_reactions(other)
    assert one.is_complete
    assert other.is_complete
    assert one.cost_usd is not None
    assert other.cost_usd is not None
    assert other.cost_usd > one.cost_usd - 1e-6  # a reply that was paid for and not kept yet is paid for again
    assert other.record.unknown_usd > 0


def read_reactions(study: toolkit.Study) -> bytes:
    """Return every reaction but how long it took, as bytes."""
    rows = study.reactions.drop("latency_ms").sort("campaign", "persona_id", "draft_id").collect()
    return rows.write_json().encode()


def finish(code: str, folder: Path, server: OpenAIServer) -> str:
    """Let a script run to its end and return what it prints."""
    with start(code, folder, server) as running:
        try:
            printed, _ = running.communicate(timeout=PATIENCE)
        finally:
            running.kill()
    assert running.returncode == 0
    return printed


def start(code: str, folder: Path, server: OpenAIServer) -> subprocess.Popen[str]:
    """Start a script in a folder of its own, with a store of its own."""
    folder.mkdir(exist_ok=True)
    (folder / "script.py").write_text(code, encoding="utf-8")
    surroundings = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OPENAI_BASE_URL": server.base_url,
        "OPENAI_API_KEY": "a key of a test",
        "AUDIENCE_STORE": str(folder / "replies.sqlite"),
    }
    command = [sys.executable, "script.py"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=surroundings)


@pytest.fixture
def tagged(folder: Path) -> Path:
    """Tag the drafts of both campaigns, and add two more of the kind."""
    for name in ("spring", "autumn", "winter", "summer"):
        drafts = [
            {"id": "plain", "text": f"Buy in {name}.", "tags": {"style": "order"}},
            {"id": "benefit", "text": f"Save in {name}.", "tags": {"style": "gain"}},
        ]
        campaign = {"campaign": name, "audience": "../people.yaml", "objective": "click", "drafts": drafts}
        (folder / "campaigns" / f"{name}.yaml").write_text(yaml.safe_dump(campaign))
    return folder


@pytest.mark.usefixtures("tagged")
def test_tags_are_compared_by_the_command(command: Command, arguments: tuple[str, ...], server: OpenAIServer) -> None:
    """--compare prints the levels over campaigns, and reads them later from the folder of the study alone."""
    asked = ("--compare", "style", "--repeats", "2", "--agreement", "repeat")
    done = command(*arguments, *asked, OPENAI_API_KEY="k")
    assert done.returncode == 0, done.stderr
    assert "style over campaigns, in points" in done.stdout
    assert "style: Not enough for a verdict, which takes 8 people and 6 wordings:" in done.stdout
    assert "Repeats 0 and 1 would have said the same in 100 % of pairs" in done.stdout
    count = server.count()
    told = json.loads(command("study", "made", "--compare", "style", "--agreement", "repeat", "--json").stdout)
    (row,) = told["comparisons"]["style"]
    assert (row["level_a"], row["level_b"], row["campaigns"]) == ("order", "gain", 4)
    assert told["agreement"]["repeat"][0]["pairs"] == 4
    assert server.count() == count


@pytest.mark.usefixtures("tagged")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--compare", "stile"), "audience: no draft has the tag 'stile'; did you mean style?; tags: style"),
        (("--agreement", "model"), "audience: --agreement model: the study has one model; see --model"),
        (("--agreement", "repeat"), "audience: --agreement repeat: the study has one repeat; see --repeats"),
    ],
)
def test_what_cannot_be_compared_is_told_first(
    more: tuple[str, ...], said: str, command: Command, arguments: tuple[str, ...], server: OpenAIServer
) -> None:
    """A tag that no draft has, or a single model, is exit 2 before anything is asked."""
    done = command(*arguments, *more, OPENAI_API_KEY="k")
    assert (done.returncode, done.stderr.strip()) == (2, said)
    assert server.count() == 0


def test_a_kept_study_takes_no_option_that_asks(command: Command, arguments: tuple[str, ...]) -> None:
    """The folder of a study is only read, so an option that would ask is refused, not dropped."""
    assert command(*arguments, OPENAI_API_KEY="k").returncode == 0
    assert "2 of 2 runs are made" in command("study", "made").stdout
    done = command("study", "made", "--sample", "3")
    assert done.returncode == 2
    assert done.stderr.startswith("audience: --sample: made is a study, which is only read; leave the option out")
