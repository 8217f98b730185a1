"""The circuit breaker: a run whose latest calls all came to nothing ends, keeps what it has, and says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conftest import make_audience
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import CallFailed
from toolkit.improve import interviews
from toolkit.models import Audience, Campaign, Persona
from toolkit.models.exchange import Question, Reply
from toolkit.panel.breaker import Breaker, choose_calls

OPTIONS: dict[str, Any] = {"rating": "direct", "control": False}
Answer = dict[str, Any] | str | Reply | Exception


def crowd(count: int) -> Audience:
    """Return so many personas."""
    people = tuple(
        Persona(id=f"p{number:04}", name=f"Person{number}", age=30, about=f"Sells jam at stall {number}.")
        for number in range(count)
    )
    return make_audience().model_copy(update={"personas": people})


def answers_first(count: int, then: Callable[[int], Answer]) -> Callable[[Question], Answer]:
    """Return a script that answers so many calls well and gives what `then` returns for each one after that."""
    asked: list[Question] = []

    def answer(question: Question) -> Answer:
        asked.append(question)
        return reading(ratings={}) if len(asked) <= count else then(len(asked))

    return answer


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (lambda _: CallFailed("the connection broke"), "calls all failed: the connection broke;"),
        (lambda number: CallFailed(f"error {number % 3}"), "calls all failed: error"),
        (lambda _: "I like it.", "replies were all unusable (not JSON):"),
    ],
)
@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_a_run_that_comes_to_nothing_ends(
    campaign: Campaign, then: Callable[[int], Answer], said: str, concurrency: int
) -> None:
    """Half-way everything fails: few calls more are made, what came is kept, and the rest is asked by the next run."""
    engine, people = ScriptedEngine(answers_first(30, then)), crowd(80)
    run = toolkit.run(campaign, people, engine=engine, concurrency=concurrency, **OPTIONS)
    limit = choose_calls(concurrency, is_batch=False)
    assert 30 + limit <= engine.calls < 30 + limit + 2 * concurrency
    assert (run.counts.ok, run.counts.planned, run.is_complete) == (30, 160, False)
    told = [warning for warning in run.methods.warnings if f"the last {limit} {said}" in warning]
    assert len(told) == 1
    assert "the answers so far are saved" in told[0]
    assert "make the same call again" in told[0]
    again = ScriptedEngine(lambda _: reading(ratings={}))
    assert toolkit.run(campaign, people, engine=again, **OPTIONS).counts.ok == 160
    assert again.calls == 130


def test_refusals_never_end_a_run(campaign: Campaign) -> None:
    """A model that declines every question is asked all of them: what people may be asked is an answer, too."""
    engine = ScriptedEngine(lambda _: Reply(text="", engine="e", model="m", refusal="I cannot say that."))
    run = toolkit.run(campaign, crowd(60), engine=engine, **OPTIONS)
    assert (engine.calls, run.counts.refused) == (240, 120)


def test_what_the_store_lacks_never_ends_a_run(campaign: Campaign) -> None:
    """A replay lists everything that is missing, however much that is."""
    engine, people = ScriptedEngine(lambda _: reading(ratings={})), crowd(60)
    toolkit.run(campaign, people, engine=engine, sample=1, **OPTIONS)
    run = toolkit.run(campaign, people, engine="replay", **OPTIONS)
    assert run.methods.unanswered == {"not in the store": 118}


def test_one_good_reply_in_between_is_enough(campaign: Campaign) -> None:
    """An endpoint on which every tenth call succeeds is slow going, and is asked to the end."""
    engine = ScriptedEngine(answers_first(0, lambda number: CallFailed("busy") if number % 10 else reading(ratings={})))
    run = toolkit.run(campaign, crowd(100), engine=engine, **OPTIONS)
    assert (engine.calls, run.counts.ok) == (200, 20)


def test_a_thousand_people_do_not_pay_twice_for_nothing() -> None:
    """Every reply of a model is unusable: at 1,000 people a few dozen calls are made, not 2,000."""
    engine = ScriptedEngine(lambda _: "{}")
    draft = toolkit.Draft(id="a", text="Send an invoice in the chat.")
    run = toolkit.run(draft, crowd(1_000), engine=engine, concurrency=8, **OPTIONS)
    assert engine.calls <= 32
    assert run.counts.failed == 1_000


def test_reasons_of_another_kind_start_anew() -> None:
    """Failures and unusable replies are counted apart, and a usable reply ends the count."""
    breaker = Breaker(3)
    for _ in range(2):
        breaker.count_failure("timed out")
        breaker.count_failure("timed out")
        breaker.count_unusable("cut", "the reply is not JSON (cut at the token limit)")
        breaker.count_unusable("empty", "the reply is empty")
        breaker.count_answer()
    assert breaker.tripped is None
    for reason in ("timed out", "broke off", "timed out"):
        breaker.count_failure(reason)
    assert str(breaker.tripped).startswith("the last 3 calls all failed: timed out (and another reason); ")


def test_an_interview_ends_likewise(campaign: Campaign) -> None:
    """One more question to everybody on a dead endpoint stops after as many calls."""
    people = crowd(200)
    run = toolkit.run(campaign, people, engine=ScriptedEngine(lambda _: reading(ratings={})), **OPTIONS)
    dead = ScriptedEngine(lambda _: CallFailed("the connection broke"))
    asked = interviews.follow_up(run, "Why?", people, engine=dead, concurrency=2)
    assert dead.calls <= 24
    assert len(asked.answers) == 200
