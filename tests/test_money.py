"""The bill: held back before each call, counted by the provider's own usage, never past the limit."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
from openai_server import CHAT, EMBEDDINGS, Ask, Faults, OpenAIServer
from provider_replies import count_tokens
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.engines.budget import Budget, Price, find_listed_price
from toolkit.errors import BudgetReached, CallFailed
from toolkit.models import MEASURES, Audience, Campaign
from toolkit.models.exchange import Question, Reply
from toolkit.panel import api
from toolkit.panel.planning import make_plan
from toolkit.questionnaire import BOUNDARY, Prompts, Questionnaire

OPTIONS: dict[str, Any] = {"rating": "direct", "control": False, "concurrency": 1}
WORST = 0.01
"""Dollars that every question of the unit tests can cost: its worst case by the prices below."""
PRICE = Price(0.0, 10_000.0)
Trial = tuple[float, float, float, bool, bool]
QUESTION = Question(prompt="x", max_tokens=1)


def reply_of(completion_tokens: int) -> Reply:
    """Return a reply with so much usage."""
    return Reply(text="x", engine="e", model="m", prompt_tokens=1, completion_tokens=completion_tokens)


@pytest.mark.parametrize(("outcome", "spent", "lost"), [("settle", 0.01, 0), ("free", 0, 0), ("lose", 0, WORST)])
def test_each_outcome_of_a_call_is_counted_once(outcome: str, spent: float, lost: float) -> None:
    """Answered: the usage; refused: nothing; fate unknown: the worst case. A second word on the same call is idle."""

    async def ask() -> Budget:
        budget = Budget(PRICE, 1.0)
        hold = await budget.hold(QUESTION)
        hold.settle(reply_of(1)) if outcome == "settle" else getattr(hold, outcome)()
        hold.lose()
        return budget

    budget = asyncio.run(ask())
    assert (budget.spent, budget.lost) == pytest.approx((spent, lost))


def test_a_reply_without_usage_counts_as_its_worst_case() -> None:
    """An endpoint that does not say what it charged may have charged the most."""

    async def ask() -> tuple[Budget, float | None]:
        budget = Budget(PRICE, 1.0)
        hold = await budget.hold(QUESTION)
        return budget, hold.settle(Reply(text="x", engine="e", model="m"))

    budget, cost = asyncio.run(ask())
    assert cost is None
    assert budget.lost == pytest.approx(WORST)


def test_calls_wait_for_room_and_go_in_order() -> None:
    """With room for two, the third waits for the first; where nothing can settle any more, it is refused."""

    async def ask() -> list[str]:
        said = []
        budget = Budget(PRICE, 2.5 * WORST)
        first, _ = await budget.hold(QUESTION), await budget.hold(QUESTION)
        third = asyncio.ensure_future(budget.hold(QUESTION))
        fourth = asyncio.ensure_future(budget.hold(QUESTION))
        await asyncio.sleep(0)
        said.append(f"waiting {not third.done()}")
        first.free()
        (await third).lose()
        said.append(f"fourth {fourth.done()}")
        _.lose()
        with pytest.raises(BudgetReached, match="without an answer"):
            await fourth
        return said

    assert asyncio.run(ask()) == ["waiting True", "fourth False"]


def test_who_gives_up_waiting_takes_nothing_along() -> None:
    """A call cancelled while it waits, or just as its turn comes, leaves the room to others."""

    async def ask() -> Budget:
        budget = Budget(PRICE, WORST)
        first = await budget.hold(QUESTION)
        waiting = [asyncio.ensure_future(budget.hold(QUESTION)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        first.free()
        waiting[1].cancel()
        (await waiting[2]).settle(reply_of(1))
        return budget

    budget = asyncio.run(ask())
    assert (budget.spent, budget.lost) == pytest.approx((WORST, 0))


def test_a_cached_prompt_costs_less_and_a_batch_half() -> None:
    """The listed price knows cached tokens; a batch halves all three."""
    price = find_listed_price("gpt-5-mini")
    assert price is not None
    assert price.cost(1_000_000, 0, 900_000) == pytest.approx(0.1 * 0.25 + 0.9 * 0.025)
    assert price.halve().cost(1_000_000, 1_000_000) == pytest.approx((0.25 + 2) / 2)
    assert Price(1, 1).cost(1_000_000, 0, 900_000) == pytest.approx(1)


def test_a_failed_call_stays_counted(audience: Audience, campaign: Campaign) -> None:
    """Calls that fail with an unknown fate use up the limit; calls that the provider refused do not."""

    def run(failure: CallFailed) -> toolkit.Run:
        options = OPTIONS | {"price": (1.0, 10.0), "max_cost": 0.1}
        return toolkit.run(campaign, audience, engine=ScriptedEngine(lambda _: failure), **options)

    lost = run(CallFailed("timed out"))
    assert lost.methods.stopped is not None
    assert 0 < lost.methods.cost_unknown_usd <= 0.1
    assert lost.methods.cost_usd == 0
    assert any("may have cost up to" in warning for warning in lost.methods.warnings)
    refused = run(CallFailed("too long", free=True))
    assert (refused.methods.stopped, refused.methods.cost_unknown_usd) == (None, 0)


def test_the_provider_s_usage_wins(audience: Audience, campaign: Campaign) -> None:
    """What a run cost is what the provider counted, cached tokens at their own price, and their share is recorded."""

    def answer(_: Question) -> Reply:
        text = json.dumps(reading(ratings={}))
        usage = {"prompt_tokens": 1_000, "completion_tokens": 100, "cached_tokens": 800}
        return Reply(text=text, engine="scripted", model="scripted-1", **usage)

    run = toolkit.run(campaign, audience, engine=ScriptedEngine(answer), price=(1.0, 10.0), **OPTIONS)
    assert run.methods.cost_usd == pytest.approx(24 * (1_000 + 1_000) / 1e6)
    assert (run.methods.cached_tokens, run.methods.prompt_tokens) == (24 * 800, 24 * 1_000)


@pytest.mark.parametrize("kind", ["ask_glance", "ask_reading", "ask_reaction"])
def test_prompts_begin_with_what_all_share(audience: Audience, campaign: Campaign, kind: str) -> None:
    """The run's token, the person, the wording and the draft come after everything that every question shares."""
    settings = api.plan(campaign, audience).settings
    plan = make_plan(campaign, [audience], settings, Prompts())
    questionnaire = Questionnaire(plan.prompts, "direct")
    questions = [getattr(questionnaire, kind)(task) for task in plan.tasks]
    head, mark, _ = questions[0].prompt.partition(BOUNDARY)
    assert mark
    assert all(question.prompt.startswith(head) for question in questions)
    assert len({question.system for question in questions}) == 1
    mean = sum(len(question.system + question.prompt) for question in questions) / len(questions)
    assert (len(questions[0].system) + len(head)) / mean > 0.6


def test_embeddings_are_held_to_the_limit(tmp_path: Path, audience: Audience, campaign: Campaign) -> None:
    """Where the limit leaves no room for vectors, none are asked for, and a higher limit pays for nothing else."""
    options: dict[str, Any] = {"model": "m", "embedding_model": "m", "control": False, "concurrency": 1}

    def run(server: OpenAIServer, store: str, **more: Any) -> toolkit.Run:
        where = {"base_url": server.base_url, "store": tmp_path / store}
        return toolkit.run(campaign, audience, price=(1.0, 1.0), **options, **where, **more)

    def speak(ask: Ask) -> dict[str, Any] | None:
        says = {name: f"{name} {ask.number}: I would have to think about that. " * 6 for name in MEASURES}
        return {"says": says} if ask.path == CHAT else None

    with OpenAIServer(key=None, script=speak) as server:
        whole = run(server, "whole.sqlite")
        assert whole.methods.cost_usd == pytest.approx(server.billed_tokens / 1e6)
        vectors = sum(count_tokens(ask.text) for ask in server.requests if ask.path == EMBEDDINGS)
        asked, replies = server.count(EMBEDDINGS), server.billed_tokens - vectors
    with OpenAIServer(key=None, script=speak) as server:
        short = run(server, "short.sqlite", max_cost=(replies + 7_000) / 1e6)
        assert server.billed_tokens == replies
        assert (server.count(EMBEDDINGS), short.counts.ok) == (0, 24)
        assert "max_cost" in str(short.methods.stopped)
        assert short.reactions["rating_trust"].null_count() == 24
        assert not any(short.methods.silent.values())
        before = server.count(CHAT)
        paid = run(server, "short.sqlite", max_cost=1.0)
        assert (server.count(CHAT), server.count(EMBEDDINGS)) == (before, asked)
        assert paid.methods.stopped is None
        assert paid.methods.cost_usd == pytest.approx(vectors / 1e6)
        assert paid.reactions["rating_trust"].equals(whole.reactions["rating_trust"])


def test_a_listed_embedding_model_has_a_price_of_its_own() -> None:
    """At its maker's endpoint the listed price holds; elsewhere the price of the asking model's prompts stands in."""
    small = "text-embedding-3-small"
    assert api.find_embedding_price("openai", small) == Price(0.02, 0.0)
    assert api.find_embedding_price("openai", small, price=(9.0, 9.0)) == Price(0.02, 0.0)
    assert api.find_embedding_price("openai", small, "http://127.0.0.1/v1", (0.5, 2.0)) == Price(0.5, 2.0)
    assert api.find_embedding_price("openai", small, "http://127.0.0.1/v1") is None


@pytest.mark.slow
def test_the_servers_own_bill_never_passes_the_limit(tmp_path: Path, audience: Audience, campaign: Campaign) -> None:
    """Twenty runs with random limits, prices, concurrency, faults and a stop: the server's count stays under the limit.

    Cut and malformed replies are billed, server errors and dropped connections too, some calls are cancelled in flight.
    Every other run has the endpoint embed what was said, on the same bill.
    """
    outcomes = asyncio.run(_run_trials(tmp_path, audience, campaign))
    for trial, (billed, limit, cost, *_) in enumerate(outcomes):
        assert billed <= limit, f"trial {trial}"
        assert cost <= billed + 1e-6, f"trial {trial}"  # a run rounds its cost to millionths
    assert sum(stopped for *_, stopped, _ in outcomes) >= 5
    assert sum(embedded for *_, embedded in outcomes) >= 2
    assert sum(billed for billed, *_ in outcomes) > 0.15 * sum(limit for _, limit, *_ in outcomes)


async def _run_trials(folder: Path, audience: Audience, campaign: Campaign) -> list[Trial]:
    async with contextlib.AsyncExitStack() as stack:
        trials = [_run_trial(stack, folder / f"{seed}.sqlite", seed, audience, campaign) for seed in range(20)]
        return await asyncio.gather(*trials)


async def _run_trial(
    stack: contextlib.AsyncExitStack, store: Path, seed: int, audience: Audience, campaign: Campaign
) -> Trial:
    """Return the server's bill, the limit, the run's own cost, whether the limit stopped it, whether it embedded."""
    source = random.Random(seed)  # noqa: S311 - repeatable, and nothing secret
    rates = {name: source.choice([0, 0.05, 0.2]) for name in ("cut", "malformed", "rate_429", "rate_500", "drop")}
    faults = Faults(**rates, stall=0.2, stall_seconds=0.3, charge_500=True, retry_after=0.01, seed=seed)
    server = stack.enter_context(OpenAIServer(faults=faults, key=None))
    price = source.uniform(0.5, 20)
    limit = source.uniform(5_000, 60_000) * price / 1e6
    stop = asyncio.Event()
    if source.random() < 0.3:
        server.script = _stop_after(source.randrange(3, 15), stop, asyncio.get_running_loop())
    rating: dict[str, Any] = {"rating": "ssr", "embedding_model": "m"} if seed % 2 else {"rating": "direct"}
    run = await toolkit.arun(
        campaign, audience, base_url=server.base_url, model="m", **rating, price=(price, price),
        max_cost=limit, concurrency=source.choice([1, 4, 16, 64]), store=store, stop=stop,
    )  # fmt: skip
    stopped = run.methods.stopped is not None and "max_cost" in run.methods.stopped
    embedded = server.count(EMBEDDINGS) > 0
    return server.billed_tokens * price / 1e6, limit, run.methods.cost_usd or 0.0, stopped, embedded


def _stop_after(count: int, stop: asyncio.Event, loop: asyncio.AbstractEventLoop) -> Any:
    asked: list[object] = []

    def answer(ask: object) -> None:
        asked.append(ask)
        if len(asked) == count:
            loop.call_soon_threadsafe(stop.set)

    return answer
