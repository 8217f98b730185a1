"""The loopback provider, driven through the real client."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import jsonschema
import openai
import pytest
from openai_server import CHAT, COMPLETIONS, EVERYTHING, PATIENCE, OpenAIServer
from provider_client import SCHEMA, chat, complete, connect, embed, list_outcomes, strict


def test_models_are_listed() -> None:
    """The models endpoint lists the names that the server was given."""
    with OpenAIServer(models=("m", "small")) as server, connect(server) as client:
        assert [model.id for model in client.models.list()] == ["m", "small"]


def test_structured_reply_fits_and_repeats() -> None:
    """A strict schema gets an object that fits it, the same for the same text and another for another text."""
    texts = [f"persona {number} reads the draft" for number in range(12)]
    with OpenAIServer() as server:
        first = [chat(server, text, **strict(SCHEMA)).choices[0].message.content for text in texts]
        again = [chat(server, text, **strict(SCHEMA)).choices[0].message.content for text in texts]
    for content in first:
        jsonschema.validate(json.loads(content), SCHEMA)
    assert first == again
    assert len(set(first)) == len(first)


def test_boundary_of_a_run_does_not_change_the_reply() -> None:
    """Long hexadecimal words, random in each run, leave the reply as it is."""
    tokens = ("9f86d081884c7d65", "60303ae22b998861")
    with OpenAIServer() as server:
        answers = [chat(server, f"<draft-{token}>Pay here</draft>", **strict(SCHEMA)) for token in tokens]
    assert answers[0].choices[0].message.content == answers[1].choices[0].message.content


def test_text_and_json_object_modes() -> None:
    """Without a schema the reply is a sentence about the text, or an object where one is asked."""
    with OpenAIServer() as server:
        sentence = chat(server, "invoices").choices[0].message.content
        made = chat(server, "JSON on invoices", response_format={"type": "json_object"}).choices[0].message.content
    assert "invoices" in sentence
    assert set(json.loads(made)) == {"answer"}


def test_schema_in_the_text_is_followed() -> None:
    """A schema written out in the prompt is followed like one in the response format."""
    with OpenAIServer(script=lambda _: {"action": "save"}) as server:
        content = chat(server, f"Answer with one object that fits:\n{json.dumps(SCHEMA)}").choices[0].message.content
    assert json.loads(content)["action"] == "save"
    jsonschema.validate(json.loads(content), SCHEMA)


def test_script_overrides_only_known_fields() -> None:
    """A dict from the script changes fields of the schema and adds none; a text is sent as it is."""

    def answer(ask: Any) -> str | dict[str, Any]:
        return "as it is" if "raw" in ask.text else {"level": 5, "unknown": 1}

    with OpenAIServer(script=answer) as server:
        made = json.loads(chat(server, "some text", **strict(SCHEMA)).choices[0].message.content)
        raw = chat(server, "raw text", **strict(SCHEMA)).choices[0].message.content
    assert made["level"] == 5
    assert "unknown" not in made
    assert raw == "as it is"


def test_script_that_fails_is_raised_on_leaving() -> None:
    """An exception in the script reaches the test instead of looking like a provider's failure."""

    def answer(_: Any) -> str:
        raise KeyError("missing persona")

    with (
        pytest.raises(KeyError, match="missing persona"),
        OpenAIServer(script=answer) as server,
        pytest.raises(openai.BadRequestError, match="missing persona"),
    ):
        chat(server)


def test_chat_logprobs_name_the_alternatives() -> None:
    """Top log-probabilities of a chat reply hold the scale, or the distribution of the script."""
    with OpenAIServer(script=lambda ask: {"4": 0.7, "5": 0.2, "2": 0.0} if "odd" in ask.text else None) as server:
        usual = chat(server, "Rate it from 1 to 5", logprobs=True, top_logprobs=8).choices[0]
        odd = chat(server, "an odd one", logprobs=True, top_logprobs=8).choices[0]
    tokens = {item.token: item.logprob for item in usual.logprobs.content[0].top_logprobs}
    assert set("12345") <= set(tokens)
    assert max(tokens, key=lambda token: tokens[token]) == usual.message.content
    assert [item.token for item in odd.logprobs.content[0].top_logprobs] == ["4", "5"]


def test_support_leaves_parts_out() -> None:
    """Without support there are no log-probabilities, no usage and no such path."""
    with OpenAIServer(support=EVERYTHING - {"logprobs", "usage", COMPLETIONS}) as server:
        answer = chat(server, logprobs=True, top_logprobs=3)
        with pytest.raises(openai.NotFoundError):
            complete(server)
    assert answer.choices[0].logprobs is None
    assert answer.usage is None


def test_completion_continues_the_page() -> None:
    """A few-shot page goes on with the quoted thought and a deed that the page has shown, up to the stop."""
    with OpenAIServer() as server:
        whole = complete(server).choices[0]
        stopped = complete(server, stop=["\n"]).choices[0]
        plain = complete(server, "Maya thinks:").choices[0]
        cut = complete(server, max_tokens=2).choices[0]
    assert whole.text.startswith(' "I ')
    assert whole.text.endswith('"\nMaya does: scrolls past\n')
    assert stopped.text == whole.text.split("\n")[0]
    assert plain.text.endswith("Maya does: taps it\n")
    assert (len(cut.text), cut.finish_reason) == (8, "length")


def test_completion_takes_several_prompts_and_logprobs() -> None:
    """A list of prompts gets one choice each; log-probabilities come in the older form."""
    with OpenAIServer() as server:
        answer = complete(server, ["A or B? Answer:", "From 1 to 5? Answer:"], logprobs=6)
    letters, points = (choice.logprobs.top_logprobs[0] for choice in answer.choices)
    assert {" A", " B"} <= set(letters)
    assert {" 1", " 5"} <= set(points)
    assert [choice.index for choice in answer.choices] == [0, 1]


def test_embeddings_of_similar_texts_are_near() -> None:
    """Embeddings are unit vectors, nearer for shared words, and equal in both encodings up to 32 bits."""
    texts = ["pay the invoice in the chat", "Invoice in the chat", "a walk by the cold sea"]
    with OpenAIServer() as server:
        packed = embed(server, texts)
        plain = embed(server, texts, encoding_format="float")
    vectors = [item.embedding for item in packed.data]
    near, far = (sum(a * b for a, b in zip(vectors[0], other, strict=True)) for other in vectors[1:])
    assert near > far + 0.2
    assert vectors[0] == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert sum(part * part for part in vectors[0]) == pytest.approx(1, abs=1e-5)
    assert plain.usage.prompt_tokens == server.billed_tokens / 2


def test_usage_adds_up() -> None:
    """Usage counts a quarter of the characters, and the server's bill is the sum."""
    with OpenAIServer(script=lambda _: "x" * 9) as server:
        usage = chat(server, "y" * 10).usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (3, 3)
    assert usage.prompt_tokens_details.cached_tokens == 0
    assert server.billed_tokens == 6


def test_held_replies_wait_in_flight() -> None:
    """While held, requests arrive and none is answered; released, all are."""
    with OpenAIServer() as server:
        server.hold()
        outcomes: list[dict[str, bool]] = []
        asking = threading.Thread(target=lambda: outcomes.append(list_outcomes(server, ["a", "b", "c"])))
        asking.start()
        server.wait_for(3)
        assert server.in_flight == server.most_in_flight == 3
        assert not outcomes
        server.release()
        asking.join()
    assert outcomes == [{"a": True, "b": True, "c": True}]
    assert server.in_flight == 0


def test_leaving_drops_what_is_held() -> None:
    """Leaving while a reply is held back ends at once, and the client sees a lost connection."""
    caught: list[Exception] = []

    def ask() -> None:
        try:
            chat(server)
        except openai.APIConnectionError as error:
            caught.append(error)

    with OpenAIServer() as server:
        server.hold()
        asking = threading.Thread(target=ask)
        asking.start()
        server.wait_for(1)
    asking.join(PATIENCE)
    assert len(caught) == 1


def test_port_that_is_taken_is_an_error() -> None:
    """Starting on a port in use raises instead of waiting for ever."""
    with OpenAIServer() as server:
        port = int(server.base_url.split(":")[-1].removesuffix("/v1"))
        with pytest.raises(OSError, match="in use"), OpenAIServer(port=port):
            pass


def test_requests_are_kept() -> None:
    """The server keeps what it was asked, numbered, and counts by path."""
    with OpenAIServer() as server:
        chat(server, "one", seed=7)
        complete(server, ["two", "three"])
        with pytest.raises(TimeoutError, match="2 of 3"):
            server.wait_for(3, timeout=0.01)
    assert [(ask.number, ask.path, ask.text) for ask in server.requests] == [
        (1, CHAT, "one"),
        (2, COMPLETIONS, "two\nthree"),
    ]
    assert server.requests[0].body["seed"] == 7
    assert (server.count(), server.count(CHAT), server.count("/completions")) == (2, 1, 1)


def test_server_runs_by_hand() -> None:
    """Started as a program it prints its address, answers any key, and ends when its input closes."""
    program = [sys.executable, str(Path(__file__).with_name("openai_server.py")), "--model", "small"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        with openai.OpenAI(base_url=address, api_key="any", max_retries=0) as client:
            assert [model.id for model in client.models.list()] == ["small"]
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
