"""What a study costs beside a loop of runs: `python benchmarks/study_speed.py [CAMPAIGNS] [--loop-of CHECKOUT]`.

An engine in the same process answers at once, so all that is measured is the toolkit's own work: prompts, replies,
store, frames, statistics and folders. Each way runs in a process of its own, one after the other. `--loop-of` takes
the loop's code from another checkout, such as that of an earlier version.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TEXTS = {
    "plain": "Send a PayPal invoice for {thing} in the chat.",
    "question": "Still waiting to be paid for {thing}?",
    "benefit": "Get paid for {thing} today.",
}
ACTIONS = ("read", "read", "react", "click", "click", "reply", "save", "hide")
MEASURES = ("relevance", "clarity", "trust", "appeal", "intent")
PEOPLE = 60


def work(way: str, campaigns: int, folder: Path) -> None:
    """Make all runs in one way, and print CPU seconds and peak megabytes."""
    import toolkit
    from toolkit.engines import EngineBase
    from toolkit.models.exchange import Question, Reply

    class Reader(EngineBase):
        """Answers at once, by the digits of the question's key."""

        model = "reader-1"
        concurrency = 16

        async def ask(self, question: Question) -> Reply:
            """Return a whole reaction."""
            digits = bytes.fromhex(question.key)
            said: dict[str, Any] = {
                "first_glance": ("stop", "stop", "scroll_past")[digits[0] % 3],
                "action": ACTIONS[digits[1] % len(ACTIONS)],
                "verbatim": f"That is worth {digits[2]} pounds to me.",
                "objection": None,
                "quotes": [],
                "ratings": {name: 1 + digits[place] % 5 for place, name in enumerate(MEASURES, 3)},
            }
            return Reply(text=json.dumps(said), engine=self.name, model=self.model)

    people = toolkit.Audience(
        audience="sellers",
        personas=tuple(
            toolkit.Persona(
                id=f"p{number}",
                name=f"Person {number}",
                age=20 + number % 40,
                about=f"Sells at stall {number} in town {number % 7}, and answers buyers at night.",
                segments={"age": "young" if number % 2 else "old", "role": ("seller", "buyer", "both")[number % 3]},
            )
            for number in range(PEOPLE)
        ),
    )
    drafts = [
        toolkit.Campaign(
            campaign=f"goods-{number:03}",
            objective="click",
            drafts=tuple(
                toolkit.Draft(id=name, text=text.format(thing=f"parcel {number}")) for name, text in TEXTS.items()
            ),
        )
        for number in range(campaigns)
    ]
    store = folder / "replies.sqlite"
    toolkit.run(drafts[0], people, engine=Reader(), rating="direct", sample=2, store=folder / "first.sqlite").verdict()
    began = time.process_time()
    if way == "study":
        made = toolkit.study(
            drafts, audiences=people, engine=Reader(), rating="direct", folder=folder / "study", store=store
        )
        rows = made.verdicts().height
    else:
        rows = 0
        for campaign in drafts:
            run = toolkit.run(campaign, people, engine=Reader(), rating="direct", store=store)
            run.save(folder / "runs" / run.run_id)
            rows += len(run.verdict().because) > 0
    if rows != campaigns:
        raise SystemExit(f"{rows} of {campaigns} runs were made")
    seconds = time.process_time() - began
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": megabytes}))


def measure(way: str, campaigns: int, code: Path) -> dict[str, float]:
    """Return what one way took, with the code of a checkout."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, __file__, str(campaigns), "--way", way, "--folder", folder],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(code)},
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure both ways and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("campaigns", type=int, nargs="?", default=200)
    parser.add_argument("--loop-of", type=Path, default=ROOT, help="the checkout that the loop's code is taken from")
    parser.add_argument("--way", choices=["loop", "study"])
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.way is not None:
        work(given.way, given.campaigns, given.folder)
        return
    print(f"{given.campaigns} campaigns x {len(TEXTS)} drafts x {PEOPLE} people")
    found = {way: measure(way, given.campaigns, code) for way, code in (("loop", given.loop_of), ("study", ROOT))}
    for way, took in found.items():
        print(f"{way}: {took['seconds']:.1f} CPU seconds, {took['megabytes']:.0f} MB at the peak")
    print(f"the study takes {found['study']['seconds'] / found['loop']['seconds']:.2f} of the loop")


if __name__ == "__main__":
    main()
