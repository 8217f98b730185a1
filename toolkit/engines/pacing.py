"""When the next request may go: not too many in flight, nobody during a pause, no faster than the limits allow.

A refusal ("too many requests") holds everybody back for as long as the endpoint asks, or, where it does not say, for a
jittered time that doubles until an answer comes. Allowances a minute are those given by hand and those that the
endpoint's headers tell.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from toolkit.engines.concurrency import Growth, Traffic
from toolkit.engines.headers import Kind, read_allowance
from toolkit.engines.token_bucket import Bucket
from toolkit.errors import ToolkitError

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 20.0
_USUAL_REPLY_TOKENS = 300.0
_NEW_SHARE = 0.1
_LEAST_DELAY = 0.001
"""Timers may fire a little early; with no time at all in between they would fire for ever."""


@dataclass(slots=True)
class Slot:
    """Leave to send one request, from `sent` on, with so many tokens set aside for it."""

    prompt_tokens: float
    tokens: float
    sent: float = 0.0


class Pace:
    """Gives leave to send, in the order of asking. `clock` counts seconds; `chance` gives numbers from 0 to 1."""

    def __init__(
        self,
        *,
        rpm: float | None = None,
        tpm: float | None = None,
        clock: Callable[[], float],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.in_flight = 0
        self._clock = clock
        self._chance = chance
        self._growth = Growth()
        self._given: dict[Kind, Bucket] = {}
        self._learned: dict[Kind, Bucket] = {}
        if rpm is not None:
            self._given["requests"] = Bucket.of_minute(rpm, clock())
        if tpm is not None:
            self._given["tokens"] = Bucket.of_minute(tpm, clock())
        self._waiting: deque[tuple[asyncio.Future[None], Slot]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._end: ToolkitError | None = None
        self._ended = asyncio.Event()
        self._resume = float("-inf")
        self._strikes = 0
        self._reply_tokens = _USUAL_REPLY_TOKENS
        self._tokens_out = 0.0

    @property
    def limit(self) -> int:
        """How many requests may be in flight now: one alone to try whether a second pause helped."""
        return 1 if self._strikes > 1 else int(self._growth.limit)

    async def enter(self, prompt_tokens: float) -> Slot:
        """Wait for leave to send; raise the error that ended the pace."""
        if self._end is not None:
            raise self._end
        slot = Slot(prompt_tokens, prompt_tokens + self._reply_tokens)
        if not self._waiting and self.in_flight < self.limit and self._find_delay() <= 0:
            self._start(slot)
        else:
            await self._queue(slot)
        return slot

    def leave(
        self, slot: Slot, outcome: Traffic, headers: Mapping[str, str], *, wait: float | None = None, tokens: int = 0
    ) -> None:
        """Give the slot back and learn from what came: `tokens` were used, `wait` seconds were asked for."""
        now = self._clock()
        crowded = self.in_flight >= self.limit
        self._give_back(slot, tokens)
        self._learn("requests", headers, self.in_flight, now)
        self._learn("tokens", headers, self._tokens_out, now)
        if outcome is Traffic.LIMITED:
            self._pause(slot, now, wait)
        elif outcome is Traffic.ANSWERED:
            self._strikes = 0
        self._growth.count(outcome, now - slot.sent, crowded=crowded)
        self._pump()

    def abandon(self, slot: Slot) -> None:
        """Give back the slot of a request that was cancelled."""
        self._give_back(slot, 0)
        self._pump()

    def end(self, error: ToolkitError) -> None:
        """Let nobody send any more: whoever waits, now or later, gets the error."""
        self._end = self._end or error
        self._ended.set()
        while self._waiting:
            waiter, _ = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(self._end)

    async def rest(self, seconds: float) -> None:
        """Wait before another attempt, or until the pace is ended."""
        try:
            await asyncio.wait_for(self._ended.wait(), seconds)
        except TimeoutError:
            return

    def back_off(self, attempt: int) -> float:
        """Return the seconds to rest after a failed attempt, counted from 0: half fixed, half by chance.

        "Equal jitter" of Brooker, Exponential Backoff And Jitter (AWS Architecture Blog, 2015).
        """
        return min(LONGEST_PAUSE, FIRST_PAUSE * float(2**attempt)) * (0.5 + 0.5 * self._chance())

    async def _queue(self, slot: Slot) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append((waiter, slot))
        self._pump()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.abandon(slot)
            raise

    def _start(self, slot: Slot) -> None:
        slot.sent = self._clock()
        self.in_flight += 1
        self._tokens_out += slot.tokens
        self._take("requests", 1)
        self._take("tokens", slot.tokens)

    def _give_back(self, slot: Slot, used: int) -> None:
        """Count what was used in place of what was set aside, and expect the next reply to be of a like length."""
        self.in_flight -= 1
        self._tokens_out = max(0.0, self._tokens_out - slot.tokens)
        if used:
            self._take("tokens", used - slot.tokens)
            self._reply_tokens += _NEW_SHARE * (max(0.0, used - slot.prompt_tokens) - self._reply_tokens)

    def _take(self, kind: Kind, amount: float) -> None:
        for buckets in (self._given, self._learned):
            if kind in buckets:
                buckets[kind].take(amount)

    def _pump(self) -> None:
        """Let go whoever may go; where only time is lacking, come back when it has passed."""
        while self._waiting and self.in_flight < self.limit:
            waiter, slot = self._waiting[0]
            delay = 0.0 if waiter.done() else self._find_delay()
            if delay > 0:
                self._wake_in(delay)
                return
            self._waiting.popleft()
            if not waiter.done():
                self._start(slot)
                waiter.set_result(None)

    def _wake_in(self, delay: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(max(delay, _LEAST_DELAY), self._pump)

    def _find_delay(self) -> float:
        now = self._clock()
        delay = self._resume - now
        for buckets in (self._given, self._learned):
            for bucket in buckets.values():
                delay = max(delay, bucket.find_delay(now))
        return delay

    def _pause(self, slot: Slot, now: float, wait: float | None) -> None:
        """Hold everybody back; what was sent before the last pause ended is old news and makes it no longer."""
        if wait is not None:
            self._resume = max(self._resume, now + wait)
        elif slot.sent >= self._resume:
            self._resume = now + self.back_off(self._strikes)
            self._strikes += 1

    def _learn(self, kind: Kind, headers: Mapping[str, str], outstanding: float, now: float) -> None:
        allowance = read_allowance(headers, kind)
        if allowance is not None:
            bucket = self._learned.setdefault(kind, Bucket(allowance.limit, 0.0, now))
            bucket.learn(allowance, outstanding, now)
