"""What calls cost, and a limit that the bill cannot pass, of one run or of everything that a command does.

Examples:
    >>> from toolkit.engines.budget import Bill, one_bill
    >>> with one_bill() as bill, one_bill() as same:
    ...     bill is same, bill.spent
    (True, 0.0)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol

import yaml

from toolkit.engines.token_counts import estimate_schema_tokens as estimate_schema_tokens  # noqa: PLC0414
from toolkit.engines.token_counts import estimate_tokens as estimate_tokens  # noqa: PLC0414 - handed out with costs
from toolkit.errors import BudgetReached, ToolkitError, name_option, name_step
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

    __slots__ = ("_budget", "_held", "_price", "_worst", "is_roomy")

    def __init__(self, budget: Budget, price: Price | None, worst: float, *, is_roomy: bool = True) -> None:
        self.is_roomy = is_roomy
        """Whether the question may be asked with all the room that it has for thinking."""
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
        """Count the worst case of what was sent and hold back as much again; raise BudgetReached without room."""
        self.lose()
        await self._budget.take(self._worst)
        self._held = True

    def _let_go(self, *, spent: float = 0.0, lost: float = 0.0) -> None:
        if self._held:
            self._held = False
            self._budget.give_back(self._worst, spent=spent, lost=lost)


class Purse(Protocol):
    """Somebody's money beyond one run, such as what they may spend a day."""

    def hold(self, worst: float) -> bool:
        """Hold back the worst case of a call; False where there is no room for it."""

    def settle(self, worst: float, paid: float) -> None:
        """Count what a call took in place of its worst case."""

    def explain(self) -> str:
        """Return why there is no room, and the next step."""


_PAYS: ContextVar[Purse | None] = ContextVar("purse", default=None)


@contextlib.contextmanager
def paid_from(purse: Purse | None) -> Iterator[None]:
    """Let every call whose bill begins in this context be paid from a purse, too; None is nobody's."""
    before = _PAYS.set(purse)
    try:
        yield
    finally:
        _PAYS.reset(before)


def find_purse() -> Purse | None:
    """Return what calls are paid from here; None where nobody counts."""
    return _PAYS.get()


class Bill:
    """Dollars spent, lost and held back by all budgets that share it. Used by one event loop at a time."""

    def __init__(self) -> None:
        self.spent = 0.0
        """Dollars of the replies that came, by the provider's own usage."""
        self.lost = 0.0
        """Dollars that calls without an answer cost at most."""
        self.purse = _PAYS.get()
        """What is paid from, beside the limits of its budgets; None for nothing."""
        self._is_empty = False
        self._reserved = 0.0
        self._holds = 0
        self._waiting: deque[tuple[float, float | None, asyncio.Future[None]]] = deque()

    def find_left(self, limit: float | None) -> float | None:
        """Return the dollars of a limit that are neither spent nor lost; None without a limit."""
        return None if limit is None else max(limit - self.spent - self.lost, 0.0)

    async def take(self, worst: float, limit: float | None) -> None:
        """Hold back so many dollars, in the order of asking; raise BudgetReached if the limit never leaves room."""
        if not self._waiting and self._reserve(worst, limit):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((worst, limit, turn))
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.give_back(worst)
            raise

    def give_back(self, worst: float, *, spent: float = 0.0, lost: float = 0.0) -> None:
        """Free what was held back, count what is known, and let in who waits."""
        if self.purse is not None:
            self.purse.settle(worst, spent + lost)
        self._holds = max(self._holds - 1, 0)
        self._reserved = self._reserved - worst if self._holds else 0.0
        self.count(spent=spent, lost=lost)
        self._let_in()

    def count(self, *, spent: float = 0.0, lost: float = 0.0) -> None:
        """Add dollars that were spent elsewhere, such as by workers."""
        self.spent += spent
        self.lost += lost

    def refuse_waiting(self, error: ToolkitError) -> None:
        """Raise an error in every call that waits for room."""
        while self._waiting:
            *_, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(error)

    def _let_in(self) -> None:
        while self._waiting:
            worst, limit, turn = self._waiting[0]
            if not turn.done():
                if self._reserve(worst, limit):
                    turn.set_result(None)
                elif self._holds:
                    return
                else:
                    turn.set_exception(self._refuse(worst, limit))
            self._waiting.popleft()

    def _reserve(self, worst: float, limit: float | None) -> bool:
        """Hold back so many dollars if they fit; tell whether they did."""
        if not self._fits(worst, limit):
            return False
        self._is_empty = self.purse is not None and not self.purse.hold(worst)
        if self._is_empty:
            return False
        self._reserved += worst
        self._holds += 1
        return True

    def _fits(self, worst: float, limit: float | None) -> bool:
        return limit is None or self.spent + self.lost + self._reserved + worst <= limit + 1e-12

    def _refuse(self, worst: float, limit: float | None) -> BudgetReached:
        if self._is_empty and self.purse is not None:
            return BudgetReached(self.purse.explain())
        unknown = f", up to ${self.lost:.4f} went to calls without an answer" if self.lost else ""
        return BudgetReached(
            f"{name_option('max_cost', limit)} is reached: ${self.spent:.4f} is spent{unknown}, and the next call "
            f"could cost ${worst:.4f}; the answers so far are saved: raise {name_option('max_cost')} and "
            f"{name_step('again')}"
        )


_SHARED: ContextVar[Bill | None] = ContextVar("bill", default=None)


@contextlib.contextmanager
def one_bill() -> Iterator[Bill]:
    """Let every budget that is made in this context share one bill, so that a limit holds for all of them together.

    Inside another `one_bill`, the outer one stays in force.
    """
    bill = _SHARED.get() or Bill()
    before = _SHARED.set(bill)
    try:
        yield bill
    finally:
        _SHARED.reset(before)


class Budget:
    """Holds back the worst case of every call in flight, so that the bill cannot pass the limit.

    A prompt has at most as many tokens as UTF-8 bytes, a picture `PICTURE_TOKENS`, and a reply at most `max_tokens`.
    What became of a call that timed out, broke off, was cancelled or met a server error is not known: it stays counted
    as its worst case. Budgets made within one `one_bill` share it: each limit holds for what all of them take.
    """

    def __init__(self, price: Price | None, limit: float | None, embedding_price: Price | None = None) -> None:
        self.price = price
        self.limit = limit
        self._embedding_price = embedding_price
        self.spent = 0.0
        """Dollars of this budget's replies, by the provider's own usage."""
        self.lost = 0.0
        """Dollars that its calls without an answer cost at most."""
        self.lost_calls = 0
        self.bill = _SHARED.get() or Bill()

    async def hold(self, question: exchange.Question) -> Hold:
        """Wait until the worst case of the question fits; raise BudgetReached where it never will.

        Where only the room for thinking does not fit, the hold is without it, and says so.
        """
        worst, is_roomy = 0.0, True
        if self.price is None and self.bill.purse is not None:
            raise BudgetReached(
                "the price of this model is not known, so nobody can count what you spend with this "
                "machine's key; choose another model, or type a key of your own"
            )
        if self.price is not None:
            prompt = count_most_prompt_tokens(question)
            worst = self.price.cost(prompt, question.most_tokens)
            least = self.price.cost(prompt, question.max_tokens)
            is_roomy = least >= worst or self._may_fit(worst)
            try:
                await self.take(worst if is_roomy else least)
            except BudgetReached:
                if not is_roomy or least >= worst:
                    raise
                is_roomy = False
                await self.take(least)
            worst = worst if is_roomy else least
        return Hold(self, self.price, worst, is_roomy=is_roomy)

    def _may_fit(self, worst: float) -> bool:
        """Tell whether a sum would fit if nothing else were in flight."""
        left = self.bill.find_left(self.limit)
        return left is None or worst <= left

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
        await self.bill.take(worst, self.limit)

    def give_back(self, worst: float, *, spent: float = 0.0, lost: float = 0.0) -> None:
        """Free what was held back, count what is known, and let in who waits."""
        self.spent += spent
        self.lost += lost
        self.lost_calls += lost > 0
        self.bill.give_back(worst, spent=spent, lost=lost)

    def count(self, *, spent: float, lost: float, lost_calls: int) -> None:
        """Add what workers spent and lost of this budget."""
        self.spent += spent
        self.lost += lost
        self.lost_calls += lost_calls
        self.bill.count(spent=spent, lost=lost)


def count_most_prompt_tokens(question: exchange.Question) -> int:
    """Return the tokens that a question cannot pass: as many as bytes, and those of a picture."""
    words = question.system + question.prompt + (json.dumps(question.schema) if question.schema else "")
    return len(words.encode()) + _OVERHEAD_TOKENS + (PICTURE_TOKENS if question.picture else 0)
