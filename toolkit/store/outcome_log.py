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
CREATE TABLE IF NOT EXISTS people_answers (
    batch INTEGER NOT NULL REFERENCES batches (batch), key BLOB NOT NULL, answer TEXT NOT NULL,
    PRIMARY KEY (batch, key)
) WITHOUT ROWID;
"""
_STANDING = """
SELECT outcome, batch FROM outcomes JOIN batches USING (batch) WHERE removed IS NULL ORDER BY batch, key
"""
_STANDING_ANSWERS = """
SELECT answer, batch FROM people_answers JOIN batches USING (batch) WHERE removed IS NULL ORDER BY batch, key
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


class PersonAnswer(Record):
    """What one real person said of one draft on a form of `audience ask-people`; nothing says who it was."""

    form: str
    """Twelve digits of SHA-256 over the drafts that the form shows."""
    person: str
    """Drawn at random when the form was opened; the same for all answers of one sitting."""
    code: int
    """From the link; it decides the order of the drafts and the wording."""
    draft_id: str
    draft_hash: str
    """`Draft.digest`: everything the person saw, on its surface."""
    surface: str
    objective: str
    wording: int
    position: int
    """From 1: as which draft it was shown."""
    stopped: bool
    action: str
    ratings: dict[str, int] = {}  # noqa: RUF012 - frozen
    """Measures from 1 to 5; none of a person who did not stop."""
    verbatim: str = ""
    objection: str = ""

    @property
    def key(self) -> bytes:
        """What makes two rows the same answer."""
        return make_key(self.form, self.person, self.draft_hash)


class AddedBatch(Record):
    """One addition of results."""

    batch: int
    source: str
    """Name of the file."""
    added: str
    removed: str | None
    """When it was taken back; null while it stands."""
    results: int
    answers: int = 0
    """Of real people, to drafts of a form."""

    def say(self) -> str:
        """Return what was added, such as "24 answers of people"."""
        if self.answers:
            return f"{self.answers:,} answer{'' if self.answers == 1 else 's'} of people"
        return f"{self.results:,} result{'' if self.results == 1 else 's'}"


class Outcomes(Database):
    """Real results, in the file of the replies. Of two batches with the same result the later one stands."""

    schema = _SCHEMA

    def add(self, outcomes: Sequence[Outcome], source: str) -> int:
        """Commit results as one batch, all or none; return its number."""
        rows = [(one.key, one.model_dump_json(exclude_none=True)) for one in outcomes]
        return self._add("INSERT INTO outcomes (batch, key, outcome) VALUES (?, ?, ?)", rows, source)

    def add_answers(self, answers: Sequence[PersonAnswer], source: str) -> int:
        """Commit answers of people as one batch, all or none; return its number."""
        rows = [(one.key, one.model_dump_json()) for one in answers]
        return self._add("INSERT INTO people_answers (batch, key, answer) VALUES (?, ?, ?)", rows, source)

    def _add(self, statement: str, rows: Sequence[tuple[bytes, str]], source: str) -> int:
        with self._transaction():
            cursor = self._connection.execute("INSERT INTO batches (source, added) VALUES (?, ?)", (source, stamp()))
            batch = int(cursor.lastrowid or 0)
            self._connection.executemany(statement, [(batch, *row) for row in rows])
        return batch

    def list_batches(self) -> list[AddedBatch]:
        """Return every addition, those taken back included, the earliest first."""
        rows = self._select_all(
            "SELECT batch, source, added, removed, "
            "(SELECT count(*) FROM outcomes WHERE outcomes.batch = batches.batch) AS results, "
            "(SELECT count(*) FROM people_answers WHERE people_answers.batch = batches.batch) AS answers "
            "FROM batches ORDER BY batch"
        )
        return [AddedBatch(**row) for row in rows]

    def list_outcomes(self) -> list[Outcome]:
        """Return the results that stand."""
        standing: dict[bytes, Outcome] = {}
        for row in self._select_all(_STANDING):
            outcome = Outcome.model_validate_json(row["outcome"])
            standing[outcome.key] = outcome
        return list(standing.values())

    def list_answers(self) -> list[PersonAnswer]:
        """Return the answers of people that stand."""
        standing: dict[bytes, PersonAnswer] = {}
        for row in self._select_all(_STANDING_ANSWERS):
            answer = PersonAnswer.model_validate_json(row["answer"])
            standing[answer.key] = answer
        return list(standing.values())

    def mark(self, batch: int, *, removed: bool) -> None:
        """Take a batch back, so that what it replaced stands again, or bring it back."""
        self._insert("UPDATE batches SET removed = ? WHERE batch = ?", (stamp() if removed else None, batch))
