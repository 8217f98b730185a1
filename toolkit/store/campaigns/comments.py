"""What people say about a draft or a quote, and the changes that they request."""

from __future__ import annotations

import datetime

from toolkit.models import Record
from toolkit.store.database import Database, describe_entry

_COLUMNS = "campaign, draft_id, digest, quote, words, asks_change, said_by, said_at, run_id"


class Comment(Record):
    """One person's words about a draft, or about something a persona said of it."""

    number: int = 0
    """Which comment of the store it is; 0 before it is kept."""
    campaign: str
    draft_id: str
    digest: str = ""
    """`Draft.digest` of what was commented on; an edit leaves the comment standing, and shows it is older."""
    quote: str = ""
    """The words that it is about; empty for the draft as a whole."""
    words: str
    """What was said."""
    asks_change: bool = False
    """Whether it requests a change."""
    said_by: str
    said_at: datetime.datetime
    run_id: str = ""
    """The run that was looked at; empty where there was none."""
    settled_by: str = ""
    """Who said that it is done; empty while it is open."""
    settled_at: datetime.datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has settled it."""
        return not self.settled_by

    def describe(self) -> str:
        """Return who and when, such as "Ada, 24 November 2026, 14:05 UTC"."""
        return describe_entry(self.said_by, self.said_at)


class Comments(Database):
    """Comments, kept with the reactions, under the name of their campaign as approvals are."""

    schema = """
    CREATE TABLE IF NOT EXISTS comments (
        number INTEGER PRIMARY KEY AUTOINCREMENT, campaign TEXT NOT NULL, draft_id TEXT NOT NULL, digest TEXT NOT NULL,
        quote TEXT NOT NULL, words TEXT NOT NULL, asks_change INTEGER NOT NULL, said_by TEXT NOT NULL,
        said_at TEXT NOT NULL, run_id TEXT NOT NULL, settled_by TEXT NOT NULL DEFAULT '', settled_at TEXT
    );
    CREATE INDEX IF NOT EXISTS comments_by_campaign ON comments (campaign, draft_id);
    """

    def add(self, comment: Comment) -> Comment:
        """Keep a comment and return it with its number."""
        values = comment.model_dump() | {"said_at": comment.said_at.isoformat()}
        with self._transaction() as connection:
            number = connection.execute(
                f"INSERT INTO comments ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
                tuple(values[name] for name in _COLUMNS.split(", ")),
            ).lastrowid
        return comment.model_copy(update={"number": number})

    def list_comments(self, campaign: str, draft_id: str | None = None) -> list[Comment]:
        """Return the comments on a campaign, or on one of its drafts, the earliest first."""
        where, values = ("campaign = ?", [campaign])
        if draft_id is not None:
            where, values = f"{where} AND draft_id = ?", [*values, draft_id]
        rows = self._select_all(f"SELECT * FROM comments WHERE {where} ORDER BY said_at, number", *values)  # noqa: S608
        return [Comment(**{**row, "asks_change": bool(row["asks_change"])}) for row in rows]

    def list_requested(self, campaign: str) -> list[Comment]:
        """Return the requested changes that nobody has settled, the earliest first."""
        return [one for one in self.list_comments(campaign) if one.asks_change and one.is_open]

    def settle(self, number: int, settled_by: str, settled_at: datetime.datetime) -> bool:
        """Say that a comment is done; tell whether it was open."""
        query = "UPDATE comments SET settled_by = ?, settled_at = ? WHERE number = ? AND settled_by = ''"
        return bool(self._insert(query, (settled_by, settled_at.isoformat(), number)))

    def reopen(self, number: int) -> None:
        """Say that a comment is not done after all."""
        self._insert("UPDATE comments SET settled_by = '', settled_at = NULL WHERE number = ?", (number,))

    def rename(self, campaign: str, name: str) -> None:
        """Let the comments on a campaign follow it to another name."""
        self._insert("UPDATE comments SET campaign = ? WHERE campaign = ?", (name, campaign))
