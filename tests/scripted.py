"""An engine that answers by script: no network, no model, every question kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from toolkit.engines import EngineBase
from toolkit.models.exchange import Embedded, Form, Guard, Question, Reply

Script = Callable[[Question], "dict[str, Any] | str | Reply | Exception"]

SAYS = {
    "relevance": "It is about my own sales.",
    "clarity": "I understand what it wants.",
    "trust": "I think it is real.",
    "appeal": "It reads well enough.",
    "intent": "I would probably tap it.",
}


def reading(action: str = "click", **fields: Any) -> dict[str, Any]:
    """Return a whole, valid reply of somebody who stopped."""
    reply = {"first_glance": "stop", "action": action, "verbatim": "That would help me.", "objection": None}
    return reply | {"quotes": [], "says": SAYS} | fields


class ScriptedEngine(EngineBase):
    """Answers each question with what `script` returns for it; an exception is raised."""

    name = "scripted"
    concurrency = 4

    def __init__(self, script: Script, *, form: Form = "chat", model: str = "scripted-1") -> None:
        self.model = model
        self.form = form
        self.calls = 0
        self.warnings: list[str] = []
        self.questions: list[Question] = []
        self._script = script

    async def ask(self, question: Question) -> Reply:
        """Return the scripted reply."""
        self.calls += 1
        self.questions.append(question)
        await asyncio.sleep(0)
        answer = self._script(question)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Reply):
            return answer
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return Reply(text=text, engine=self.name, model=self.model, prompt_tokens=100, completion_tokens=20)

    async def embed(
        self,
        texts: Sequence[str],
        model: str,  # noqa: ARG002 - the seam's signature
        before_retry: Guard | None = None,  # noqa: ARG002
    ) -> Embedded:
        """Return a vector of letter counts per text."""
        self.calls += 1
        return Embedded([[float(text.lower().count(letter)) + 0.01 for letter in "etaoinshrdlu"] for text in texts])
