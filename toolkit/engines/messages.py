"""Questions as the request bodies of an OpenAI-compatible endpoint, and its answers as replies."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from toolkit.engines import replies, token_counts
from toolkit.engines.dialect import OBJECT, PICTURES, PLAIN, STRICT, SYSTEM, Dialect
from toolkit.errors import CallFailed
from toolkit.models import exchange

CHAT, COMPLETIONS, EMBEDDINGS = "/chat/completions", "/completions", "/embeddings"
_PLAIN_KEYWORDS = {"type", "properties", "required", "items", "enum", "anyOf", "description", "const"}
_FILTERED = "stopped by the endpoint's content filter"
_FILTERS = {"content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii", "sensitive"}
"""How a choice ends that a filter took; Gemini's own names come through its compatible endpoint as they are."""
_CUT = {"length", "max_tokens", "MAX_TOKENS"}
_TEXT_PARTS = {"text", "output_text", None}
_FORMATS: dict[tuple[int, int], tuple[Mapping[str, Any], dict[str, Any] | None]] = {}
_MOST_FORMATS = 64
THOUGHTS = ("reasoning_content", "reasoning", "thinking")
"""Where servers put what a model thinks (DeepSeek and vLLM, OpenRouter, Ollama)."""


def write_chat(question: exchange.Question, model: str, dialect: Dialect | None = None) -> dict[str, Any]:
    """Return the body of a chat request in the dialect of the endpoint.

    A schema that is not sent is written out under the prompt, and a picture that is not leaves its description.
    """
    dialect = dialect or Dialect(model)
    prompt = question.prompt
    parameters: dict[str, Any] = _write_budget(question, dialect) | dict(question.sampling)
    if question.schema is not None:
        response_format = _write_format(question.schema, dialect.step)
        parameters |= {"response_format": response_format} if response_format else {}
        if dialect.step >= OBJECT:
            written = json.dumps(_drop_pattern(question.schema), ensure_ascii=False)
            prompt += f"\n\nAnswer with one JSON object that fits this schema:\n{written}"
    if question.top_logprobs:
        parameters |= {"logprobs": True, "top_logprobs": question.top_logprobs}
    content = _add_picture(prompt, question.picture, dialect.refused)
    messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if SYSTEM not in dialect.refused:
        messages.insert(0, {"role": "system", "content": question.system})
    elif isinstance(content, str):
        messages[0]["content"] = f"{question.system}\n\n{content}"
    else:
        messages[0]["content"] = [{"type": "text", "text": question.system}, *content]
    return {"model": model, "messages": messages, **_drop(parameters, dialect.refused)}


def write_completion(question: exchange.Question, model: str, dialect: Dialect | None = None) -> dict[str, Any]:
    """Return the body of a completion request, without what the endpoint refuses."""
    dialect = dialect or Dialect(model)
    parameters: dict[str, Any] = {"max_tokens": _count_room(question, dialect), **question.sampling}
    if question.stop:
        parameters["stop"] = list(question.stop)
    if question.top_logprobs:
        parameters["logprobs"] = question.top_logprobs
    if question.grammar:
        parameters["grammar"] = question.grammar
    return {"model": model, "prompt": question.prompt, **_drop(parameters, dialect.refused)}


def _write_budget(question: exchange.Question, dialect: Dialect) -> dict[str, int]:
    name = "max_completion_tokens" if "max_completion_tokens" not in dialect.refused else "max_tokens"
    return {name: _count_room(question, dialect)}


def _count_room(question: exchange.Question, dialect: Dialect) -> int:
    return min(question.most_tokens, dialect.most_tokens or question.most_tokens)


def _write_format(schema: Mapping[str, Any], step: int) -> dict[str, Any] | None:
    """Return the response format of a step of the ladder; None where the prompt alone asks for the form.

    Questions of one kind about one draft share their schema, so the latest formats are kept.
    """
    known = _FORMATS.get((id(schema), step))
    if known is None or known[0] is not schema:
        if len(_FORMATS) >= _MOST_FORMATS:
            _FORMATS.clear()
        known = _FORMATS[id(schema), step] = (schema, _make_format(schema, step))
    return known[1]


def _make_format(schema: Mapping[str, Any], step: int) -> dict[str, Any] | None:
    if step == STRICT:
        named = {"name": "reaction", "strict": True, "schema": _drop_pattern(schema)}
        return {"type": "json_schema", "json_schema": named}
    if step == PLAIN:
        named = {"name": "reaction", "schema": _simplify(schema)}
        return {"type": "json_schema", "json_schema": named}
    return {"type": "json_object"} if step == OBJECT else None


def _drop_pattern(schema: Any) -> Any:
    """Return a schema without patterns: fine-tuned models, LM Studio and some builds of llama.cpp refuse them.

    They stay in the question, whose reply is kept under them.
    """
    if isinstance(schema, list):
        return [_drop_pattern(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        name: {field: _drop_pattern(one) for field, one in value.items()}
        if name == "properties"
        else _drop_pattern(value)
        for name, value in schema.items()
        if name != "pattern"
    }


def _simplify(schema: Any) -> Any:
    """Return a schema of the plainest keywords: no closed objects, and no types as a list."""
    if isinstance(schema, list):
        return [_simplify(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    if isinstance(schema.get("type"), (list, tuple)):
        return {"anyOf": [_simplify(_choose_type(schema, one)) for one in schema["type"]]}
    return {
        name: {field: _simplify(one) for field, one in value.items()} if name == "properties" else _simplify(value)
        for name, value in schema.items()
        if name in _PLAIN_KEYWORDS
    }


def _choose_type(schema: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return a schema of several types for one of them; what else it says is not of null."""
    if kind == "null":
        return {"type": kind}
    said = {name: value for name, value in schema.items() if name != "type"}
    return {"type": kind, **said} | (
        {"enum": [one for one in said["enum"] if one is not None]} if "enum" in said else {}
    )


def read_answer(answer: Mapping[str, Any], engine: str, model: str, latency_ms: float) -> exchange.Reply:
    """Turn an answer of either form into a reply; raise CallFailed where it holds none."""
    choice = find_choice(answer)
    if choice is None:
        raise CallFailed("the endpoint answered without a choice")
    message = choice.get("message")
    usage = _as_mapping(answer.get("usage"))
    reason = choice.get("finish_reason")
    filtered = _FILTERED if str(reason).partition(":")[0].casefold() in _FILTERS else None
    refusal = read_words(message.get("refusal")) if isinstance(message, dict) else ""
    return exchange.Reply(
        text=_read_message(message) if isinstance(message, dict) else read_words(choice.get("text")),
        refusal=refusal or filtered,
        filtered=filtered is not None,
        cut=reason in _CUT,
        engine=engine,
        model=model,
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
        cached_tokens=_count_cached(usage),
        reasoning_tokens=_count_thought(usage, message),
        latency_ms=round(latency_ms, 1),
        top=_read_logprobs(choice.get("logprobs")),
    )


def find_choice(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the first choice of an answer; None where it has none, whatever stands in its place."""
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    return choice if isinstance(choice, dict) else None


def _read_message(message: Mapping[str, Any]) -> str:
    """Return what a message says: its content, the arguments of a tool call in its place, or a whole thought.

    Gateways turn schemas into tool calls for models without them, and servers whose parser takes an answer for a
    thought leave the content empty.
    """
    said = read_words(message.get("content"))
    if said.strip():
        return said
    calls = message.get("tool_calls")
    called = [call.get("function") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    for function in (*called, message.get("function_call")):
        arguments = function.get("arguments") if isinstance(function, dict) else None
        if arguments:
            return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    thoughts = (read_words(message.get(name)) for name in THOUGHTS)
    return next((thought for thought in thoughts if _holds_object(thought)), said)


def _holds_object(thought: str) -> bool:
    try:
        return bool(replies.find_object(thought))
    except replies.NoObjectError:
        return False


def read_words(content: Any) -> str:
    """Return content as one text: it comes as a text, as a list of parts, or as the object itself."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(map(_read_part, content))
    if isinstance(content, dict):
        is_part = "type" in content and ("text" in content or "thinking" in content)
        return _read_part(content) if is_part else json.dumps(content, ensure_ascii=False)
    return ""


def _read_part(part: Any) -> str:
    """Return the text of a part; nothing of a thought or a picture."""
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("type", "text") not in _TEXT_PARTS:
        return ""
    text = part.get("text")
    text = text.get("value") if isinstance(text, dict) else text
    return text if isinstance(text, str) else ""


def count_tokens(answer: Mapping[str, Any]) -> int:
    """Return the tokens of prompt and completion that an answer counts."""
    return _count(_as_mapping(answer.get("usage")), "total_tokens")


def _as_mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(usage: Mapping[str, Any], name: str) -> int:
    """Return a number of tokens, whatever number it was written as; 0 where there is none."""
    value = usage.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return 0
    return int(value) if 0 <= value < float("inf") else 0


def _count_cached(usage: Mapping[str, Any]) -> int:
    """Return the prompt tokens that came from a cache: under OpenAI's name, else under DeepSeek's."""
    told = _count(_as_mapping(usage.get("prompt_tokens_details")), "cached_tokens")
    return told or _count(usage, "prompt_cache_hit_tokens")


def _count_thought(usage: Mapping[str, Any], message: Any) -> int:
    """Return the tokens that a model thought with: those counted, else by the characters of a thought that is shown."""
    counted = _count(_as_mapping(usage.get("completion_tokens_details")), "reasoning_tokens")
    if counted or not isinstance(message, dict):
        return counted
    beside = next((thought for name in THOUGHTS if (thought := read_words(message.get(name)).strip())), "")
    within = replies.drop_reasoning(read_words(message.get("content")))[1]
    return token_counts.estimate_tokens(beside or within)


def read_vectors(answer: Mapping[str, Any], count: int) -> exchange.Embedded:
    """Return the vectors of an answer in the order of the texts; raise CallFailed where they are not `count`."""
    items = answer.get("data")
    try:
        places = {item["index"]: item["embedding"] for item in items or ()}
        vectors = [places[index] for index in range(count)]
    except (KeyError, TypeError):
        raise CallFailed(f"the endpoint answered {count} texts without a vector for each") from None
    usage = _as_mapping(answer.get("usage"))
    return exchange.Embedded(vectors, _count(usage, "prompt_tokens") or _count(usage, "total_tokens"))


def _add_picture(prompt: str, picture: str | None, refused: Collection[str]) -> Any:
    if picture is None or PICTURES in refused:
        return prompt
    return [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": picture}}]


def _drop(parameters: Mapping[str, Any], refused: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in refused}


def _read_logprobs(logprobs: Any) -> dict[str, float] | None:
    """Return the log-probability of each alternative for the first token, or None where there are none."""
    content, top = _as_mapping(logprobs).get("content"), _as_mapping(logprobs).get("top_logprobs")
    try:
        if content:
            return {item["token"]: item["logprob"] for item in content[0]["top_logprobs"]} or None
        return dict(top[0]) if top else None
    except (KeyError, TypeError, IndexError, ValueError):
        return None
