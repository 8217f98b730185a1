"""How long until the page can be typed on: `python benchmarks/start_speed.py`.

`audience app` is started in an empty folder, in turn with that of another checkout where `--beside FOLDER` names one.
Its page is opened in real Chromium as soon as it is served. Measured is the time until the box of the first draft was
clicked and has the cursor. A second browser session then opens the same page at once, and a third once the process has
nothing more to read. No session has a file of the page yet. Processor time is that of the page's process. Needs
Chromium and the dev extra.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from verdict_speed import find_spent  # noqa: E402

PATIENCE = 60_000
PAUSE = 0.01
PARTS = ("from the start", "a second session", "a third, once all is quiet")


class Took(NamedTuple):
    """What something took."""

    seconds: float
    spent: float
    """Processor seconds of the page's process."""


def measure(root: Path, compiled: str) -> list[Took]:
    """Return what each of `PARTS` took with one start of the page, whose code is kept `compiled` as where installed."""
    from browsing import CHROMIUM, find_port
    from playwright.sync_api import Browser, expect, sync_playwright

    def use(browser: Browser) -> None:
        """Open the page in a session of its own, and go into the box; what is typed would be kept for the next."""
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address, wait_until="commit")
        box = page.get_by_role("textbox", name="Draft A", exact=True)
        box.click()
        expect(box).to_be_focused(timeout=PATIENCE)

    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver, ExitStack() as ends:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        ends.callback(browser.close)
        port = find_port()
        address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "toolkit", "app", "--port", str(port), "--no-browser"]
        told = {"AUDIENCE_STORE": str(Path(place, "store.sqlite")), "PYTHONPYCACHEPREFIX": compiled}
        environment = {**os.environ, **told, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": ""}
        took, begun, before = [], time.perf_counter(), 0.0
        process = subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.DEVNULL)
        ends.callback(process.wait)
        ends.callback(process.kill)
        for part in PARTS:
            if part == PARTS[-1]:
                wait_until_quiet(process.pid)
            if part != PARTS[0]:
                begun, before = time.perf_counter(), find_spent(process.pid)
            wait_until_served(port)
            use(browser)
            took.append(Took(time.perf_counter() - begun, find_spent(process.pid) - before))
        return took


def wait_until_served(port: int) -> None:
    """Return once somebody listens at a port: a browser that is refused takes its time to ask again."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(PAUSE)
        else:
            return


def wait_until_quiet(pid: int) -> None:
    """Return once a process has done next to nothing for a second, as after what it reads in advance."""
    spent = -1.0
    while find_spent(pid) - spent > PAUSE * 5:
        spent = find_spent(pid)
        time.sleep(1.0)


def main() -> None:
    """Measure several starts, both checkouts in turn, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--beside", type=Path, help="another checkout to measure in turn with this one")
    options = parser.parse_args()
    roots = {"here": ROOT} | ({"beside": options.beside.resolve()} if options.beside else {})
    found: dict[str, list[list[Took]]] = {name: [] for name in roots}
    with tempfile.TemporaryDirectory() as compiled:
        for root in roots.values():
            measure(root, compiled)  # no figure: it compiles what is not compiled yet
        for _ in range(options.rounds):
            for name, root in roots.items():
                found[name].append(measure(root, compiled))
    for number, part in enumerate(PARTS):
        for name, rounds in found.items():
            seconds, spent = zip(*(took[number] for took in rounds), strict=True)
            print(
                f"{part}, {name}: {median(seconds):.2f} s until the cursor is in the box (median of {len(seconds)}, "
                f"{min(seconds):.2f} to {max(seconds):.2f}), of which {median(spent):.2f} s of processor time",
                flush=True,
            )


if __name__ == "__main__":
    main()
