"""What `audience doctor --model` finds out about an endpoint, what it does for each gap, and what it never costs."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from provider_zoo import ZOO, Animal, Answer, Visit, Zoo, chat, error, refuses

import toolkit
from toolkit.engines import make_engine, messages, presets, reaching
from toolkit.engines.budget import Budget, Price
from toolkit.engines.cut_prompts import CutWatch
from toolkit.engines.probing import Capabilities, probe
from toolkit.errors import FLAGS, EngineUnavailable, spell_out
from toolkit.models import Audience, Campaign
from toolkit.store import Store

ROOT = Path(__file__).parent.parent
GLANCE = json.dumps({"first_glance": "stop", "verbatim": "I would look at that."})
SOUND = "QUARTZ is red."


def answer_well(visit: Visit, *, usage: dict[str, Any] | None = None, text: str = "") -> Answer:
    """Answer as a model without a gap would: in form, in style, with probabilities."""
    prompt = json.dumps(visit.body["messages"])
    in_form = visit.format == "json_schema" or "fits this schema" in prompt
    found = chat(text or (GLANCE if in_form else SOUND))
    words = len(prompt.split())
    body = found.body | {"usage": usage or {"prompt_tokens": 2 * words, "completion_tokens": 20}}
    if visit.body.get("logprobs"):
        top = [{"token": str(digit), "logprob": -1.0} for digit in range(1, 6)]
        body["choices"][0]["logprobs"] = {"content": [{"token": "4", "logprob": -1.0, "top_logprobs": top}]}
    return Answer(body)


def refuse_if(fits: Callable[[Visit], object], status: int, body: Any) -> Callable[[Visit], Answer]:
    """Return a keeper that refuses what fits and answers the rest well."""
    return lambda visit: Answer(body, status) if fits(visit) else answer_well(visit)


def ask(zoo: Zoo, tmp_path: Path, *, price: Price | None = None, limit: float | None = None) -> Capabilities:
    """Return what is found out about the model of a zoo."""

    async def ask_all(store: Store) -> Capabilities:
        engine: Any = make_engine("openai", model="m", base_url=zoo.base_url, api_key="none", store=store)
        async with engine:
            return await probe(engine, Budget(price, limit), zoo.base_url)

    with Store(tmp_path / "store.sqlite") as store:
        return asyncio.run(ask_all(store))


def list_rows(found: Capabilities) -> dict[str, str]:
    """Return each row with its next step, as a user of the command reads it."""
    return {row.name: spell_out(f"{row.found} | {row.next_step}", FLAGS) for row in found.rows}


def has_picture(visit: Visit) -> bool:
    """Tell whether a request holds a picture."""
    return "image_url" in json.dumps(visit.body)


def starve(visit: Visit) -> Answer:
    """Think away any reply of up to two thousand tokens."""
    used = {"prompt_tokens": 40, "completion_tokens": visit.room, "completion_tokens_details": {"reasoning_tokens": 90}}
    return answer_well(visit) if visit.room > 2_000 else Answer(chat("", "length").body | {"usage": used})


def remember(visit: Visit) -> Answer:
    """Take most of a long prompt from the cache."""
    usage = {"prompt_tokens": 9_000, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 8_000}}
    return answer_well(visit, usage=usage)


def ignore_form(visit: Visit) -> Answer:
    """Take a schema and pay it no heed; one that the prompt spells out is kept."""
    spelled_out = "fits this schema" in json.dumps(visit.body["messages"])
    return answer_well(visit, text="" if spelled_out else "I would look at that on Sunday.")


def cut_long(visit: Visit) -> Answer:
    """Read the last half of a context of four thousand tokens, as Ollama does."""
    long = len(json.dumps(visit.body["messages"])) > 16_000
    return answer_well(visit, usage={"prompt_tokens": 2_050, "completion_tokens": 20} if long else None)


MISTRAL = {
    "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", name]} for name in ("seed", "x")]},
}
LIST = "/v1/models"
GAPS: dict[str, tuple[Animal, str, str]] = {
    "a plain schema": (
        Animal(source="", keep=refuse_if(
            lambda visit: (visit.body.get("response_format") or {}).get("json_schema", {}).get("strict"), 400,
            error("Unsupported value: 'strict' for this model"))),
        "schema", r"refused \(step 2 of 4: plain schema is used\) \| runs use that step",
    ),
    "no schema": (
        Animal(source="", keep=refuse_if(
            lambda visit: visit.format == "json_schema", 400, error("This response_format type is unavailable now"))),
        "schema", r"refused \(step 3 of 4",
    ),
    "a schema that is ignored": (Animal(source="", keep=ignore_form), "schema", r"ignored \(step 4 of 4"),
    "no form at all": (
        Animal(source="", keep=lambda visit: answer_well(visit, text="I would look.")),
        "schema", r"not kept.*\| choose a --model",
    ),
    "no system role": (
        Animal(source="", keep=refuse_if(
            lambda visit: "system" in {one["role"] for one in visit.body["messages"]}, 400,
            error("System role not supported"))),
        "system role", "refused .*before the question",
    ),
    "another token parameter": (
        Animal(source="", keep=refuse_if(
            lambda visit: "max_completion_tokens" in visit.body, 400,
            error("Unrecognized request argument supplied: max_completion_tokens"))),
        "token parameter", "^max_tokens",
    ),
    "no seed": (
        Animal(source="", keep=refuse_if(lambda visit: "seed" in visit.body, 422, MISTRAL)), "seed", "refused",
    ),
    "no probabilities": (
        Animal(source="", keep=refuse_if(
            lambda visit: "logprobs" in visit.body, 400, error("logprobs is not supported by this model"))),
        "logprobs", "refused .*--rating ssr",
    ),
    "no pictures": (
        Animal(source="", keep=refuse_if(
            has_picture, 500, error("image input is not supported - hint: you may need to provide the mmproj"))),
        "pictures", "refused .*description",
    ),
    "pictures that nobody looks at": (
        Animal(source="", keep=lambda visit: answer_well(visit, text="Blue." if has_picture(visit) else "")),
        "pictures", "taken, and not seen",
    ),
    "thoughts": (Animal(source="", keep=starve), "reasoning tokens", "90 on a short reply; .*--max-tokens"),
    "a cache": (Animal(source="", keep=remember), "cached tokens", "8,000 of 9,000"),
    "a cut context": (Animal(source="", keep=cut_long), "context length", "only 2,050 of .*OLLAMA_CONTEXT_LENGTH="),
    "a short context of Ollama": (
        Animal(source="", keep=answer_well, tells={"/api/ps": {"models": [{"name": "m", "context_length": 4096}]}}),
        "context length", "^4,096 tokens; longer prompts are cut at their start .*OLLAMA_CONTEXT_LENGTH=",
    ),
    "a context of vLLM": (
        Animal(source="", keep=answer_well, tells={LIST: {"data": [{"id": "m", "max_model_len": 32_768}]}}),
        "context length", "^32,768 tokens; .*read whole",
    ),
    "a context of llama.cpp": (
        Animal(source="", keep=answer_well, tells={"/props": {"default_generation_settings": {"n_ctx": 16_384}}}),
        "context length", "^16,384 tokens",
    ),
    "a context of LM Studio": (
        Animal(source="", keep=answer_well, tells={
            "/api/v0/models": {"data": [{"id": "m", "max_context_length": 131_072, "loaded_context_length": 8_192}]}}),
        "context length", "^8,192 tokens",
    ),
}  # fmt: skip


def test_a_sound_endpoint_has_no_gap(tmp_path: Path) -> None:
    """Every row says what was found, and none has a next step."""
    with Zoo(Animal(source="", keep=answer_well)) as zoo:
        found = ask(zoo, tmp_path)
        assert found.calls == len(zoo.visits)
    rows = list_rows(found)
    assert set(rows) == {
        "schema", "system role", "token parameter", "seed", "logprobs", "pictures", "reasoning tokens",
        "context length", "cached tokens", "tokens a second", "safe concurrency",
    }  # fmt: skip
    assert [row.name for row in found.rows if row.next_step] == []
    assert (found.form_step, found.form_kept, found.refused, found.stopped) == (0, True, (), None)
    assert found.concurrency in {1, 2, 4, 8}


@pytest.mark.parametrize("name", GAPS)
def test_each_gap_is_found_and_has_its_next_step(name: str, tmp_path: Path) -> None:
    """The row of the gap says what the endpoint does, and what to do or what a run does by itself."""
    animal, row, says = GAPS[name]
    with Zoo(animal) as zoo:
        rows = list_rows(ask(zoo, tmp_path))
    assert re.search(says, rows[row]), rows[row]


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (402, error("Insufficient Balance"), "Insufficient Balance"),
        (401, error("Incorrect API key provided", code="invalid_api_key"), "the key was refused"),
        (500, {"error": "model requires more system memory (9.2 GiB) than is available"}, "9.2 GiB"),
        (500, error("EngineCore encountered an issue"), "EngineCore encountered"),
    ],
)
def test_an_endpoint_that_cannot_answer_ends_it(status: int, body: Any, says: str, tmp_path: Path) -> None:
    """At most five calls are made before the provider's own words are told."""
    with Zoo(Animal(source="", keep=refuses(status, body))) as zoo:
        with pytest.raises(EngineUnavailable, match=says) as caught:
            ask(zoo, tmp_path)
        assert len(zoo.visits) <= 5
    assert caught.value.exit_code == 2


def test_the_cost_limit_holds(tmp_path: Path) -> None:
    """What was found out before the limit is told, the rest is not asked, and the bill stays under it."""
    with Zoo(Animal(source="", keep=answer_well)) as zoo:
        found = ask(zoo, tmp_path, price=Price(1.0, 2.0), limit=0.01)
    assert found.rows[0].name == "schema"
    assert "context length" not in list_rows(found)
    assert found.stopped is not None
    assert 0 < (found.spent_usd or 0) <= 0.01


def test_the_command_keeps_what_it_found(command: Command, tmp_path: Path) -> None:
    """A table, then the same from the store without a call; --fresh asks again, and a run keeps to what is safe."""
    store = {"AUDIENCE_STORE": str(tmp_path / "store.sqlite"), "OPENAI_API_KEY": "test-key-123"}
    with Zoo(Animal(source="", keep=answer_well)) as zoo:
        asked = ("doctor", "--model", "m", "--base-url", zoo.base_url)
        first = command(*asked, **store)
        assert (first.returncode, first.stdout.count("safe concurrency")) == (0, 1)
        calls = len(zoo.visits)
        again = command(*asked, "--json", **store)
        assert len(zoo.visits) == calls
        found = json.loads(again.stdout)
        assert (found["asked"], found["capabilities"]["form_step"]) == (False, 0)
        assert json.loads(command(*asked, "--fresh", "--json", **store).stdout)["asked"] is True
        assert len(zoo.visits) > calls
        with Store(Path(store["AUDIENCE_STORE"])) as kept:
            place = reaching.name_endpoint(zoo.base_url)
            kept.remember_capabilities(place, "m", found["capabilities"] | {"concurrency": 2})
            engine = make_engine("openai", model="m", base_url=zoo.base_url, api_key="none", store=kept)
            assert engine.concurrency == 2


def test_the_command_ends_in_the_provider_s_words(command: Command, tmp_path: Path) -> None:
    """One line on standard error, nothing else, and exit 2."""
    with Zoo(Animal(source="", keep=refuses(402, error("Insufficient Balance")))) as zoo:
        done = command(
            "doctor", "--model", "m", "--base-url", zoo.base_url, "--json",
            AUDIENCE_STORE=str(tmp_path / "store.sqlite"), OPENAI_API_KEY="test-key-123",
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "Insufficient Balance" in done.stderr


def test_a_model_in_the_environment_asks_nothing(command: Command, tmp_path: Path) -> None:
    """Only a model that is typed is asked and paid."""
    with Zoo(Animal(source="", keep=answer_well)) as zoo:
        command("doctor", "--base-url", zoo.base_url, AUDIENCE_MODEL="m", AUDIENCE_STORE=str(tmp_path / "s.sqlite"))
        assert zoo.visits == []


def test_a_run_says_that_its_questions_are_cut(campaign: Campaign, audience: Audience) -> None:
    """A server that counts fewer tokens than words were sent has cut them: said once, with the remedy."""
    long = campaign.drafts[0].model_copy(update={"text": "Send an invoice in the chat, and be paid. " * 300})
    object_ = {"action": "click", "objection": None, "quotes": [], "ratings": {}}
    text = json.dumps(json.loads(GLANCE) | object_)

    def keep(visit: Visit) -> Answer:
        return answer_well(visit, text=text, usage={"prompt_tokens": 2_050, "completion_tokens": 20})

    with Zoo(Animal(source="", keep=keep)) as zoo:
        run = toolkit.run(
            [long], audience, base_url=zoo.base_url, model="m", api_key="none", rating="direct", control=False, sample=4
        )
    told = [warning for warning in run.methods.warnings if "cuts long prompts" in warning]
    assert len(told) == 1
    assert "2,050 tokens" in told[0]
    assert re.search(r"OLLAMA_CONTEXT_LENGTH=\d+", told[0])


@pytest.mark.parametrize(
    ("message", "usage", "least"),
    [
        ({"content": "Yes."}, {"completion_tokens_details": {"reasoning_tokens": 640}}, 640),
        ({"content": "Yes.", "reasoning_content": "They might stop. " * 40}, {}, 150),
        ({"content": f"<think>{'They might stop. ' * 40}</think>Yes."}, {}, 150),
        ({"content": "Yes."}, {"completion_tokens_details": None}, 0),
    ],
)
def test_thoughts_are_counted(message: dict[str, Any], usage: dict[str, Any], least: int) -> None:
    """By the provider where it counts them, else by the characters of a thought that is shown."""
    fields = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}
    counted = messages.read_answer(fields, "openai", "m", 1.0).reasoning_tokens
    assert least <= counted <= 1.5 * least


def test_every_named_endpoint_stands_in_the_table_of_what_was_tried() -> None:
    """The page on endpoints says of each preset whether it was tried, and the zoo is as large as it says."""
    page = (ROOT / "docs" / "endpoints.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `(\w+)` \| .* \| .* \|", page)
    assert sorted(rows) == sorted(presets.list_presets())
    said = re.search(r"over (\d+) kinds", page)
    assert said is not None
    assert len(ZOO) >= int(said[1])


@pytest.mark.parametrize(
    ("sent", "counted"),
    [
        (["word " * 900] * 2, [1_000, 1_000]),
        (["word " * 3_000], [3_100]),
        (["word " * 3_000], [200]),  # what came from a cache was left out
        (["word " * 3_000] * 2, [3_328, 3_328]),
        (["日本語" * 900], [1_800]),
    ],
)
def test_whole_prompts_are_not_called_cut(sent: list[str], counted: list[int]) -> None:
    """Counts that fit the words, round by chance, or without what a cache held are no sign."""
    watch = CutWatch()
    assert not any(watch.is_cut(text, tokens) for text, tokens in zip(sent, counted, strict=True))
