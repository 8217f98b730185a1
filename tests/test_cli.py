"""The command: what a person types, reads and gets back; where pipes and keys matter, as a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import polars as pl
import pytest
from openai_server import CHAT, EVERYTHING, Faults, OpenAIServer

from toolkit.cli.main import audience
from toolkit.results.scoring.columns import reactions_schema

ROOT = Path(__file__).parent.parent
CAMPAIGN = ROOT / "examples" / "paypal-invoices.yaml"
Command = Callable[..., "subprocess.CompletedProcess[str]"]
pytestmark = pytest.mark.slow


def ask(server: OpenAIServer, *more: object) -> list[object]:
    """Return the arguments of a run against the loopback endpoint."""
    asked: list[object] = ["run", CAMPAIGN, "--audience", "uk-small-sellers", "--engine", "openai"]
    return [*asked, "--base-url", server.base_url, "--model", "m", "--rating", "direct", *more]


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line of a refusal, having checked that it is one, with exit 2 and no traceback."""
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


def test_a_run_writes_the_four_files(command: Command, server: OpenAIServer, tmp_path: Path) -> None:
    """The main job against an endpoint: exit 0, one JSON object, four files with the contract's columns."""
    done = command(*ask(server, "--json", "--out", tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert {"run_id", "out", "counts", "cost_usd", "prompt_tokens", "completion_tokens", "verdict", "warnings"} <= set(
        printed
    )
    assert printed["counts"] == {"planned": 24, "ok": 24, "refused": 0, "failed": 0, "from_store": 0, "calls": 44}
    assert printed["counts"]["calls"] == server.count()
    assert set(printed["verdict"]) == {"decision", "draft", "because"}
    reactions = pl.read_parquet(tmp_path / "out" / "reactions.parquet")
    assert dict(reactions.schema) == reactions_schema(["age", "role"])
    assert pl.read_parquet(tmp_path / "out" / "scorecard.parquet").height > 0
    assert pl.read_parquet(tmp_path / "out" / "comparisons.parquet").height > 0
    methods = json.loads((tmp_path / "out" / "run.json").read_text())
    assert methods["synthetic_respondents"] is True
    assert "maya" in methods["questions"]["react"].lower() or "You are" in methods["questions"]["react"]


def test_the_same_command_again_asks_nothing(command: Command, server: OpenAIServer, tmp_path: Path) -> None:
    """Run twice: the second makes no call and writes the same reactions."""
    command(*ask(server, "--out", tmp_path / "one"))
    asked = server.count()
    done = command(*ask(server, "--json", "--out", tmp_path / "two"))
    assert server.count() == asked
    assert json.loads(done.stdout)["counts"]["calls"] == 0
    assert (tmp_path / "one" / "reactions.parquet").read_bytes() == (
        tmp_path / "two" / "reactions.parquet"
    ).read_bytes()


def test_replay_needs_no_network(command: Command, server: OpenAIServer, tmp_path: Path) -> None:
    """The store alone answers the same test, and what it lacks is exit 3 with the number missing."""
    command(*ask(server, "--out", tmp_path / "one"))
    again = ["run", CAMPAIGN, "--audience", "uk-small-sellers", "--engine", "replay", "--rating", "direct", "--json"]
    done = command(*again, "--out", tmp_path / "two")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "one" / "reactions.parquet").read_bytes() == (
        tmp_path / "two" / "reactions.parquet"
    ).read_bytes()
    lacking = command(*again, "--repeats", 2)
    assert lacking.returncode == 3
    assert "the store lacks" in lacking.stderr


@pytest.mark.parametrize(
    ("arguments", "command_path"),
    [
        (("run", "--max-cost"), "audience run"),
        (("check", "a.yaml", "--comment"), "audience check"),
        (("outcomes", "add", "a.csv", "--map"), "audience outcomes add"),
        (("--bogus",), "audience"),
    ],
)
def test_a_wrong_option_names_its_command(command: Command, arguments: tuple[str, ...], command_path: str) -> None:
    """The help that the line sends to is that of the command that was called."""
    refused = command(*arguments)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"{command_path}: ")
    assert refused.stderr.rstrip().endswith(f"Try `{command_path} --help`.")


def test_failures_are_exit_3_and_resume(command: Command, server: OpenAIServer) -> None:
    """Replies that never fit are failed rows; the same command asks again for those alone."""
    server.faults = Faults(malformed=1.0)
    assert command(*ask(server, "--json")).returncode == 3
    server.faults = Faults()
    before = server.count()
    done = command(*ask(server, "--json"))
    assert done.returncode == 0
    assert json.loads(done.stdout)["counts"]["ok"] == 24
    assert server.count() == before + 44


def test_an_endpoint_that_gives_nothing_usable_ends_early(command: Command, server: OpenAIServer) -> None:
    """Replies that never fit end the run after a few dozen: exit 3, with the reason and the next step."""
    server.faults = Faults(malformed=1.0)
    done = command(*ask(server, "--concurrency", 4))
    assert done.returncode == 3
    assert server.count() <= 28
    assert "the last 20 replies were all unusable (not JSON)" in done.stderr
    assert "choose another --model, or another --rating, and run the same command again" in done.stderr


def test_passing_faults_are_survived(command: Command, server: OpenAIServer) -> None:
    """Throttling, server errors and cut replies are retried until everything is there."""
    server.faults = Faults(rate_429=0.2, rate_500=0.1, cut=0.05, retry_after=0.05, seed=3)
    done = command(*ask(server, "--json"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["ok"] == 24


def test_the_cost_limit_is_exit_4(command: Command, server: OpenAIServer) -> None:
    """The limit stops the run, the bill stays under it, and a higher one goes on from there."""
    done = command(*ask(server, "--json", "--price", "1,10", "--max-cost", "0.05"))
    assert done.returncode == 4, done.stderr
    printed = json.loads(done.stdout)
    assert 0 < printed["cost_usd"] <= 0.05
    asked = server.count()
    more = command(*ask(server, "--json", "--price", "1,10", "--max-cost", "9"))
    assert more.returncode == 0, more.stderr
    assert server.count() - asked == 44 - asked


def test_refusals_alone_are_no_failure(command: Command, server: OpenAIServer) -> None:
    """A model that declines everything gives exit 0, no reaction, and says so."""
    server.faults = Faults(refusal=1.0)
    done = command(*ask(server, "--json", "--no-control"))
    assert done.returncode == 0
    printed = json.loads(done.stdout)
    assert printed["counts"]["refused"] == 24
    assert printed["verdict"]["decision"] == "not enough"


def test_a_refused_parameter_is_dropped_with_a_warning(command: Command, server: OpenAIServer) -> None:
    """An endpoint without schemas is asked for plain JSON instead, and the run says so."""
    server.faults = Faults(no_schema=True)
    done = command(*ask(server, "--json"))
    assert done.returncode == 0, done.stderr
    assert any("response_format" in warning for warning in json.loads(done.stdout)["warnings"])


@pytest.mark.parametrize(
    ("faults", "words"),
    [(Faults(wrong_key=True), "OPENAI_API_KEY"), (Faults(quota=True), "quota is exhausted")],
)
def test_an_endpoint_that_cannot_answer_ends_at_once(
    command: Command, server: OpenAIServer, faults: Faults, words: str
) -> None:
    """A wrong key and an empty account are one line and exit 2."""
    server.faults = faults
    assert words in refused(command(*ask(server)))
    assert server.count() <= 32


def test_an_unknown_model_is_one_line(command: Command, server: OpenAIServer) -> None:
    """A model that the endpoint lacks is named, with what to change."""
    line = refused(
        command(
            "run",
            CAMPAIGN,
            "--engine",
            "openai",
            "--base-url",
            server.base_url,
            "--model",
            "nope",
            "--rating",
            "direct",
        )
    )
    assert "nope" in line
    assert "--model" in line


def test_nothing_listening_is_one_line(command: Command) -> None:
    """An address where nothing answers is exit 2 at once, and no run folder appears."""
    line = refused(
        command("run", CAMPAIGN, "--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--rating", "direct")
    )
    assert "nothing answers at http://127.0.0.1:9" in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "absent.yaml"], "absent.yaml"),
        (["run", CAMPAIGN, "--audience", "uk-smal-sellers"], "uk-small-sellers"),
        (["run", CAMPAIGN, "--sample", "0"], "--sample"),
        (["run", CAMPAIGN, "--surface", "facebok_post"], "mean facebook_post"),
        (["run", CAMPAIGN, "--samlpe", "3"], "--sample"),
        (["run", CAMPAIGN, "--concurency", "3"], "mean '--concurrency'?"),
        (["record", CAMPAIGN, "--max-costs", "3"], "mean one of: '--max-cost', '--max-tokens'?"),
        (["chek"], "mean 'check'?"),
        (["outcomes", "calibrat"], "'calibrate'"),
        (["run", CAMPAIGN, "--price", "cheap"], "IN,OUT"),
        (
            [
                "run",
                CAMPAIGN,
                "--engine",
                "openai",
                "--max-cost",
                "1",
                "--base-url",
                "http://127.0.0.1:9",
                "--model",
                "m",
            ],
            "--price",
        ),
        (["run", CAMPAIGN, "--engine", "local", "--embedding-model", "m", "--dry-run"], "--embedding-model m"),
        (["run", CAMPAIGN, "--engine", "local", "--embedding-model", "m"], "leave the option out"),
        (["run"], "DRAFTS"),
        (["runn"], "run"),
        (["personas", "show", "nobody"], "personas list"),
        (["personas", "validate", "absent.yaml"], "absent.yaml"),
    ],
)
def test_bad_input_is_one_line(command: Command, arguments: list[object], words: str) -> None:
    """Whatever is wrong: one line, exit 2, nothing on standard output."""
    done = command(*arguments, OPENAI_API_KEY="unused")
    assert words in refused(done)
    assert done.stdout == ""


def test_options_come_from_the_environment(process: Command, server: OpenAIServer) -> None:
    """AUDIENCE_<OPTION> sets any option."""
    done = process(
        "run", CAMPAIGN, "--json",
        AUDIENCE_ENGINE="openai", AUDIENCE_BASE_URL=server.base_url, AUDIENCE_MODEL="m", AUDIENCE_RATING="direct",
        AUDIENCE_SAMPLE="8", AUDIENCE_NO_CONTROL="1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["planned"] == 16


def test_drafts_from_standard_input(process: Command, server: OpenAIServer) -> None:
    """`-` reads a draft from standard input."""
    done = process(
        "run", "-", "--audience", "uk-small-sellers", "--base-url", server.base_url, "--model", "m",
        "--rating", "direct", "--json", stdin="Your parcel is at the corner shop.",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"]["decision"] == "single draft"
    assert "corner shop" in server.requests[0].text


def test_a_dry_run_asks_nothing(command: Command, server: OpenAIServer) -> None:
    """--dry-run says calls, cost, time and the detectable difference, and sends no request."""
    done = command(*ask(server, "--dry-run", "--price", "0.25,2"))
    assert done.returncode == 0, done.stderr
    assert "up to 44 calls" in done.stdout
    assert re.search(r"detects a difference of \d+ points", done.stdout)
    assert re.search(r"about \d+ (s|min)\.", done.stdout)
    assert server.count() == 0


def test_text_output_leads_with_the_verdict(process: Command, server: OpenAIServer) -> None:
    """The first line is the recommendation on the objective, the label follows, and a pipe sees no progress bar."""
    done = process(*ask(server))
    first, label, *_ = done.stdout.splitlines()
    assert re.match(r"No (clear|reliable) winner for taps: |(\w+) gets more taps than (\w+): ", first)
    assert label == "Simulated reactions from AI personas. No real people were asked. Directional only."
    assert "\r" not in done.stderr
    assert re.search(r"Asked in \d+\.\d s\.", done.stdout)
    quiet = process(*ask(server, "-q"))
    assert quiet.stdout.splitlines()[:2] == [first, label]
    assert done.stdout.startswith(quiet.stdout)
    assert "Validation: not validated." in quiet.stdout


def test_the_key_is_never_shown(process: Command) -> None:
    """Doctor says whether a key is set, and nothing prints the key itself."""
    with OpenAIServer(script=None, models=("m",), key="sk-very-secret", support=EVERYTHING) as keyed:
        done = process("doctor", "--base-url", keyed.base_url, OPENAI_API_KEY="sk-very-secret")
        assert "reachable" in done.stdout
        run = process(*ask(keyed, "-v"), OPENAI_API_KEY="sk-very-secret")
        assert run.returncode == 0, run.stderr
        for shown in (done.stdout, done.stderr, run.stdout, run.stderr):
            assert "very-secret" not in shown


def test_personas_are_listed_and_shown(command: Command) -> None:
    """Bundled audiences are listed with their size, and shown person by person."""
    assert "uk-small-sellers  12 personas" in command("personas", "list").stdout
    assert "maya" in command("personas", "show", "uk-small-sellers").stdout.lower()
    valid = command("personas", "validate", ROOT / "personas" / "uk-small-sellers.yaml")
    assert "12 personas, valid" in valid.stdout


def test_rows_become_an_audience(command: Command, tmp_path: Path) -> None:
    """A table and a template become a file that loads, and an existing file is not overwritten."""
    work = tmp_path / "work"
    (work / "buyers.csv").write_text("id,name,age,job,role\nann,Ann,41,baker,buyer\nbob,Bob,29,driver,seller\n")
    (work / "buyers.j2").write_text("Works as a {{ job }} and is {{ age }}.")
    arguments = [
        "personas",
        "import",
        "buyers.csv",
        "-o",
        "buyers.yaml",
        "--template",
        "buyers.j2",
        "--segment",
        "role",
    ]
    done = command(*arguments)
    assert done.returncode == 0, done.stderr
    shown = command("personas", "show", "buyers.yaml").stdout
    assert "Works as a baker and is 41." in shown
    assert "role buyer" in shown
    assert "buyers.yaml" in refused(command(*arguments))


def test_help_is_short_and_plain() -> None:
    """No sentence of any help is longer than twenty words, or uses words that have to be read twice."""
    offenders = []
    for command in list_commands(audience):
        texts = [command.help or "", *(getattr(parameter, "help", "") or "" for parameter in command.params)]
        for sentence in (part for text in texts for part in re.split(r"[.:;!?)]\s|\n\n", text)):
            words = " ".join(sentence.split())
            if len(words.split()) > 20 or re.search(
                r"\b(somebody|what came|where|whom|stands)\b", words, re.IGNORECASE
            ):
                offenders.append(f"{command.name}: {words}")
    assert offenders == []


def list_commands(group: click.Group) -> Iterator[click.Command]:
    """Yield a group and every command within it."""
    yield group
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from list_commands(command)
        else:
            yield command


def test_requests_carry_a_strict_schema(command: Command, server: OpenAIServer) -> None:
    """Every chat call sends a strict schema, and the persona's and the draft's text stand in the prompt whole."""
    command(*ask(server))
    asked = [request for request in server.requests if request.path == CHAT]
    assert all(request.schema is not None and request.schema["additionalProperties"] is False for request in asked)
    assert (
        sum("No more chasing buyers. Invoice them in the chat and get paid today." in request.text for request in asked)
        == 22
    )


def test_head_to_head_is_asked_shown_and_replayed(command: Command, server: OpenAIServer, tmp_path: Path) -> None:
    """The option asks for both orders, prints strengths and their checks, and a replay gives the same file."""
    shown = command(*ask(server, "--head-to-head", "--out", tmp_path / "one"))
    assert shown.returncode == 0, shown.stderr
    assert server.count() == 44 + 24
    for words in ("Head-to-head: share of wins", "Chose the draft shown first", "Same choice in both orders"):
        assert words in shown.stdout
    again = ["run", CAMPAIGN, "--audience", "uk-small-sellers", "--engine", "replay", "--rating", "direct", "--json"]
    done = command(*again, "--head-to-head", "--out", tmp_path / "two")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["counts"]["calls"] == 0
    assert {row["draft_id"] for row in printed["head_to_head"]["strengths"]} == {"plain", "benefit"}
    assert 0 <= printed["head_to_head"]["order_effects"]["first_share"] <= 1
    one, two = ((tmp_path / name / "preferences.parquet").read_bytes() for name in ("one", "two"))
    assert one == two
    assert "--head-to-head" in command("run", "--help").stdout
