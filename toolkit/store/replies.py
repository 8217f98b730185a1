"""Every reply, kept the moment it arrives, under a key of everything that shaped it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np

from toolkit.engines.base import Form, Reply
from toolkit.store.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    key BLOB PRIMARY KEY, form TEXT NOT NULL, model TEXT NOT NULL, reply TEXT NOT NULL,
    arrived TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
"""


class Store(Database):
    """Replies in one SQLite file, in write-ahead mode; several processes may share it.

    A reply is committed before `keep` returns, so a killed process loses at most what was still in flight.
    """

    schema = _SCHEMA

    def find(self, key: bytes) -> Reply | None:
        """Return the reply kept under the key, or None."""
        row = self._select("SELECT reply FROM replies WHERE key = ?", key)
        return Reply(**json.loads(row[0])) if row else None

    def keep(self, key: bytes, form: Form, reply: Reply) -> None:
        """Commit a reply; one that is already there stays as it is."""
        text = json.dumps(dataclasses.asdict(reply), ensure_ascii=False)
        self._insert(
            "INSERT OR IGNORE INTO replies (key, form, model, reply) VALUES (?, ?, ?, ?)",
            (key, form, reply.model, text),
        )

    def find_vectors(self, keys: Iterable[bytes]) -> dict[bytes, np.ndarray]:
        """Return the stored vectors among the keys."""
        rows = ((key, self._select("SELECT vector FROM vectors WHERE key = ?", key)) for key in keys)
        return {key: np.frombuffer(row[0], dtype=np.float64) for key, row in rows if row}

    def keep_vectors(self, keys: Sequence[bytes], vectors: Sequence[Sequence[float]]) -> None:
        """Commit vectors under their keys."""
        for key, vector in zip(keys, vectors, strict=True):
            data = np.asarray(vector, dtype=np.float64).tobytes()
            self._insert("INSERT OR IGNORE INTO vectors (key, vector) VALUES (?, ?)", (key, data))

    def latest_model(self, model: str | None = None) -> tuple[str, Form] | None:
        """Return the model and form of the latest reply, of `model` where one is named."""
        query = "SELECT model, form FROM replies WHERE ? IS NULL OR model = ? ORDER BY arrived DESC LIMIT 1"
        row = self._select(query, model, model)
        return (row[0], cast("Form", row[1])) if row else None

    def count_replies(self) -> int:
        """Return how many replies are kept."""
        row = self._select("SELECT count(*) FROM replies")
        return int(row[0]) if row else 0
