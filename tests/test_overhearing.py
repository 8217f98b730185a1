"""An answer as it comes: word by word to whoever listens, kept when it is whole, and broken off with nothing kept."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from openai_server import PATIENCE, Ask, Faults, OpenAIServer
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.improve.interviews import find_people, talk
from toolkit.improve.streaming import STOPPED, break_off, hear_answer, hear_spoken
from toolkit.models import Audience, Campaign
from toolkit.panel.background import Job
from toolkit.panel.connecting import Connection, make_connection
from toolkit.results import Run
from toolkit.store.conversations import Conversations, Turn

ANSWER = 'Nobody says "who" holds\nthe money until it is here.'


def speak(ask: Ask) -> dict[str, Any] | None:
    """Answer at length."""
    return {"answer": ANSWER} if "answer" in (ask.schema or {}).get("properties", {}) else None


@pytest.fixture
def run(audience: Audience, campaign: Campaign) -> Run:
    """Return a run of two drafts."""
    return toolkit.run(campaign, audience, engine=ScriptedEngine(lambda _: reading("read")), rating="direct")


@pytest.fixture
def connection(server: OpenAIServer) -> Connection:
    """Return a connection to the loopback provider, whose personas speak."""
    server.script = speak
    return make_connection({"base_url": server.base_url, "model": "m"})


def ask(run: Run, audience: Audience, connection: Connection, heard: list[str]) -> Turn:
    """Ask one persona why, and keep what was heard on the way."""
    people = find_people([audience])
    return asyncio.run(talk(run, "p03", "plain", "Why?", people, connection, tell=heard.append))


def list_turns(run: Run, connection: Connection) -> list[Turn]:
    """Return what is kept of the talk."""
    with Conversations(connection.store_path) as kept:
        return kept.list_turns(run.run_id, "p03", "plain")


def test_an_answer_is_told_word_by_word(
    run: Run, audience: Audience, connection: Connection, server: OpenAIServer
) -> None:
    """Each telling goes on from the one before, the last is the whole answer, and tokens are counted as ever."""
    heard: list[str] = []
    turn = ask(run, audience, connection, heard)
    assert turn.answer == ANSWER
    assert heard[-1] == ANSWER
    assert len(heard) > 5
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(heard))
    assert list_turns(run, connection) == [turn]
    assert server.requests[-1].body["stream"] is True
    again: list[str] = []
    ask(run, audience, connection, again)
    assert server.count() == 2, "the second question remembers the first, so it is another one"


@pytest.mark.parametrize("refused", ["stream_options", "stream"])
def test_an_endpoint_that_does_not_stream_answers_in_one_piece(
    refused: str, run: Run, audience: Audience, connection: Connection, server: OpenAIServer
) -> None:
    """What the endpoint refuses is left out; the answer is the same."""
    server.faults = Faults(refuse_parameters=(refused,))
    assert ask(run, audience, connection, []).answer == ANSWER
    assert refused not in server.requests[-1].body


def test_an_answer_that_breaks_off_is_asked_for_again(
    run: Run, audience: Audience, connection: Connection, server: OpenAIServer
) -> None:
    """Half an answer is never taken for one: the question is sent again, and the listener hears it anew."""
    heard: list[str] = []
    server.words_before_break = 3
    people = find_people([audience])
    turn = asyncio.run(talk(run, "p03", "plain", "Why?", people, connection, tell=heard.append))
    assert turn.answer == ANSWER == heard[-1]
    assert server.count() == 2
    assert [turn.answer for turn in list_turns(run, connection)] == [ANSWER]


def test_a_stop_keeps_nothing_half_said(
    run: Run, audience: Audience, connection: Connection, server: OpenAIServer
) -> None:
    """Stopped in the middle of an answer: the call ends, nothing is kept, and the same question can be asked again."""
    server.words_before_hold = 4
    people = find_people([audience])

    async def work(stop: asyncio.Event, tell: Any) -> Turn:
        def tell_and_stop(words: str) -> None:
            tell(words)
            stop.set()

        return await break_off(stop, talk(run, "p03", "plain", "Why?", people, connection, tell=tell_and_stop))

    job: Job[str, Turn] = Job(work, about="Why?")
    assert job.wait(PATIENCE)
    assert (job.outcome, job.problem) == (None, STOPPED)
    assert job.items
    assert list_turns(run, connection) == []
    server.wait_until_idle()
    server.words_before_hold = None
    server.release()
    assert ask(run, audience, connection, []).answer == ANSWER


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""), ('{"ans', ""), ('{"answer": "I ha', "I ha"), ('{"answer": "I \\u00', "I"), ('{"answer": "a"}', "a"),
        ("I do not know", ""), ('{"answer": 3}', ""), ("[1, 2", ""),
    ],
)  # fmt: skip
def test_an_answer_is_heard_before_it_is_whole(text: str, said: str) -> None:
    """What stands in the object so far, and nothing where there is no object yet."""
    assert hear_answer(text) == said


def test_direct_speech_ends_with_its_mark() -> None:
    """The completion of a line is heard up to its closing mark."""
    assert hear_spoken(' "It is too dear." said she\nand') == "It is too dear."
