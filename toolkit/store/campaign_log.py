"""Campaigns that the page keeps: everything typed, from the first word on, for whoever comes back to it."""

from __future__ import annotations

import datetime
import json

from toolkit.models import Record
from toolkit.store.database import Database

MOST_LISTED = 1_000
_COLUMNS = "id, owner, title, content, version, changed"
_MAY = "(owner = ? OR id IN (SELECT id FROM campaign_marks WHERE shared))"


class KeptCampaign(Record):
    """One campaign as it was last left."""

    id: str
    """Cannot be guessed; it stands in the address of the page."""
    owner: str = ""
    """Who signed in; empty if nobody has to."""
    title: str
    """What to call it in a list."""
    content: str
    """What was typed and chosen, as JSON."""
    version: int = 1
    """How often it was kept."""
    changed: datetime.datetime


class Marks(Record):
    """What is said of a campaign as a whole, and no file holds."""

    archived: bool = False
    tags: tuple[str, ...] = ()
    shared: bool = False
    """Whether everybody who may sign in may open and change it."""


class Campaigns(Database):
    """Kept campaigns, in the file of the reactions."""

    schema = """
    CREATE TABLE IF NOT EXISTS kept_campaigns (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, content TEXT NOT NULL,
        version INTEGER NOT NULL, changed TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS campaign_marks (
        id TEXT PRIMARY KEY, archived INTEGER NOT NULL, tags TEXT NOT NULL, shared INTEGER NOT NULL
    ) WITHOUT ROWID;
    """

    def keep(self, campaign: KeptCampaign) -> bool:
        """Keep a campaign if the one that is kept is the version before it; tell whether it was."""
        values = campaign.model_dump() | {"changed": campaign.changed.isoformat()}
        row = tuple(values[name] for name in _COLUMNS.split(", "))
        if campaign.version == 1:
            return bool(
                self._insert(f"INSERT OR IGNORE INTO kept_campaigns ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608
            )
        return bool(
            self._insert(
                "UPDATE kept_campaigns SET title = ?, content = ?, version = ?, changed = ? "  # noqa: S608 - a constant
                f"WHERE id = ? AND {_MAY} AND version = ?",
                (*row[2:], campaign.id, campaign.owner, campaign.version - 1),
            )
        )

    def find(self, identity: str, owner: str) -> KeptCampaign | None:
        """Return a campaign of that owner, or one that is shared; None if there is none."""
        rows = self._select_all(
            f"SELECT {_COLUMNS} FROM kept_campaigns WHERE id = ? AND {_MAY}",  # noqa: S608 - constants
            identity,
            owner,
        )
        return KeptCampaign(**rows[0]) if rows else None

    def find_version(self, identity: str) -> int:
        """Return how often a campaign was kept; 0 if it never was."""
        row = self._select("SELECT version FROM kept_campaigns WHERE id = ?", identity)
        return int(row[0]) if row else 0

    def find_title(self, identity: str) -> str | None:
        """Return what a campaign is called, whoever owns it; None if there is none."""
        row = self._select("SELECT title FROM kept_campaigns WHERE id = ?", identity)
        return str(row[0]) if row else None

    def has_any(self, owner: str) -> bool:
        """Whether that owner has a campaign, or somebody shares one."""
        return self._select(f"SELECT 1 FROM kept_campaigns WHERE {_MAY} LIMIT 1", owner) is not None  # noqa: S608

    def list_campaigns(self, owner: str) -> list[KeptCampaign]:
        """Return the campaigns of that owner and those that are shared, the one changed last first."""
        rows = self._select_all(
            f"SELECT {_COLUMNS} FROM kept_campaigns WHERE {_MAY} ORDER BY changed DESC LIMIT ?",  # noqa: S608
            owner,
            MOST_LISTED,
        )
        return [KeptCampaign(**row) for row in rows]

    def find_last(self, owner: str) -> KeptCampaign | None:
        """Return the campaign of that owner that was changed last; None if there is none."""
        rows = self._select_all(
            f"SELECT {_COLUMNS} FROM kept_campaigns WHERE owner = ? ORDER BY changed DESC LIMIT 1",  # noqa: S608
            owner,
        )
        return KeptCampaign(**rows[0]) if rows else None

    def find_marks(self) -> dict[str, Marks]:
        """Return what is said of each campaign of which anything is said, by its id."""
        rows = self._select_all("SELECT * FROM campaign_marks")
        return {
            row["id"]: Marks(archived=row["archived"], tags=tuple(json.loads(row["tags"])), shared=row["shared"])
            for row in rows
        }

    def mark(self, identity: str, owner: str, marks: Marks) -> bool:
        """Say something of a campaign as a whole; tell whether that owner may."""
        return self.find(identity, owner) is not None and bool(
            self._insert(
                "INSERT OR REPLACE INTO campaign_marks VALUES (?, ?, ?, ?)",
                (identity, marks.archived, json.dumps(marks.tags, ensure_ascii=False), marks.shared),
            )
        )
