"""What each run found of each draft: the trace that real results are matched to later."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from toolkit.models import Record
from toolkit.store.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT NOT NULL, draft_hash TEXT NOT NULL, text_hash TEXT NOT NULL, draft_id TEXT NOT NULL,
    campaign TEXT NOT NULL, surface TEXT NOT NULL, text TEXT NOT NULL, headline TEXT, objective TEXT NOT NULL,
    panel_rate REAL, panel_n INTEGER NOT NULL, control_rate REAL, control_n INTEGER NOT NULL,
    model TEXT NOT NULL, engine TEXT NOT NULL, finished TEXT NOT NULL,
    PRIMARY KEY (run_id, draft_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS runs_by_text ON runs (text_hash);
CREATE TABLE IF NOT EXISTS forecasts (
    run_id TEXT NOT NULL, draft_id TEXT NOT NULL, shares_rate REAL NOT NULL, shares_n INTEGER NOT NULL,
    PRIMARY KEY (run_id, draft_id)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS forecasts_go_with_runs AFTER DELETE ON runs BEGIN
    DELETE FROM forecasts WHERE run_id = OLD.run_id AND draft_id = OLD.draft_id;
END;
"""
_COLUMNS = (
    "run_id, draft_hash, text_hash, draft_id, campaign, surface, text, headline, objective, "
    "panel_rate, panel_n, control_rate, control_n, model, engine, finished"
)


class Tested(Record):
    """One draft of one run, and what the simulated audience made of it."""

    run_id: str
    draft_hash: str
    """`Draft.digest`: everything people see, on its surface."""
    text_hash: str
    """`Draft.text_digest`: the text alone."""
    draft_id: str
    campaign: str
    surface: str
    text: str
    headline: str | None = None
    objective: str
    """The action that counted as success."""
    panel_rate: float | None
    """Share of the simulated audience that reached the objective; null where nothing could be used."""
    panel_n: int
    """Personas behind that share."""
    control_rate: float | None
    """The same of the control reader; null without one."""
    control_n: int
    """Wordings behind that share."""
    shares_rate: float | None = None
    """The share of people that a forecast gave it; null where none was asked for."""
    shares_n: int = 0
    """Calls behind that share."""
    model: str
    engine: str
    finished: str
    """When, in ISO 8601, UTC."""


class History(Database):
    """The drafts that runs have tested, in the file of the replies."""

    schema = _SCHEMA

    def keep_run(self, tested: Sequence[Tested]) -> None:
        """Commit the drafts of one run, all or none; the same run again replaces what was kept of it."""
        columns = [name.strip() for name in _COLUMNS.split(",")]
        marks = ", ".join("?" * len(columns))
        with self._transaction():
            for run_id in {one.run_id for one in tested}:
                self._connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))
            self._connection.executemany(
                f"INSERT INTO runs ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 - our own column names
                [tuple(getattr(one, name) for name in columns) for one in tested],
            )
            self._connection.executemany(
                "INSERT INTO forecasts VALUES (?, ?, ?, ?)",
                [
                    (one.run_id, one.draft_id, one.shares_rate, one.shares_n)
                    for one in tested
                    if one.shares_rate is not None
                ],
            )

    def list_runs(self) -> set[str]:
        """Return the ids of the runs that are kept."""
        return {row["run_id"] for row in self._select_all("SELECT DISTINCT run_id FROM runs")}

    def list_tested(self) -> list[Tested]:
        """Return every draft of every run, the earliest run first."""
        if self._select_all("SELECT name FROM sqlite_master WHERE name = 'forecasts'"):
            columns, table = f"{_COLUMNS}, shares_rate, shares_n", "runs LEFT JOIN forecasts USING (run_id, draft_id)"
        else:  # a file of an earlier version that can only be read
            columns, table = _COLUMNS, "runs"
        rows = self._select_all(f"SELECT {columns} FROM {table} ORDER BY finished, run_id, draft_id")  # noqa: S608 - ours
        return [Tested(**{**row, "shares_n": row.get("shares_n") or 0}) for row in rows]


def stamp() -> str:
    """Return now, in ISO 8601, UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
