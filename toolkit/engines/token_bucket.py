"""Allowances that fill up again: so many requests, so many tokens a minute."""

from __future__ import annotations

from toolkit.engines.headers import Allowance

_MINUTE = 60.0
_ONE = 1.0 - 1e-9


class Bucket:
    """A token bucket (ITU-T I.371): it fills at a steady rate up to its capacity, and sending takes from it.

    The next may go when one whole unit is there; one that a long prompt overdrew first fills up again.
    """

    def __init__(self, capacity: float, per_second: float, now: float) -> None:
        self._capacity = capacity
        self._per_second = per_second
        self._level = capacity
        self._filled = now

    @classmethod
    def of_minute(cls, most: float, now: float) -> Bucket:
        """Return a bucket that lets at most `most` through in any minute: a second's share at once, the rest evenly."""
        capacity = max(1.0, most // _MINUTE)
        return cls(capacity, (most - capacity + 1.0) / _MINUTE, now)

    def find_delay(self, now: float) -> float:
        """Return the seconds until one more may go; 0 where it may now."""
        self._fill(now)
        lacking = _ONE - self._level
        if lacking <= 0:
            return 0.0
        return lacking / self._per_second if self._per_second > 0 else _MINUTE

    def take(self, amount: float) -> None:
        """Take an amount, down to less than nothing; a negative one gives back."""
        self._level = min(self._capacity, self._level - amount)

    def learn(self, allowance: Allowance, outstanding: float, now: float) -> None:
        """Believe the endpoint, less what is in flight and may not be counted yet."""
        self._capacity = allowance.limit
        self._per_second = allowance.per_second
        self._level = allowance.remaining - outstanding
        self._filled = now

    def _fill(self, now: float) -> None:
        self._level = min(self._capacity, self._level + (now - self._filled) * self._per_second)
        self._filled = now
