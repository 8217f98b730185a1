"""What calls cost, and a limit that the bill cannot pass."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import yaml

from toolkit.errors import BudgetReached
from toolkit.files import resources
from toolkit.models import exchange

_PRICES = resources.DATA / "prices.yaml"
_BATCH_SHARE = 0.5
"""What a batch costs of the price of single calls (OpenAI, Batch API guide, 2026)."""
_OVERHEAD_TOKENS = 128
"""More than what a chat adds around its messages, and what precedes a schema that is written out in the prompt."""
_TEXT_OVERHEAD_TOKENS = 4
"""More than the marks for begin and end that embedding models put around a text."""
PICTURE_TOKENS = 2_500
"""Most tokens of one picture: 1,536 patches at 1.62 tokens each (OpenAI, images and vision guide, 2026)."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million prompt tokens and per million completion tokens."""

    prompt: float
    completion: float
    cached: float | None = None
    """Dollars per million prompt tokens taken from the provider's prefix cache; None where they cost like any other."""

    def cost(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> float:
        """Return dollars; `cached_tokens` are those of the prompt that came from the provider's cache."""
        cheap = min(cached_tokens, prompt_tokens)
        cached = self.prompt if self.cached is None else self.cached
        dollars = (prompt_tokens - cheap) * self.prompt + cheap * cached + completion_tokens * self.completion
        return dollars / 1_000_000

    def halve(self) -> Price:
        """Return the price of the same calls in a batch."""
        cached = None if self.cached is None else self.cached * _BATCH_SHARE
        return replace(
            self, prompt=self.prompt * _BATCH_SHARE, completion=self.completion * _BATCH_SHARE, cached=cached
        )


def find_listed_price(model: str) -> Price | None:
    """Return the price of a model in the dated price file, or None where it is not listed."""
    entry = _load_prices().get(model)
    return Price(entry["prompt"], entry["completion"], entry.get("cached")) if entry else None


@cache
def _load_prices() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_PRICES.read_text(encoding="utf-8"))
    return loaded


class Hold:
    """What is held back for one call that is about to be sent. Every way out but `settle` counts the worst case."""

    __slots__ = ("_budget", "_held", "_price", "_worst")

    def __init__(self, budget: Budget, price: Price | None, worst: float) -> None:
        self._budget = budget
        self._price = price
        self._worst = worst
        self._held = True

    def settle(self, reply: exchange.Reply) -> float | None:
        """Count what the provider says that the reply took; return dollars, None where they are not known.

        A reply without usage counts as the worst case against the limit.
        """
        if self._price is None or not (reply.prompt_tokens or reply.completion_tokens):
            self.lose()
            return None
        cost = self._price.cost(reply.prompt_tokens, reply.completion_tokens, reply.cached_tokens)
        self._let_go(spent=cost)
        return cost

    def free(self) -> None:
        """Give everything back: the provider refused the call or was never reached."""
        self._let_go()

    def lose(self) -> None:
        """Count the worst case: the call was sent, and nobody knows what became of it."""
        self._let_go(lost=self._worst)

    async def renew(self) -> None:
        """Count the worst case of what was sent, and hold back as much again; raise BudgetReached without room."""
        self.lose()
        await self._budget.take(self._worst)
        self._held = True

    def _let_go(self, *, spent: float = 0.0, lost: float = 0.0) -> None:
        if self._held:
            self._held = False
            self._budget.give_back(self._worst, spent=spent, lost=lost)


class Budget:
    """Holds back the worst case of every call in flight, so that the bill cannot pass the limit.

    A prompt has at most as many tokens as UTF-8 bytes, a picture `PICTURE_TOKENS`, and a reply at most `max_tokens`.
    What became of a call that timed out, broke off, was cancelled or met a server error is not known: it stays counted
    as its worst case.
    """

    def __init__(self, price: Price | None, limit: float | None, embedding_price: Price | None = None) -> None:
        self.price = price
        self.limit = limit
        self._embedding_price = embedding_price
        self.spent = 0.0
        """Dollars of the replies that came, by the provider's own usage."""
        self.lost = 0.0
        """Dollars that calls without an answer cost at most."""
        self.lost_calls = 0
        self._reserved = 0.0
        self._holds = 0
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()

    async def hold(self, question: exchange.Question) -> Hold:
        """Wait until the worst case of the question fits; raise BudgetReached where it never will."""
        worst = 0.0
        if self.price is not None:
            worst = self.price.cost(_most_prompt_tokens(question), question.max_tokens)
            await self.take(worst)
        return Hold(self, self.price, worst)

    async def hold_texts(self, texts: Sequence[str]) -> Hold:
        """Wait until the worst case of embedding the texts fits; raise BudgetReached where it never will."""
        worst = 0.0
        if self._embedding_price is not None:
            most = sum(len(text.encode()) + _TEXT_OVERHEAD_TOKENS for text in texts)
            worst = self._embedding_price.cost(most, 0)
            await self.take(worst)
        return Hold(self, self._embedding_price, worst)

    async def take(self, worst: float) -> None:
        """Hold back so many dollars, in the order of asking."""
        if self._fits(worst) and not self._waiting:
            self._reserve(worst)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((worst, turn))
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.give_back(worst)
            raise

    def give_back(self, worst: float, *, spent: float = 0.0, lost: float = 0.0) -> None:
        """Free what was held back, count what is known, and let in who waits."""
        self._holds = max(self._holds - 1, 0)
        self._reserved = self._reserved - worst if self._holds else 0.0
        self.spent += spent
        self.lost += lost
        self.lost_calls += lost > 0
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting:
            worst, turn = self._waiting[0]
            if not turn.done():
                if self._fits(worst):
                    self._reserve(worst)
                    turn.set_result(None)
                elif self._holds:
                    return
                else:
                    turn.set_exception(self._refuse(worst))
            self._waiting.popleft()

    def _reserve(self, worst: float) -> None:
        self._reserved += worst
        self._holds += 1

    def _fits(self, worst: float) -> bool:
        return self.limit is None or self.spent + self.lost + self._reserved + worst <= self.limit + 1e-12

    def _refuse(self, worst: float) -> BudgetReached:
        unknown = f" and up to ${self.lost:.4f} went to calls without an answer" if self.lost else ""
        return BudgetReached(
            f"the next call could cost ${worst:.4f}, and ${self.spent:.4f} of --max-cost ${self.limit:g} is "
            f"spent{unknown}; what came is saved: run the same command with a higher --max-cost to go on"
        )


def _most_prompt_tokens(question: exchange.Question) -> int:
    words = question.system + question.prompt + (json.dumps(question.schema) if question.schema else "")
    return len(words.encode()) + _OVERHEAD_TOKENS + (PICTURE_TOKENS if question.picture else 0)
