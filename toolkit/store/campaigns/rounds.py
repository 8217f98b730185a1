"""The rounds of kept campaigns, and who did what to them when."""

from __future__ import annotations

import datetime

from toolkit.models import Record
from toolkit.store.database import Database

_ROUND = "campaign, number, asked, run_id, asked_by, asked_at, content"
_EVENT = "campaign, done_by, done_at, what"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS campaign_rounds (
    campaign TEXT NOT NULL, number INTEGER NOT NULL, asked INTEGER NOT NULL, run_id TEXT NOT NULL,
    asked_by TEXT NOT NULL, asked_at TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (campaign, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS campaign_rounds_by_run ON campaign_rounds (run_id);
CREATE TABLE IF NOT EXISTS campaign_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, campaign TEXT NOT NULL, done_by TEXT NOT NULL, done_at TEXT NOT NULL,
    what TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS campaign_events_by_campaign ON campaign_events (campaign);
"""


class Round(Record):
    """A run of a kept campaign, with the drafts as they were asked about."""

    campaign: str
    """The id of the kept campaign."""
    number: int = 0
    """1 for the first; 0 before it is kept."""
    asked: bool = True
    """Whether anybody was asked; else the drafts were only set aside."""
    run_id: str = ""
    """The saved run; empty until it is over."""
    asked_by: str = ""
    asked_at: datetime.datetime
    content: str
    """Drafts and choices, as the campaign held them, as JSON."""


class Event(Record):
    """One thing that somebody did to a campaign."""

    campaign: str
    """The id of the kept campaign."""
    done_by: str
    """A name where people sign in; empty where nobody has to."""
    done_at: datetime.datetime
    what: str
    """Such as "asked 60 people (v3)"; no word of a draft."""


class Rounds(Database):
    """Rounds and events, kept with the reactions; both go with their campaign."""

    schema = _SCHEMA

    def begin(self, begun: Round) -> Round:
        """Keep a round and return it with the number that follows the last."""
        values = begun.model_dump() | {"asked_at": begun.asked_at.isoformat()}
        with self._transaction() as connection:
            last = connection.execute(
                "SELECT max(number) FROM campaign_rounds WHERE campaign = ?", (begun.campaign,)
            ).fetchone()[0]
            values["number"] = (last or 0) + 1
            connection.execute(
                f"INSERT INTO campaign_rounds ({_ROUND}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
                tuple(values[name] for name in _ROUND.split(", ")),
            )
        return begun.model_copy(update={"number": values["number"]})

    def name_run(self, campaign: str, number: int, run_id: str) -> None:
        """Note the saved run of a round; one that was begun and goes on with another run has that one."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM campaign_rounds WHERE run_id = ?", (run_id,))
            connection.execute(
                "UPDATE campaign_rounds SET run_id = ? WHERE campaign = ? AND number = ?", (run_id, campaign, number)
            )

    def drop(self, campaign: str, number: int) -> None:
        """Take back a round that could not be begun."""
        self._insert("DELETE FROM campaign_rounds WHERE campaign = ? AND number = ?", (campaign, number))

    def list_rounds(self, campaign: str) -> list[Round]:
        """Return the rounds of a campaign, the first first."""
        query = f"SELECT {_ROUND} FROM campaign_rounds WHERE campaign = ? ORDER BY number"  # noqa: S608 - a constant
        return [Round(**{**row, "asked": bool(row["asked"])}) for row in self._select_all(query, campaign)]

    def find_last(self) -> dict[str, tuple[int, str]]:
        """Return the number and the run of the last round of every campaign, by its id."""
        query = "SELECT campaign, max(number) AS number, run_id FROM campaign_rounds WHERE asked GROUP BY campaign"
        return {row["campaign"]: (row["number"], row["run_id"]) for row in self._select_all(query)}

    def find_campaign(self, run_id: str) -> str | None:
        """Return the id of the campaign that a run is a round of; None where it is of none."""
        row = self._select("SELECT campaign FROM campaign_rounds WHERE run_id = ?", run_id)
        return str(row[0]) if row else None

    def list_known_runs(self) -> set[str]:
        """Return the runs that are a round of some campaign."""
        return {row["run_id"] for row in self._select_all("SELECT DISTINCT run_id FROM campaign_rounds")}

    def note(self, event: Event) -> None:
        """Keep what somebody did."""
        values = event.model_dump() | {"done_at": event.done_at.isoformat()}
        self._insert(
            f"INSERT INTO campaign_events ({_EVENT}) VALUES (?, ?, ?, ?)",  # noqa: S608 - a constant
            tuple(values[name] for name in _EVENT.split(", ")),
        )

    def list_events(self, campaign: str) -> list[Event]:
        """Return what was done to a campaign, the last first."""
        query = f"SELECT {_EVENT} FROM campaign_events WHERE campaign = ? ORDER BY number DESC"  # noqa: S608 - as above
        return [Event(**row) for row in self._select_all(query, campaign)]
