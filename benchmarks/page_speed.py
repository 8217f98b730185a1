"""How long people wait on the page, in real Chromium: `python benchmarks/page_speed.py`.

Typing, the first reaction of a run, and the result of 10,000 reactions; the provider is played on loopback. Needs
Chromium and the dev extra. Each line says what was measured and what is aimed at.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from big_run import make_big_run  # noqa: E402
from browsing import CHROMIUM, answered, find_port, settle  # noqa: E402
from openai_server import OpenAIServer  # noqa: E402
from playwright.sync_api import Error as PlaywrightError  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

KEYS = "Get paid in the chat, before the parcel leaves. "
_WATCH_KEYS = """
window.delays = [];
addEventListener("keydown", () => {
  const pressed = performance.now();
  requestAnimationFrame(() => delays.push(performance.now() - pressed));
}, true);
"""
_UNTIL_SHOWN = """word => new Promise(done => {
  const begun = performance.now();
  const look = () => [...document.querySelectorAll(".preview")].some(one => one.textContent.includes(word))
    ? done(performance.now() - begun) : requestAnimationFrame(look);
  look();
})"""


@contextmanager
def serve_page(folder: Path, provider: str) -> Iterator[str]:
    """Serve the page from a folder; yield its address."""
    port = find_port()
    environment = {
        "AUDIENCE_BASE_URL": provider,
        "AUDIENCE_MODEL": "m",
        "AUDIENCE_STORE": str(folder / "store.sqlite"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "toolkit", "app", "--port", str(port), "--no-browser"]
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def open_page(page: Page, address: str) -> None:
    """Open an address as soon as it is served."""
    for _ in range(600):
        try:
            page.goto(address)
        except PlaywrightError:
            page.wait_for_timeout(100)
        else:
            return


def measure_typing(page: Page) -> None:
    """Type into a draft at eight keys a second and faster; say how long keys and preview took."""
    page.evaluate(_WATCH_KEYS)
    box = page.get_by_role("textbox", name="Draft A", exact=True)
    box.click()
    page.keyboard.type(KEYS * 3, delay=60)
    shown = []
    for number in range(10):
        word = f"marker{number}"
        page.keyboard.type(word, delay=30)
        shown.append(page.evaluate(_UNTIL_SHOWN, word))
        page.keyboard.type(" ")
    delays = page.evaluate("window.delays")
    report("a key until it is drawn, slowest of", f"{len(delays)}", max(delays) / 1000, 0.3)
    report("the last key until the preview shows it, median of", "10", median(shown) / 1000, 0.3)
    report("the last key until the preview shows it, slowest of", "10", max(shown) / 1000, 0.3)


def measure_first_reaction(page: Page, server: OpenAIServer) -> None:
    """Press the button with replies held back, let them go, and say how long the first took to the screen."""
    server.hold()
    page.keyboard.press("Tab")
    page.get_by_role("button", name=re.compile(r"^Ask \d+ people, ")).click()
    server.wait_for(1, timeout=60)
    page.get_by_text("Nobody has answered yet").first.wait_for()
    begun = time.perf_counter()
    server.release()
    answered(page).first.wait_for()
    report("the first reply until it is on the screen", "", time.perf_counter() - begun, 1.0)


def measure_big_result(page: Page, address: str, run_id: str) -> None:
    """Open a run of 10,000 reactions, search its table and scroll it."""
    begun = time.perf_counter()
    page.goto(f"{address}/result?run={run_id}")
    page.get_by_text("of the simulated audience would").first.wait_for()
    report("10,000 reactions: the address until the decision stands there", "", time.perf_counter() - begun, 3.0)
    page.get_by_text("Who did what").wait_for()
    page.locator(".tile").first.wait_for()
    report("10,000 reactions: the address until the room can be used", "", time.perf_counter() - begun, 3.0)
    page.get_by_role("tab", name="Evidence").click()
    page.get_by_text(re.compile("favour the same one|The evidence disagrees")).wait_for()
    settle(page)
    report("10,000 reactions: the address until the evidence is drawn", "", time.perf_counter() - begun, 3.0)
    page.get_by_role("tab", name="What they said").click()
    page.get_by_text("Every reaction").click()
    box = page.get_by_label("Words in it")
    box.wait_for()
    begun = time.perf_counter()
    box.fill("parcel first, number 7")
    page.get_by_text(re.compile(r"^[\d,]{1,5} of 10,000 reactions")).wait_for()
    report("10,000 reactions: a word until the table holds what has it", "", time.perf_counter() - begun, 1.0)
    box.fill("")
    page.get_by_text("10,000 of 10,000 reactions").wait_for()
    page.get_by_test_id("stDataFrame").first.hover()
    page.evaluate(_COUNT_FRAMES)
    for _ in range(30):
        page.mouse.wheel(0, 900)
    slowest = page.evaluate("() => new Promise(done => setTimeout(() => done(window.slowest), 500))")
    report("10,000 reactions: the slowest frame while the table scrolls", "", slowest / 1000, 0.3)


_COUNT_FRAMES = """() => {
  window.slowest = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    window.slowest = Math.max(window.slowest, now - last);
    last = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def report(what: str, count: str, seconds: float, target: float) -> None:
    """Print one line."""
    verdict = "met" if seconds <= target else "MISSED"
    print(f"{' '.join(filter(None, (what, count)))}: {seconds:.2f} s, aimed at {target:g} s, {verdict}", flush=True)


def main() -> None:
    """Measure everything, the cold start of the process apart."""
    with tempfile.TemporaryDirectory() as place, OpenAIServer(key=None) as server, sync_playwright() as driver:
        folder = Path(place)
        run_id = make_big_run(folder / "runs").name
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with serve_page(folder, server.base_url) as address:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(120_000)
            open_page(page, address)
            page.get_by_text("Who will be asked").wait_for()
            page.get_by_role("button", name="Fill in an example").wait_for()
            measure_typing(page)
            measure_first_reaction(page, server)
            measure_big_result(page, address, run_id)
        browser.close()


if __name__ == "__main__":
    main()
