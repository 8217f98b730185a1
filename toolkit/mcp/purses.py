"""One limit over everything that a server asks, however many calls and connections ask it."""

from __future__ import annotations

import threading

from toolkit.errors import InputError

_SLACK = 1e-12
"""Sums of binary fractions differ by less than this."""


class SharedPurse:
    """Holds back the worst case of every request in flight, so that all calls together cannot pass the limit.

    Safe to use from several threads. Without a limit it only counts.

    Examples:
        >>> purse = SharedPurse(0.01)
        >>> purse.hold(0.008), purse.hold(0.008), purse.left
        (True, False, 0.002)
    """

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self._paid = 0.0
        self._held = 0.0
        self._lock = threading.Lock()

    @property
    def paid(self) -> float:
        """Dollars of all requests so far; one without an answer counts as its worst case."""
        return round(self._paid, 9)

    @property
    def left(self) -> float | None:
        """Dollars that are neither paid nor held back; None without a limit."""
        return None if self.limit is None else max(round(self.limit - self._paid - self._held, 9), 0.0)

    def hold(self, worst: float) -> bool:
        """Hold back the worst case of a request; False where there is no room for it."""
        with self._lock:
            if self.limit is not None and self._paid + self._held + worst > self.limit + _SLACK:
                return False
            self._held += worst
            return True

    def settle(self, worst: float, paid: float) -> None:
        """Count what a request took in place of its worst case."""
        with self._lock:
            self._held = max(self._held - worst, 0.0)
            self._paid += paid

    def explain(self) -> str:
        """Return why there is no room, and the next step."""
        return (
            f"the limit of this server, ${self.limit:g}, leaves no room for the next request: ${self._paid:.4f} is "
            "spent. The answers so far are saved; ask the user to restart `audience mcp` with a higher --max-cost"
        )

    def check_price(self, what: str, cost: float | None, max_cost: float | None, *, confirmed: bool) -> None:
        """Raise InputError unless a call may be made: it is free, or its price is allowed for and fits.

        `cost` is what the call is expected to take, None where nobody knows; `max_cost` what the agent allows.
        """
        if cost == 0:
            return
        price = "an unknown price, because the model has no listed one" if cost is None else f"about ${cost:.4f}"
        if cost is None and (self.limit is not None or max_cost is not None):
            raise InputError(
                f"{what}: nothing was asked: the price of the model is not known, so no limit can hold; ask the user "
                "to restart `audience mcp` with --price IN,OUT"
            )
        if max_cost is None and not confirmed:
            raise InputError(
                f"{what}: nothing was asked: this takes {price}; pass max_cost, dollars that it cannot pass, "
                "or confirm_cost: true"
            )
        for limit, whose in ((max_cost, "max_cost"), (self.left, "what the limit of this server leaves")):
            if cost is not None and limit is not None and cost > limit + _SLACK:
                raise InputError(
                    f"{what}: nothing was asked: this takes {price}, more than {whose}, ${limit:.4f}; ask fewer people "
                    "with sample, or let the user raise the limit"
                )
