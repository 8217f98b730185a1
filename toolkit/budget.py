"""What calls cost, and a limit that the bill cannot pass."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from toolkit.engines.base import Question
from toolkit.errors import BudgetReached

_PRICES = Path(__file__).parent / "data" / "prices.yaml"


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million prompt tokens and per million completion tokens."""

    prompt: float
    completion: float

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return dollars."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1_000_000


def find_listed_price(model: str) -> Price | None:
    """Return the price of a model in the dated price file, or None where it is not listed."""
    entry = yaml.safe_load(_PRICES.read_text(encoding="utf-8")).get(model)
    return Price(entry["prompt"], entry["completion"]) if entry else None


PICTURE_TOKENS = 2_500
"""Most tokens of one picture: 1,536 patches at 1.62 tokens each (OpenAI, images and vision guide, 2026)."""


class Budget:
    """Holds back the worst case of every call in flight, so that the bill cannot pass the limit.

    A prompt has at most as many tokens as UTF-8 bytes, a picture `PICTURE_TOKENS`, and a reply at most `max_tokens`.
    """

    def __init__(self, price: Price | None, limit: float | None) -> None:
        self.price = price
        self.limit = limit
        self.spent = 0.0
        self._reserved = 0.0
        self._settled = asyncio.Condition()

    async def reserve(self, question: Question) -> float:
        """Wait until the worst case fits; raise BudgetReached where it never will. Return the dollars held back."""
        if self.price is None or self.limit is None:
            return 0.0
        worst = self.price.cost(_most_prompt_tokens(question), question.max_tokens)
        async with self._settled:
            await self._settled.wait_for(lambda: self._fits(worst) or self._reserved <= 0)
            if not self._fits(worst):
                raise BudgetReached(
                    f"the next call could cost ${worst:.4f}, "
                    f"and ${self.spent:.4f} of --max-cost ${self.limit:g} is spent; "
                    "what came is saved: run the same command with a higher --max-cost to go on"
                )
            self._reserved += worst
        return worst

    async def settle(self, reserved: float, cost: float) -> None:
        """Count what a call did cost and free what was held back for it."""
        async with self._settled:
            self._reserved = max(0.0, self._reserved - reserved)
            self.spent += cost
            self._settled.notify_all()

    def _fits(self, worst: float) -> bool:
        return self.limit is not None and self.spent + self._reserved + worst <= self.limit + 1e-12


def _most_prompt_tokens(question: Question) -> int:
    words = question.system + question.prompt + json.dumps(question.schema or "")
    return len(words.encode()) + 64 + (PICTURE_TOKENS if question.picture else 0)
