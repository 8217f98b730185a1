"""A run against a provider that fails in every way at once, and what an error at its end leaves behind."""

from __future__ import annotations

import time
from typing import Any

import pytest
from openai_server import CHAT, Faults, OpenAIServer
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import EngineUnavailable
from toolkit.models import MEASURES, Audience, Campaign, Persona
from toolkit.questionnaire import Reaction

OPTIONS: dict[str, Any] = {
    "engine": "openai", "model": "m", "rating": "direct", "control": False, "api_key": "test-key", "concurrency": 128,
}  # fmt: skip


def make_audience(people: int) -> Audience:
    """Return so many people, each a little different."""
    personas = tuple(
        Persona(id=f"p{number}", name=f"Person{number}", age=20 + number % 60, about=f"Sells jam at stall {number}.")
        for number in range(people)
    )
    return Audience(audience="market", personas=personas)


@pytest.mark.slow
def test_a_thousand_reactions_survive_every_fault(campaign: Campaign) -> None:
    """429, 500, cut, malformed and late replies: all arrive, for at most 1.35 times the calls that there had to be."""
    faults = Faults(rate_429=0.10, rate_500=0.05, cut=0.02, malformed=0.02, stall=0.01, stall_seconds=5, seed=5)
    with OpenAIServer(faults=faults, latency=0.05) as server:
        run = toolkit.run(campaign, make_audience(500), base_url=server.base_url, **OPTIONS)
        asked = server.count(CHAT)
    assert run.counts.ok == run.counts.planned == 1000
    assert run.counts.calls == asked <= 1.35 * 1000
    assert run.methods.bad_replies
    assert not run.methods.unanswered


@pytest.mark.slow
def test_what_is_in_flight_when_the_quota_ends_is_kept(campaign: Campaign) -> None:
    """An exhausted quota ends the run with one line; replies that were on their way arrive and are not asked again."""
    with OpenAIServer(latency=0.3) as server:
        plenty, empty = Faults(), Faults(quota=True)

        def run_dry(ask: Any) -> None:
            server.faults = empty if ask.number >= 12 else plenty

        server.script = run_dry
        with pytest.raises(EngineUnavailable, match="quota is exhausted"):
            toolkit.run(campaign, make_audience(40), base_url=server.base_url, **OPTIONS)
        answered = server.count(CHAT) - server.refused
        server.script, server.faults = None, plenty
        before = server.count(CHAT)
        run = toolkit.run(campaign, make_audience(40), base_url=server.base_url, **OPTIONS)
        assert server.count(CHAT) - before == 80 - answered
    assert answered >= 12
    assert run.counts.ok == 80


def test_a_wrong_key_is_tried_by_few(campaign: Campaign) -> None:
    """The first refusal of a key ends it for all: those who wait for their turn never send."""
    with OpenAIServer(latency=0.05, key="right") as server:
        with pytest.raises(EngineUnavailable, match="the key was refused"):
            toolkit.run(campaign, make_audience(100), base_url=server.base_url, **OPTIONS)
        assert server.count(CHAT) <= 16


def test_a_far_retry_after_is_one_line(campaign: Campaign) -> None:
    """An endpoint that wants nothing for an hour is not waited for."""
    with OpenAIServer(faults=Faults(rate_429=1, retry_after=3600)) as server:
        with pytest.raises(EngineUnavailable, match="takes nothing more for 3,600 s"):
            toolkit.run(campaign, make_audience(20), base_url=server.base_url, **OPTIONS)
        assert server.count(CHAT) <= 16


def test_requests_a_minute_are_kept_to(campaign: Campaign) -> None:
    """With --rpm 120 two requests go out at once and then no more than two a second."""
    with OpenAIServer() as server:
        started = time.monotonic()
        run = toolkit.run(campaign, make_audience(2), base_url=server.base_url, **(OPTIONS | {"rpm": 120}))
        assert time.monotonic() - started > 0.9
    assert run.counts.ok == 4
    with pytest.raises(toolkit.ToolkitError, match="1 or more"):
        toolkit.run(campaign, make_audience(6), base_url="http://127.0.0.1:9/v1", **(OPTIONS | {"rpm": 0}))


def test_an_answer_that_is_no_json_is_tried_again(campaign: Campaign) -> None:
    """A gateway's error page in place of an answer costs another attempt, not the reaction."""
    with OpenAIServer(faults=Faults(page=0.3, seed=2)) as server:
        run = toolkit.run(campaign, make_audience(20), base_url=server.base_url, **OPTIONS)
        assert run.counts.ok == 40
        assert server.count(CHAT) > 40


def test_an_exception_half_way_loses_no_answer(campaign: Campaign) -> None:
    """Whatever breaks the run, also a listener's own fault, the replies until then are kept and not asked for again."""
    heard: list[str] = []

    def listen(reaction: Reaction) -> None:
        heard.append(reaction.persona_id)
        if len(heard) == 20:
            raise RuntimeError("the listener fell over")

    engine = ScriptedEngine(lambda _: reading(ratings=dict.fromkeys(MEASURES, 3)))
    options: dict[str, Any] = {"rating": "direct", "control": False, "concurrency": 4}
    with pytest.raises(RuntimeError, match="the listener fell over") as caught:
        toolkit.run(campaign, make_audience(40), engine=engine, on_reaction=listen, **options)
    assert "every reply that came before this error is in the store" in caught.value.__notes__[0]
    again = ScriptedEngine(lambda _: reading(ratings=dict.fromkeys(MEASURES, 3)))
    run = toolkit.run(campaign, make_audience(40), engine=again, **options)
    assert run.counts.ok == 80
    assert run.counts.from_store >= 20
    assert again.calls == 80 - run.counts.from_store
