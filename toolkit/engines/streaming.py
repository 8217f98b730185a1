"""An answer word by word, put together to what the endpoint would have sent in one piece."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import openai

from toolkit.engines import messages

STREAMED = {"stream": True, "stream_options": {"include_usage": True}}
"""What a request says besides, to be answered word by word."""
_EVENT, _END = "data:", "[DONE]"


async def gather_answer(response: httpx2.Response, on_text: Callable[[str], None]) -> dict[str, Any]:
    """Return the fields of the whole answer; call `on_text` with all the words so far each time some come.

    An endpoint that answers in one piece nevertheless is read as it is. What breaks off is raised as what the SDK
    raises for an answer that cannot be read.
    """
    whole = _Whole()
    plain: list[str] = []
    try:
        async for line in response.aiter_lines():
            if not line.startswith(_EVENT):
                plain.append(line)
            elif (event := line.removeprefix(_EVENT).strip()) != _END and whole.take(json.loads(event)):
                on_text(whole.text)
        fields: Any = whole.fields if whole.begun else json.loads("\n".join(plain))
    except (httpx2.HTTPError, ValueError, AttributeError) as error:
        raise _broken(response, f"the answer broke off or cannot be read: {type(error).__name__}") from None
    if not isinstance(fields, dict) or (whole.begun and whole.reason is None and whole.error is None):
        raise _broken(response, "the answer broke off before its end")
    return fields


def read_events(content: bytes) -> dict[str, Any] | None:
    """Return the whole answer of one that came word by word though nobody asked for that; None for anything else."""
    whole = _Whole()
    lines = content.decode(errors="replace").splitlines()
    events = [line.removeprefix(_EVENT).strip() for line in lines if line.startswith(_EVENT)]
    try:
        for event in events:
            if event != _END:
                whole.take(json.loads(event))
    except (ValueError, AttributeError):
        return None
    return whole.fields if whole.error is not None or whole.reason is not None else None


class _Whole:
    """What came so far, in the form of one piece."""

    def __init__(self) -> None:
        self.begun = False
        self.text = ""
        self.reason: str | None = None
        self.error: Any = None
        self._spoken = {"refusal": "", "arguments": "", **dict.fromkeys(messages.THOUGHTS, "")}
        self._usage: Mapping[str, Any] | None = None

    def take(self, event: Any) -> bool:
        """Add an event; tell whether it brought words."""
        if not isinstance(event, dict):
            return False
        self.begun = True
        self._usage = event.get("usage") or self._usage
        self.error = event.get("error") or self.error
        choice = messages.find_choice(event)
        if choice is None:
            return False
        said = choice.get("delta") or choice.get("message") or choice
        words = messages.read_words(said.get("content")) or messages.read_words(choice.get("text"))
        self.text += words
        for name in self._spoken:
            self._spoken[name] += messages.read_words(said.get(name))
        for call in said.get("tool_calls") or ():
            self._spoken["arguments"] += messages.read_words((call.get("function") or {}).get("arguments"))
        self.reason = choice.get("finish_reason") or self.reason
        return bool(words)

    @property
    def fields(self) -> dict[str, Any]:
        """The answer, as a chat's; a completion's differs in nothing that is read of it."""
        if self.error is not None:
            return {"error": self.error}
        arguments = self._spoken["arguments"]
        message: dict[str, Any] = {
            "role": "assistant",
            "content": self.text,
            **self._spoken,
            "refusal": self._spoken["refusal"] or None,
        }
        message["tool_calls"] = [{"function": {"arguments": arguments}}] if arguments else None
        return {"choices": [{"message": message, "finish_reason": self.reason}], "usage": self._usage}


def _broken(response: httpx2.Response, said: str) -> openai.APIResponseValidationError:
    return openai.APIResponseValidationError(response, None, message=said)
