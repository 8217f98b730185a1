"""One SQLite file in write-ahead mode, which several processes may share, and its errors in one line."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from toolkit.errors import StoreUnusable
from toolkit.models import records

PATIENCE_SECONDS = 10.0
"""How long to wait for another process that is writing; a reply takes it a fraction of a millisecond."""
VERSION = 2
"""Of what the tables mean. A file of a later one is refused; 0 is what versions up to 0.2 wrote."""
_NEXT_STEP = {
    sqlite3.SQLITE_FULL: "the disk is full; free space",
    sqlite3.SQLITE_IOERR: "it cannot be written or read on this disk; free space or check the disk",
    sqlite3.SQLITE_BUSY: "another program holds it; wait for that one or end it",
    sqlite3.SQLITE_LOCKED: "another program holds it; wait for that one or end it",
    sqlite3.SQLITE_READONLY: "it may not be written; change its permissions or its folder's",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; change the permissions of its folder",
    sqlite3.SQLITE_PERM: "it may not be opened; change its permissions",
    sqlite3.SQLITE_CORRUPT: "it is damaged; move it away (`sqlite3 FILE .recover` reads what is left)",
    sqlite3.SQLITE_NOTADB: "it is not a store; move it away",
}
IN_MEMORY = Path(":memory:")
"""No file: what is kept there goes with the process."""
_PRIVATE, _UNASKED = 0o600, 0o644
_CREATED = re.compile(r"CREATE (?:TABLE|INDEX) IF NOT EXISTS (\w+)")
_PRIMARY = 0xFF
"""An extended result code of SQLite carries the primary one in its last byte."""


def make_key(*parts: str) -> bytes:
    """Return SHA-256 over the parts, each led by its length, so that no two lists of parts can run together."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.digest()


def describe_entry(by: str, at: datetime.datetime) -> str:
    """Return who made an entry and when, such as "Ada, 24 November 2026, 14:05 UTC"."""
    return f"{by}, {records.say_moment(at)}"


class Database:
    """An open file; a subclass names its tables in `schema`. Every statement is committed before it returns.

    What is committed outlasts the process, also one that is killed. Against a power cut the file stays whole, and what
    came since the last checkpoint may be lost: waiting for the disk at every statement takes ten times as long. Replies
    of a run wait for it together: see `Store.keep_together`.
    """

    schema = ""

    def __init__(self, path: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        self._path = path
        self._patience = patience
        try:
            if path != IN_MEMORY:
                path.parent.mkdir(parents=True, exist_ok=True)
                _keep_private(path)
            self._connection = self._open()
        except (OSError, sqlite3.Error) as error:
            raise self._refusal(error) from None

    def __enter__(self) -> Self:
        """Return the open file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _open(self) -> sqlite3.Connection:
        connection = self._connect(str(self._path))
        try:
            self._check_version(connection)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            _separate_batches(connection)
            if _read_version(connection) < VERSION or self._lacks_tables(connection):
                connection.executescript(f"BEGIN IMMEDIATE; {self.schema} PRAGMA user_version={VERSION}; COMMIT;")
        except StoreUnusable:
            connection.close()
            raise
        except sqlite3.OperationalError as error:
            connection.close()
            if not self._is_only_readable(error):
                raise
            connection = self._connect(f"{self._path.absolute().as_uri()}?immutable=1", uri=True)
        return connection

    def _lacks_tables(self, connection: sqlite3.Connection) -> bool:
        """Whether a table is to be made: to ask takes no lock, and all are made at once."""
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        return not set(_CREATED.findall(self.schema)) <= there

    def _check_version(self, connection: sqlite3.Connection) -> None:
        """Refuse a file whose tables may mean something else by now."""
        version = _read_version(connection)
        if version > VERSION:
            raise StoreUnusable(
                f"{self._path}: a newer version of audience-toolkit wrote this store: its tables are of version "
                f"{version}, and this one knows {VERSION}; update audience-toolkit, or name another file with "
                "AUDIENCE_STORE"
            )

    def _connect(self, address: str, *, uri: bool = False) -> sqlite3.Connection:
        return sqlite3.connect(address, timeout=self._patience, isolation_level=None, check_same_thread=False, uri=uri)

    def _is_only_readable(self, error: sqlite3.Error) -> bool:
        """Tell whether a whole file lies where nothing may be written, as a checked-out recording may."""
        forbidden = _find_code(error) in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
        pending = self._path.with_name(f"{self._path.name}-wal")
        return forbidden and self._path.is_file() and not (pending.is_file() and pending.stat().st_size)

    def _select(self, query: str, *values: object) -> tuple[Any, ...] | None:
        try:
            return cast("tuple[Any, ...] | None", self._connection.execute(query, values).fetchone())
        except sqlite3.Error as error:
            raise self._refusal(error) from None

    def _select_all(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Return every row as a mapping by column name."""
        with self._refusing():
            cursor = self._connection.execute(query, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _insert(self, query: str, values: tuple[object, ...]) -> int:
        """Carry out one statement and return how many rows it changed."""
        try:
            return self._connection.execute(query, values).rowcount
        except sqlite3.Error as error:
            raise self._refusal(error) from None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit everything in the block, or nothing."""
        with self._refusing():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _refusing(self) -> Iterator[None]:
        """Raise what goes wrong inside as one line."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._refusal(error) from None

    def _refusal(self, error: Exception) -> StoreUnusable:
        said = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        next_step = _NEXT_STEP.get(_find_code(error), "free space or permissions")
        return StoreUnusable(
            f"{self._path}: the store of reactions cannot be used: {said}: {next_step}, "
            "or name another file with AUDIENCE_STORE"
        )


def _keep_private(path: Path) -> None:
    """Make the file its owner's alone, if it is new or has the mode that it got unasked; SQLite's others follow it.

    One that exists is not opened: closing it would drop the locks that SQLite holds on it for this process.
    """
    with contextlib.suppress(OSError):  # what cannot be opened, SQLite tells in its own words
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _PRIVATE))
        elif stat.S_IMODE(path.stat().st_mode) == _UNASKED:
            path.chmod(_PRIVATE)


def _read_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _separate_batches(connection: sqlite3.Connection) -> None:
    """Rename the provider's batches of an earlier version, which stood under the name of the batches of results."""
    if not connection.execute("SELECT 1 FROM pragma_table_info('batches') WHERE name = 'ticket'").fetchone():
        return
    connection.executescript("BEGIN IMMEDIATE; ALTER TABLE batches RENAME TO sent_batches; COMMIT;")


def _find_code(error: Exception) -> int:
    """Return the primary result code of SQLite; -1 where the error is not its own."""
    code = getattr(error, "sqlite_errorcode", None)
    return -1 if code is None else code & _PRIMARY
