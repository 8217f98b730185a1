"""What each person spent a day with a key that is not their own, over all their sessions and restarts of the page."""

from __future__ import annotations

from pathlib import Path

from toolkit.store.database import Database


class Spending(Database):
    """Dollars by person and day; what is held back for a call counts as spent until it is settled."""

    schema = """
    CREATE TABLE IF NOT EXISTS spending (
        person TEXT NOT NULL, day TEXT NOT NULL, dollars REAL NOT NULL, PRIMARY KEY (person, day)
    ) WITHOUT ROWID;
    """

    def find(self, person: str, day: str) -> float:
        """Return the dollars that somebody spent on a day."""
        row = self._select("SELECT dollars FROM spending WHERE person = ? AND day = ?", person, day)
        return float(row[0]) if row else 0.0

    def hold(self, person: str, day: str, dollars: float, limit: float) -> bool:
        """Count so many dollars, unless the day's limit leaves no room; tell whether it did."""
        self._insert("INSERT OR IGNORE INTO spending VALUES (?, ?, 0)", (person, day))
        within = "UPDATE spending SET dollars = dollars + ?1 WHERE person = ?2 AND day = ?3 AND dollars + ?1 <= ?4"
        return self._insert(within, (dollars, person, day, limit + 1e-12)) == 1

    def add(self, person: str, day: str, dollars: float) -> None:
        """Count dollars, or give some back with a negative number."""
        change = "UPDATE spending SET dollars = max(dollars + ?, 0) WHERE person = ? AND day = ?"
        self._insert(change, (dollars, person, day))


class DailyPurse:
    """What one person may spend on one day: a purse that `toolkit.engines.budget.paid_from` takes.

    It opens the store for each sum, so that any thread may use it.
    """

    def __init__(self, store: Path, person: str, day: str, limit: float) -> None:
        self._store = store
        self._whose = (person, day)
        self._limit = limit

    def hold(self, worst: float) -> bool:
        """Hold back the worst case of a call; False where the day leaves no room for it."""
        with Spending(self._store) as spending:
            return spending.hold(*self._whose, worst, self._limit)

    def settle(self, worst: float, paid: float) -> None:
        """Count what a call took in place of its worst case."""
        with Spending(self._store) as spending:
            spending.add(*self._whose, paid - worst)

    def explain(self) -> str:
        """Return why there is no room, and the next step."""
        if not self._limit:
            return "this machine's key is not for people who sign in; type a key of your own under Settings"
        with Spending(self._store) as spending:
            spent = spending.find(*self._whose)
        return (
            f"you may spend ${self._limit:.2f} a day with this machine's key, ${spent:.2f} is spent or on its way, and "
            "the next call may not fit; the answers so far are saved: go on tomorrow, or type a key of your own"
        )
