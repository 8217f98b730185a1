"""How many requests may be in flight, learned from what came of them.

It starts at 16 and doubles with every round of clean answers while latency holds (slow start); from the first
crowding on it grows by one a round (additive increase, multiplicative decrease: Chiu and Jain 1989; RFC 5681). Where
answers say "too many" it shrinks in proportion to their share, as DCTCP does (RFC 8257): a stray refusal costs little,
a wall halves it. Latency holds while the median of recent answers stays under twice the best median seen, the delay
test of TCP Vegas (Brakmo and Peterson 1995) in its plainest form.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from statistics import median

START = 16.0
"""In flight at first, where so many are wanted at all."""
_LEAST_ROUND = 32
"""Rounds with a failure in them are at least this long, so that one failure in a few is not taken for many."""
_CLEAN = 0.05
_WALL = 0.3
_SLOWER = 2.0
_LATENCIES = 32


class Traffic(Enum):
    """What came of a request."""

    ANSWERED = "answered"
    LIMITED = "limited"
    """Turned away because there were too many."""
    BROKEN = "broken"
    """A server error, a timeout or a dropped connection."""
    OTHER = "other"
    """What says nothing about load, such as a refused parameter."""


class Growth:
    """Counts outcomes in rounds and moves `limit` after each."""

    def __init__(self) -> None:
        self.limit = START
        self._slow_start = True
        self._crowded = False
        self._counts = dict.fromkeys(Traffic, 0)
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)
        self._best: float | None = None

    def count(self, outcome: Traffic, seconds: float, *, crowded: bool) -> None:
        """Count one outcome after so many seconds; `crowded` says that as many were in flight as might be."""
        if outcome is Traffic.OTHER:
            return
        self._counts[outcome] += 1
        self._crowded |= crowded
        if outcome is Traffic.ANSWERED:
            self._latencies.append(seconds)
        limited = self._counts[Traffic.LIMITED]
        bad = limited + self._counts[Traffic.BROKEN]
        total = bad + self._counts[Traffic.ANSWERED]
        if total >= self.limit and (not bad or total >= _LEAST_ROUND):
            self.limit = self._change(limited / total, bad / total)
            self._crowded = False
            self._counts = dict.fromkeys(Traffic, 0)

    def _change(self, limited: float, bad: float) -> float:
        """Return the limit after a round with these shares of refusals and of failures of any kind."""
        if bad >= _WALL:
            self._slow_start = False
            return max(1.0, self.limit * (1.0 - bad / 2.0))
        holds = self._latency_holds()
        if self._crowded and self._slow_start and holds:
            return self.limit * (2.0 if bad < _CLEAN else 1.25)
        self._slow_start &= holds
        if limited >= _CLEAN and not self._slow_start:
            return max(1.0, self.limit * (1.0 - limited / 4.0))
        return self.limit + 1.0 if self._crowded and bad < _CLEAN and holds else self.limit

    def _latency_holds(self) -> bool:
        if not self._latencies:
            return True
        recent = median(self._latencies)
        self._best = recent if self._best is None else min(self._best, recent)
        return recent <= _SLOWER * self._best
