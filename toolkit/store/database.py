"""One SQLite file in write-ahead mode, which several processes may share, and its errors in one line."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from toolkit.errors import InputError


def make_key(*parts: str) -> bytes:
    """Return SHA-256 over the parts, each led by its length, so that no two lists of parts can run together."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.digest()


class Database:
    """An open file; a subclass names its tables in `schema`. Every statement is committed before it returns."""

    schema = ""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(self.schema)
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

    def _select(self, query: str, *values: object) -> tuple[Any, ...] | None:
        try:
            return cast("tuple[Any, ...] | None", self._connection.execute(query, values).fetchone())
        except sqlite3.Error as error:
            raise self._refusal(error) from None

    def _select_all(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Return every row as a mapping by column name."""
        try:
            cursor = self._connection.execute(query, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]
        except sqlite3.Error as error:
            raise self._refusal(error) from None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit every statement of the block together, or none of them."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._refusal(error) from None

    def _insert(self, query: str, values: tuple[object, ...]) -> None:
        try:
            self._connection.execute(query, values)
        except sqlite3.Error as error:
            raise self._refusal(error) from None

    def _refusal(self, error: Exception) -> InputError:
        return InputError(
            f"{self._path}: the store of reactions cannot be used: {error}; "
            "free space or permissions, or name another file with AUDIENCE_STORE"
        )
