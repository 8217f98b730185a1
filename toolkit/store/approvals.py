"""Who approved which draft, and when; bound to the draft's digest, so that an edit voids it."""

from __future__ import annotations

import datetime

from toolkit.models import Draft, Record
from toolkit.store.database import Database, describe_entry

_COLUMNS = "digest, campaign, draft_id, approved_by, approved_at, run_id, note"


class Approval(Record):
    """One person's word that a draft may be published as it stood."""

    digest: str
    """`Draft.digest` of what was approved."""
    campaign: str
    draft_id: str
    approved_by: str
    approved_at: datetime.datetime
    run_id: str = ""
    """The run that was looked at; empty where there was none."""
    note: str = ""

    def describe(self) -> str:
        """Return who and when, such as "Ada, 24 November 2026, 14:05 UTC"."""
        return describe_entry(self.approved_by, self.approved_at)


class Approvals(Database):
    """Approvals, kept with the reactions."""

    schema = """
    CREATE TABLE IF NOT EXISTS approvals (
        digest TEXT NOT NULL, campaign TEXT NOT NULL, draft_id TEXT NOT NULL, approved_by TEXT NOT NULL,
        approved_at TEXT NOT NULL, run_id TEXT NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (digest, campaign, approved_by)
    ) WITHOUT ROWID;
    """

    def approve(self, approval: Approval) -> None:
        """Keep an approval; a second one of the same draft by the same person changes nothing."""
        values = approval.model_dump() | {"approved_at": approval.approved_at.isoformat()}
        self._insert(
            f"INSERT OR IGNORE INTO approvals ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            tuple(values[name] for name in _COLUMNS.split(", ")),
        )

    def withdraw(self, approval: Approval) -> None:
        """Take an approval back."""
        self._insert(
            "DELETE FROM approvals WHERE digest = ? AND campaign = ? AND approved_by = ?",
            (approval.digest, approval.campaign, approval.approved_by),
        )

    def find(self, campaign: str, draft: Draft) -> list[Approval]:
        """Return the approvals of a draft as it stands, the earliest first."""
        return [one for one in self._find(campaign, draft.id) if one.digest == draft.digest]

    def find_voided(self, campaign: str, draft: Draft) -> list[Approval]:
        """Return the approvals that were given to other words under the same name, the earliest first."""
        return [one for one in self._find(campaign, draft.id) if one.digest != draft.digest]

    def list_approvals(self, campaign: str) -> list[Approval]:
        """Return every approval of a campaign's drafts, also those that an edit voided, the earliest first."""
        query = f"SELECT {_COLUMNS} FROM approvals WHERE campaign = ? ORDER BY approved_at"  # noqa: S608 - a constant
        return [Approval(**row) for row in self._select_all(query, campaign)]

    def rename(self, campaign: str, name: str) -> None:
        """Let the approvals of a campaign follow it to another name."""
        self._insert("UPDATE OR IGNORE approvals SET campaign = ? WHERE campaign = ?", (name, campaign))

    def _find(self, campaign: str, draft_id: str) -> list[Approval]:
        rows = self._select_all(
            f"SELECT {_COLUMNS} FROM approvals WHERE campaign = ? AND draft_id = ? ORDER BY approved_at",  # noqa: S608
            campaign,
            draft_id,
        )
        return [Approval(**row) for row in rows]
