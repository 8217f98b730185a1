"""What a study's folder says of itself: study.json, with one record a cell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from toolkit.errors import InputError
from toolkit.files import write_atomically
from toolkit.models import LABEL, Record, records

INDEX = "study.json"
State = Literal["waiting", "done", "incomplete", "failed"]
"""`waiting`: not asked yet. `incomplete`: some answers are lacking. `failed`: there is no run at all."""


class CellRecord(Record):
    """One campaign with one audience and one model: where its run is, and what it says."""

    campaign: str
    audience: str
    model: str
    key: str
    """SHA-256 over all that decides what is asked: campaign, audience, model, settings and prompts."""
    state: State = "waiting"
    problem: str | None = None
    """Why something is lacking, in one line."""
    folder: str | None = None
    """The run's folder, from the study's own."""
    objective: str | None = None
    """The action that counts as success."""
    decision: records.Decision | None = None
    draft: str | None = None
    because: str | None = None
    leader: str | None = None
    """The draft with the highest objective rate; the next three are its own."""
    objective_rate: float | None = None
    low: float | None = None
    high: float | None = None
    people: int = 0
    planned: int = 0
    """Persona reactions, as the next three."""
    ok: int = 0
    refused: int = 0
    failed: int = 0
    calls: int = 0
    """Requests sent when the run was last asked for."""
    cost_usd: float | None = None
    """What the answers cost whenever they were asked for, the control reader's included; null if not known."""
    tags: dict[str, dict[str, str]] = Field(default_factory=dict, exclude_if=lambda value: not value)
    """By draft id, the level of each tag."""

    @property
    def name(self) -> str:
        """The cell in words: campaign, audience, model."""
        return f"{self.campaign}, {self.audience}, {self.model}"


class StudyRecord(Record):
    """What study.json holds."""

    label: str = LABEL
    synthetic_respondents: bool = True
    ai_generated: bool = True
    version: str
    settings: dict[str, Any]
    """What is asked in every cell alike."""
    cells: tuple[CellRecord, ...]
    """Those of the latest call, in its order."""
    paid_usd: float | None = None
    """Dollars that the study took so far, all calls together; null if a price is not known.

    Calls that ended without an answer count with the most that they can have cost.
    """
    unknown_usd: float = 0.0
    """The most that calls of a process that was killed can have cost, besides."""
    stopped: str | None = None
    """Why the latest call ended before everything was asked."""


def read_record(folder: Path) -> StudyRecord:
    """Return what study.json says; raise InputError where there is none or nobody can read it."""
    place = folder / INDEX
    if not place.is_file():
        raise InputError(f"{folder}: no study, {INDEX} is missing; name a study's folder")
    try:
        return records.validate_json(StudyRecord, place.read_bytes())
    except (ValidationError, ValueError, OSError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise InputError(f"{place}: the study cannot be read: {said}; make the same study again to mend it") from None


def write_record(folder: Path, record: StudyRecord) -> None:
    """Write study.json, whole or not at all."""
    write_atomically(folder / INDEX, (record.model_dump_json(indent=1) + "\n").encode())


def say_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return which settings differ, such as "repeats was 1 and is 2"; empty if none does."""
    names = [*before, *(name for name in now if name not in before)]
    return ", ".join(
        f"{name} was {before.get(name)!r} and is {now.get(name)!r}"
        for name in names
        if before.get(name) != now.get(name)
    )
