"""A toy engine for the notebooks: it answers by chance that the question decides, with no network, key or model."""

from __future__ import annotations

import json

from toolkit.engines import EngineBase
from toolkit.models.exchange import Question, Reply

RATINGS = ("relevance", "clarity", "trust", "appeal", "intent")


class ToyReader(EngineBase):
    """Clicks more often where a draft says what people get; it knows nothing of people."""

    name = "toy"
    model = "toy-1"

    async def ask(self, question: Question) -> Reply:
        """Return the answer that the question's own words decide."""
        chance = int(question.key[:8], 16) / 2**32  # the key is the same for the same question
        likely = 0.6 if "get paid" in question.prompt.lower() else 0.25
        would_click, would_stop = chance < likely, chance < likely + 0.3
        answer = {
            "first_glance": "stop" if would_stop else "scroll_past",
            "action": "click" if would_click else "read",
            "verbatim": "That would save me an evening." if would_click else "Not for me today.",
            "objection": "It does not say what it costs." if chance > likely else None,
            "quotes": [],
            "ratings": dict.fromkeys(RATINGS, 4 if would_click else 2),
        }
        return Reply(text=json.dumps(answer), engine=self.name, model=self.model)
