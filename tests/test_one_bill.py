"""A cost limit is for the whole command: every command that asks, with many campaigns, retries, batches, workers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from openai_server import Faults, OpenAIServer
from recorded import CAMPAIGN
from test_recordings import write_people

from toolkit.cli.main import audience as commands
from toolkit.cli.main import main
from toolkit.engines import Price, budget
from toolkit.errors import BudgetReached
from toolkit.models.exchange import Question, Reply

PRICE = 10.0
"""Dollars per million tokens, of the prompt and of the reply."""
ASKING = {"demo", "run", "screen", "study", "rewrite", "check", "record", "doctor"}
ELSEWHERE = {"draft", "mcp"}
"""Tried by tests of their own, in test_drafting_people.py and test_mcp.py."""
Typed = Callable[..., "tuple[int, str, str]"]


def list_commands(group: click.Group) -> Iterator[click.Command]:
    """Yield every command of a group and of those within it."""
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from list_commands(command)
        else:
            yield command


def test_every_command_that_asks_has_a_limit() -> None:
    """Whatever takes an engine takes --max-cost and --price, and is tried below."""
    for command in list_commands(commands):
        names = {parameter.name for parameter in command.params}
        assert ("engine" in names) == (command.name in ASKING | ELSEWHERE), command.name
        assert "engine" not in names or names >= {"max_cost", "price"}, command.name


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Return a function that runs `audience` in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(list(map(str, arguments)))
        printed = capsys.readouterr()
        return int(left.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture
def many(tmp_path: Path) -> list[Path]:
    """Return ten campaign files, each with drafts of its own, and an audience of 12 beside them."""
    write_people(tmp_path)
    paths = []
    for number in range(10):
        path = tmp_path / f"jam-{number}.yaml"
        path.write_text(CAMPAIGN.replace("text: ", f"text: Number {number}. "))
        paths.append(path)
    rows = "".join(f"n{number},Jam number {number} for your table\n" for number in range(30))
    tmp_path.joinpath("thirty.csv").write_text(f"id,text\n{rows}")
    return paths


def how(server: OpenAIServer, limit: float, *more: object) -> list[object]:
    """Return the options that have the server answer at a price, up to a limit."""
    asked: list[object] = ["--base-url", server.base_url, "--model", "m", "--price", f"{PRICE},{PRICE}"]
    return [*asked, "--max-cost", limit, *more]


def bill(server: OpenAIServer) -> float:
    """Return the dollars that the server charged."""
    return server.billed_tokens * PRICE / 1e6


FAULTY = Faults(rate_500=0.2, charge_500=True, malformed=0.1, cut=0.1, seed=2)


@pytest.mark.parametrize("faults", [Faults(), pytest.param(FAULTY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", sorted(ASKING))
def test_no_command_spends_more_than_its_limit(
    typed: Typed, many: list[Path], server: OpenAIServer, name: str, faults: Faults
) -> None:
    """The server's own bill stays under the limit, also where calls are tried again, and the command exits 4."""
    server.faults = faults
    people = ["--audience", "uk-small-sellers"]
    direct = ["--rating", "direct"]
    limit = 0.4
    arguments: dict[str, list[object]] = {
        "demo": [*how(server, 0.1), "--engine", "openai", *direct],
        "run": ["jam-0.yaml", *how(server, 0.1), *direct, "--head-to-head"],
        "screen": ["thirty.csv", *how(server, 0.1), *direct, *people, "--people", 8, "--keep", 2],
        "study": ["jam-0.yaml", *how(server, 0.1), *direct, *people],
        "rewrite": ["jam-0.yaml", "--draft", "plain", *people, *how(server, 0.1), *direct],
        "check": [*many, "--record", "--engine", "openai", *how(server, limit)],
        "record": [*many, *how(server, limit), *direct],
        "doctor": [*people, *how(server, 0.1)],
    }
    if name == "check":  # it takes the way of rating from the recordings
        assert typed("record", *many, *how(server, 0, *direct))[0] == 4
        assert bill(server) == 0
    code, _, _ = typed(name, *arguments[name])
    assert code == 4
    most = float(str(arguments[name][arguments[name].index("--max-cost") + 1]))
    spent = 0.05 if faults.rate_500 else 0.2  # a call without an answer counts as its worst case
    assert spent * most < bill(server) <= most


def test_a_batch_keeps_to_the_limit(typed: Typed, many: list[Path], server: OpenAIServer) -> None:
    """Both drafts of ten campaigns in one run by batches: the bill stays under the limit."""
    code, _, _ = typed("run", many[0], *how(server, 0.1, "--batch", "--rating", "direct"))
    assert code == 4
    assert 0 < bill(server) <= 0.1


@pytest.mark.slow
def test_workers_keep_to_the_limit(typed: Typed, many: list[Path], server: OpenAIServer) -> None:
    """Two runs on workers within one bill: the second has what the first left."""
    pytest.importorskip("ray")
    with budget.one_bill() as spent:
        for path in many[:2]:
            code, _, _ = typed("run", path, *how(server, 0.15, "--workers", 2, "--rating", "direct"))
        assert code == 4
        assert 0.05 < bill(server) <= 0.15
        assert spent.spent == pytest.approx(bill(server))


def test_record_says_what_is_done_spent_and_left(typed: Typed, many: list[Path], server: OpenAIServer) -> None:
    """One bad file stops no other; the last line counts campaigns and dollars, and JSON holds the same."""
    many[1].write_text("campaign: [")
    code, out, err = typed("record", *many[:4], *how(server, 5.0), "--rating", "direct")
    assert code == 2
    assert err.count("jam-1.yaml") == 1
    assert out.count(".reactions.jsonl: 24 reactions") == 3
    left = 5.0 - bill(server)
    assert f"3 of 4 campaigns complete, 1 with an error; ${bill(server):.4f} spent, ${left:.4f} left of" in out
    code, out, _ = typed("record", *many[:4], *how(server, 5.0), "--json")
    told = json.loads(out)
    assert (code, len(told["recordings"]), [one["file"] for one in told["errors"]]) == (2, 3, [str(many[1])])
    assert (told["spent_usd"], told["left_usd"]) == (0.0, 5.0)


@pytest.mark.slow
def test_a_limit_reached_half_way_leaves_whole_recordings(typed: Typed, many: list[Path], server: OpenAIServer) -> None:
    """Ten campaigns, money for some: those are whole, and the same command with more money does the rest alone."""
    code, out, _ = typed("record", *many, *how(server, 0.4, "--rating", "direct"))
    assert code == 4
    asked = server.count()
    assert 24 < asked < 240
    assert "of 10 campaigns complete" in out
    assert " incomplete; $" in out
    code, out, _ = typed("record", *many, *how(server, 9.0))
    assert (code, server.count()) == (0, 240)
    assert "10 of 10 campaigns complete; $" in out


def test_an_unknown_price_is_said(typed: Typed, many: list[Path], server: OpenAIServer) -> None:
    """Without a price the last line says so and claims no sum."""
    asked = ["--base-url", server.base_url, "--model", "m", "--rating", "direct"]
    code, out, _ = typed("record", *many[:2], *asked)
    assert code == 0
    assert "2 of 2 campaigns complete; cost unknown (add --price IN,OUT)." in out


def test_limits_of_one_bill_hold_together() -> None:
    """Python code shares a bill, too; outside of it every run has its own."""
    question = Question(prompt="x", max_tokens=1)

    async def spend() -> budget.Budget:
        held = budget.Budget(Price(0.0, 10_000.0), 0.025)
        hold = await held.hold(question)
        hold.settle(Reply(text="x", engine="e", model="m", prompt_tokens=1, completion_tokens=1))
        return held

    async def spend_all() -> tuple[float, list[float]]:
        with budget.one_bill() as bill:
            spent = [(await spend()).spent, (await spend()).spent]
            with pytest.raises(BudgetReached):
                await spend()
        return bill.spent, spent

    together, each = asyncio.run(spend_all())
    assert (together, *each) == pytest.approx((0.02, 0.01, 0.01))
    assert asyncio.run(spend()).bill.spent == pytest.approx(0.01)
