"""What several runs that go on at once have in common: their engines, their limit of questions, what they learned."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

from toolkit.engines import Engine, base
from toolkit.models import exchange
from toolkit.panel.breaker import Breaker


@dataclass(frozen=True, slots=True)
class Share:
    """What a run shares with others of a study."""

    engines: Sequence[Engine]
    """Entered, one for each model that answers in this run."""
    breakers: Sequence[Breaker]
    """What ends the asking of each of them, for every run at once."""
    together: asyncio.Semaphore
    """One place for each question that may be in flight."""


class _SharedEngine:
    """An engine as one of several runs has it: it counts the run's own calls, and is neither opened nor closed."""

    def __init__(self, inner: Engine) -> None:
        self._inner = inner
        self._began_at = inner.calls
        self._calls = 0

    @property
    def calls(self) -> int:
        """Requests sent for this run; of a batch, which holds questions of several, those sent meanwhile."""
        return self._inner.calls - self._began_at if self._inner.is_batch else self._calls

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_inner"], name)

    async def __aenter__(self) -> Self:
        """Open nothing: the engine is open."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close nothing: others ask on."""

    async def ask(self, question: exchange.Question) -> exchange.Reply:
        """Return the reply, and count what was sent for it."""
        before, sent = self._inner.calls, exchange.Sent()
        token = exchange.COUNTS_CALLS.set(sent)
        try:
            return await self._inner.ask(question)
        finally:
            exchange.COUNTS_CALLS.reset(token)
            self._count(sent, before)

    async def embed(
        self, texts: Sequence[str], model: str, before_retry: exchange.Guard | None = None
    ) -> exchange.Embedded:
        """Return the vectors, and count what was sent for them."""
        before, sent = self._inner.calls, exchange.Sent()
        token = exchange.COUNTS_CALLS.set(sent)
        try:
            return await self._inner.embed(texts, model, before_retry)
        finally:
            exchange.COUNTS_CALLS.reset(token)
            self._count(sent, before)

    def _count(self, sent: exchange.Sent, before: int) -> None:
        """Count what was sent; of an engine of one's own, which does not tell, one call if it counts any."""
        self._calls += sent.calls or int(self._inner.calls > before)


def join_share(engine: base.CanAsk) -> Engine:
    """Return a shared engine as one run has it."""
    return cast("Engine", _SharedEngine(base.adapt_engine(engine)))
