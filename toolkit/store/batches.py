"""Batches that are on their way at a provider, so that another process can collect them days later."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from toolkit.models import exchange
from toolkit.store.database import Database
from toolkit.store.replies import read_reply

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sent_batches (
    ticket TEXT PRIMARY KEY, place TEXT NOT NULL, id TEXT,
    sent TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch_items (
    key TEXT NOT NULL, ticket TEXT NOT NULL, PRIMARY KEY (key, ticket)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch_replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch that is on its way."""

    ticket: str
    """A random name written into the batch before it is created, by which it can be found again."""
    id: str | None
    """The provider's name for it; None where the process ended before the provider gave one."""
    keys: frozenset[str]
    """The questions in it."""


class BatchLog(Database):
    """What was sent and not yet collected, and replies that came and that nobody has read yet.

    A batch is written down before it is created and its replies before they are handed out, so a process that is killed
    anywhere between leaves nothing that the next one would pay for again.
    """

    schema = _SCHEMA

    def list_open(self, place: str) -> list[Batch]:
        """Return the batches on their way at a place, an endpoint and a model, oldest first."""
        with self._refusing():
            rows = self._connection.execute(
                "SELECT ticket, id FROM sent_batches WHERE place = ? ORDER BY sent, ticket", (place,)
            ).fetchall()
            return [Batch(ticket, name, self._find_keys(ticket)) for ticket, name in rows]

    def _find_keys(self, ticket: str) -> frozenset[str]:
        found = self._connection.execute("SELECT key FROM batch_items WHERE ticket = ?", (ticket,))
        return frozenset(key for (key,) in found)

    def announce(self, ticket: str, place: str, keys: Sequence[str]) -> None:
        """Write down a batch that is about to be sent."""
        with self._transaction() as connection:
            connection.execute("INSERT INTO sent_batches (ticket, place) VALUES (?, ?)", (ticket, place))
            connection.executemany("INSERT INTO batch_items VALUES (?, ?)", [(key, ticket) for key in keys])

    def name(self, ticket: str, identity: str) -> None:
        """Write down what the provider calls a batch."""
        self._insert("UPDATE sent_batches SET id = ? WHERE ticket = ?", (identity, ticket))

    def close_batch(self, ticket: str, replies: Mapping[str, exchange.Reply]) -> None:
        """Keep the replies of a batch until they are read, and forget the batch."""
        rows = [(key, json.dumps(dataclasses.asdict(reply))) for key, reply in replies.items()]
        with self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO batch_replies VALUES (?, ?)", rows)
            connection.execute("DELETE FROM batch_items WHERE ticket = ?", (ticket,))
            connection.execute("DELETE FROM sent_batches WHERE ticket = ?", (ticket,))

    def find_reply(self, key: str) -> exchange.Reply | None:
        """Return a reply that came in a batch and that nobody has read yet, or None."""
        row = self._select("SELECT reply FROM batch_replies WHERE key = ?", key)
        return read_reply(row[0]) if row else None

    def forget(self, keys: Iterable[str]) -> None:
        """Drop replies that were read: they are kept by now, or of no use."""
        with self._transaction() as connection:
            connection.executemany("DELETE FROM batch_replies WHERE key = ?", [(key,) for key in keys])
