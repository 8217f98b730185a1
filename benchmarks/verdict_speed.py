"""How long after the last reaction the verdict stands on the screen: `python benchmarks/verdict_speed.py`.

A run of four drafts is answered in the page's own process and watched in real Chromium. Measured is the time from the
last reaction until the sentence with the decision is drawn. `--beside FOLDER` measures another checkout in turn with
this one. Needs Chromium and the dev extra.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

SAID = "of the simulated audience would"
"""Words of the sentence with the decision, here and in earlier versions."""
PATIENCE = 400_000
PAGE = """
import os
import runpy
import sys
import threading
import time
from pathlib import Path

import streamlit as st

root, people, folder = (os.environ[name] for name in ("MEASURED", "PEOPLE", "FOLDER"))
sys.path.insert(0, str(Path(root, "benchmarks")))
from big_run import TEXTS, ScriptedReader, make_audience
from toolkit.models import Campaign, Draft

try:
    from toolkit.ui.caching import live_runs_of_process as find_runs, warm_up
except ImportError:  # before the page's rooms
    from toolkit.ui.state import _runs_of_process as find_runs, _warm_up as warm_up

class Reader(ScriptedReader):
    async def __aexit__(self, *_):
        return None

    async def ask(self, question):
        while not Path(folder, "go").exists():
            import asyncio
            await asyncio.sleep(0.05)
        return await super().ask(question)

@st.cache_resource(show_spinner=False)
def begin():
    drafts = tuple(Draft(id=name, text=text) for name, text in TEXTS.items())
    campaign = Campaign(campaign="many", objective="click", drafts=drafts)
    runs = find_runs()
    options = {"engine": Reader(), "rating": "direct", "store": Path(folder, "s.sqlite")}
    link = runs.start(campaign, make_audience(int(people)), **options)
    live = runs.find(link)

    def note():
        planned = len(live.plan.tasks)
        while len(live.reactions) < planned:
            time.sleep(0.002)
        Path(folder, "last").write_text(f"{time.time()} {time.process_time()}")

    def get_ready():
        warm_up().join()
        Path(folder, "ready").touch()

    threading.Thread(target=note, daemon=True).start()
    threading.Thread(target=get_ready, daemon=True).start()
    return link

st.query_params.setdefault("live", begin())
runpy.run_path(str(Path(root, "app.py")), run_name="__main__")
"""
SERVE = """
import sys

from toolkit.cli.main import main
from toolkit.files import resources

find, page = resources.find_resource, sys.argv.pop()
resources.find_resource = lambda *names: page if names == ("app.py",) else find(*names)
main()
"""
"""Serves a page in place of the toolkit's own, with the settings that this one has."""


def measure(root: Path, people: int) -> tuple[float, float]:
    """Return the seconds from the last reaction to the verdict on the screen, and those of the page's processor."""
    from browsing import CHROMIUM, find_port
    from playwright.sync_api import Error, sync_playwright

    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        folder, port = Path(place), find_port()
        script = folder / "page.py"
        script.write_text(PAGE, encoding="utf-8")
        told = {"MEASURED": str(root), "PEOPLE": str(people), "FOLDER": place, "PYTHONPATH": str(root)}
        environment = {**os.environ, **told, "AUDIENCE_STORE": str(folder / "store.sqlite")}
        command = [sys.executable, "-c", SERVE, "app", "--port", str(port), "--no-browser", str(script)]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(PATIENCE)
            for _ in range(600):
                try:
                    page.goto(f"http://127.0.0.1:{port}")
                except Error:
                    time.sleep(0.1)
                else:
                    break
            page.get_by_text("Nobody has answered yet").first.wait_for()
            while not (folder / "ready").exists():  # what is read once a process is no part of it
                time.sleep(0.1)
            (folder / "go").touch()
            page.get_by_text(SAID).first.wait_for()
            shown, spent = time.time(), find_spent(process.pid)
            browser.close()
            last, before = map(float, (folder / "last").read_text().split())
            return shown - last, spent - before
        finally:
            process.kill()
            process.wait()


def find_spent(pid: int) -> float:
    """Return the processor seconds of a process so far; not a number where the system does not say."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.is_file():
        return float("nan")
    ticks = stat.read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure each size several times, both checkouts in turn, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[250, 2_500], help="each reads four drafts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--beside", type=Path, help="another checkout to measure in turn with this one")
    options = parser.parse_args()
    roots = {"here": ROOT} | ({"beside": options.beside.resolve()} if options.beside else {})
    for people in options.people:
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in roots}
        for _ in range(options.rounds):
            for name, root in roots.items():
                took[name].append(measure(root, people))
        for name, measured in took.items():
            seconds, spent = zip(*measured, strict=True)
            spread = f"{min(seconds):.1f} to {max(seconds):.1f}"
            print(
                f"{4 * people:,} reactions, {name}: {median(seconds):.2f} s from the last reaction to the verdict "
                f"on the screen (median of {len(seconds)}, {spread}), of which {median(spent):.2f} s of processor time",
                flush=True,
            )


if __name__ == "__main__":
    main()
