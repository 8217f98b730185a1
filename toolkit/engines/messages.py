"""Questions as the request bodies of an OpenAI-compatible endpoint, and its answers as replies."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from toolkit.errors import CallFailed
from toolkit.models import exchange

CHAT, COMPLETIONS, EMBEDDINGS = "/chat/completions", "/completions", "/embeddings"
PICTURES = "pictures"
"""Stands among refused parameters for pictures."""
_FILTERED = "stopped by the endpoint's content filter"


def write_chat(question: exchange.Question, model: str, refused: Collection[str]) -> dict[str, Any]:
    """Return the body of a chat request, without what the endpoint refuses.

    A refused schema is written out under the prompt, and a refused picture leaves its description.
    """
    prompt = question.prompt
    parameters: dict[str, Any] = {"max_completion_tokens": question.max_tokens, **question.sampling}
    if question.schema is not None:
        parameters["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "reaction", "strict": True, "schema": question.schema},
        }
        if "response_format" in refused:
            prompt += f"\n\nAnswer with one JSON object that fits this schema:\n{json.dumps(question.schema)}"
    if question.top_logprobs:
        parameters |= {"logprobs": True, "top_logprobs": question.top_logprobs}
    if "max_completion_tokens" in refused:
        parameters["max_tokens"] = question.max_tokens
    messages = [
        {"role": "system", "content": question.system},
        {"role": "user", "content": _add_picture(prompt, question.picture, refused)},
    ]
    return {"model": model, "messages": messages, **_drop(parameters, refused)}


def write_completion(question: exchange.Question, model: str, refused: Collection[str]) -> dict[str, Any]:
    """Return the body of a completion request, without what the endpoint refuses."""
    parameters: dict[str, Any] = {"max_tokens": question.max_tokens, **question.sampling}
    if question.stop:
        parameters["stop"] = list(question.stop)
    if question.top_logprobs:
        parameters["logprobs"] = question.top_logprobs
    if question.grammar and "grammar" not in refused:
        parameters["grammar"] = question.grammar
    return {"model": model, "prompt": question.prompt, **_drop(parameters, refused)}


def read_answer(answer: Mapping[str, Any], engine: str, model: str, latency_ms: float) -> exchange.Reply:
    """Turn an answer of either form into a reply; raise CallFailed where it holds none."""
    choice = next(iter(answer.get("choices") or ()), None)
    if not isinstance(choice, dict):
        raise CallFailed("the endpoint answered without a choice")
    message = choice.get("message") or {}
    usage = answer.get("usage") or {}
    details = usage.get("prompt_tokens_details") or {}
    filtered = _FILTERED if choice.get("finish_reason") == "content_filter" else None
    return exchange.Reply(
        text=(message.get("content") if message else choice.get("text")) or "",
        refusal=message.get("refusal") or filtered,
        cut=choice.get("finish_reason") == "length",
        engine=engine,
        model=model,
        prompt_tokens=usage.get("prompt_tokens") or 0,
        completion_tokens=usage.get("completion_tokens") or 0,
        cached_tokens=details.get("cached_tokens") or 0,
        latency_ms=round(latency_ms, 1),
        top=_read_logprobs(choice.get("logprobs")),
    )


def read_vectors(answer: Mapping[str, Any], count: int) -> exchange.Embedded:
    """Return the vectors of an answer in the order of the texts; raise CallFailed where they are not `count`."""
    items = answer.get("data")
    try:
        places = {item["index"]: item["embedding"] for item in items or ()}
        vectors = [places[index] for index in range(count)]
    except (KeyError, TypeError):
        raise CallFailed(f"the endpoint answered {count} texts without a vector for each") from None
    usage = answer.get("usage") or {}
    return exchange.Embedded(vectors, usage.get("prompt_tokens") or usage.get("total_tokens") or 0)


def _add_picture(prompt: str, picture: str | None, refused: Collection[str]) -> Any:
    if picture is None or PICTURES in refused:
        return prompt
    return [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": picture}}]


def _drop(parameters: Mapping[str, Any], refused: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in refused}


def _read_logprobs(logprobs: Any) -> dict[str, float] | None:
    """Return the log-probability of each alternative for the first token, or None where there are none."""
    if not isinstance(logprobs, dict):
        return None
    if logprobs.get("content"):
        return {item["token"]: item["logprob"] for item in logprobs["content"][0]["top_logprobs"]}
    top = logprobs.get("top_logprobs")
    return dict(top[0]) if top else None
