"""Links that let whoever is signed in read one run as a client does: they cannot be guessed, and can be taken back."""

from __future__ import annotations

import datetime
import secrets

from toolkit.models import Record
from toolkit.store.database import Database, describe_entry

_COLUMNS = "token, owner, campaign, run_id, content, made_by, made_at"
_BYTES = 24


class ShareLink(Record):
    """The way to one run, and what stands on the page that it leads to."""

    token: str
    """32 letters that nobody guesses."""
    owner: str = ""
    """Who may take it back; empty if nobody has to sign in."""
    campaign: str
    run_id: str
    content: str
    """Title, logo and address of the page as JSON."""
    made_by: str
    made_at: datetime.datetime

    def describe(self) -> str:
        """Return who made it and when, such as "Ada, 24 November 2026, 14:05 UTC"."""
        return describe_entry(self.made_by, self.made_at)


class ShareLinks(Database):
    """Links, kept with the reactions; one that was taken back is deleted."""

    schema = """
    CREATE TABLE IF NOT EXISTS share_links (
        token TEXT PRIMARY KEY, owner TEXT NOT NULL, campaign TEXT NOT NULL, run_id TEXT NOT NULL,
        content TEXT NOT NULL, made_by TEXT NOT NULL, made_at TEXT NOT NULL
    ) WITHOUT ROWID;
    """

    def make(self, campaign: str, run_id: str, content: str, made_by: str, owner: str) -> ShareLink:
        """Keep a new link to a run and return it."""
        link = ShareLink(
            token=secrets.token_urlsafe(_BYTES), owner=owner, campaign=campaign, run_id=run_id, content=content,
            made_by=made_by, made_at=datetime.datetime.now(datetime.UTC),
        )  # fmt: skip
        values = link.model_dump() | {"made_at": link.made_at.isoformat()}
        self._insert(
            f"INSERT INTO share_links ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            tuple(values[name] for name in _COLUMNS.split(", ")),
        )
        return link

    def find(self, token: str) -> ShareLink | None:
        """Return the link of a token; None if there is none, or no longer."""
        rows = self._select_all(f"SELECT {_COLUMNS} FROM share_links WHERE token = ?", token)  # noqa: S608
        return ShareLink(**rows[0]) if rows else None

    def list_links(self, run_id: str, owner: str) -> list[ShareLink]:
        """Return somebody's links to a run, the earliest first."""
        rows = self._select_all(
            f"SELECT {_COLUMNS} FROM share_links WHERE run_id = ? AND owner = ? ORDER BY made_at, token",  # noqa: S608
            run_id,
            owner,
        )
        return [ShareLink(**row) for row in rows]

    def revoke(self, token: str, owner: str) -> bool:
        """Take somebody's link back; tell whether it was there."""
        return bool(self._insert("DELETE FROM share_links WHERE token = ? AND owner = ?", (token, owner)))
