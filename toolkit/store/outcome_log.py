"""What was published and what happened, a batch at a time: batches are taken back whole, and brought back."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.models import Record
from toolkit.store.database import Database, make_key
from toolkit.store.test_log import stamp

COUNTS = ("clicks", "replies", "shares", "hides")
KEYS = ("experiment", "group", "campaign")
"""Columns that say which drafts competed, the closest tie first."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
    batch INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, added TEXT NOT NULL, removed TEXT
);
CREATE TABLE IF NOT EXISTS outcomes (
    batch INTEGER NOT NULL REFERENCES batches (batch), key BLOB NOT NULL, outcome TEXT NOT NULL,
    PRIMARY KEY (batch, key)
) WITHOUT ROWID;
"""
_STANDING = """
SELECT outcome, batch FROM outcomes JOIN batches USING (batch) WHERE removed IS NULL ORDER BY batch, key
"""


class Outcome(Record):
    """One published draft, or one day of it, and what people did."""

    text: str | None = None
    """The words that were published; null where the row names the draft by `draft_id` or `draft_hash`."""
    headline: str | None = None
    draft_id: str | None = None
    draft_hash: str | None = None
    surface: str | None = None
    experiment: str | None = None
    group: str | None = None
    campaign: str | None = None
    date: str | None = None
    """Day in ISO 8601."""
    shown: int
    """Impressions."""
    clicks: int | None = None
    replies: int | None = None
    shares: int | None = None
    hides: int | None = None

    @property
    def key(self) -> bytes:
        """What makes two rows the same result: everything but the counts."""
        named = self.model_dump(exclude={"shown", *COUNTS})
        return make_key(*(f"{name}={value}" for name, value in named.items() if value is not None))

    @property
    def counts(self) -> tuple[int | None, ...]:
        """Shown, clicks, replies, shares, hides."""
        return (self.shown, *(getattr(self, name) for name in COUNTS))


class AddedBatch(Record):
    """One addition of results."""

    batch: int
    source: str
    """Name of the file."""
    added: str
    removed: str | None
    """When it was taken back; null while it stands."""
    results: int


class Outcomes(Database):
    """Real results, in the file of the replies. Of two batches with the same result the later one stands."""

    schema = _SCHEMA

    def add(self, outcomes: Sequence[Outcome], source: str) -> int:
        """Commit results as one batch, all or none; return its number."""
        with self._transaction():
            cursor = self._connection.execute("INSERT INTO batches (source, added) VALUES (?, ?)", (source, stamp()))
            batch = int(cursor.lastrowid or 0)
            self._connection.executemany(
                "INSERT INTO outcomes (batch, key, outcome) VALUES (?, ?, ?)",
                [(batch, outcome.key, outcome.model_dump_json(exclude_none=True)) for outcome in outcomes],
            )
        return batch

    def list_batches(self) -> list[AddedBatch]:
        """Return every addition, those taken back included, the earliest first."""
        rows = self._select_all(
            "SELECT batch, source, added, removed, count(key) AS results "
            "FROM batches LEFT JOIN outcomes USING (batch) GROUP BY batch ORDER BY batch"
        )
        return [AddedBatch(**row) for row in rows]

    def list_outcomes(self) -> list[Outcome]:
        """Return the results that stand."""
        standing: dict[bytes, Outcome] = {}
        for row in self._select_all(_STANDING):
            outcome = Outcome.model_validate_json(row["outcome"])
            standing[outcome.key] = outcome
        return list(standing.values())

    def mark(self, batch: int, *, removed: bool) -> None:
        """Take a batch back, so that what it replaced stands again, or bring it back."""
        self._insert("UPDATE batches SET removed = ? WHERE batch = ?", (stamp() if removed else None, batch))
