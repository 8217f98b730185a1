"""What the loopback provider refuses, with the error objects that the real ones send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provider_replies import CHAT, COMPLETIONS, EMBEDDINGS, Ask, get_format, make_generator
from schema_objects import find_strict_fault

_DRAWN = ("rate_429", "rate_500", "stall", "refusal", "empty", "malformed", "cut", "drop", "page")
_TYPES = {401: "authentication_error", 429: "rate_limit_error", 500: "server_error"}
_MOST_INPUTS = 2048
_MOST_TOP_LOGPROBS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong. Rates are probabilities from 0 to 1, drawn from the seed, the request and its attempt number."""

    rate_429: float = 0
    rate_500: float = 0
    cut: float = 0
    """Replies cut in half, with finish_reason "length"."""
    malformed: float = 0
    """Replies that are not JSON."""
    refusal: float = 0
    """Chat replies with a refusal in place of content."""
    stall: float = 0
    """Replies that come `stall_seconds` late."""
    stall_seconds: float = 5
    retry_after: float | None = None
    """Seconds that a 429 asks to wait."""
    quota: bool = False
    wrong_key: bool = False
    no_pictures: bool = False
    """Pictures are refused."""
    no_schema: bool = False
    """Whether structured output is refused."""
    refuse_parameters: tuple[str, ...] = ()
    empty: float = 0
    """Replies with no text."""
    drop: float = 0
    """Replies that are billed and never arrive: the connection breaks."""
    page: float = 0
    """Answers that are an HTML page with status 200, as a gateway sends."""
    charge_500: bool = False
    """Whether a server error is billed like a reply."""
    lasting_cut: bool = False
    """Whether a reply that is cut at the first attempt is so at every one: who lost it gets no other."""
    seed: int = 0

    def draw(self, request: str, attempt: int) -> frozenset[str]:
        """Return the names of the rates that strike this attempt."""
        struck = self._draw(request, attempt)
        return struck - {"cut"} | self._draw(request, 1) & {"cut"} if self.lasting_cut else struck

    def _draw(self, request: str, attempt: int) -> frozenset[str]:
        generator = make_generator(f"{self.seed}:{attempt}:{request}")
        return frozenset(name for name in _DRAWN if generator.random() < getattr(self, name))


class Rejection(Exception):
    """A request that is answered with an error object."""

    def __init__(self, status: int, message: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        kind = code if code == "insufficient_quota" else _TYPES.get(status, "invalid_request_error")
        self.status = status
        self.headers: dict[str, str] = {}
        self.error = {"message": message, "type": kind, "param": param, "code": code}


def check_request(ask: Ask, faults: Faults, struck: frozenset[str], models: tuple[str, ...]) -> None:
    """Raise Rejection where the body, the quota or a drawn fault asks for one."""
    _check_body(ask, models)
    for name in faults.refuse_parameters:
        if name in ask.body:
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            raise Rejection(400, message, "unsupported_parameter", name)
    if faults.no_schema and get_format(ask.body).get("type") == "json_schema":
        raise Rejection(400, "'response_format' of type 'json_schema' is not supported.", None, "response_format")
    if faults.no_pictures and "image_url" in str(ask.body.get("messages")):
        raise Rejection(400, "Invalid content type. image_url is only supported by certain models.")
    if faults.quota:
        raise Rejection(429, "You exceeded your current quota, please check your plan.", "insufficient_quota")
    if "rate_429" in struck:
        rejection = Rejection(429, "Rate limit reached for requests.", "rate_limit_exceeded")
        if faults.retry_after is not None:
            rejection.headers["Retry-After"] = f"{faults.retry_after:g}"
        raise rejection
    if "rate_500" in struck:
        raise Rejection(500, "The server had an error while processing your request.")


def spoil(content: str, struck: frozenset[str]) -> tuple[str, str]:
    """Return the content as the drawn faults leave it, with the finish reason."""
    if "empty" in struck:
        return "", "stop"
    if "malformed" in struck:
        return 'Sure! Here is the answer: {"stopped": tru', "stop"
    return (content[: len(content) // 2], "length") if "cut" in struck else (content, "stop")


def _check_body(ask: Ask, models: tuple[str, ...]) -> None:
    if not ask.body:
        raise Rejection(400, "We could not parse the JSON body of your request.")
    if not ask.model:
        raise Rejection(400, "you must provide a model parameter", None, "model")
    if ask.model not in models:
        raise Rejection(404, f"The model `{ask.model}` does not exist.", "model_not_found", "model")
    if ask.body.get("tools"):
        raise Rejection(400, "This test server does not do 'tools'.", None, "tools")
    if ask.body.get("stream_options") and not ask.body.get("stream"):
        raise Rejection(400, "'stream_options' needs 'stream' true.", None, "stream_options")
    if ask.body.get("n", 1) != 1:
        raise Rejection(400, "This test server gives one choice per prompt.", None, "n")
    {CHAT: _check_chat, COMPLETIONS: _check_completion, EMBEDDINGS: _check_inputs}[ask.path](ask)


def _check_chat(ask: Ask) -> None:
    messages = ask.body.get("messages")
    if not isinstance(messages, list) or not all(_is_message(message) for message in messages) or not messages:
        raise Rejection(400, "Invalid 'messages': objects with role and content are needed.", None, "messages")
    top_logprobs = ask.body.get("top_logprobs")
    if top_logprobs is not None and not (ask.body.get("logprobs") is True and 0 <= top_logprobs <= _MOST_TOP_LOGPROBS):
        raise Rejection(400, "'top_logprobs' needs 'logprobs' true and is at most 20.", None, "top_logprobs")
    _check_format(get_format(ask.body), ask.text)


def _check_format(response_format: Mapping[str, Any], text: str) -> None:
    kind = response_format.get("type", "text")
    if kind == "json_object" and "json" not in text.lower():
        raise Rejection(400, "'messages' must contain the word 'json' for json_object.", None, "messages")
    if kind == "json_schema":
        named = response_format.get("json_schema", {})
        fault = find_strict_fault(named.get("schema")) if named.get("strict") else None
        if not named.get("name") or fault:
            said = fault or "'json_schema.name' is missing"
            raise Rejection(400, f"Invalid schema for response_format: {said}.", None, "response_format")


def _check_completion(ask: Ask) -> None:
    prompt = ask.body.get("prompt")
    prompts = prompt if isinstance(prompt, list) and prompt else [prompt]
    if not all(isinstance(item, str) for item in prompts):
        raise Rejection(400, "Invalid 'prompt': text or a list of texts is needed.", None, "prompt")


def _check_inputs(ask: Ask) -> None:
    given = ask.body.get("input")
    inputs = given if isinstance(given, list) else [given]
    if not 1 <= len(inputs) <= _MOST_INPUTS or not all(isinstance(item, str) and item for item in inputs):
        raise Rejection(400, f"Invalid 'input': 1 to {_MOST_INPUTS} texts are needed, none empty.", None, "input")


def _is_message(message: Any) -> bool:
    return isinstance(message, dict) and "role" in message and "content" in message
