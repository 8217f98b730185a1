"""How long `audience check` takes on many campaigns with recordings: python benchmarks/check_speed.py [CAMPAIGNS].

Each campaign has 3 drafts and 24 personas, 72 recorded reactions with ratings and distributions, and 6 checks; four
campaigns share an audience. The time is of one process from start to end, imports included.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolkit.engines import EngineBase
from toolkit.gate import record_campaign
from toolkit.models import MEASURES
from toolkit.models.exchange import Embedded, Form, Guard, Question, Reply

PERSONAS, DRAFTS, SHARED = 24, 3, 4
CHECKS = """checks:
  - lint: error
  - stop_rate: {at_least: 0.2}
  - {draft: d0, where: {role: seller}, negative_rate: {at_most: 0.4}}
  - {draft: d1, beats: d0}
  - {draft: d2, not_worse_than: d0, margin: 0.1}
  - no_segment_below: {key: role, measure: stop_rate, value: 0.1}
"""


class Dice(EngineBase):
    """An engine that answers by the hash of the question."""

    name = "dice"
    model = "dice-1"
    form: Form = "chat"
    concurrency = 8

    async def ask(self, question: Question) -> Reply:
        """Return a valid reading."""
        await asyncio.sleep(0)
        number = int(hashlib.sha256(question.prompt.encode()).hexdigest()[:8], 16)
        glance = ("stop", "stop", "scroll_past")[number % 3]
        said = "That would spare me an evening of messages, if it works the way it says it does."
        fields: dict[str, Any] = {
            "first_glance": glance,
            "action": ("click", "read")[number // 3 % 2],
            "verbatim": said,
            "objection": None,
        }
        fields |= {"quotes": [], "says": dict.fromkeys(MEASURES, f"{said} {number % 7}")}
        return Reply(text=json.dumps(fields), engine=self.name, model=self.model)

    async def embed(
        self,
        texts: Sequence[str],
        model: str,  # noqa: ARG002 - the seam's signature
        before_retry: Guard | None = None,  # noqa: ARG002
    ) -> Embedded:
        """Return a vector of letter counts per text."""
        return Embedded([[float(text.lower().count(letter)) + 0.01 for letter in "etaoinshrdlu7"] for text in texts])


def write_campaigns(folder: Path, count: int) -> list[Path]:
    """Write campaigns with their audiences and recordings; return the campaigns' files."""
    paths = []
    for number in range(count):
        audience = f"audience-{number // SHARED}.yaml"
        people = "".join(
            f"  - id: p{one:02}\n    name: Person{one}\n    age: {20 + one}\n    segments: {{role: "
            f"{('seller', 'buyer')[one % 2]}}}\n    about: Sells jam at number {one} of street {number // SHARED}, "
            "answers in the evening, and has been cheated once.\n"
            for one in range(PERSONAS)
        )
        (folder / audience).write_text(f"audience: a{number // SHARED}\npersonas:\n{people}")
        drafts = "".join(
            f"  - id: d{one}\n    text: Send invoice {one} of campaign {number} without leaving the chat.\n"
            for one in range(DRAFTS)
        )
        path = folder / f"campaign-{number:03}.yaml"
        path.write_text(f"campaign: c{number}\naudience: {audience}\nobjective: click\ndrafts:\n{drafts}{CHECKS}")
        record_campaign(path, engine=Dice(), embedding_model="letters", store=folder / "store.sqlite")
        paths.append(path)
    return paths


def time_command(command: Sequence[str]) -> tuple[float, float, subprocess.CompletedProcess[str]]:
    """Return wall-clock and processor seconds of a process, and what it printed."""
    began, used = time.perf_counter(), os.times()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds, now = time.perf_counter() - began, os.times()
    return seconds, now.children_user - used.children_user + now.children_system - used.children_system, done


def main(count: int) -> None:
    """Print how long one check of all campaigns takes, by command and in pytest, and how large a recording is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_campaigns(folder, count)
        size = sum(path.stat().st_size for path in folder.glob("*.jsonl")) / count
        seconds, processor, done = time_command([sys.executable, "-m", "toolkit", "check", *map(str, paths), "--json"])
        checks = sum(len(one["checks"]) for one in json.loads(done.stdout)["campaigns"])
        print(f"{count} campaigns, {checks} checks, {PERSONAS * DRAFTS} reactions each: {seconds:.1f} s of wall clock,")
        print(f"{processor:.1f} s of processor time; a recording takes {size / 1000:.0f} kB; exit {done.returncode}")
        alone = ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder), str(folder)]
        seconds, processor, done = time_command([sys.executable, "-m", "pytest", "-q", *alone])
        print(f"pytest: {seconds:.1f} s of wall clock, {processor:.1f} s of processor time; exit {done.returncode}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
