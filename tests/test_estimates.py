"""The price before the run: tokens near enough, stored reactions taken off, asked for on a terminal alone."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from openai_server import CHAT, EMBEDDINGS, Ask, OpenAIServer
from provider_replies import count_tokens
from provider_zoo import TEXT, Animal, Zoo, says
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.engines.token_counts import estimate_schema_tokens, estimate_tokens
from toolkit.models import MEASURES, Audience, Campaign, Draft
from toolkit.models.exchange import LEAST_ROOM, Question, Reply
from toolkit.panel.estimating import Estimate, say_room
from toolkit.questionnaire import Prompts

ROOT = Path(__file__).parent.parent
COUNTS = [json.loads(line) for line in (Path(__file__).parent / "data" / "token_counts.jsonl").read_text().splitlines()]
"""Texts with their tokens in o200k_base: Article 1 of the Universal Declaration of Human Rights, and prompts."""
ANCHORS = sum(estimate_tokens(one) for sets in Prompts().anchors.values() for sentences in sets for one in sentences)
OPTIONS: dict[str, Any] = {"rating": "direct", "control": False}
PRICED: dict[str, Any] = {"model": "m", "base_url": "http://127.0.0.1:9/v1", "price": (1.0, 10.0)}


@pytest.mark.parametrize("row", COUNTS, ids=lambda row: row["kind"])
def test_tokens_are_near_enough(row: dict[str, Any]) -> None:
    """English prompts come out within 5 %, a schema in 10 %, a short passage in any of sixteen languages in 31 %.

    Drafts and answers in twelve languages come out within 20 %.
    """
    count = estimate_schema_tokens if row["kind"] == "schema" else estimate_tokens
    allowed = {"prompt": 0.05, "schema": 0.10, "copy": 0.20}.get(row["kind"], 0.31)
    assert count(row["text"]) == pytest.approx(row["tokens"], rel=allowed)


def test_an_estimate_writes_nothing(
    audience: Audience, campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no store yet, nothing is left in the folder: what is looked up in memory makes no file of that name."""
    monkeypatch.chdir(tmp_path)
    toolkit.estimate(campaign, audience, **PRICED, **OPTIONS, store=tmp_path / "none.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_stored_reactions_are_taken_off(audience: Audience, campaign: Campaign) -> None:
    """What the store holds costs nothing more; when it holds everything, nothing is left to pay."""
    engine = ScriptedEngine(lambda _: reading(ratings={}), model="m")
    before = toolkit.estimate(campaign, audience, **PRICED, **OPTIONS)
    toolkit.run(campaign, audience, engine=engine, sample=5, **OPTIONS)
    half = toolkit.estimate(campaign, audience, **PRICED, **OPTIONS)
    assert (before.stored, before.calls, half.stored, half.calls) == (0, 24, 10, 14)
    assert before.cost_usd is not None
    assert half.cost_usd == pytest.approx(before.cost_usd * 14 / 24, rel=0.05)
    toolkit.run(campaign, audience, engine=engine, **OPTIONS)
    rest = toolkit.estimate(campaign, audience, **PRICED, **OPTIONS)
    assert (rest.stored, rest.calls, rest.cost_usd, rest.minutes) == (24, 0, 0.0, 0.0)
    assert toolkit.estimate(campaign, audience, **(PRICED | {"price": None}), **OPTIONS).cost_usd == 0.0
    assert toolkit.estimate(campaign, audience, **(PRICED | {"model": "other"}), **OPTIONS).stored == 0


def test_half_a_folded_reaction_leaves_the_reading(audience: Audience) -> None:
    """Glances are stored, readings are not: who scrolled past is done, who stopped still has a reading to come."""
    draft = Draft(id="long", text="A long post about jam. " * 20, surface="facebook_post")

    def glance(question: Question) -> Any:
        if "action" in (question.schema or {})["properties"]:
            return "not yet"
        return {"first_glance": "stop" if "number 1 " in question.prompt else "hide", "verbatim": "Jam."}

    assert toolkit.estimate(draft, audience, **PRICED, **OPTIONS).calls == 24
    toolkit.run(draft, audience, engine=ScriptedEngine(glance, model="m"), **OPTIONS)
    after = toolkit.estimate(draft, audience, **PRICED, **OPTIONS)
    assert (after.stored, after.calls) == (11, 1)


def test_ratings_by_digit_are_counted(audience: Audience, campaign: Campaign) -> None:
    """Five digits follow each reaction, with prompts of their own."""
    plain = toolkit.estimate(campaign, audience, control=False, rating="ssr", **PRICED)
    digits = toolkit.estimate(campaign, audience, control=False, rating="logprob", **PRICED)
    assert digits.calls == 6 * plain.calls
    assert digits.prompt_tokens > 1.5 * plain.prompt_tokens


def test_replies_of_the_model_say_how_long_the_next_will_be(audience: Audience, campaign: Campaign) -> None:
    """A model that thinks unseen is charged for it: once replies are stored their own length counts."""

    def think(_: Question) -> Reply:
        text = json.dumps(reading(ratings={}))
        return Reply(text=text, engine="e", model="m", prompt_tokens=900, completion_tokens=1_500)

    toolkit.run(campaign, audience, engine=ScriptedEngine(think, model="m"), **OPTIONS)
    more = toolkit.estimate(campaign, audience, repeats=2, **PRICED, **OPTIONS)
    assert (more.calls, more.measured_replies, more.completion_tokens) == (24, 24, 24 * 1_500)


def test_vectors_are_counted_as_the_server_bills_them(
    audience: Audience, campaign: Campaign, server: OpenAIServer
) -> None:
    """Sentences to come by those that are stored, known ones as they are, and nothing where the store has them all."""

    def speak(ask: Ask) -> dict[str, Any] | None:
        says = {name: f"{name} {ask.number:04}: I would have to think about that for a while." for name in MEASURES}
        return {"first_glance": "stop", "says": says} if ask.path == CHAT else None

    def estimate(**more: Any) -> Estimate:
        return toolkit.estimate(campaign, audience, price=(1.0, 1.0), embedding_model="m", **common, **more)

    def embed(**more: Any) -> tuple[int, int]:
        before, asked = len(server.requests), toolkit.run(campaign, audience, embedding_model="m", **common, **more)
        asks = [ask for ask in server.requests[before:] if ask.path == EMBEDDINGS]
        return sum(count_tokens(ask.text) for ask in asks), asked.counts.calls

    server.script = speak
    common: dict[str, Any] = {"base_url": server.base_url, "model": "m", "control": False}
    first = estimate()
    assert (first.calls, first.embedding_tokens) == (24 + 1, ANCHORS + 24 * 5 * 20)
    toolkit.run(campaign, audience, **common)
    known = estimate()
    tokens, calls = embed()
    assert (known.calls, known.cost_usd) == (calls, round(known.embedding_tokens / 1e6, 4))
    assert known.embedding_tokens == pytest.approx(tokens, rel=0.1)
    assert (estimate().calls, estimate().embedding_tokens) == (0, 0)
    more = estimate(repeats=2)
    tokens, calls = embed(repeats=2)
    assert more.calls == calls
    assert more.embedding_tokens == pytest.approx(tokens, rel=0.1)


def test_vectors_have_the_price_of_their_model(audience: Audience, campaign: Campaign) -> None:
    """The listed price of the embedding model, in a batch too; elsewhere that of prompts, and unknown with theirs."""
    options: dict[str, Any] = {"control": False, "repeats": 10}

    def price(embedding_model: str, **more: Any) -> float | None:
        whole = toolkit.estimate(campaign, audience, embedding_model=embedding_model, **options, **more)
        rest = toolkit.estimate(campaign, audience, **options, **more)
        if whole.cost_usd is None or rest.cost_usd is None:
            return None
        return (whole.cost_usd - rest.cost_usd) / whole.embedding_tokens * 1e6

    assert price("text-embedding-3-large", model="gpt-5-mini") == pytest.approx(0.13, rel=0.02)
    assert price("text-embedding-3-large", model="gpt-5-mini", batch=True) == pytest.approx(0.13, rel=0.02)
    assert price("unlisted", model="gpt-5-mini") == pytest.approx(0.25, rel=0.02)
    assert price("text-embedding-3-large", **PRICED) == pytest.approx(1.0, rel=0.02)
    assert price("text-embedding-3-large", model="unlisted") is None


def test_ratings_without_sentences_embed_nothing(audience: Audience, campaign: Campaign, server: OpenAIServer) -> None:
    """With `--rating direct` an embedding model is neither counted nor asked."""
    options = OPTIONS | {"base_url": server.base_url, "model": "m", "embedding_model": "m"}
    before = toolkit.estimate(campaign, audience, **options)
    toolkit.run(campaign, audience, **options)
    assert (before.calls, before.embedding_tokens, server.count(EMBEDDINGS)) == (24, 0, 0)


def test_a_batch_is_half_the_price(audience: Audience, campaign: Campaign) -> None:
    """The listed price is halved, and the day it may take is said."""
    whole, half = (toolkit.estimate(campaign, audience, model="gpt-5-mini", batch=batch) for batch in (False, True))
    assert whole.cost_usd is not None
    assert half.cost_usd == pytest.approx(whole.cost_usd / 2, rel=0.01)
    assert half.minutes == 24 * 60


@pytest.mark.slow
@pytest.mark.parametrize("answer", [b"n\n", b"y\n"])
def test_a_terminal_is_asked_above_a_dollar(tmp_path: Path, answer: bytes) -> None:
    """An expensive run says what it takes and waits for a yes; a no asks nothing and exits 130."""
    with OpenAIServer(key=None) as server:
        command = [sys.executable, "-m", "toolkit", "run", str(ROOT / "examples" / "paypal-invoices.yaml"), "--price"]
        command += ["900,900", "--audience", "uk-small-sellers", "--base-url", server.base_url, "--model", "m"]
        command += ["--rating", "direct", "--no-control", "--out", str(tmp_path / "out")]
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(tmp_path)
            environment = {name: value for name, value in os.environ.items() if name != "CI"}
            os.execve(sys.executable, command, environment | {"PYTHONPATH": str(ROOT)})  # noqa: S606 - no shell is wanted
        said = b""
        while b"Go on?" not in said:
            said += os.read(terminal, 1024)
        assert b"Ask 12 people, about $" in said
        assert server.count() == 0
        os.write(terminal, answer)
        while _read_on(terminal):
            continue
        _, status = os.waitpid(child, 0)
        expected = (130, 0) if answer == b"n\n" else (0, 24)
        assert (os.waitstatus_to_exitcode(status), server.count()) == expected


def _read_on(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("limit", "room", "said"),
    [
        (None, None, None),
        (5.0, "all", None),
        (0.1, "some", "A limit of $0.1 leaves the last replies no room for thinking"),
        (0.03, "none", "A limit of $0.03 leaves replies no room for thinking"),
        (0.001, "no reply", "A limit of $0.001 is less than one reply may cost"),
    ],
)
def test_an_estimate_says_what_a_limit_leaves_for_thinking(
    limit: float | None, room: str | None, said: str | None, audience: Audience, campaign: Campaign
) -> None:
    """In a word for programs and in sentences for people; the limit that it names is enough."""
    found = toolkit.estimate(campaign, audience, max_cost=limit, **PRICED, **OPTIONS)
    assert found.room_for_thinking == room
    sentence = say_room(found)
    assert (sentence is None) == (said is None)
    if sentence is not None and said is not None:
        assert sentence.startswith(said)
        enough = float(re.findall(r"\$([\d.]+\d)", sentence)[-1])
        assert toolkit.estimate(campaign, audience, max_cost=enough, **PRICED, **OPTIONS).room_for_thinking == "all"


def test_the_room_that_is_told_is_the_room_that_is_given(audience: Audience, campaign: Campaign) -> None:
    """Under a limit said to leave no room every request is short; under the one that is named none is."""
    for limit, told in ((0.03, "none"), (0.25, "all")):
        with Zoo(Animal(source="", keep=says(TEXT))) as zoo:
            asking: dict[str, Any] = {**PRICED, **OPTIONS, "base_url": zoo.base_url, "max_cost": limit, "sample": 2}
            assert toolkit.estimate(campaign, audience, **asking).room_for_thinking == told
            toolkit.run(campaign, audience, concurrency=1, **asking)
        assert zoo.visits
        assert {visit.room >= LEAST_ROOM for visit in zoo.visits} == {told == "all"}


def test_a_dry_run_says_it_in_words_and_as_json(command: Command) -> None:
    """`--dry-run` under a small limit tells both."""
    asked = ("run", ROOT / "examples" / "paypal-invoices.yaml", "--sample", 4, "--dry-run", "--max-cost", "0.01")
    shown = command(*asked)
    assert "A limit of $0.01 leaves replies no room for thinking" in shown.stdout, shown.stderr
    told = json.loads(command(*asked, "--json").stdout)
    assert (told["max_cost_usd"], told["room_for_thinking"]) == (0.01, "none")
    assert told["room_needs_usd"] > 0.01
