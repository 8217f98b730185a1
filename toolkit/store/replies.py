"""Every reply, kept the moment it arrives, under a key of everything that shaped it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from toolkit.errors import StoreUnusable
from toolkit.models import exchange
from toolkit.store.database import PATIENCE_SECONDS, Database
from toolkit.store.journal import Journal, Row, find_journals, read_journal
from toolkit.store.leases import LEASE_SECONDS, Heart, Watch
from toolkit.store.owners import make_owner, retire_owner

_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    key BLOB PRIMARY KEY, form TEXT NOT NULL, model TEXT NOT NULL, reply TEXT NOT NULL,
    arrived TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS places (
    question BLOB NOT NULL, key BLOB NOT NULL, PRIMARY KEY (question, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dialects (
    endpoint TEXT NOT NULL, model TEXT NOT NULL, form TEXT NOT NULL, learned REAL NOT NULL, dialect TEXT NOT NULL,
    PRIMARY KEY (endpoint, model, form)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS capabilities (
    endpoint TEXT NOT NULL, model TEXT NOT NULL, learned REAL NOT NULL, found TEXT NOT NULL,
    PRIMARY KEY (endpoint, model)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (key BLOB PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS beats (owner TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subject_names (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL, UNIQUE (kind, subject)
);
CREATE TABLE IF NOT EXISTS subjects (
    number INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (number, key)
) WITHOUT ROWID;
"""
DIALECT_SECONDS = 30 * 86_400.0
"""How long what an endpoint takes is believed."""
_HALF = re.compile("[\ud800-\udfff]")
_LATER = {"endpoint", "question", "filtered", "reasoning_tokens", "about"}
"""Fields that came after the first version, left out where they say nothing."""
_FIELDS = [field.name for field in dataclasses.fields(exchange.Reply)]
_KEEP = "INSERT OR IGNORE INTO replies (key, form, model, reply) VALUES (?, ?, ?, ?)"
_NAME_SUBJECT = "INSERT OR IGNORE INTO subject_names (kind, subject) VALUES (?1, ?2)"
_KEEP_SUBJECT = """
INSERT OR IGNORE INTO subjects SELECT number, ?3 FROM subject_names WHERE kind = ?1 AND subject = ?2
"""
_FIND_ANYWHERE = """
SELECT key FROM replies WHERE key = ?1 OR key IN (SELECT key FROM places WHERE question = ?1)
ORDER BY arrived DESC LIMIT 1
"""
_CLAIM = """
INSERT INTO claims (key, owner, until)
SELECT ?1, ?2, unix_now() + ?3 WHERE NOT EXISTS (SELECT 1 FROM replies WHERE key = ?1)
ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE claims.owner = excluded.owner
"""
_HOLDER = """
SELECT claims.owner, claims.until - unix_now(), beats.count FROM claims LEFT JOIN beats USING (owner) WHERE key = ?
"""
_INHERIT = "UPDATE claims SET owner = ?1, until = unix_now() + ?2 WHERE key = ?3 AND owner = ?4"


class Store(Database):
    """Replies in one SQLite file, in write-ahead mode; several processes may share it.

    A reply is committed before `keep` returns, so a killed process loses at most what was still in flight. Replies
    that the file cannot take, on a full disk for one, go to a journal beside it, and `trouble` says so; the next
    store that is opened on the file takes them in.
    """

    schema = _SCHEMA

    def __init__(
        self, path: Path, *, patience: float = PATIENCE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(path, patience=patience)
        self._connection.create_function("unix_now", 0, time.time)
        self._owner = make_owner()
        self._watch = Watch(clock)
        self._heart = Heart(path, self._owner)
        self._journal = Journal(path, self._owner.partition(":")[2].replace(":", "-"))
        self._has_dialects = self._select("SELECT 1 FROM sqlite_master WHERE name = 'dialects'") is not None
        self._has_capabilities = self._select("SELECT 1 FROM sqlite_master WHERE name = 'capabilities'") is not None
        self._has_places = self._select("SELECT 1 FROM sqlite_master WHERE name = 'places'") is not None
        self._has_subjects = self._select("SELECT 1 FROM sqlite_master WHERE name = 'subjects'") is not None
        self.trouble: StoreUnusable | None = None
        """Why the file took no more replies; None while it does."""
        self._take_in()

    def close(self) -> None:
        """Close the file; questions still in hand go back to everybody."""
        if self._heart.stop():
            with contextlib.suppress(StoreUnusable):
                self._insert("DELETE FROM beats WHERE owner = ?", (self._owner,))
        self._journal.flush()
        retire_owner(self._owner)
        super().close()

    def find(self, key: bytes) -> exchange.Reply | None:
        """Return the reply kept under the key, or None; one that nobody can read is dropped, to be asked for anew."""
        row = self._select("SELECT reply FROM replies WHERE key = ?", key)
        reply = read_reply(row[0]) if row else None
        if row and reply is None:
            self._insert("DELETE FROM replies WHERE key = ?", (key,))
        return reply

    def find_anywhere(self, question: bytes) -> exchange.Reply | None:
        """Return the latest reply to a question, whichever endpoint gave it, or None."""
        if not self._has_places:
            return self.find(question)
        row = self._select(_FIND_ANYWHERE, question)
        return self.find(row[0]) if row else None

    def has(self, key: bytes) -> bool:
        """Tell whether a reply is kept under the key."""
        return self.find(key) is not None

    def keep(self, key: bytes, form: exchange.Form, reply: exchange.Reply) -> exchange.Reply:
        """Commit a reply and return the one that stands: one that was there already stays as it is.

        Where the file does not take it, the journal does, and `trouble` is set.
        """
        text = _write_reply(reply)
        row = (key, form, reply.model, text)
        if self.trouble is None:
            try:
                return reply if self._commit(row) else self.find(key) or reply
            except StoreUnusable as error:
                self.trouble = error
        self._journal.add(row)
        place = self._journal.path
        saved = f"replies in flight went to {place}, which the next run takes in" if place else "no place took the rest"
        self.trouble = StoreUnusable(f"{str(self.trouble).partition('; replies in flight')[0]}; {saved}")
        return reply

    def claim(self, key: bytes) -> bool:
        """Take a question in hand; False where another living process has it, or has got its reply by now."""
        self._heart.start()
        if self._insert(_CLAIM, (key, self._owner, LEASE_SECONDS)):
            self._watch.forget(key)
            return True
        row = self._select(_HOLDER, key)
        if row is None or not self._watch.is_over(key, row[0], row[2], row[1]):
            return False
        return self._insert(_INHERIT, (self._owner, LEASE_SECONDS, key, row[0])) == 1

    def release(self, key: bytes) -> None:
        """Give a question back that got no reply worth keeping."""
        if self.trouble is None:
            self._insert("DELETE FROM claims WHERE key = ? AND owner = ?", (key, self._owner))

    def _commit(self, row: Row) -> bool:
        """Insert a reply and drop its claim in one transaction; tell whether it was new."""
        with self._transaction() as connection:
            new = connection.execute(_KEEP, row).rowcount == 1
            self._place(connection, row)
            connection.execute("DELETE FROM claims WHERE key = ?", row[:1])
        return new

    def _place(self, connection: sqlite3.Connection, row: Row) -> None:
        """Write down which question a reply belongs to, where it is kept for one endpoint, and what it is about."""
        reply = read_reply(row[3])
        if self._has_places and reply is not None and reply.question:
            connection.execute("INSERT OR IGNORE INTO places VALUES (?, ?)", (bytes.fromhex(reply.question), row[0]))
        if self._has_subjects and reply is not None and reply.about:
            _note_subjects(connection, row[0], reply.about)

    def keep_subjects(self, key: bytes, about: Iterable[str]) -> None:
        """Note that a kept reply is about more than it says: another draft of the same words found it."""
        if self._has_subjects and self.trouble is None:
            with self._transaction() as connection:
                _note_subjects(connection, key, about)

    def _take_in(self) -> None:
        """Insert the replies of every journal that waits for this file, then delete it."""
        for path in find_journals(self._path):
            try:
                for row in read_journal(path):
                    self._insert(_KEEP, row)
                    self._place(self._connection, row)
                path.unlink(missing_ok=True)
            except (OSError, StoreUnusable):
                continue

    def list_replies(self) -> Iterator[tuple[bytes, exchange.Form, exchange.Reply]]:
        """Yield key, form and reply of everything kept."""
        last = b""
        while row := self._select("SELECT key, form, reply FROM replies WHERE key > ? ORDER BY key LIMIT 1", last):
            last = row[0]
            reply = read_reply(row[2])
            if reply is not None:
                yield last, cast("exchange.Form", row[1]), reply

    def merge(self, path: Path) -> None:
        """Take in every reply of another store; one that is already here stays as it is."""
        with Store(path) as other:
            for key, form, reply in other.list_replies():
                self.keep(key, form, reply)

    def find_vectors(self, keys: Iterable[bytes]) -> dict[bytes, np.ndarray]:
        """Return the stored vectors among the keys."""
        rows = ((key, self._select("SELECT vector FROM vectors WHERE key = ?", key)) for key in keys)
        return {key: np.frombuffer(row[0], dtype=np.float64) for key, row in rows if row}

    def keep_vectors(self, keys: Sequence[bytes], vectors: Sequence[Sequence[float]]) -> None:
        """Commit vectors under their keys."""
        for key, vector in zip(keys, vectors, strict=True):
            data = np.asarray(vector, dtype=np.float64).tobytes()
            self._insert("INSERT OR IGNORE INTO vectors (key, vector) VALUES (?, ?)", (key, data))

    def remember_dialect(self, place: tuple[str, str, str], dialect: Mapping[str, Any]) -> None:
        """Keep what a model at an endpoint takes; `place` is endpoint, model and form."""
        if self._has_dialects:
            self._insert(
                "INSERT OR REPLACE INTO dialects VALUES (?, ?, ?, ?, ?)", (*place, time.time(), json.dumps(dialect))
            )

    def recall_dialect(self, place: tuple[str, str, str]) -> dict[str, Any] | None:
        """Return what was learned of a model at an endpoint within the last thirty days, or None."""
        if not self._has_dialects:
            return None
        oldest = time.time() - DIALECT_SECONDS
        query = "SELECT dialect FROM dialects WHERE endpoint = ? AND model = ? AND form = ? AND learned > ?"
        row = self._select(query, *place, oldest)
        return dict(json.loads(row[0])) if row else None

    def remember_capabilities(self, endpoint: str, model: str, found: Mapping[str, Any]) -> None:
        """Keep what `audience doctor` found out about a model at an endpoint."""
        if self._has_capabilities:
            row = (endpoint, model, time.time(), json.dumps(found, ensure_ascii=False))
            self._insert("INSERT OR REPLACE INTO capabilities VALUES (?, ?, ?, ?)", row)

    def recall_capabilities(self, endpoint: str, model: str) -> dict[str, Any] | None:
        """Return what was found out about a model at an endpoint within the last thirty days, or None."""
        if not self._has_capabilities:
            return None
        query = "SELECT found FROM capabilities WHERE endpoint = ? AND model = ? AND learned > ?"
        row = self._select(query, endpoint, model, time.time() - DIALECT_SECONDS)
        return dict(json.loads(row[0])) if row else None

    def latest_model(
        self, model: str | None = None, form: exchange.Form | None = None
    ) -> tuple[str, exchange.Form] | None:
        """Return the model and form of the latest reply, of `model` and in `form` where they are named."""
        query = (
            "SELECT model, form FROM replies WHERE (? IS NULL OR model = ?) AND (? IS NULL OR form = ?) "
            "ORDER BY arrived DESC LIMIT 1"
        )
        row = self._select(query, model, model, form, form)
        return (row[0], cast("exchange.Form", row[1])) if row else None

    def list_latest(self, model: str, most: int) -> list[exchange.Reply]:
        """Return the latest replies of a model, so many at most."""
        query = "SELECT reply FROM replies WHERE model = ? ORDER BY arrived DESC LIMIT ?"
        with self._refusing():
            rows = self._connection.execute(query, (model, most)).fetchall()
        return [reply for row in rows if (reply := read_reply(row[0])) is not None]

    def count_replies(self) -> int:
        """Return how many replies are kept."""
        row = self._select("SELECT count(*) FROM replies")
        return int(row[0]) if row else 0


def _note_subjects(connection: sqlite3.Connection, key: bytes, about: Iterable[str]) -> None:
    pairs = [one.partition(":")[::2] for one in about]
    connection.executemany(_NAME_SUBJECT, pairs)
    connection.executemany(_KEEP_SUBJECT, [(*pair, key) for pair in pairs])


def _write_reply(reply: exchange.Reply) -> str:
    """Return a reply as JSON that any file takes; only alternatives to a token can still hold half characters."""
    fields = {name: getattr(reply, name) for name in _FIELDS if name not in _LATER or getattr(reply, name)}
    text = json.dumps(fields, ensure_ascii=False)
    return text if text.isascii() or not _HALF.search(text) else json.dumps(fields)


def read_reply(text: str) -> exchange.Reply | None:
    """Return a kept reply, cleaned; None for one that no version could have meant, which is then asked for anew."""
    try:
        fields = json.loads(text)
        return exchange.Reply(**{name: value for name, value in fields.items() if name in _FIELDS})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
