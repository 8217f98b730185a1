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
    model: str
    engine: str
    finished: str
    """When, in ISO 8601, UTC."""


class History(Database):
    """The drafts that runs have tested, in the file of the replies."""

    schema = _SCHEMA

    def keep_run(self, tested: Sequence[Tested]) -> None:
        """Commit the drafts of one run, all or none; the same run again replaces what was kept of it."""
        marks = ", ".join("?" * len(Tested.model_fields))
        with self._transaction():
            for run_id in {one.run_id for one in tested}:
                self._connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))
            self._connection.executemany(
                f"INSERT INTO runs ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 - our own column names
                [tuple(one.model_dump()[name.strip()] for name in _COLUMNS.split(",")) for one in tested],
            )

    def list_tested(self) -> list[Tested]:
        """Return every draft of every run, the earliest run first."""
        rows = self._select_all(f"SELECT {_COLUMNS} FROM runs ORDER BY finished, run_id, draft_id")  # noqa: S608 - ours
        return [Tested(**row) for row in rows]


def stamp() -> str:
    """Return now, in ISO 8601, UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
