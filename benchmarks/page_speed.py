"""How long people wait on the page, in real Chromium: `python benchmarks/page_speed.py`.

Typing, the first reaction of a run, and the result of 10,000 reactions; the provider is played on loopback. Needs
Chromium and the dev extra. Each line says what was measured and what is aimed at. `--beside FOLDER` measures typing and
the first reaction of another checkout in turn with this one, each in a process of its own, and prints the medians.
"""

from __future__ import annotations

import argparse
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
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from playwright.sync_api import Error as PlaywrightError  # noqa: E402

KEYS = "Get paid in the chat, before the parcel leaves. "
WORDS = 10
_WATCH_KEYS = """
window.delays = [];
addEventListener("keydown", () => {
  const pressed = window.pressed = performance.now();
  requestAnimationFrame(() => delays.push(performance.now() - pressed));
}, true);
"""
_UNTIL_SHOWN = """word => new Promise(done => {
  const look = () => [...document.querySelectorAll(".preview")].some(one => one.textContent.includes(word))
    ? done(performance.now() - window.pressed) : requestAnimationFrame(look);
  look();
})"""


@contextmanager
def serve_page(folder: Path, provider: str, root: Path = ROOT) -> Iterator[str]:
    """Serve the page from a folder; yield its address."""
    port = find_port()
    environment = {
        "AUDIENCE_BASE_URL": provider,
        "AUDIENCE_MODEL": "m",
        "AUDIENCE_STORE": str(folder / "store.sqlite"),
        "PYTHONPATH": str(root),
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


def measure_typing(page: Page) -> tuple[list[float], list[float]]:
    """Type into a draft at sixteen keys a second; return the seconds to the drawn key, and from word to preview."""
    page.evaluate(_WATCH_KEYS)
    box = page.get_by_role("textbox", name="Draft A", exact=True)
    box.click()
    page.keyboard.type(KEYS * 3, delay=60)
    shown = []
    for number in range(WORDS):
        word = f"marker{number}"
        page.keyboard.type(word, delay=30)
        shown.append(page.evaluate(_UNTIL_SHOWN, word) / 1000)
        page.keyboard.type(" ")
    return [delay / 1000 for delay in page.evaluate("window.delays")], shown


def measure_first_reaction(page: Page, server: OpenAIServer) -> float:
    """Press the button with replies held back, let them go; return the seconds until the first is on the screen."""
    server.hold()
    page.keyboard.press("Tab")
    page.get_by_role("button", name=re.compile(r"^Ask \d+ people, ")).click()
    server.wait_for(1, timeout=60)
    page.get_by_text("Nobody has answered yet").first.wait_for()
    begun = time.perf_counter()
    server.release()
    answered(page).first.wait_for()
    return time.perf_counter() - begun


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


def measure(browser: Browser, root: Path, run_id: str = "", folder: Path | None = None) -> dict[str, float]:
    """Return what typing and the first reaction took in one process; the run of a folder is opened, too."""
    with (
        tempfile.TemporaryDirectory() as place,
        OpenAIServer(key=None) as server,
        serve_page(folder or Path(place), server.base_url, root) as address,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        open_page(page, address)
        page.get_by_text("Who will be asked").wait_for()
        page.get_by_role("button", name="Fill in an example").wait_for()
        delays, shown = measure_typing(page)
        took = dict(zip(LINES, (max(delays), median(shown), max(shown)), strict=False))
        took[list(LINES)[-1]] = measure_first_reaction(page, server)
        if run_id:
            measure_big_result(page, address, run_id)
        page.close()
        return took


LINES = {
    "a key until it is drawn, the slowest": 0.3,
    f"the last key until the preview shows it, the median of {WORDS}": 0.15,
    f"the last key until the preview shows it, the slowest of {WORDS}": 0.3,
    "the first reply until it is on the screen": 1.0,
}
"""What is measured in each process, and what is aimed at."""


def main() -> None:
    """Measure each checkout in turn, and print medians; by itself this one also shows a large run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--beside", type=Path, help="another checkout to measure in turn with this one")
    options = parser.parse_args()
    roots = {"here": ROOT} | ({"beside": options.beside.resolve()} if options.beside else {})
    found: dict[str, list[dict[str, float]]] = {name: [] for name in roots}
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for _ in range(options.rounds):
            for name, root in roots.items():
                found[name].append(measure(browser, root))
        for what, target in LINES.items():
            for name, rounds in found.items():
                report(f"{what}, {name}, median of", f"{len(rounds)}", median(took[what] for took in rounds), target)
        if not options.beside:
            folder = Path(place)
            measure(browser, ROOT, make_big_run(folder / "runs").name, folder)
        browser.close()


if __name__ == "__main__":
    main()
