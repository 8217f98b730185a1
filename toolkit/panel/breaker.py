"""The circuit breaker: a run whose latest calls all came to nothing ends, before it pays for more of the same."""

from __future__ import annotations

from collections import Counter

from toolkit.errors import name_option, name_step, spell_out

LEAST_CALLS = 20
"""Calls in a row that decide nothing yet, however few are in flight."""
_FAILED = "failed"


class Breaker:
    """Counts calls that came to nothing one after the other.

    It trips once the last `calls` finished calls all failed, or all brought a reply that was unusable for the same
    reason. A call that the model declined is neither: it counts nowhere.

    Examples:
        >>> breaker = Breaker(2)
        >>> breaker.count_failure("timed out")
        >>> breaker.count_failure("timed out")
        >>> breaker.tripped.partition(";")[0]
        'the last 2 calls all failed: timed out'
    """

    def __init__(self, calls: int) -> None:
        self.tripped: str | None = None
        """Why no further call is made, with the next step; None while calls are made."""
        self._calls = calls
        self._kind: str | None = None
        self._reasons: Counter[str] = Counter()

    def count_answer(self) -> None:
        """Count a usable reply: what came before it proves nothing."""
        self._kind = None
        self._reasons.clear()

    def count_failure(self, reason: str) -> None:
        """Count a call without a reply."""
        self._count(_FAILED, reason)

    def count_unusable(self, kind: str, reason: str) -> None:
        """Count a reply that was unusable, of one kind such as "malformed"."""
        self._count(kind, reason)

    def _count(self, kind: str, reason: str) -> None:
        if kind != self._kind:
            self._kind = kind
            self._reasons.clear()
        self._reasons[reason] += 1
        if self.tripped is None and self._reasons.total() >= self._calls:
            self.tripped = spell_out(self._describe(kind))

    def _describe(self, kind: str) -> str:
        (reason, _), *others = self._reasons.most_common()
        more = f" (and {len(others)} other reasons)" if len(others) > 1 else " (and another reason)" if others else ""
        calls = self._reasons.total()
        if kind == _FAILED:
            return (
                f"the last {calls} calls all failed: {reason}{more}; the answers so far are saved: once the endpoint "
                f"answers, {name_step('again')}"
            )
        return (
            f"the last {calls} replies were all unusable ({kind}): {reason}{more}; the answers so far are saved: "
            f"choose another {name_option('model')}, or another {name_option('rating')}, and {name_step('again')}"
        )


def choose_calls(in_flight: int, *, is_batch: bool) -> int:
    """Return how many calls in a row end a run that keeps so many in flight; a batch comes back all at once."""
    return max(LEAST_CALLS, in_flight if is_batch else 2 * in_flight)
