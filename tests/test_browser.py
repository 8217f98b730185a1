"""The page in a real browser: Debian's Chromium, the page's own process, a provider on loopback."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
import pytest
from openai_server import Ask, OpenAIServer

from toolkit.models import LABEL
from toolkit.study import STOPPED

playwright = pytest.importorskip("playwright.sync_api")
ROOT = Path(__file__).parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 120_000
FIRST = 16
"""Questions in flight before the endpoint has answered once."""
PICTURES = os.environ.get("PICTURES")
"""Folder to leave the pictures in, such as docs; without it they are not kept."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


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
        wait: str = "Who will be asked",
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
    ) -> playwright.Page:
        """Return the page, or another of its addresses, in a browser session of its own."""
        scheme = "dark" if dark else "light"
        context = self._browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(url or self.url)
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
    assert "Traceback" not in log.text, log.text


def find_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Log:
    """What a process prints, read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.text = ""
        self._changed = threading.Condition()
        self._ended = False
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def wait_for(self, words: str) -> None:
        """Block until the words were printed; fail where the process ends before."""
        with self._changed:
            assert self._changed.wait_for(lambda: words in self.text or self._ended, 60), self.text
            assert words in self.text, self.text

    def wait_for_end(self) -> None:
        """Block until nothing more is printed."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._ended, 30)

    def _read(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._add(line)
        self._add("", ended=True)

    def _add(self, line: str, *, ended: bool = False) -> None:
        with self._changed:
            self.text += line
            self._ended = ended
            self._changed.notify_all()


def write_drafts(page: playwright.Page, *texts: str) -> None:
    """Type drafts A, B, ... as a person would."""
    for name, text in zip("ABC", texts, strict=False):
        page.get_by_label(f"Draft {name}", exact=True).fill(text)
    page.keyboard.press("Tab")


def press_ask(page: playwright.Page) -> None:
    """Press the button that asks, whatever the page is doing meanwhile."""
    page.get_by_role("button", name=re.compile(r"^Ask \d+ people")).click()


def answered(page: playwright.Page) -> playwright.Locator:
    """Return the tiles of people who answered something."""
    return page.locator('.tile:has(.cell:not([data-action="waiting"]))')


def keep_picture(page: playwright.Page, name: str, *, width: int) -> None:
    """Leave a picture of the whole page where it was asked for."""
    if PICTURES:
        page.set_viewport_size({"width": width, "height": 900})
        height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.set_viewport_size({"width": width, "height": int(height)})
        page.wait_for_timeout(1000)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def test_two_drafts_to_a_verdict(app: App, server: OpenAIServer) -> None:
    """Type two drafts, ask, watch the room fill, read the verdict, download: what came is whole."""
    page = app.open()
    write_drafts(page, "Send an invoice in the chat.", "Get paid today, in the chat.")
    server.hold()
    press_ask(page)
    server.wait_for(1, timeout=60)
    assert answered(page).count() == 0
    server.release()
    answered(page).first.wait_for()
    page.get_by_text("Who did what").wait_for()
    assert answered(page).count() == 12
    assert page.get_by_text(LABEL).count() >= 1
    assert page.get_by_role("heading", name=re.compile("Too close to call|beats|Not enough|Unstable")).is_visible()

    with page.expect_download() as saved:
        page.get_by_role("button", name="Run folder (.zip)").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(saved.value.path()).read_bytes()))
    frame = pl.read_parquet(next(archive.read(name) for name in archive.namelist() if "reactions" in name))
    assert frame.filter(pl.col("persona_id") != "control").height == 24
    with page.expect_download() as saved:
        page.get_by_role("button", name="Reactions (.csv)").click()
    assert pl.read_csv(Path(saved.value.path())).height == frame.height

    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    page.get_by_text("Who did what").wait_for()
    page.get_by_role("link", name="Test drafts").click()
    page.get_by_text("Who did what").wait_for()


@pytest.mark.parametrize("written", ["nothing yet", "the other draft"])
def test_a_press_right_after_typing_asks_once(app: App, server: OpenAIServer, written: str) -> None:
    """Typing, then the button with the box still focused, where the eye saw it: asked at the first press, and once."""
    page = app.open()
    page.wait_for_function("() => document.querySelector('[data-test-script-state=notRunning]') !== null")
    drafts = 1
    if written == "the other draft":
        write_drafts(page, "Send an invoice in the chat.")
        page.get_by_role("button", name=re.compile(r"^Ask 12 people, ")).wait_for()
        drafts = 2
    place = page.get_by_role("button", name=re.compile(r"^Ask 12 people")).bounding_box()
    assert place is not None
    page.get_by_role("textbox", name="Draft B", exact=True).click()
    page.keyboard.type("Are you broke? ACT NOW!!! Get paid today, in the chat.")
    page.mouse.dblclick(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2, delay=60)
    page.get_by_text("Who did what").wait_for()
    assert server.count() == drafts * (12 + 10)
    assert page.get_by_text("ACT NOW!!! Get paid today, in the chat.").count() >= 1


def test_stop_keeps_what_came_and_the_rest_can_be_asked(app: App, server: OpenAIServer) -> None:
    """Stop ends the calls in flight; a click elsewhere meanwhile loses nothing; going on asks only the rest."""
    page = app.open()
    write_drafts(page, "Send an invoice in the chat.", "Get paid today, in the chat.")
    page.get_by_text("What answers").click()
    server.hold()
    press_ask(page)
    server.wait_for(FIRST, timeout=60)
    page.get_by_role("radio", name="everyone").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text(STOPPED).first.wait_for()
    server.wait_until_idle()
    assert server.count() == FIRST
    server.release()
    page.get_by_role("button", name="Ask the rest").click()
    server.wait_for(FIRST + 24 + 20, timeout=60)
    page.get_by_text("Who did what").wait_for()
    page.get_by_role("button", name="Ask the rest").wait_for(state="detached")
    assert server.count() == FIRST + 24 + 20


def test_a_run_goes_on_without_its_tab(app: App, server: OpenAIServer) -> None:
    """Leave for another page, reload, close the tab, open the link anew: the same run goes on, and ends saved."""
    page = app.open()
    write_drafts(page, "Send an invoice in the chat.", "Get paid today, in the chat.")
    server.hold()
    press_ask(page)
    server.wait_for(FIRST, timeout=60)
    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_text("No run here yet").wait_for()
    page.get_by_role("link", name="Test drafts").click()
    page.get_by_text("0 of 24 reactions").wait_for()
    page.reload()
    page.get_by_text("0 of 24 reactions").wait_for()
    link = page.url
    assert "live=" in link
    page.context.close()
    server.release()
    again = app.open(link, wait="Who did what")
    assert again.get_by_text("Send an invoice in the chat.").count() >= 1
    assert server.count() == 24 + 20
    assert len(list((app.folder / "runs").glob("*/run.json"))) == 1
    stranger = app.open()
    assert stranger.get_by_text("Send an invoice in the chat.").count() == 0


def test_the_page_answers_while_one_types(app: App) -> None:
    """With no key but letters: the preview follows, rules are told under the words, and what was typed stays."""
    page = app.open()
    box = page.get_by_role("textbox", name="Draft A", exact=True)
    box.click()
    page.keyboard.type("Are you broke? ACT NOW!!! Send an invoice.")
    preview = page.locator(".preview")
    preview.get_by_text("Send an invoice.").wait_for()
    page.get_by_text("exclamation marks").wait_for()
    assert preview.locator("mark.flagged").first.inner_text() == "Are you broke"
    page.get_by_text("desktop", exact=True).click()
    page.locator(".preview-desktop").wait_for()
    assert box.input_value() == "Are you broke? ACT NOW!!! Send an invoice."
    page.get_by_role("button", name=re.compile(r"^Ask 12 people, ")).wait_for()


def test_long_and_foreign_drafts_do_no_harm(app: App) -> None:
    """A hundred thousand characters, and words from right to left, are drawn, checked and can be mended."""
    page = app.open()
    box = page.get_by_role("textbox", name="Draft A", exact=True)
    box.fill("Pay. " * 20_000)
    page.get_by_text("Must change").first.wait_for()
    assert page.locator(".preview-text").first.evaluate("one => one.textContent.length") > 90_000
    arabic = "أرسل فاتورة <b>الآن</b>"
    box.fill(arabic)
    page.locator(".preview").get_by_text("<b>").wait_for()
    text = page.locator(".preview-text").first
    assert text.evaluate("one => getComputedStyle(one).direction") == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_link_opens_a_saved_run_and_no_other_file(app: App) -> None:
    """The result has an address of its own; one that leads out of the folder of runs is refused in one line."""
    page = app.open(width=390)
    write_drafts(page, "Send an invoice in the chat.")
    press_ask(page)
    page.get_by_text("Link to this result").wait_for()
    address = page.get_by_role("link", name="Link to this result").get_attribute("href")
    assert address is not None
    again = app.open(f"{app.url}/{address}", wait="One draft, nothing to compare with", width=390)
    again.get_by_text("Link to this result").wait_for()
    assert again.locator(".funnel b").count() == 3
    assert again.evaluate("document.documentElement.scrollWidth <= innerWidth")
    app.open(f"{app.url}/result?run=..%2F..%2Fetc", wait="there is no run")


def test_people_can_be_met_by_keyboard(app: App) -> None:
    """A tile takes the focus, says what its person did, and Enter opens who they are and what they said."""
    page = app.open()
    write_drafts(page, "Send an invoice in the chat.")
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    tile = page.get_by_role("button", name=re.compile(r"^Maya\. A: "))
    tile.focus()
    page.locator(".says").get_by_text("Maya").wait_for()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("An AI persona, not a real person.").wait_for()
    assert dialog.get_by_text("Leeds").count() >= 1


def test_sessions_share_neither_drafts_nor_keys(app: App, server: OpenAIServer) -> None:
    """What one tab types, another never sees; each sends its own key."""
    first, second = app.open(), app.open()
    typed = [(first, "key-one", "Only the first writes this."), (second, "key-two", "And this the second.")]
    for page, key, text in typed:
        write_drafts(page, text)
        page.get_by_text("What answers").click()
        page.get_by_label("Key", exact=True).fill(key)
        page.keyboard.press("Enter")
    assert second.get_by_text("Only the first writes this.").count() == 0
    assert first.get_by_label("Key", exact=True).input_value() == "key-one"
    for page, key, _ in typed:
        server.keys.clear()
        press_ask(page)
        page.get_by_text("Who did what").wait_for()
        assert set(server.keys) == {key}
    assert "key-one" not in second.content()


def test_text_of_any_kind_is_shown_as_text(app: App, server: OpenAIServer) -> None:
    """Markup in drafts and in what the model says reaches the page as letters, never as elements."""
    evil = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script> **bold** $x$"
    said = f"I would not press anything of the kind that says {evil}"
    server.script = lambda ask: {"verbatim": said, "objection": said} if is_chat(ask) else None
    page = app.open()
    write_drafts(page, evil)
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    answered(page).first.hover()
    page.locator(".says").get_by_text("<script>").wait_for()
    answered(page).first.click()
    page.get_by_role("dialog").get_by_text("<script>").wait_for()
    assert page.evaluate("window.hacked") is None


def is_chat(ask: Ask) -> bool:
    """Tell a chat call from an embedding."""
    return ask.path.endswith("chat/completions")


@pytest.mark.model
def test_the_embedded_model_on_the_page(app: App) -> None:
    """With no key: an example in one press, two people of the embedded model, a result on a wide and a narrow page."""
    people = 12 if PICTURES else 2
    page = app.open()
    page.get_by_role("button", name="Start from an example or a file").click()
    page.get_by_role("button", name="Paypal invoices").click()
    page.get_by_label("Draft benefit", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("What answers").click()
    page.get_by_text("Embedded model, on this machine").click()
    page.get_by_role("slider").focus()
    for _ in range(12 - people):
        page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name=f"Ask {people} people, free").click()
    page.get_by_text("Who did what").wait_for(timeout=900_000 if PICTURES else 240_000)
    assert answered(page).count() == people
    keep_picture(page, "page", width=1280)
    keep_picture(page, "page-narrow", width=390)
