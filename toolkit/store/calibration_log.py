"""Refitted links, every version kept, and which of them is in use: the last one chosen, until that is undone."""

from __future__ import annotations

from toolkit.errors import InputError
from toolkit.models import chance_link
from toolkit.store.database import Database
from toolkit.store.test_log import stamp

_SCHEMA = """
CREATE TABLE IF NOT EXISTS links (version INTEGER PRIMARY KEY AUTOINCREMENT, link TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS link_uses (
    place INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER NOT NULL, chosen TEXT NOT NULL
);
"""


class Calibrations(Database):
    """Links in the file of the replies; version 0 is the one that ships."""

    schema = _SCHEMA

    def keep(self, link: chance_link.Link) -> chance_link.Link:
        """Commit a link as a new version and use it; return it with its number."""
        with self._transaction():
            cursor = self._connection.execute("INSERT INTO links (link) VALUES ('')")
            numbered = link.model_copy(update={"version": int(cursor.lastrowid or 0)})
            self._connection.execute(
                "UPDATE links SET link = ? WHERE version = ?", (numbered.model_dump_json(), numbered.version)
            )
            self._choose(numbered.version)
        return numbered

    def list_links(self) -> list[chance_link.Link]:
        """Return the link that ships and every refitted one."""
        rows = self._select_all("SELECT link FROM links ORDER BY version")
        return [chance_link.SHIPPED, *(chance_link.Link.model_validate_json(row["link"]) for row in rows)]

    def find_used(self) -> chance_link.Link:
        """Return the link in use."""
        row = self._select("SELECT version FROM link_uses ORDER BY place DESC LIMIT 1")
        return self._find(row[0] if row else chance_link.SHIPPED.version)

    def use(self, version: int) -> chance_link.Link:
        """Use a version from now on."""
        link = self._find(version)
        with self._transaction():
            self._choose(version)
        return link

    def undo(self) -> chance_link.Link:
        """Go back to the version that was in use before; return it."""
        with self._transaction():
            cursor = self._connection.execute("DELETE FROM link_uses WHERE place = (SELECT max(place) FROM link_uses)")
            if cursor.rowcount == 0:
                raise InputError("nothing to undo: the link that ships is in use")
        return self.find_used()

    def _choose(self, version: int) -> None:
        self._connection.execute("INSERT INTO link_uses (version, chosen) VALUES (?, ?)", (version, stamp()))

    def _find(self, version: int) -> chance_link.Link:
        links = {link.version: link for link in self.list_links()}
        if version not in links:
            numbers = ", ".join(str(number) for number in links)
            raise InputError(f"no calibration {version}; there are: {numbers} (0 is the one that ships)")
        return links[version]
