"""Comparisons: one draft against another, within persona and wording."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from toolkit.errors import A_TEXT, InputError, accept_only, suggest
from toolkit.models import records
from toolkit.results.frames import Frame, take_reactions
from toolkit.results.scoring.columns import COMPARISON_SCHEMA, DOUBT_SCHEMA
from toolkit.results.scoring.grids import OK, FloatArray, Grid, load_grids
from toolkit.results.scoring.pairs import Compared, compare_all, number_pairs
from toolkit.results.scoring.reaction_rows import (
    PRIMARY,
    SEGMENT,
    By,
    Rows,
    check_campaigns,
    check_distinct,
    check_names,
    name_by,
    select_control,
)
from toolkit.results.scoring.rules import SIGNIFICANCE
from toolkit.stats import corrections, moderation

_CORRECTIONS: dict[str, Callable[[Sequence[float | None] | FloatArray], FloatArray]] = {
    "holm": corrections.holm,
    "bh": corrections.benjamini_hochberg,
}


RULES = (
    "The verdict on each pair is corrected for how many pairs there are (Holm); the best draft is decided without that "
    "correction, each rival at p 0.05, because best means ahead of every one of them."
)
"""Why one pair may be too close to call by itself and still be part of what makes a draft the best."""


@accept_only(by=SEGMENT, measure=A_TEXT)
def compare(
    reactions: Frame,
    by: By = None,
    measure: str = PRIMARY,
    seed: int = 0,  # noqa: ARG001 - kept for the resampling cross-check
    *,
    drafts: Sequence[str] | None = None,
    adjust: str = "holm",
) -> pl.DataFrame:
    """Return one row per pair of drafts and segment value: B minus A with its interval and verdict.

    A stands before B in `drafts`, or else in the order of the rows; if the rows are in no common order, by name. `by`
    is as for `scorecard`.
    Differences are within persona and wording, of those who answered every draft compared; name two `drafts` to compare
    those alone, and if nobody answered all, each pair goes by who answered both. `low` and `high` are unadjusted;
    `p_adjusted` is Holm's over all pairs and segment values of the call, or with `adjust="bh"`, for exploring,
    Benjamini-Hochberg's. The verdict follows from it: "not enough" under 8 personas or 6 wordings, "too close to call"
    above 0.05, "unstable" if leaving out one wording turns the sign, or if those whom the model refused could,
    otherwise "A" or "B". `decides` is the same from `p_value`: a draft is best if it decides against each rival.
    `detectable` is the lead that a design of this size would call best four times in five among so many drafts; null if
    nothing varies. Takes frames as `scorecard` does. Raises InputError on a draft, an objective, a measure or an option
    that the frame does not have, and on a draft id of several campaigns: a study compares a tag over those.


    Examples:
        >>> toolkit.compare(run.reactions).columns[:2]
        ['draft_a', 'draft_b']
    """
    check_names(rows := take_reactions(reactions), drafts, compared=measure == PRIMARY)
    check_campaigns(rows, drafts)
    return compare_pairs(rows, by, measure, drafts, adjust=adjust).select(list(COMPARISON_SCHEMA))


def compare_pairs(
    reactions: pl.DataFrame | pl.LazyFrame,
    by: By,
    measure: str,
    drafts: Sequence[str] | None,
    *,
    adjust: str = "holm",
) -> pl.DataFrame:
    """Return what `compare` does, with the columns that explain a verdict; unknown drafts have no rows."""
    (grid,) = load_grids(reactions, by, drafts, measure)
    return compare_grid(grid, by, measure, adjust=adjust)


def compare_grid(grid: Grid, by: By, measure: str, *, adjust: str = "holm") -> pl.DataFrame:
    """Return the comparisons of a grid, with the columns that explain a verdict."""
    return describe_pairs(grid, compare_all(grid, measure), by, measure, adjust=adjust)


def describe_pairs(
    grid: Grid, compared: Sequence[Compared], by: By, measure: str, *, adjust: str = "holm"
) -> pl.DataFrame:
    """Return one row per pair and segment value: pairs in the order of the drafts, then values."""
    return describe_measures(grid, {measure: compared}, by, adjust=adjust)[measure]


def describe_measures(
    grid: Grid,
    compared: Mapping[str, Sequence[Compared]],
    by: By,
    *,
    adjust: str = "holm",
    error: float = SIGNIFICANCE,
) -> dict[str, pl.DataFrame]:
    """Return what `describe_pairs` does for each of several measures, made as one table and cut.

    A verdict takes a p-value of at most `error`.
    """
    correct = _choose_correction(adjust)
    drafts, values = grid.drafts, grid.values
    a, b = number_pairs(len(drafts))
    lines, measures = len(a) * len(values), len(compared)

    def line_up(name: str) -> npt.NDArray[Any]:
        columns = [[getattr(pairs, name) for pairs in of_measure] for of_measure in compared.values()]
        return np.concatenate([np.stack(each, axis=1).ravel() if each else np.empty(0) for each in columns])

    shown = ("estimate", "low", "high", "p_value", "detectable")
    numbers = {name: line_up(name) for name in shown}
    enough, estimate, p_value = line_up("is_enough").astype(bool), numbers["estimate"], numbers["p_value"]
    holds = {name: line_up(name).astype(bool) for name in ("holds_wordings", "holds_refusals")}
    p_adjusted = np.concatenate([correct(of_measure) for of_measure in np.split(p_value, measures)])
    leader = np.where(estimate > 0, "B", "A")

    def judge(p_values: FloatArray) -> npt.NDArray[np.str_]:
        doubts = [~enough, p_values > error, ~(holds["holds_wordings"] & holds["holds_refusals"])]
        return np.select(doubts, ["not enough", "too close to call", "unstable"], leader)

    columns: dict[str, list[str] | npt.NDArray[Any]] = {
        "draft_a": [drafts[place] for place in a for _ in values] * measures,
        "draft_b": [drafts[place] for place in b for _ in values] * measures,
        "segment": [name_by(by)] * len(enough),
        "value": [*values] * len(a) * measures,
        "measure": [measure for measure in compared for _ in range(lines)],
        "difference": estimate,
        **{name: numbers[name] for name in shown[1:]},
        "p_adjusted": p_adjusted,
        "verdict": judge(p_adjusted),
        "decides": judge(p_value),
        "personas": line_up("units").astype(np.int64),
        **holds,
    }
    schema = COMPARISON_SCHEMA | DOUBT_SCHEMA
    table = pl.DataFrame(
        [pl.Series(name, columns[name], dtype=kind, nan_to_null=True) for name, kind in schema.items()]
    )
    return {measure: table.slice(number * lines, lines) for number, measure in enumerate(compared)}


def control_compare(reactions: pl.DataFrame, *, drafts: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the comparisons of the control reader alone, each wording counted as a reader of its own."""
    compared = compare_pairs(select_control(reactions), None, PRIMARY, drafts).select(list(COMPARISON_SCHEMA))
    return compared.with_columns(segment=pl.lit(records.CONTROL), value=pl.lit(records.CONTROL))


@dataclass(frozen=True, slots=True)
class Gaps:
    """For how many people each draft has no answer, of those who were asked about all drafts."""

    personas: int
    lost: dict[str, int]
    p_value: float | None
    """Of the same share for all drafts; None if nobody is lost to some drafts alone."""

    @property
    def is_unequal(self) -> bool:
        """Whether drafts differ in it by more than chance."""
        return self.p_value is not None and self.p_value <= SIGNIFICANCE

    def say(self) -> str:
        """Return it in a sentence, such as "People without an answer: A 40 of 100, B 0 of 100"."""
        each = ", ".join(f"{draft} {lost} of {self.personas}" for draft, lost in self.lost.items())
        return f"People without an answer: {each}"


def find_gaps(grid: Grid) -> Gaps:
    """Return for how many people each draft has no answer, and whether drafts differ in it."""
    asked = np.flatnonzero((grid.state > 0).all(axis=0)) if grid.drafts else np.arange(0)
    people, place = np.unique(grid.places.persona[asked], return_inverse=True)
    lost = np.zeros((len(people), len(grid.drafts)))
    np.maximum.at(lost, place, (grid.state[:, asked] != OK).T.astype(np.float64))
    counts = dict(zip(grid.drafts, lost.sum(axis=0).astype(int).tolist(), strict=True))
    return Gaps(len(people), counts, moderation.equal_shares(lost))


def load_pairs(rows: Rows) -> Iterator[tuple[tuple[str, str], pl.DataFrame]]:
    """Yield each pair of drafts with one row per persona, wording and repeat that reacted to both: B minus A.

    Where the rows are of a single measure. Sorted, so that no sum depends on the order of the reactions.
    """
    (measure,) = rows.measures
    keys = ["persona_id", "wording", "repeat", "value"]
    of_draft = {draft: rows.frame.filter(pl.col("draft_id") == draft) for draft in rows.drafts}
    for each in of_draft.values():
        check_distinct(each)
    for draft_a, draft_b in itertools.combinations(rows.drafts, 2):
        a, b = (of_draft[draft].drop_nulls([measure, "value"]) for draft in (draft_a, draft_b))
        paired = a.join(b.select(*keys, measure), on=keys, suffix="_b").select(
            *keys, "weight", (pl.col(f"{measure}_b") - pl.col(measure)).alias("difference")
        )
        ordered = paired.sort("persona_id", "wording", "repeat", "value").collect(engine="streaming")
        yield (draft_a, draft_b), ordered.with_columns(unit=pl.col("persona_id").rle_id().cast(pl.Int64))


def average_repeats(paired: pl.DataFrame) -> pl.DataFrame:
    """Return the mean difference per persona and wording, in the order of the rows."""
    keys = ("unit", "wording", "weight", "value")
    return paired.group_by(keys, maintain_order=True).agg(pl.col("difference").mean())


def _choose_correction(adjust: str) -> Callable[[Sequence[float | None] | FloatArray], FloatArray]:
    if adjust not in _CORRECTIONS:
        raise InputError(f"unknown adjust {adjust!r}{suggest(adjust, list(_CORRECTIONS))}; allowed: holm, bh")
    return _CORRECTIONS[adjust]
