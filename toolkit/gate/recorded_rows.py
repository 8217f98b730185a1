"""The reactions of a recording as plain arrays, from which the checks of a campaign are judged.

A campaign has some hundred reactions and a handful of checks. A query of a data frame takes a third of a millisecond
whatever its size, and a check takes ten, so frames took two thirds of a check's time (`benchmarks/check_speed.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from toolkit.errors import InputError, suggest
from toolkit.gate.names import OwnMeasures, is_same_name, name_own
from toolkit.gate.recording_file import Entry
from toolkit.models import MEASURES, records
from toolkit.questionnaire import Task
from toolkit.results.scoring import RATES, columns

FloatArray = npt.NDArray[np.float64]
IntegerArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RecordedRows:
    """One entry a usable reaction, sorted by persona, wording and repeat; each persona has a number, in that order."""

    reactions: int = 0
    """How many are recorded, refusals included."""
    objective: str = ""
    own: OwnMeasures = field(default_factory=dict)
    """The questions of one's own, by their measures."""
    people: tuple[Mapping[str, str], ...] = ()
    """The segments of each persona."""
    entries: tuple[Entry, ...] = ()
    drafts: npt.NDArray[Any] = field(default_factory=lambda: np.empty(0, dtype=object))
    units: IntegerArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    wordings: IntegerArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    repeats: IntegerArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    weights: FloatArray = field(default_factory=lambda: np.empty(0))

    def narrow(self, where: Mapping[str, str]) -> RecordedRows:
        """Keep personas with these segment values, as they are written in a check."""
        rows = self
        for key, written in where.items():
            own = rows.find_values(key)
            known = {value for value in own if value is not None}
            value = next((one for one in sorted(known) if is_same_name(one, written)), written)
            rows = rows._keep(own == value)
        return rows

    def choose_draft(self, draft: str) -> RecordedRows:
        """Keep the reactions to one draft."""
        return self._keep(self.drafts == draft)

    def find_values(self, key: str) -> npt.NDArray[Any]:
        """Return the value of a segment for each reaction, None where its persona has none."""
        values = np.array([segments.get(key) for segments in self.people], dtype=object)
        return values[self.units] if len(self.people) else values

    def measure(self, name: str) -> FloatArray:
        """Return a rate, a rating or an answer for each reaction, NaN where it is not known."""
        if name in self.own:
            return np.array([_measure_answer(entry, name, self.own[name]) for entry in self.entries], dtype=np.float64)
        if name in MEASURES:
            return np.array([entry.ratings.get(name, np.nan) for entry in self.entries], dtype=np.float64)
        if name == "stop_rate":
            return np.array([_as_number(entry.stopped) for entry in self.entries], dtype=np.float64)
        if name == "negative_rate":
            return np.array([entry.action in records.NEGATIVE for entry in self.entries], dtype=np.float64)
        if name == "objective_rate":
            reached = {self.objective, *(records.READING if self.objective == "read" else ())}
            return np.array([entry.action in reached for entry in self.entries], dtype=np.float64)
        known = (*RATES, *MEASURES, *self.own)
        raise InputError(f"unknown measure {name!r}{suggest(name, known)}; allowed: {', '.join(known)}")

    @property
    def has_models(self) -> bool:
        """Whether several models answered."""
        return len({entry.model for entry in self.entries}) > 1

    def make_frame(self) -> pl.DataFrame:
        """Return the reactions as a frame, with the columns that a comparison of models reads."""
        rows = [
            {
                "draft_id": self.drafts[place],
                "persona_id": str(self.units[place]),
                "weight": self.weights[place],
                "wording": entry.wording,
                "repeat": entry.repeat,
                "model": entry.model,
                "objective": self.objective,
                "status": entry.status,
                "stopped": entry.stopped,
                "action": entry.action,
                **{f"rating_{measure}": rating for measure, rating in entry.ratings.items()},
            }
            for place, entry in enumerate(self.entries)
        ]
        return pl.DataFrame(rows, schema=columns.reactions_schema(()), orient="row")

    def _keep(self, kept: npt.NDArray[np.bool_]) -> RecordedRows:
        places = np.flatnonzero(kept)
        return replace(
            self,
            entries=tuple(self.entries[place] for place in places),
            drafts=self.drafts[places],
            units=self.units[places],
            wordings=self.wordings[places],
            repeats=self.repeats[places],
            weights=self.weights[places],
        )


def _measure_answer(entry: Entry, measure: str, question: records.OwnQuestion) -> float:
    """Return an answer as a number: an option chosen or yes as 1, a share, or itself; NaN where there is none."""
    answer = entry.answers.get(question.id)
    if answer is None:
        return np.nan
    if question.options:
        chosen = answer if isinstance(answer, tuple) else (answer,)
        return float(measure.removeprefix(f"{question.id}=") in chosen)
    if measure.endswith(records.UPPER) and isinstance(answer, float):
        shares = entry.pmfs.get(question.id)
        return float(sum(shares[question.upper - 1 :]) / sum(shares)) if shares else float(answer >= question.upper)
    return float(answer) if isinstance(answer, (bool, float)) else np.nan


def gather_rows(
    kept: Sequence[tuple[Task, Entry]], objective: str, questions: Sequence[records.OwnQuestion] = ()
) -> RecordedRows:
    """Return what of a recording still holds; weights and segments are the audience file's now."""
    answered = [
        (task.persona, task, entry)
        for task, entry in kept
        if task.persona is not None and entry.status == "ok" and entry.action is not None
    ]
    answered.sort(key=lambda one: (one[0].id, one[2].wording, one[1].repeat))
    people = {persona.id: persona.segments for persona, _, _ in answered}
    numbers = {name: number for number, name in enumerate(people)}
    drafts = np.empty(len(answered), dtype=object)
    drafts[:] = [task.draft.id for _, task, _ in answered]
    return RecordedRows(
        reactions=len(kept),
        objective=objective,
        own=name_own(questions),
        people=tuple(people.values()),
        entries=tuple(entry for _, _, entry in answered),
        drafts=drafts,
        units=np.array([numbers[persona.id] for persona, _, _ in answered], dtype=np.int64),
        wordings=np.array([entry.wording for _, _, entry in answered], dtype=np.int64),
        repeats=np.array([task.repeat for _, task, _ in answered], dtype=np.int64),
        weights=np.array([persona.weight for persona, _, _ in answered], dtype=np.float64),
    )


def _as_number(answer: bool | None) -> float:  # noqa: FBT001 - one answer is turned, no option
    return np.nan if answer is None else float(answer)
