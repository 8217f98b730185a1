"""Answers of the loopback provider word by word, as server-sent events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_WORD = re.compile(r"\S+\s*|\s+")


def list_events(answer: dict[str, Any], options: dict[str, Any]) -> Iterator[str]:
    """Yield the events of an answer of either form: one a word, its end, its usage where asked for, the last mark."""
    kind = answer["object"].replace("chat.completion", "chat.completion.chunk")
    shared = {"id": answer["id"], "object": kind, "created": 0, "model": answer["model"]}
    for choice in answer["choices"]:
        message = choice.get("message")
        text = choice["text"] if message is None else message["content"] or ""
        for word in _WORD.findall(text):
            said = {"text": word} if message is None else {"delta": {"content": word}}
            yield _write({**shared, "choices": [{"index": choice["index"], "finish_reason": None, **said}]})
        if message is not None and message.get("refusal"):
            refusal = {"delta": {"refusal": message["refusal"]}}
            yield _write({**shared, "choices": [{"index": choice["index"], "finish_reason": None, **refusal}]})
        end = {"text": ""} if message is None else {"delta": {}}
        ended = {"index": choice["index"], "finish_reason": choice["finish_reason"], **end}
        yield _write({**shared, "choices": [ended]})
    if options.get("include_usage") and "usage" in answer:
        yield _write({**shared, "choices": [], "usage": answer["usage"]})
    yield "data: [DONE]\n\n"


def _write(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event)}\n\n"
