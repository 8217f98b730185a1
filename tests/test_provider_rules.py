"""Every fault and refusal of the loopback provider, seen from the real client."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai_server import Faults, OpenAIServer
from provider_client import SCHEMA, chat, connect, embed, list_outcomes, strict

REFUSED: list[tuple[Faults, type[openai.APIStatusError], str | None, str | None]] = [
    (Faults(rate_429=1), openai.RateLimitError, "rate_limit_exceeded", None),
    (Faults(rate_500=1), openai.InternalServerError, None, None),
    (Faults(quota=True), openai.RateLimitError, "insufficient_quota", None),
    (Faults(wrong_key=True), openai.AuthenticationError, "invalid_api_key", None),
    (Faults(no_schema=True), openai.BadRequestError, None, "response_format"),
    (Faults(refuse_parameters=("temperature",)), openai.BadRequestError, "unsupported_parameter", "temperature"),
]


@pytest.mark.parametrize(("faults", "error", "code", "param"), REFUSED)
def test_faults_are_errors_of_the_client(
    faults: Faults, error: type[openai.APIStatusError], code: str | None, param: str | None
) -> None:
    """Each fault reaches the client as its own error with code and parameter, and bills nothing."""
    with OpenAIServer(faults=faults) as server, pytest.raises(error) as caught:
        chat(server, temperature=0.5, **strict(SCHEMA))
    assert (caught.value.code, caught.value.param) == (code, param)
    assert server.billed_tokens == 0


def test_wrong_key_and_unknown_model() -> None:
    """Another key than the server's is 401, a model that it does not serve is 404."""
    with OpenAIServer() as server:
        with connect(server, "other") as client, pytest.raises(openai.AuthenticationError):
            client.models.list()
        with pytest.raises(openai.NotFoundError) as caught:
            chat(server, model="absent")
    assert caught.value.code == "model_not_found"


def test_any_key_where_none_is_set() -> None:
    """A server without a key takes every key."""
    with OpenAIServer(key=None) as server, connect(server, "whatever") as client:
        assert client.models.list().data


def test_retry_after_is_sent() -> None:
    """A 429 carries the waiting time that the faults name."""
    with (
        OpenAIServer(faults=Faults(rate_429=1, retry_after=0.5)) as server,
        pytest.raises(openai.RateLimitError) as caught,
    ):
        chat(server)
    assert caught.value.response.headers["retry-after"] == "0.5"


SPOILED = {
    "cut": Faults(cut=1),
    "malformed": Faults(malformed=1),
    "refusal": Faults(refusal=1),
    "empty": Faults(empty=1),
}


def test_faults_of_the_content() -> None:
    """Cut, malformed, refused and empty replies look as they do from a provider; faults change while it runs."""
    with OpenAIServer() as server:
        whole = chat(server, **strict(SCHEMA)).choices[0].message.content
        choices = {}
        for name, faults in SPOILED.items():
            server.faults = faults
            choices[name] = chat(server, **strict(SCHEMA)).choices[0]
    assert choices["cut"].finish_reason == "length"
    assert choices["cut"].message.content == whole[: len(whole) // 2]
    with pytest.raises(json.JSONDecodeError):
        json.loads(choices["malformed"].message.content)
    assert choices["refusal"].message.content is None
    assert choices["refusal"].message.refusal
    assert choices["empty"].message.content == ""


def test_stall_makes_the_client_give_up() -> None:
    """A stalled reply comes later than the client waits."""
    with OpenAIServer(faults=Faults(stall=1, stall_seconds=30)) as server, pytest.raises(openai.APITimeoutError):
        chat(server, timeout=0.1)


def test_drawn_faults_depend_on_content_and_attempt_alone() -> None:
    """The same requests fail in any order, about as often as asked, and a second attempt may succeed."""
    texts = [f"text {number}" for number in range(120)]
    with OpenAIServer(faults=Faults(rate_429=0.5, seed=3)) as server:
        first = list_outcomes(server, texts)
        second = list_outcomes(server, texts)
    with OpenAIServer(faults=Faults(rate_429=0.5, seed=3)) as server:
        reordered = list_outcomes(server, texts[::-1])
    with OpenAIServer(faults=Faults(rate_429=0.5, seed=4)) as server:
        other_seed = list_outcomes(server, texts)
    assert first == reordered
    assert first != other_seed
    assert 40 < sum(first.values()) < 80
    assert any(second[text] and not first[text] for text in texts)


BAD_REQUESTS: list[tuple[Callable[[OpenAIServer], Any], str]] = [
    (lambda server: chat(server, **strict({"type": "object", "properties": {}})), "response_format"),
    (lambda server: chat(server, top_logprobs=2), "top_logprobs"),
    (lambda server: chat(server, "no such word", response_format={"type": "json_object"}), "messages"),
    (lambda server: chat(server, n=2), "n"),
    (lambda server: embed(server, ["a", ""]), "input"),
]


@pytest.mark.parametrize(("send", "param"), BAD_REQUESTS)
def test_bad_requests_are_refused(send: Callable[[OpenAIServer], Any], param: str) -> None:
    """What a provider would not accept is a 400 that names the parameter."""
    with OpenAIServer() as server, pytest.raises(openai.BadRequestError) as caught:
        send(server)
    assert caught.value.param == param
