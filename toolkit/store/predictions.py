"""What the outcome model said of two texts, so that no later run has to load it for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.store.database import Database


class PairPredictions(Database):
    """Chance that the second text wins, and whether the model abstains, by a key of model and texts."""

    schema = """
    CREATE TABLE IF NOT EXISTS pair_predictions (
        key BLOB PRIMARY KEY, p_b_wins REAL NOT NULL, abstains INTEGER NOT NULL
    ) WITHOUT ROWID;
    """

    def find(self, keys: Sequence[bytes]) -> dict[bytes, tuple[float, bool]]:
        """Return what is kept under these keys."""
        query = "SELECT p_b_wins, abstains FROM pair_predictions WHERE key = ?"
        rows = ((key, self._select(query, key)) for key in keys)
        return {key: (float(row[0]), bool(row[1])) for key, row in rows if row}

    def keep(self, said: Mapping[bytes, tuple[float, bool]]) -> None:
        """Commit predictions, all or none."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO pair_predictions (key, p_b_wins, abstains) VALUES (?, ?, ?)",
                [(key, chance, abstains) for key, (chance, abstains) in said.items()],
            )
