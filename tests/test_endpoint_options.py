"""How an endpoint is reached: named presets, headers, parameters of the address, timeouts, budgets and effort."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai_server import OpenAIServer
from provider_zoo import OBJECT, TEXT, Animal, Answer, Visit, Zoo, chat, error
from recorded import write_campaign
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.cli.main import main
from toolkit.engines.presets import find_preset, list_presets
from toolkit.errors import EngineUnavailable, InputError
from toolkit.gate import record_campaign
from toolkit.models import Audience, Campaign
from toolkit.panel.run_options import make_asking
from toolkit.results import Run

OPTIONS: dict[str, Any] = {"model": "m", "rating": "direct", "control": False, "sample": 2}
NAMES = {
    "openai", "azure", "openrouter", "mistral", "gemini", "groq", "deepseek", "together", "anthropic", "ollama",
    "lmstudio", "vllm", "llamacpp",
}  # fmt: skip
PLAIN = Animal(source="", keep=lambda _: chat(TEXT))


def test_presets_have_what_they_need() -> None:
    """Each has a link and an address or the form of one; hosted ones name the variable of their key."""
    assert set(list_presets()) == NAMES
    for preset in list_presets().values():
        assert preset.link.startswith("https://")
        assert preset.address or preset.form
        assert preset.local != bool(preset.key)


def test_a_preset_fills_in_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Address, key and, for one's own server, the price come from the preset; what is given wins."""
    monkeypatch.setenv("MISTRAL_API_KEY", "from-the-variable")
    mistral = make_asking({"endpoint": "mistral"})
    assert (mistral.base_url, mistral.api_key) == ("https://api.mistral.ai/v1", "from-the-variable")
    assert mistral.known_price is None
    own = make_asking({"endpoint": "mistral", "base_url": "http://127.0.0.1:1/v1", "api_key": "mine"})
    assert (own.base_url, own.api_key) == ("http://127.0.0.1:1/v1", "mine")
    ollama = make_asking({"endpoint": "ollama"})
    assert ollama.known_price is not None
    assert ollama.known_price.cost(10**6, 10**6) == 0
    assert make_asking({"endpoint": "openai", "model": "gpt-5-mini"}).known_price is not None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"endpoint": "olama"}, "did you mean ollama"),
        ({"endpoint": "azure"}, "NAME.openai.azure.com"),
        ({"timeout": 0}, "timeout=0: give seconds"),
        ({"max_tokens": 0}, "max_tokens=0"),
        ({"header": {"X": "a\nb"}}, "without line breaks"),
        ({"query": "api-version=1"}, "query: give names and values"),
    ],
)
def test_what_cannot_be_used_is_told(options: dict[str, Any], said: str) -> None:
    """Each fault is one line with the option, and no value of a header."""
    with pytest.raises(InputError, match=said) as caught:
        make_asking(options)
    assert "\n" not in str(caught.value)


def test_everything_is_sent_and_nothing_secret_is_kept(campaign: Campaign, audience: Audience, tmp_path: Path) -> None:
    """Header, query, budget and effort arrive; neither run nor store holds the header, though the reply repeats it."""
    secret = "gateway-secret-1"  # noqa: S105 - made up
    keeper = Animal(source="", keep=lambda _: chat(TEXT.replace("Sunday", secret)))
    with Zoo(keeper) as zoo:
        run = toolkit.run(
            campaign, audience, base_url=f"{zoo.base_url}?tenant=7", header={"X-Gateway": f"Bearer {secret}"},
            query={"api-version": "2025-04-01"}, max_tokens=777, reasoning_effort="low", store=tmp_path / "s.sqlite",
            **OPTIONS,
        )  # fmt: skip
        visit = zoo.visits[-1]
    assert visit.headers["x-gateway"] == f"Bearer {secret}"
    assert visit.path == "/v1/chat/completions?tenant=7&api-version=2025-04-01"
    assert (visit.room, visit.body["reasoning_effort"]) == (777, "low")
    run.save(tmp_path / "run")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(secret.encode() in path.read_bytes() for path in files)
    assert "***" in run.reactions["verbatim"][0]


def test_effort_is_part_of_what_was_asked_and_budgets_are_not(campaign: Campaign, audience: Audience) -> None:
    """Another budget finds the reply that is kept; another effort asks anew."""
    with Zoo(PLAIN) as zoo:
        for more in ({}, {"max_tokens": 900}, {"reasoning_effort": "high"}, {"reasoning_effort": "high"}):
            toolkit.run(campaign, audience, base_url=zoo.base_url, **OPTIONS, **more)
        assert len(zoo.visits) == 8


def test_an_effort_that_is_refused_is_dropped(campaign: Campaign, audience: Audience) -> None:
    """A model without reasoning says so once."""

    def keep(visit: Visit) -> Answer:
        if "reasoning_effort" in visit.body:
            return Answer(error("Unrecognized request argument supplied: reasoning_effort"), 400)
        return chat(TEXT)

    with Zoo(Animal(source="OpenAI, error codes", keep=keep)) as zoo:
        run = toolkit.run(campaign, audience, base_url=zoo.base_url, reasoning_effort="low", **OPTIONS)
    assert run.counts.ok == 4
    assert sum("reasoning_effort" in warning for warning in run.methods.warnings) == 1


@pytest.mark.slow
def test_a_timeout_is_told_from_a_refused_connection(campaign: Campaign, audience: Audience) -> None:
    """A server that takes the request and says nothing is not called dead."""
    with Zoo(PLAIN) as zoo:
        zoo.hold()
        with pytest.raises(EngineUnavailable, match=r"took the request and gave no answer within 1 s; .*timeout"):
            toolkit.run(campaign, audience, base_url=zoo.base_url, timeout=1, **OPTIONS)
        zoo.release()
    with pytest.raises(EngineUnavailable, match="nothing answers at"):
        toolkit.run(campaign, audience, base_url="http://127.0.0.1:9/v1", **OPTIONS)


def test_a_preset_answers_an_estimate() -> None:
    """The price of one's own server is nothing, that of a hosted one unknown."""
    options: dict[str, Any] = {"model": "m", "sample": 3}
    assert (
        toolkit.estimate("examples/paypal-invoices.yaml", "uk-small-sellers", endpoint="vllm", **options).cost_usd == 0
    )
    hosted = toolkit.estimate("examples/paypal-invoices.yaml", "uk-small-sellers", endpoint="groq", **options)
    assert hosted.cost_usd is None
    assert json.loads(find_preset("groq").model_dump_json())["key"] == "GROQ_API_KEY"


REACHING: dict[str, Any] = {
    "endpoint": "mistral", "timeout": 77.0, "header": {"X-Gateway": "gateway-secret-2"},
    "query": {"api-version": "2025-04-01"}, "max_tokens": 777, "reasoning_effort": "low",
}  # fmt: skip
FLAGS = (
    "--endpoint", "mistral", "--timeout", "77", "--header", "X-Gateway=gateway-secret-2", "--query",
    "api-version=2025-04-01", "--max-tokens", "777", "--reasoning-effort", "low",
)  # fmt: skip
LONGER = "Send an invoice in the chat, today."
Asker = Callable[[Path, dict[str, Any]], object]


def answer_any(visit: Visit) -> Answer:
    """Answer what is asked: a reaction, an answer of an interview, or a new version."""
    schema = visit.body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    if "answer" in schema.get("properties", {}):
        return chat(json.dumps({"answer": "I do not know who sends it."}))
    if "changed" in schema.get("properties", {}):
        return chat(json.dumps({"text": LONGER, "changed": "It says when."}))
    return chat(json.dumps({**OBJECT, "objection": "It does not say when."}))


def press(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def press_on(*command: str, audience: bool = True) -> Asker:
    """Return a caller of the command with every option that says how an endpoint is reached, as flags."""

    def call(_: Path, given: dict[str, Any]) -> object:
        asked = ("--audience", "jam-sellers.yaml") if audience else ()
        return press(*command, *asked, "--base-url", given["base_url"], "--model", "m", *FLAGS)

    return call


def have_run(given: dict[str, Any]) -> Run:
    """Return a run whose people can be asked, made by another engine."""
    people = toolkit.load_audience("jam-sellers.yaml")
    told = reading("read", objection="It does not say when.")
    engine = ScriptedEngine(lambda _: told)
    drafts = toolkit.load_drafts("jam.yaml")
    return toolkit.run(drafts, people, engine=engine, rating="direct", store=given["store"], control=False)


RUN = {"rating": "direct", "sample": 2, "control": False}
ASKERS: dict[str, Asker] = {
    "audience run": press_on("run", "jam.yaml", "--sample", "2", "--no-control", "--rating", "direct"),
    "audience record": press_on("record", "jam.yaml", "--engine", "openai", "--sample", "2", "--rating", "direct"),
    "audience check --record": press_on("check", "jam.yaml", "--record", "--engine", "openai"),
    "audience check --engine": press_on("check", "jam.yaml", "--engine", "openai"),
    "audience rewrite": press_on(
        "rewrite", "jam.yaml", "--draft", "plain", "--sample", "2", "--no-control", "--rating", "direct", "--yes"
    ),
    "run": lambda path, given: toolkit.run(path, **given, **RUN),
    "arun": lambda path, given: asyncio.run(toolkit.arun(path, **given, **RUN)),
    "record_campaign": lambda path, given: record_campaign(path, sample=2, rating="direct", **given),
    "check": lambda path, given: toolkit.check(path, record=True, engine="openai", **given),
    "interview": lambda _, given: toolkit.interview(have_run(given), "p01", "Why?", ["jam-sellers.yaml"], **given),
    "follow_up": lambda _, given: toolkit.follow_up(have_run(given), "Why?", ["jam-sellers.yaml"], **given),
    "rewrite": lambda _, given: toolkit.rewrite(have_run(given), "plain", **given),
}


@pytest.mark.parametrize("asker", ASKERS)
def test_everything_that_asks_takes_what_a_run_takes(
    asker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Key of the named endpoint, timeout, header, parameter, budget and effort reach each request; no file keeps one.

    The key and the header stand in no file and on no screen.
    """
    write_campaign(tmp_path, people=3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MISTRAL_API_KEY", "key-secret-3")
    monkeypatch.setenv("AUDIENCE_STORE", str(tmp_path / "replies.sqlite"))
    with Zoo(Animal(source="", keep=answer_any)) as zoo:
        given = {"base_url": zoo.base_url, "model": "m", "store": tmp_path / "replies.sqlite", **REACHING}
        ASKERS[asker](tmp_path / "jam.yaml", given)
        visits = list(zoo.visits)
    assert visits
    for visit in visits:
        assert visit.headers["authorization"] == "Bearer key-secret-3"
        assert visit.headers["x-stainless-read-timeout"] == "77.0"
        assert visit.headers["x-gateway"] == "gateway-secret-2"
        assert visit.path == "/v1/chat/completions?api-version=2025-04-01"
        assert (visit.room, visit.body["reasoning_effort"]) == (777, "low")
    shown = capfd.readouterr()
    kept = [path.read_bytes().decode(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(re.search("(gateway|key)-secret", text) for text in (*kept, shown.out, shown.err))


@pytest.mark.parametrize("asker", ["audience record", "audience check --record", "record_campaign", "rewrite"])
def test_a_refusal_that_repeats_a_secret_is_masked(
    asker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A gateway that quotes the header and the key in its refusal gets neither onto a screen nor into a file."""
    write_campaign(tmp_path, people=3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MISTRAL_API_KEY", "key-secret-3")
    monkeypatch.setenv("AUDIENCE_STORE", str(tmp_path / "replies.sqlite"))

    def refuse(visit: Visit) -> Answer:
        said = f"no access with {visit.headers['x-gateway']} and {visit.headers['authorization']}"
        return Answer(error(said), 401)

    told = ""
    with Zoo(Animal(source="", keep=refuse)) as zoo:
        given = {"base_url": zoo.base_url, "model": "m", "store": tmp_path / "replies.sqlite", **REACHING}
        try:
            ASKERS[asker](tmp_path / "jam.yaml", given)
        except EngineUnavailable as refused:
            told = str(refused)
        assert zoo.visits
    shown = capfd.readouterr()
    said = told + shown.out + shown.err
    assert "no access with" in said
    kept = [path.read_bytes().decode(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(re.search("(gateway|key)-secret", text) for text in (*kept, said))


def test_a_model_for_embeddings_is_refused_by_its_own_name(
    server: OpenAIServer, campaign: Campaign, audience: Audience
) -> None:
    """The line names the model that the endpoint lacks, and not the one that answers."""
    with pytest.raises(EngineUnavailable, match="refused model 'absent'"):
        toolkit.run(
            campaign, audience, model="m", base_url=server.base_url, embedding_model="absent", api_key="test-key"
        )
