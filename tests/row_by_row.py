"""Scorecards and comparisons worked out row by row, pair by pair: what figures of whole columns must equal."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from random_frames import keep_common

from toolkit.stats import corrections, intervals

Figures = dict[str, float | None]
MEASURES = {"objective_rate": pl.col("action") == pl.col("objective"), "trust": pl.col("rating_trust")}
SCALES = {"objective_rate": (0.0, 1.0), "trust": (1.0, 5.0)}


class _Asked:
    """The people of one segment value: one column for each persona, wording and repeat."""

    def __init__(self, rows: pl.DataFrame, drafts: Sequence[str], measure: str) -> None:
        keys = rows.select(pl.struct("persona_id", "wording", "repeat").rank("dense")).to_series().to_numpy() - 1
        size = int(keys.max()) + 1 if len(keys) else 0
        self.cell, self.person, self.wording = (np.zeros(size, dtype=int) for _ in range(3))
        for labels, names in ((self.cell, ["persona_id", "wording"]), (self.person, ["persona_id"])):
            labels[keys] = rows.select(pl.struct(names).rank("dense")).to_series().to_numpy()
        self.wording[keys] = rows["wording"].to_numpy()
        self.weight = np.zeros(size)
        self.weight[keys] = rows["weight"].to_numpy()
        self.measure = measure
        self.numbers = {draft: np.full(size, np.nan) for draft in drafts}
        self.answered = set(rows["draft_id"])
        known = rows["number"].to_numpy()
        for draft in drafts:
            here = (rows["draft_id"] == draft).to_numpy()
            self.numbers[draft][keys[here]] = known[here]

    def judge(self, numbers: npt.NDArray[np.float64], *, is_level: bool) -> Figures:
        """Return the mean of some numbers with its interval: repeats of a persona count once."""
        has = ~np.isnan(numbers)
        weights = self.weight[has]
        if not weights.any():
            return dict.fromkeys(("estimate", "low", "high", "p_value"))
        cells, first, place = np.unique(self.cell[has], return_index=True, return_inverse=True)
        means = np.bincount(place, numbers[has]) / np.bincount(place)
        columns = (each[has][first] for each in (self.weight, self.wording, self.person))
        assert len(means) == len(cells)
        interval = intervals.cluster_mean(means, *columns)
        people = np.unique(self.person[has], return_index=True)[1]
        effective = intervals.effective_size(weights[people])
        least, most = SCALES[self.measure]
        if is_level:
            interval = intervals.limit_level(interval, effective, (least, most))
        else:
            interval = intervals.limit_difference(interval, effective, span=most - least)
        return {name: getattr(interval, name) for name in ("estimate", "low", "high", "p_value")}


def score_rows(frame: pl.DataFrame, drafts: Sequence[str], measure: str, by: str | None) -> Iterator[Figures]:
    """Yield estimate and interval of each draft and segment value, in the order of a scorecard."""
    asked = _split(frame, drafts, measure, by)
    for draft, people in itertools.product(drafts, asked):
        if draft in people.answered:
            yield people.judge(people.numbers[draft], is_level=True)


def compare_rows(frame: pl.DataFrame, drafts: Sequence[str], measure: str, by: str | None) -> list[Figures]:
    """Return difference, interval and p-values of each pair and segment value, in the order of a comparison."""
    asked = _split(frame, drafts, measure, by)
    found = [
        people.judge(people.numbers[b] - people.numbers[a], is_level=False)
        for (a, b), people in itertools.product(itertools.combinations(drafts, 2), asked)
    ]
    for row, adjusted in zip(found, corrections.holm([row["p_value"] for row in found]), strict=True):
        row["p_adjusted"] = None if row["p_value"] is None else float(adjusted)
    return found


def _split(frame: pl.DataFrame, drafts: Sequence[str], measure: str, by: str | None) -> list[_Asked]:
    """Return the rows that count of each segment value, with the measure as a number."""
    value = pl.lit("all") if by is None else pl.col("segments").struct.field(by)
    rows = keep_common(frame).with_columns(number=MEASURES[measure].cast(pl.Float64), value=value)
    asked = frame.select(value.alias("value").unique()).to_series().drop_nulls().sort()
    return [_Asked(rows.filter(value=name), drafts, measure) for name in asked]
