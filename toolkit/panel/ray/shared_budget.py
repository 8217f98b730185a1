"""One budget for all workers: an actor keeps it, and each worker holds back from it."""

from __future__ import annotations

from typing import Any

from toolkit.engines import Price, budget
from toolkit.errors import BudgetReached


class SharedBudget(budget.Budget):
    """A worker's view of the one budget, which an actor keeps."""

    def __init__(self, price: Price | None, limit: float | None, actor: Any, worker: int) -> None:
        super().__init__(price, limit)
        self._actor = actor
        self._worker = worker

    async def take(self, worst: float) -> None:
        """Hold back so many dollars of everybody's."""
        refused = await self._actor.take.remote(self._worker, worst)
        if refused is not None:
            raise BudgetReached(refused)

    def give_back(self, worst: float, *, spent: float = 0.0, lost: float = 0.0) -> None:
        """Free what was held back and count what is known; the driver takes it from the actor, all at once."""
        self._actor.give_back.remote(self._worker, worst, spent, lost)


class BudgetKeeper:
    """Keeps the budget of a run; the worst case of whatever a dead worker had in flight stays counted."""

    def __init__(self, price: Price | None, limit: float | None) -> None:
        self._budget = budget.Budget(price, limit)
        self._held: dict[int, list[float]] = {}

    async def take(self, worker: int, worst: float) -> str | None:
        """Hold back so many dollars for a worker; return why there is no room, or None."""
        try:
            await self._budget.take(worst)
        except BudgetReached as error:
            return str(error.args[0])
        self._held.setdefault(worker, []).append(worst)
        return None

    async def give_back(self, worker: int, worst: float, spent: float, lost: float) -> None:
        """Count what a worker's call took."""
        held = self._held.get(worker, [])
        if worst in held:
            held.remove(worst)
            self._budget.give_back(worst, spent=spent, lost=lost)

    async def bury(self, worker: int) -> None:
        """Count the worst case of every call that a dead worker had in flight."""
        for worst in self._held.pop(worker, []):
            self._budget.give_back(worst, lost=worst)

    async def report(self) -> tuple[float, float, int]:
        """Return dollars spent, dollars lost, and calls lost."""
        return self._budget.spent, self._budget.lost, self._budget.lost_calls
