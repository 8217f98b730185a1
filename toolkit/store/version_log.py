"""How a draft came to be: the original, and every version written from it, in order."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from toolkit.models import Draft, Record, Verdict
from toolkit.store.database import Database


class Version(Record):
    """One state of a draft; number 0 is the original."""

    number: int
    draft: Draft
    parent: int | None = None
    """The version it was written from; null for the original."""
    origin: str = "original"
    """original, rewritten (by the model) or edited (by hand)."""
    answers: tuple[str, ...] = ()
    """The objections it set out to answer."""
    wish: str = ""
    note: str = ""
    """What the model says it changed."""
    made: str = ""
    """When, in ISO 8601, UTC."""
    withdrawn: bool = False
    """Whether somebody took it back; nothing is deleted."""
    tests: tuple[Retest, ...] = ()
    """What became of it when it was tested against the version it was written from."""


class Retest(Record):
    """The outcome of one retest."""

    run_id: str
    personas: int
    fresh: bool
    """Whether the personas had no part in the objections."""
    verdict: Verdict
    difference: float | None
    """Objective rate of the version minus that of its parent."""
    low: float | None
    high: float | None


class Versions(Database):
    """Versions of drafts, each family under the SHA-256 of its original.

    They lie in the store and not in the folder of runs: a retest is a run of its own and runs are never written to
    again, while a version is taken back and tested more than once, and is there before any run of it is.
    """

    schema = """
    CREATE TABLE IF NOT EXISTS versions (
        family BLOB NOT NULL, number INTEGER NOT NULL, version TEXT NOT NULL, PRIMARY KEY (family, number)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS version_families (draft BLOB NOT NULL PRIMARY KEY, family BLOB NOT NULL) WITHOUT ROWID;
    """

    def list_versions(self, draft: Draft) -> list[Version]:
        """Return the family that a draft belongs to, oldest first; the draft alone where it has none."""
        rows = self._select_all(
            "SELECT version FROM versions WHERE family = ? ORDER BY number", self._find_family(draft) or b""
        )
        return [Version.model_validate_json(row["version"]) for row in rows] or [Version(number=0, draft=draft)]

    def add_version(
        self,
        parent: Draft,
        draft: Draft,
        *,
        made: datetime.datetime,
        origin: str = "rewritten",
        answers: Sequence[str] = (),
        wish: str = "",
        note: str = "",
    ) -> Version:
        """Keep a version written from `parent` and return it; the same words again are the version they were."""
        family = self._begin_family(parent)
        known = self.list_versions(parent)
        same = next((one for one in known if _identify(one.draft) == _identify(draft)), None)
        if same is not None:
            self._keep(family, same.model_copy(update={"withdrawn": False}))
            return same.model_copy(update={"withdrawn": False})
        number = known[-1].number + 1
        above = next((one.number for one in known if _identify(one.draft) == _identify(parent)), 0)
        named = draft.model_copy(update={"id": name_version(known[0].draft.id, number)})
        version = Version(
            number=number, draft=named, parent=above, origin=origin, answers=tuple(answers), wish=wish, note=note,
            made=made.isoformat(timespec="seconds"),
        )  # fmt: skip
        self._keep(family, version)
        self._insert("INSERT OR IGNORE INTO version_families VALUES (?, ?)", (_identify(named), family))
        return version

    def keep_test(self, draft: Draft, number: int, tested: Retest) -> None:
        """Note the outcome of a retest with the version; one run is noted once."""
        version = self._find(draft, number)
        others = [one for one in version.tests if one.run_id != tested.run_id]
        self._keep_of(draft, version.model_copy(update={"tests": (*others, tested)}))

    def withdraw(self, draft: Draft, number: int, *, withdrawn: bool = True) -> None:
        """Take a version back, or bring it back."""
        self._keep_of(draft, self._find(draft, number).model_copy(update={"withdrawn": withdrawn}))

    def _find(self, draft: Draft, number: int) -> Version:
        return next(version for version in self.list_versions(draft) if version.number == number)

    def _find_family(self, draft: Draft) -> bytes | None:
        row = self._select("SELECT family FROM version_families WHERE draft = ?", _identify(draft))
        return bytes(row[0]) if row else None

    def _begin_family(self, draft: Draft) -> bytes:
        known = self._find_family(draft)
        if known is not None:
            return known
        family = _identify(draft)
        self._insert("INSERT OR IGNORE INTO version_families VALUES (?, ?)", (family, family))
        self._keep(family, Version(number=0, draft=draft))
        return family

    def _keep_of(self, draft: Draft, version: Version) -> None:
        self._keep(self._begin_family(draft), version)

    def _keep(self, family: bytes, version: Version) -> None:
        self._insert(
            "INSERT OR REPLACE INTO versions VALUES (?, ?, ?)", (family, version.number, version.model_dump_json())
        )


def name_version(original: str, number: int) -> str:
    """Return the draft id of a version, such as "benefit-v2"."""
    return f"{original[:110]}-v{number}"


def _identify(draft: Draft) -> bytes:
    return bytes.fromhex(draft.digest)


Version.model_rebuild()
