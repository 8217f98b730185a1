"""Every reply, kept the moment it arrives, under a key of everything that shaped it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from toolkit.errors import StoreUnusable
from toolkit.models import exchange
from toolkit.store.database import IN_MEMORY, PATIENCE_SECONDS, Database
from toolkit.store.disk_waits import DiskWaits, wait_for_disk
from toolkit.store.journal import Journal, Row, find_journals, read_journal
from toolkit.store.leases import LEASE_SECONDS, Heart, Watch
from toolkit.store.owners import make_owner, retire_owner

if TYPE_CHECKING:
    import numpy as np

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
_NUMBER_SUBJECT = "SELECT number FROM subject_names WHERE kind = ? AND subject = ?"
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


@dataclass(slots=True)
class _Waiting:
    """Something that is done with others in one transaction."""

    done: asyncio.Future[Any] | None = field(default=None, init=False)

    @property
    def is_wanted(self) -> bool:
        """Whether it is still to be done."""
        return True

    @property
    def is_over(self) -> bool:
        """Whether nobody can be told any more what came of it."""
        return self.done is None or self.done.done() or self.done.get_loop().is_closed()

    def _answer(self) -> Any:
        raise NotImplementedError

    def tell(self) -> None:
        """Tell whoever still waits what came of it."""
        if self.done is not None and not self.is_over:
            self.done.set_result(self._answer())

    def fail(self, error: BaseException) -> None:
        """Raise an error in whoever still waits."""
        if self.done is not None and not self.is_over:
            self.done.set_exception(error)


@dataclass(slots=True)
class _Kept(_Waiting):
    row: Row
    reply: exchange.Reply

    def _answer(self) -> exchange.Reply:
        return self.reply


@dataclass(slots=True)
class _Claimed(_Waiting):
    key: bytes
    is_taken: bool = False

    @property
    def is_wanted(self) -> bool:
        """Whether whoever wanted the question in hand still waits: nobody else would give it back."""
        return not self.is_over

    def _answer(self) -> bool:
        return self.is_taken


class Store(Database):
    """Replies in one SQLite file, in write-ahead mode; several processes may share it.

    A reply is committed before `keep` returns, so a killed process loses at most what was still in flight.
    `keep_together` also waits for the disk, once for all replies that come at about the same time: a power cut loses
    none that it returned. Replies that the file cannot take, on a full disk for one, go to a journal beside it, and
    `trouble` says so; the next store that is opened on the file takes them in.
    """

    schema = _SCHEMA

    def __init__(
        self,
        path: Path,
        *,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        wait_for_disk: Callable[[int], None] = wait_for_disk,
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
        self._disk = None if path == IN_MEMORY else DiskWaits(path.with_name(f"{path.name}-wal"), wait_for_disk)
        self._waiting: list[_Waiting] = []
        self.trouble: StoreUnusable | None = None
        """Why the file took no more replies; None while it does."""
        self._take_in()

    def close(self) -> None:
        """Close the file; questions still in hand go back to everybody."""
        self._commit_waiting()
        if self._disk is not None:
            self._disk.finish()
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
        row = (key, form, reply.model, _write_reply(reply))
        if self.trouble is None:
            try:
                return reply if self._commit([(row, reply)])[0] else self.find(key) or reply
            except StoreUnusable as error:
                self.trouble = error
        return self._rescue(row, reply)

    async def keep_together(self, key: bytes, form: exchange.Form, reply: exchange.Reply) -> exchange.Reply:
        """Keep a reply as `keep` does, with those that come meanwhile, and return once no power cut loses it."""
        row = (key, form, reply.model, _write_reply(reply))
        if self.trouble is not None:
            return self._rescue(row, reply)
        kept: exchange.Reply = await self._wait_with_others(_Kept(row, reply))
        return kept

    async def claim_together(self, key: bytes) -> bool:
        """Take a question in hand as `claim` does, in one transaction with what others want meanwhile."""
        self._heart.start()
        is_taken: bool = await self._wait_with_others(_Claimed(key))
        return is_taken

    def _rescue(self, row: Row, reply: exchange.Reply) -> exchange.Reply:
        """Put a reply into the journal that the file does not take."""
        self._journal.add(row)
        place = self._journal.path
        saved = f"replies in flight went to {place}, which the next run takes in" if place else "no place took the rest"
        self.trouble = StoreUnusable(f"{str(self.trouble).partition('; replies in flight')[0]}; {saved}")
        return reply

    async def _wait_with_others(self, one: _Waiting) -> Any:
        loop = asyncio.get_running_loop()
        one.done = loop.create_future()
        if not any(other.done is not None and other.done.get_loop() is loop for other in self._waiting):
            loop.call_soon(self._commit_waiting)
        self._waiting.append(one)
        return await one.done

    def _commit_waiting(self) -> None:
        """Commit what is waiting, in one transaction; what came of it is told once it cannot be lost."""
        waiting = [one for one in self._waiting if one.is_wanted]
        self._waiting = []
        if not waiting:
            return
        kept = [one for one in waiting if isinstance(one, _Kept)]
        claimed = [one for one in waiting if isinstance(one, _Claimed)]
        try:
            with self._transaction() as connection:
                was_new = self._insert_replies(connection, [(one.row, one.reply) for one in kept])
                for question in claimed:
                    changed = connection.execute(_CLAIM, (question.key, self._owner, LEASE_SECONDS)).rowcount
                    question.is_taken = changed > 0
            for one, is_new in zip(kept, was_new, strict=True):
                one.reply = one.reply if is_new else self.find(one.row[0]) or one.reply
        except StoreUnusable as error:
            self._tell_failure(waiting, error)
            return
        except BaseException as error:
            for other in waiting:
                other.fail(error)
            raise
        for question in claimed:
            self._tell_claim(question)
        for reply in kept:
            if self._disk is None or reply.is_over:
                reply.tell()
            else:
                self._disk.add(partial(self._tell_kept, reply))

    def _tell_claim(self, question: _Claimed) -> None:
        try:
            question.is_taken = question.is_taken or self._inherit(question.key)
        except StoreUnusable as error:
            question.fail(error)
        else:
            self._watch.forget(question.key)
            question.tell()

    def _tell_kept(self, one: _Kept, error: OSError | None) -> None:
        if error is not None:
            self.trouble = self.trouble or self._refusal(error)
            self._rescue(one.row, one.reply)
        one.tell()

    def _tell_failure(self, waiting: Sequence[_Waiting], error: StoreUnusable) -> None:
        """Put replies into the journal, and tell who wanted a question in hand that it cannot be had."""
        self.trouble = self.trouble or (error if any(isinstance(one, _Kept) for one in waiting) else None)
        for one in waiting:
            if isinstance(one, _Kept):
                self._rescue(one.row, one.reply)
                one.tell()
            else:
                one.fail(error)

    def claim(self, key: bytes) -> bool:
        """Take a question in hand; False where another living process has it, or has got its reply by now."""
        self._heart.start()
        if self._insert(_CLAIM, (key, self._owner, LEASE_SECONDS)):
            self._watch.forget(key)
            return True
        return self._inherit(key)

    def _inherit(self, key: bytes) -> bool:
        """Take over a question from an owner whose claim is over; False where there is none such."""
        row = self._select(_HOLDER, key)
        if row is None or not self._watch.is_over(key, row[0], row[2], row[1]):
            return False
        return self._insert(_INHERIT, (self._owner, LEASE_SECONDS, key, row[0])) == 1

    def release(self, key: bytes) -> None:
        """Give a question back that got no reply worth keeping."""
        if self.trouble is None:
            self._insert("DELETE FROM claims WHERE key = ? AND owner = ?", (key, self._owner))

    def _commit(self, rows: Sequence[tuple[Row, exchange.Reply]]) -> list[bool]:
        """Insert replies and drop their claims in one transaction; tell which were new."""
        with self._transaction() as connection:
            return self._insert_replies(connection, rows)

    def _insert_replies(self, connection: sqlite3.Connection, rows: Sequence[tuple[Row, exchange.Reply]]) -> list[bool]:
        was_new = [connection.execute(_KEEP, row).rowcount == 1 for row, _ in rows]
        self._place(connection, [(row[0], reply) for row, reply in rows])
        if rows:
            connection.executemany("DELETE FROM claims WHERE key = ?", [row[:1] for row, _ in rows])
        return was_new

    def _place(self, connection: sqlite3.Connection, kept: Sequence[tuple[bytes, exchange.Reply]]) -> None:
        """Write down which question each reply belongs to, if it is kept for one endpoint, and what it is about."""
        places = [(bytes.fromhex(reply.question), key) for key, reply in kept if reply.question]
        if self._has_places and places:
            connection.executemany("INSERT OR IGNORE INTO places VALUES (?, ?)", places)
        if self._has_subjects:
            _note_subjects(connection, [(key, reply.about) for key, reply in kept])

    def keep_subjects(self, key: bytes, about: Iterable[str]) -> None:
        """Note that a kept reply is about more than it says: another draft of the same words found it."""
        if self._has_subjects and self.trouble is None:
            with self._transaction() as connection:
                _note_subjects(connection, [(key, tuple(about))])

    def _take_in(self) -> None:
        """Insert the replies of every journal that waits for this file, then delete it."""
        for path in find_journals(self._path):
            try:
                for row in read_journal(path):
                    self._insert(_KEEP, row)
                    reply = read_reply(row[3])
                    if reply is not None:
                        self._place(self._connection, [(row[0], reply)])
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
        import numpy as np

        rows = ((key, self._select("SELECT vector FROM vectors WHERE key = ?", key)) for key in keys)
        return {key: np.frombuffer(row[0], dtype=np.float64) for key, row in rows if row}

    def keep_vectors(self, keys: Sequence[bytes], vectors: Sequence[Sequence[float]]) -> None:
        """Commit vectors under their keys."""
        import numpy as np

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


def _note_subjects(connection: sqlite3.Connection, about: Sequence[tuple[bytes, Sequence[str]]]) -> None:
    """Write down what replies are about, each by the key of a reply and its `kind:name`."""
    names = {one: one.partition(":")[::2] for _, subjects in about for one in subjects}
    if not names:
        return
    connection.executemany(_NAME_SUBJECT, names.values())
    numbers = {one: connection.execute(_NUMBER_SUBJECT, pair).fetchone()[0] for one, pair in names.items()}
    pairs = [(numbers[one], key) for key, subjects in about for one in subjects]
    connection.executemany("INSERT OR IGNORE INTO subjects VALUES (?, ?)", pairs)


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
