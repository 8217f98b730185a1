"""An answer word by word, put together to what the endpoint would have sent in one piece."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import openai

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
    if not isinstance(fields, dict) or (whole.begun and whole.reason is None):
        raise _broken(response, "the answer broke off before its end")
    return fields


class _Whole:
    """What came so far, in the form of one piece."""

    def __init__(self) -> None:
        self.begun = False
        self.text = ""
        self.reason: str | None = None
        self._refusal = ""
        self._usage: Mapping[str, Any] | None = None

    def take(self, event: Mapping[str, Any]) -> bool:
        """Add an event; tell whether it brought words."""
        self.begun = True
        self._usage = event.get("usage") or self._usage
        for choice in event.get("choices") or ():
            said = choice.get("delta") or choice
            words = said.get("content") or choice.get("text") or ""
            self.text += words
            self._refusal += said.get("refusal") or ""
            self.reason = choice.get("finish_reason") or self.reason
            if words:
                return True
        return False

    @property
    def fields(self) -> dict[str, Any]:
        """The answer, as a chat's; a completion's differs in nothing that is read of it."""
        message = {"role": "assistant", "content": self.text, "refusal": self._refusal or None}
        return {"choices": [{"message": message, "finish_reason": self.reason}], "usage": self._usage}


def _broken(response: httpx2.Response, said: str) -> openai.APIResponseValidationError:
    return openai.APIResponseValidationError(response, None, message=said)
