"""The documentation's search in a real browser, with no network: from a folder and from a server."""

from __future__ import annotations

import contextlib
import functools
import http.server
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import PATIENCE, browser, expect, needs_browser, playwright
from documented import build_site
from loopback import LoopbackServer

__all__ = ["browser"]

pytestmark = needs_browser
GLANCE = 2_000
"""Milliseconds to look for a result before looking at the field again."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site."""
    return build_site(tmp_path_factory.mktemp("site"))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(params=["folder", "server"])
def address(site: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of the site: of its folder, or of a server on loopback."""
    if request.param == "folder":
        yield site.as_uri()
        return
    serve = functools.partial(_Quiet, directory=str(site))
    with LoopbackServer(serve) as server:
        yield f"http://{server.address}"


def search(page: playwright.Page, word: str, title: str) -> playwright.Locator:
    """Type a word until its result shows: the field drops what is typed before the index is loaded."""
    found = page.get_by_role("option", name=title)
    box = page.get_by_role("combobox", name="Search")
    for _ in range(PATIENCE // GLANCE):
        if box.input_value() != word:
            box.fill(word)
        with contextlib.suppress(playwright.TimeoutError):
            found.wait_for(timeout=GLANCE)
            break
    return found


def test_search_finds_a_page(address: str, browser: playwright.Browser) -> None:
    """A word of one page leads to that page, and nothing is asked of another server."""
    page = browser.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{address}/index.html")
    page.get_by_role("button", name="Search").first.click()
    search(page, "Pustejovsky", "What the calculations do").click()
    page.wait_for_url("**/method.html*")
    expect(page.get_by_role("heading", name="How a verdict is made")).to_be_visible()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:", "about:"))] == []
    assert faults == []
    page.close()
