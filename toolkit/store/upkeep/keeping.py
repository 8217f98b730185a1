"""What the store holds, how old it is, and how to be rid of it: rows are deleted, and the file is written anew."""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from toolkit.errors import InputError
from toolkit.models import Record
from toolkit.store.database import Database
from toolkit.store.journal import find_journals
from toolkit.store.replies import Store, read_reply
from toolkit.store.shards import find_shards, merge_left_shards

_REPLIES = ("replies", "claims")
"""Tables with a row for the key of a reply."""
_LEFT = (
    ("subjects", "key NOT IN (SELECT key FROM replies)"),
    ("subject_names", "number NOT IN (SELECT number FROM subjects)"),
)
"""What is about replies that are gone."""
_OF_CAMPAIGNS = (
    ("campaign_rounds", "campaign NOT IN (SELECT id FROM kept_campaigns)"),
    ("campaign_events", "campaign NOT IN (SELECT id FROM kept_campaigns)"),
    ("campaign_marks", "id NOT IN (SELECT id FROM kept_campaigns)"),
)
"""What is about kept campaigns that are gone."""
_CACHES = ("vectors", "pair_predictions")
"""Tables that are worked out again from what is kept: their keys tell nobody what they are about."""
_AGED = {
    "turns": "asked",
    "follow_ups": "asked",
    "runs": "finished",
    "kept_campaigns": "changed",
}
"""Tables that age takes from, besides the replies, and when a row was written."""
_CUT = 64


class About(Record):
    """What is to be forgotten: exactly one of the three."""

    draft: str | None = None
    """Id of a draft, or the first 12 or more characters of its digest."""
    persona: str | None = None
    campaign: str | None = None


class Forgotten(Record):
    """What was found and is gone."""

    tables: Mapping[str, int]
    """Rows, by table."""
    untold: int
    """Replies of earlier versions, which do not say what they are about and may be about this."""
    busy: bool = False
    """Whether another process has the file open, so that the words are still in it until that one closes it."""

    @property
    def rows(self) -> int:
        """How many rows are gone, apart from what is worked out again."""
        return sum(
            count for table, count in self.tables.items() if table not in {*_CACHES, "subjects", "subject_names"}
        )


class Size(Record):
    """How large the store is."""

    bytes: int
    """Of all its files together."""
    tables: Mapping[str, int]
    """Rows, by table."""
    untold: int
    """Replies that do not say what they are about."""
    oldest: str | None
    """When the oldest reply came, in ISO 8601, UTC."""

    @property
    def megabytes(self) -> str:
        """The size as people read it."""
        return f"{self.bytes / 1e6:,.1f} MB"


class Upkeep(Database):
    """The whole file, whichever part wrote it; journals and shards that wait for it are taken in first."""

    def __init__(self, path: Path, **options: Any) -> None:
        with Store(path, **options) as store:  # opening it takes in the journals
            merge_left_shards(store, path)
        super().__init__(path, **options)
        waiting = [*find_journals(path), *find_shards(path).parent.glob("[0-9]*")]
        if waiting:
            raise InputError(
                f"{waiting[0]}: replies wait here for the store; end the run that writes them, then try again"
            )
        self._found = {row["name"] for row in self._select_all("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def measure(self) -> Size:
        """Return how large the store is."""
        files = self._path.parent.glob(f"{self._path.name}*")
        oldest = self._select("SELECT min(arrived) FROM replies")
        return Size(
            bytes=sum(one.stat().st_size for one in files if one.is_file()),
            tables={table: self._count(table) for table in sorted(self._found) if not table.startswith("sqlite_")},
            untold=self._count_untold(),
            oldest=oldest[0] if oldest else None,
        )

    def find_rows(self, about: About) -> dict[str, list[dict[str, Any]]]:
        """Return the rows about a draft, a persona or a campaign, by table, as plain values; nothing is changed."""
        found: dict[str, list[dict[str, Any]]] = {}
        for table, where, values in self._select_subject(about):
            rows = self._select_all(f"SELECT * FROM {table} WHERE {where}", *values)  # noqa: S608 - our own names
            if rows:
                found[table] = found.get(table, []) + [_make_plain(row) for row in rows]
        return found

    def count(self, about: About) -> int:
        """Return how many rows are about a draft, a persona or a campaign, as `Forgotten.rows` counts them."""
        tables = {table: len(rows) for table, rows in self.find_rows(about).items()}
        cut = len(dict(self._cut_campaigns(about))) if about.persona is None else 0
        return Forgotten(tables=tables, untold=0).rows + cut

    def forget(self, about: About) -> Forgotten:
        """Delete everything about a draft, a persona or a campaign, and write the file anew without it."""
        wanted = list(self._select_subject(about))
        slots = dict(self._cut_campaigns(about)) if about.persona is None else {}
        with self._transaction() as connection:
            gone = _delete(connection, wanted)
            for identity, content in slots.items():
                gone["kept_campaigns"] = gone.get("kept_campaigns", 0) + 1
                if content is None:
                    connection.execute("DELETE FROM kept_campaigns WHERE id = ?", (identity,))
                else:
                    connection.execute(
                        "UPDATE kept_campaigns SET content = ?, title = ?, version = version + 1 WHERE id = ?",
                        (json.dumps(content), "Drafts, one of them forgotten", identity),
                    )
            gone |= self._clean(connection, gone)
        return self._finish(gone)

    def prune(self, older_than: datetime.timedelta, *, now: datetime.datetime | None = None) -> Forgotten:
        """Delete replies, talks, campaigns of the page and traces of runs by age; approvals and results stay."""
        limit = (now or datetime.datetime.now(datetime.UTC)) - older_than
        cut = limit.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._transaction() as connection:
            old = [key for (key,) in connection.execute("SELECT key FROM replies WHERE arrived < ?", (cut,))]
            aged = ((table, f"julianday({column}) < julianday(?)", (cut,)) for table, column in _AGED.items())
            there = [one for one in aged if one[0] in self._found]
            gone = _delete(connection, [*self._select_replies(old), *there])
            gone |= self._clean(connection, gone)
        return self._finish(gone)

    def _clean(self, connection: sqlite3.Connection, gone: Mapping[str, int]) -> dict[str, int]:
        """Delete what nothing points at any more and, where anything is gone, what is worked out from it."""
        caches = [(table, "1", ()) for table in _CACHES if table in self._found and any(gone.values())]
        there = [one for one in _OF_CAMPAIGNS if {one[0], "kept_campaigns"} <= self._found]
        return _delete(connection, [*((table, where, ()) for table, where in (*_LEFT, *there)), *caches])

    def export(self) -> Iterator[dict[str, Any]]:
        """Yield every row of every table, as plain values, with the name of its table."""
        for table in sorted(self._found):
            if not table.startswith("sqlite_"):
                for row in self._select_all(f"SELECT * FROM {table}"):  # noqa: S608 - our own names
                    yield {"table": table, **_make_plain(row)}

    def _finish(self, gone: Mapping[str, int]) -> Forgotten:
        """Write the file anew: what was deleted is in its free pages until then, and in the file of its changes."""
        with self._refusing():
            busy = False
            try:
                self._connection.execute("VACUUM")
            except sqlite3.OperationalError:
                busy = True
            checked = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        tables = {table: count for table, count in gone.items() if count}
        return Forgotten(tables=tables, untold=self._count_untold(), busy=busy or bool(checked and checked[0]))

    def _count(self, table: str) -> int:
        row = self._select(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
        return int(row[0]) if row else 0

    def _count_untold(self) -> int:
        row = self._select("SELECT count(*) FROM replies WHERE key NOT IN (SELECT key FROM subjects)")
        return int(row[0]) if row else 0

    def _select_subject(self, about: About) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
        """Yield table, condition and values of everything about a subject, of the tables that are there."""
        wanted = about.model_dump(exclude_none=True)
        if len(wanted) != 1:
            raise InputError("name one draft, one persona or one campaign to forget")
        ((kind, name),) = wanted.items()
        if kind == "persona":
            yield from self._select_replies(self._find_keys(kind, {name}))
            for table in ("turns", "follow_ups"):
                yield from self._where(table, "persona = ?", name)
            return
        digests, texts = self._find_digests(kind, name)
        keys = {*self._find_keys(kind, {name}), *self._find_keys("digest", digests)}
        yield from self._select_replies(sorted(keys))
        yield from self._select_versions(kind, name, digests)
        column = "draft_id" if kind == "draft" else "campaign"
        runs = [row["run_id"] for row in self._rows("runs", "campaign = ?", name)] if kind == "campaign" else []
        for table in ("turns", "follow_ups"):
            if kind == "draft":
                yield from self._where(table, "draft = ?", name)
            for run in runs:
                yield from self._where(table, "run = ?", run)
        for table, digest in (("runs", "draft_hash"), ("approvals", "digest"), ("comments", "digest")):
            yield from self._where(table, f"{column} = ?", name)
            for one in digests:
                yield from self._where(table, f"{digest} = ?", one)
        if kind == "campaign":
            yield from self._where("share_links", "campaign = ?", name)
        yield from self._select_outcomes(column, name, digests, texts)
        yield from self._select_rounds(kind, name, texts)

    def _select_replies(self, keys: Collection[bytes]) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
        for key in keys:
            for table in _REPLIES:
                yield from self._where(table, "key = ?", key)
            yield from self._where("places", "key = ? OR question = ?", key, key)

    def _select_versions(
        self, kind: str, name: str, digests: Collection[str]
    ) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
        """Yield the families in which a draft is, whole: each version shows the words of the others."""
        families = set()
        for row in self._rows("versions", "1"):
            draft = json.loads(row["version"])["draft"]
            if kind == "draft" and draft["id"] == name:
                families.add(row["family"])
        for row in self._rows("version_families", "1"):
            if bytes(row["draft"]).hex() in digests:
                families.add(row["family"])
        for family in families:
            for table in ("versions", "version_families"):
                yield from self._where(table, "family = ?", family)

    def _select_rounds(
        self, kind: str, name: str, texts: Collection[str]
    ) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
        """Yield the rounds of kept campaigns that show such a draft."""
        for row in self._rows("campaign_rounds", "1"):
            slots = json.loads(row["content"]).get("slots", {}).values()
            if any(one.get("text") in texts or (kind == "draft" and one.get("name") == name) for one in slots):
                yield from self._where("campaign_rounds", "campaign = ? AND number = ?", row["campaign"], row["number"])

    def _select_outcomes(
        self, column: str, name: str, digests: Collection[str], texts: Collection[str]
    ) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
        for row in self._rows("outcomes", "1"):
            said = json.loads(row["outcome"])
            if said.get(column) == name or said.get("draft_hash") in digests or said.get("text") in texts:
                yield from self._where("outcomes", "batch = ? AND key = ?", row["batch"], row["key"])
        for row in self._rows("people_answers", "1"):
            said = json.loads(row["answer"])
            if said.get(column) == name or said["draft_hash"] in digests:
                yield from self._where("people_answers", "batch = ? AND key = ?", row["batch"], row["key"])

    def _cut_campaigns(self, about: About) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """Yield each campaign of the page that has such a draft: what is left of it, None for nothing."""
        kind, name = ("draft", about.draft) if about.draft else ("campaign", about.campaign)
        _, texts = self._find_digests(kind, name or "")
        for row in self._rows("kept_campaigns", "1"):
            content = json.loads(row["content"])
            slots = content.get("slots", {})
            hit = {
                number
                for number, slot in slots.items()
                if slot.get("text") in texts or (kind == "draft" and slot.get("name") == name)
            }
            if row["title"] == name:
                hit = set(slots)
            if hit:
                left = {number: slot for number, slot in slots.items() if number not in hit}
                order = [number for number in content.get("order", []) if str(number) not in hit]
                written = any(slot.get("text") for slot in left.values())
                cut = {**content, "slots": left, "order": order, "removed": None}
                yield row["id"], cut if written else None

    def _find_keys(self, kind: str, names: Collection[str]) -> list[bytes]:
        found: list[bytes] = []
        for name in names:
            number = "number IN (SELECT number FROM subject_names WHERE kind = ? AND subject = ?)"
            found += [row["key"] for row in self._rows("subjects", number, kind, name)]
        return found

    def _find_digests(self, kind: str, name: str) -> tuple[set[str], set[str]]:
        """Return the digests and the texts of the drafts of that name, or of that campaign."""
        digests = {name} if kind == "draft" and len(name) == _CUT else set()
        if kind == "draft" and len(name) >= 12 and all(letter in "0123456789abcdef" for letter in name):  # noqa: PLR2004
            pattern = f"{name}*"
            digests |= {
                row["subject"] for row in self._rows("subject_names", "kind = 'digest' AND subject GLOB ?", pattern)
            }
            digests |= {row["draft_hash"] for row in self._rows("runs", "draft_hash GLOB ?", pattern)}
        column = "draft_id" if kind == "draft" else "campaign"
        texts: set[str] = set()
        for row in self._rows("runs", f"{column} = ?", name):
            digests.add(row["draft_hash"])
        for row in self._rows("approvals", f"{column} = ?", name):
            digests.add(row["digest"])
        for key in self._find_keys(kind, {name}):
            reply = read_reply((self._select("SELECT reply FROM replies WHERE key = ?", key) or ("",))[0])
            about = [one.partition(":") for one in reply.about] if reply else []
            named = [one for one in about if one[0] == "draft"]
            if kind == "campaign" or len(named) == 1:  # of a choice between two, the other stays
                digests |= {one[2] for one in about if one[0] == "digest"}
        for digest in digests:
            texts |= {row["text"] for row in self._rows("runs", "draft_hash = ?", digest)}
        return digests, texts

    def _rows(self, table: str, where: str, *values: object) -> list[dict[str, Any]]:
        if table not in self._found:
            return []
        return self._select_all(f"SELECT * FROM {table} WHERE {where}", *values)  # noqa: S608 - our own names

    def _where(self, table: str, where: str, *values: object) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
        if table in self._found:
            yield table, where, values


def _delete(connection: sqlite3.Connection, wanted: Iterable[tuple[str, str, tuple[Any, ...]]]) -> dict[str, int]:
    """Delete rows by table, condition and values; return how many, by table."""
    gone: dict[str, int] = {}
    for table, where, values in wanted:
        deleted = connection.execute(f"DELETE FROM {table} WHERE {where}", values)  # noqa: S608 - our own names
        gone[table] = gone.get(table, 0) + deleted.rowcount
    return gone


def _make_plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
