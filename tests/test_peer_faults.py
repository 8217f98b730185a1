"""Faults measured in other tools of this kind; each is a test here.

fault                                                      test
a cost limit checked after dispatch: all 40 calls billed   test_forty_calls_over_the_limit_are_not_sent
errors count as done: resume retries none, exits 0         test_what_failed_is_asked_again_and_is_no_success
edited personas and template, old and new answers mixed    test_an_edited_persona_or_template_mixes_nothing
kill -9 after 13 answers: nothing saved                    test_thirteen_answers_outlast_a_kill
key glued from strings: "Rate 1"+0 equals "Rate "+10       test_a_repeat_is_no_part_of_the_words
an interrupt throws away all collected answers             test_an_interrupt_keeps_what_came
the whole cache is rewritten per miss                      test_a_miss_writes_one_reply_and_not_the_store
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from killable import Killable
from openai_server import Faults, OpenAIServer
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import CallFailed, Interrupted
from toolkit.models import Audience, Campaign, Persona
from toolkit.models.exchange import Question, Reply
from toolkit.panel.asker import Asker
from toolkit.questionnaire import Task
from toolkit.store import Store

OPTIONS: dict[str, Any] = {"rating": "direct", "control": False}


def people(count: int) -> Audience:
    """Return so many personas."""
    found = [Persona(id=f"p{n:02}", name=f"P{n}", age=30, about=f"Sells jam at stall {n}.") for n in range(count)]
    return Audience(audience="jam", description="They sell jam.", source="a test", personas=tuple(found))


def test_forty_calls_over_the_limit_are_not_sent(campaign: Campaign) -> None:
    """A limit of 0.05 with 40 calls at 0.01 each, all at once: at most five are sent, and every one is kept."""

    def answer(question: Question) -> Reply:
        text = json.dumps(reading(ratings={}))
        return Reply(text=text, engine="e", model="m", prompt_tokens=1, completion_tokens=question.max_tokens)

    engine = ScriptedEngine(answer)
    price = (0.0, 0.01 * 1e6 / 2_000)
    run = toolkit.run(campaign, people(20), engine=engine, concurrency=40, price=price, max_cost=0.05, **OPTIONS)
    assert engine.calls == run.counts.ok == 5
    assert run.methods.cost_usd == pytest.approx(0.05)
    assert run.methods.stopped is not None


def test_what_failed_is_asked_again_and_is_no_success(campaign: Campaign) -> None:
    """Twenty of forty calls fail: the run is incomplete, and the next one asks those twenty, and them alone."""
    broken = [f"stall {n}." for n in range(10)]

    def answer(question: Question) -> Any:
        fails = any(stall in question.prompt for stall in broken)
        return CallFailed("the line went dead") if fails else reading(ratings={})

    run = toolkit.run(campaign, people(20), engine=ScriptedEngine(answer), **OPTIONS)
    assert (run.counts.ok, run.counts.failed, run.is_complete) == (20, 20, False)
    engine = ScriptedEngine(lambda _: reading(ratings={}))
    assert toolkit.run(campaign, people(20), engine=engine, **OPTIONS).is_complete
    assert engine.calls == 20
    assert all(any(stall in question.prompt for stall in broken) for question in engine.questions)


def test_an_edited_persona_or_template_mixes_nothing(tmp_path: Path, campaign: Campaign) -> None:
    """Every persona edited, or the template: everything is asked anew, and no old answer stands among the new."""

    def say(words: str) -> ScriptedEngine:
        return ScriptedEngine(lambda _: reading(verbatim=words, ratings={}))

    old = people(5)
    toolkit.run(campaign, old, engine=say("old"), **OPTIONS)
    new = [one.model_copy(update={"about": f"{one.about} And honey."}) for one in old.personas]
    edited = toolkit.run(campaign, old.model_copy(update={"personas": tuple(new)}), engine=say("new"), **OPTIONS)
    assert edited.reactions["verbatim"].unique().to_list() == ["new"]
    (tmp_path / "draft.j2").write_text(
        "On the screen:\n<draft-{{ token }}>\n{{ shown | clean }}\n</draft-{{ token }}>\n"
    )
    other = toolkit.run(campaign, old, engine=say("newer"), prompts=tmp_path, **OPTIONS)
    assert other.reactions["verbatim"].unique().to_list() == ["newer"]
    assert len({toolkit.run(campaign, old, engine=say("old"), **OPTIONS).run_id, edited.run_id, other.run_id}) == 3


@pytest.mark.slow
def test_thirteen_answers_outlast_a_kill(tmp_path: Path) -> None:
    """Thirteen answers came, then kill -9: thirteen are in the store, and the next run asks the other seven."""
    path = tmp_path / "store.sqlite"
    with OpenAIServer(key=None) as server, Killable(path) as process:
        options = {"base_url": server.base_url, "personas": 10, "concurrency": 1}
        server.script = _hold_back_after(server, 13)
        child = process.start(**options)
        server.wait_for(14)
        os.kill(child, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        with Store(path) as store:
            assert store.count_replies() == 13
        server.script, server.faults = None, Faults()
        process.start(**options)
        assert process.wait() == 0
        assert server.count() == 14 + 7


def _hold_back_after(server: OpenAIServer, count: int) -> Any:
    """Return a script that answers so many questions and stalls the rest."""

    def answer(ask: Any) -> None:
        if ask.number == count:
            server.faults = Faults(stall=1.0, stall_seconds=60)

    return answer


def test_a_repeat_is_no_part_of_the_words(tmp_path: Path, audience: Audience, campaign: Campaign) -> None:
    """The words "Rate 1" in repeat 0 are not "Rate " in repeat 10, nor is wording 1, repeat 0 the same as 0 and 10."""
    with Store(tmp_path / "store.sqlite") as store:
        asker = Asker(None, ScriptedEngine(lambda _: "x"), store, None, "")  # type: ignore[arg-type]
        keys = {
            asker._key(Task(audience.personas[0], campaign.drafts[0], wording, repeat), Question(prompt=prompt))
            for wording, repeat in ((0, 0), (0, 1), (0, 10), (1, 0), (1, 1), (10, 0))
            for prompt in ("Rate ", "Rate 1", "Rate 10")
        }
    assert len(keys) == 18


def test_an_interrupt_keeps_what_came(audience: Audience, campaign: Campaign) -> None:
    """Interrupted after seven answers: seven are kept, and the next run asks the other seventeen."""

    async def work() -> None:
        halt = asyncio.Event()
        seen: list[object] = []

        def hear(reaction: object) -> None:
            seen.append(reaction)
            if len(seen) == 7:
                halt.set()

        engine = ScriptedEngine(lambda _: reading(ratings={}))
        await toolkit.arun(campaign, audience, engine=engine, concurrency=1, halt=halt, on_reaction=hear, **OPTIONS)

    with pytest.raises(Interrupted):
        asyncio.run(work())
    again = ScriptedEngine(lambda _: reading(ratings={}))
    assert toolkit.run(campaign, audience, engine=again, **OPTIONS).counts.from_store == 7
    assert again.calls == 17


def test_a_miss_writes_one_reply_and_not_the_store(tmp_path: Path) -> None:
    """With two thousand replies in the store, keeping one more writes a few pages and leaves the file as it is."""
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        for key, reply in _make_replies(2_000):
            store.keep(key, "chat", reply)
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size, before = path.stat().st_size, path.read_bytes()
        store.keep(b"one more", "chat", Reply(text="x" * 500, engine="e", model="m"))
        written = path.with_name("store.sqlite-wal").stat().st_size
        assert path.read_bytes() == before
    assert size > 1_000_000
    assert written < size / 20


def _make_replies(count: int) -> Iterator[tuple[bytes, Reply]]:
    for number in range(count):
        yield number.to_bytes(32, "big"), Reply(text="x" * 500, engine="e", model="m")
