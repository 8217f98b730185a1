"""How an endpoint is reached: named presets, headers, parameters of the address, timeouts, budgets and effort."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from provider_zoo import TEXT, Animal, Answer, Visit, Zoo, chat, error

import toolkit
from toolkit.engines.presets import find_preset, list_presets
from toolkit.errors import EngineUnavailable, InputError
from toolkit.models import Audience, Campaign
from toolkit.panel.run_options import make_asking

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
