"""The documentation as a site: it builds without a warning, is complete, and needs no other server."""

from __future__ import annotations

import html.parser
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from documented import ROOT, SETTINGS, build_site

import toolkit


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site strictly, in a folder of its own."""
    return build_site(tmp_path_factory.mktemp("site"))


class _Fetched(html.parser.HTMLParser):
    """Collects the addresses that a browser fetches by itself when it opens a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Collect the address of a script, picture, frame or style sheet."""
        given = dict(attributes)
        named = given.get("href") if tag == "link" and given.get("rel") != "canonical" else given.get("src")
        if named and tag != "a":
            self.addresses.append(named)


def list_fetched(page: Path) -> list[str]:
    """Return what a browser fetches for a page."""
    parser = _Fetched()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.addresses


@pytest.mark.slow
def test_no_page_fetches_from_another_server(site: Path) -> None:
    """Fonts, scripts, styles and pictures all lie in the site, so it can be read with no network."""
    for page in site.rglob("*.html"):
        if page.name == "404.html":  # its addresses start at the root of whatever serves it
            continue
        fetched = list_fetched(page)
        assert len(fetched) > 5, page
        for address in fetched:
            assert not re.match(r"(https?:)?//", address), (page.name, address)
            assert (page.parent / address.partition("?")[0].partition("#")[0]).exists(), (page.name, address)
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import )[\"']?(https?:)?//", sheet.read_text(encoding="utf-8")), sheet.name


def test_every_page_is_in_the_navigation() -> None:
    """A page that no list names would be found by nobody; the names of the lists are the agreed ones."""
    entries = tomllib.loads((ROOT / SETTINGS).read_text(encoding="utf-8"))["project"]["nav"]
    titles = [next(iter(entry)) for entry in entries]
    assert titles == ["Start", "Page", "Python", "CI", "Files", "Surfaces", "Method", "Validity", "Engine", "API"]
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert set(list_pages(entries)) == pages


def list_pages(entries: list[dict[str, Any]]) -> list[str]:
    """Return the pages below entries of the navigation."""
    found = []
    for entry in entries:
        for below in entry.values():
            found += list_pages(below) if isinstance(below, list) else [below]
    return found


def test_every_picture_is_shown() -> None:
    """Each picture under docs is on a page, as a picture or behind a link."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))
    for picture in (ROOT / "docs").rglob("*.png"):
        assert picture.name in text, picture.name


@pytest.mark.slow
def test_the_api_page_has_every_public_name(site: Path) -> None:
    """The page is made from `toolkit.__all__`: each name has its heading there, with a docstring."""
    page = (site / "api.html").read_text(encoding="utf-8")
    missing = [name for name in toolkit.__all__ if f'id="toolkit.{name}"' not in page]
    assert missing == []
    shown = set(re.findall(r'id="toolkit\.(\w+)"', page))
    assert shown == set(toolkit.__all__)


@pytest.mark.slow
def test_search_knows_every_page(site: Path) -> None:
    """The index lies in the site as a script, so that search also works in a folder opened without a server."""
    index = (site / "search.js").read_text(encoding="utf-8")
    for page in site.rglob("*.html"):
        if page.name != "404.html":
            assert f'"location":"{page.relative_to(site).as_posix()}' in index, page.name
