"""A campaign with checks and its recording, made by a scripted engine: 24 sellers of jam who want the benefit."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from scripted import ScriptedEngine, reading

from toolkit.gate import record_campaign
from toolkit.models.exchange import Question

CAMPAIGN = """\
campaign: jam
surface: messenger_message
audience: jam-sellers.yaml
objective: click
drafts:
  - id: plain
    text: Send an invoice in the chat.
  - id: benefit
    text: Get paid today, in the chat.
checks:
  - lint: error
  - draft: benefit
    stop_rate: {at_least: 0.5}
  - draft: benefit
    beats: plain
"""


def write_campaign(folder: Path, text: str = CAMPAIGN, people: int = 24) -> Path:
    """Write a campaign and its audience of `people` into a folder; return the campaign's file."""
    folder.mkdir(parents=True, exist_ok=True)
    personas = "".join(
        f"  - {{id: p{number:02}, name: Person{number}, age: {20 + number}, weight: 1, "
        f"segments: {{role: {'seller' if number % 2 else 'buyer'}}}, about: Sells jam at number {number}.}}\n"
        for number in range(people)
    )
    (folder / "jam-sellers.yaml").write_text(f"audience: jam-sellers\npersonas:\n{personas}")
    path = folder / "jam.yaml"
    path.write_text(text)
    return path


def chance(question: Question) -> float:
    """Return a number from 0 to 1 that only the question decides, not the random name of the marks in it."""
    asked = re.sub(r"\b[0-9a-f]{12}\b", "", question.prompt)
    return int(hashlib.sha256(asked.encode()).hexdigest()[:8], 16) / 2**32


def lively(question: Question) -> dict[str, object]:
    """Answer as an audience that stops for everything and taps almost nothing but the benefit."""
    wanted = 0.95 if "Get paid today" in question.prompt else 0.05
    return reading("click" if chance(question) < wanted else "read")


def record(path: Path) -> Path:
    """Record a campaign; return its file."""
    record_campaign(path, engine=ScriptedEngine(lively), rating="direct")
    return path
