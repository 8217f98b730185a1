"""The page in a real browser, for the tests that look at it: its process, Chromium, and what a person does in it.

What a page shows is asked with `expect` and `wait_for`, which wait until it is so: a page is seen half drawn as well.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from openai_server import OpenAIServer

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
ROOT = Path(__file__).parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 120_000
"""Milliseconds that a page has for whatever it is asked for."""
PICTURES = os.environ.get("PICTURES")
"""Folder to leave the pictures in, such as docs; without it they are not kept."""
TAB_GONE = "\nstarlette.websockets.WebSocketDisconnected: "
WATCH = """
(() => {
  const seen = window.seen = {acted: -Infinity, typed: -Infinity, sent: -Infinity, heard: -Infinity};
  const note = (kinds, name) => {
    for (const kind of kinds) document.addEventListener(kind, () => { seen[name] = performance.now(); }, true);
  };
  note(['click', 'keyup'], 'acted');
  note(['input', 'change', 'focusout'], 'typed');
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (...words) {
    if (!this.isHeard) this.addEventListener('message', () => { seen.heard = performance.now(); });
    this.isHeard = true;
    seen.sent = performance.now();
    return send.apply(this, words);
  };
})()
"""
"""Notes when something was last done on the page, and when it last spoke with its server."""
AT_REST = """
() => {
  const now = performance.now();
  const {acted, typed, sent, heard} = window.seen;
  return document.querySelector('[data-test-script-state=notRunning]') !== null
    && now - acted > 100 && now - typed > 500 && sent > 0 && (heard >= sent || now - sent > 10_000);
}
"""
"""The script has run and rests, and nothing is about to wake it: a field tells what was typed up to 400 ms later, and
the server takes its time to say that the script runs again. Not every message is answered."""
DRAWN = """
() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]
  .every(chart => chart.closest('details:not([open])') || chart.querySelector('svg, canvas'))
"""
STILL = """
() => document.getAnimations().every(one =>
  one.playState !== 'running' || one.effect.getComputedTiming().iterations === Infinity)
"""
FITS = """
(width) => innerWidth === width && document.documentElement.scrollWidth <= width
  && document.querySelector('[data-testid=stMain]')?.scrollWidth <= width
"""
"""The window has the width, and nothing sticks out of it."""

needs_browser = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
"""The marks of every test here."""

FORM = "Who will be asked"
"""What stands under the drafts of a campaign."""

expect.set_options(timeout=PATIENCE)


class App:
    """The page's process and a browser to look at it with."""

    def __init__(self, url: str, folder: Path, browser: playwright.Browser) -> None:
        self.url = url
        self.folder = folder
        self._browser = browser

    def open(
        self,
        url: str | None = None,
        *,
        wait: str = FORM,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        zoom: float = 1,
    ) -> playwright.Page:
        """Return the page, or another of its addresses, in a browser session of its own, on a screen of that size."""
        context = self._browser.new_context(
            viewport={"width": int(width / zoom), "height": int(height / zoom)},
            device_scale_factor=zoom,
            color_scheme="dark" if dark else "light",
        )
        context.add_init_script(WATCH)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(url or self.url)
        if url is None and wait == FORM:
            begin_campaign(page)
        page.get_by_text(wait).first.wait_for()
        return page


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    """Start Chromium once."""
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def app(server: OpenAIServer, tmp_path: Path, browser: playwright.Browser) -> Iterator[App]:
    """Serve the page from an empty folder, with the loopback provider as this machine's endpoint."""
    folder = tmp_path / "work"
    folder.mkdir()
    with serve(folder, browser, AUDIENCE_BASE_URL=server.base_url, AUDIENCE_MODEL="m") as running:
        yield running


@contextlib.contextmanager
def serve(folder: Path, browser: playwright.Browser, port: int | None = None, **environment: str) -> Iterator[App]:
    """Serve the page from a folder; afterwards close what the browser has open, and see that nothing was raised.

    Pages left open would go on asking for a server that has gone, at the cost of the tests that follow.
    """
    port = port or find_port()
    with subprocess.Popen(
        [sys.executable, "-m", "toolkit", "app", "--port", str(port), "--no-browser"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        log = Log(process)
        try:
            log.wait_for("127.0.0.1")
            yield App(f"http://127.0.0.1:{port}", folder, browser)
        finally:
            for context in browser.contexts:
                context.close()
            process.terminate()
            log.wait_for_end()
    assert not has_raised(log.text), log.text


def has_raised(log: str) -> bool:
    """Tell whether anything was raised but by the web server, of a tab that closed while it was being listened to."""
    return any(TAB_GONE not in one for one in log.split("Traceback (most recent call last)")[1:])


def find_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Log:
    """What a process prints, read as it comes."""

    def __init__(self, process: subprocess.Popen[str], patience: float = PATIENCE / 1000) -> None:
        self.text = ""
        self._patience = patience
        self._changed = threading.Condition()
        self._ended = False
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def wait_for(self, words: str) -> None:
        """Block until the words were printed; fail where the process ends before."""
        with self._changed:
            assert self._changed.wait_for(lambda: words in self.text or self._ended, self._patience), self.text
            assert words in self.text, self.text

    def wait_for_end(self) -> None:
        """Block until nothing more is printed."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._ended, self._patience)

    def _read(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._add(line)
        self._add("", ended=True)

    def _add(self, line: str, *, ended: bool = False) -> None:
        with self._changed:
            self.text += line
            self._ended = ended
            self._changed.notify_all()


def see_served(process: subprocess.Popen[str], port: int, path: str = "/") -> str:
    """See that a page answers at a port, end it, and return what it printed."""
    log = Log(process)
    try:
        log.wait_for(f"127.0.0.1:{port}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", path)
        assert connection.getresponse().status == http.client.OK
        connection.close()
    finally:
        process.terminate()
        log.wait_for_end()
    return log.text


def write_drafts(page: playwright.Page, *texts: str) -> None:
    """Type drafts A, B, ... as a person would."""
    for name, text in zip("ABC", texts, strict=False):
        page.get_by_label(f"Draft {name}", exact=True).fill(text)
    page.keyboard.press("Tab")


def begin_campaign(page: playwright.Page) -> None:
    """Begin a campaign where the page opens on the list of them; an empty workspace opens on a new one."""
    begin = page.get_by_role("button", name="New campaign")
    begin.or_(page.get_by_text(FORM)).first.wait_for()
    if begin.is_visible():
        press(begin)


def open_part(page: playwright.Page, part: str) -> None:
    """Choose a part of the open campaign: Brief, Drafts, Result or Share."""
    press(page.get_by_role("radio", name=part, exact=True))


def press(target: playwright.Locator) -> None:
    """Press something once the page rests: one that is still being drawn may jump between a press and its release."""
    target.wait_for()
    settle(target.page)
    target.click()


def open_list(box: playwright.Locator) -> None:
    """Open a list of choices by the keyboard, once what was typed before is told: that draws the page anew."""
    box.focus()
    settle(box.page)
    box.page.keyboard.press("ArrowDown")


def press_ask(page: playwright.Page) -> None:
    """Press the button that asks, whatever the page is doing meanwhile."""
    page.get_by_role("button", name=re.compile(r"^Ask \d+ people")).click()


def answered(page: playwright.Page) -> playwright.Locator:
    """Return the tiles of people who answered something."""
    return page.locator('.tile:has(.cell:not([data-action="waiting"]))')


def settle(page: playwright.Page) -> None:
    """Wait until the page's script rests, its charts are drawn, and nothing fades or slides any more."""
    page.wait_for_function(AT_REST)
    page.wait_for_function(DRAWN)
    page.wait_for_function(STILL)


def keep_picture(page: playwright.Page, name: str, *, width: int) -> None:
    """Leave a picture of the whole page where it was asked for."""
    if PICTURES:
        page.set_viewport_size({"width": width, "height": 900})
        height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.set_viewport_size({"width": width, "height": int(height)})
        page.wait_for_timeout(1000)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")
