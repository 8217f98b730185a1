"""Comparisons: one draft against another, within persona and wording."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from toolkit.errors import InputError, refuse_unknown, suggest
from toolkit.models import records
from toolkit.results.frames import Frame, take_reactions
from toolkit.results.scoring.columns import COMPARISON_SCHEMA
from toolkit.results.scoring.reaction_rows import (
    PRIMARY,
    RATES,
    WHOLE,
    Rows,
    check_distinct,
    check_names,
    count_effective,
    select_control,
    select_rows,
)
from toolkit.results.scoring.rules import LEAST_PERSONAS, LEAST_WORDINGS, SIGNIFICANCE
from toolkit.stats import bradley_terry, corrections, intervals, plans

_CORRECTIONS: dict[str, Callable[[Sequence[float | None]], bradley_terry.FloatArray]] = {
    "holm": corrections.holm,
    "bh": corrections.benjamini_hochberg,
}


@refuse_unknown
def compare(
    reactions: Frame,
    by: str | None = None,
    measure: str = PRIMARY,
    seed: int = 0,  # noqa: ARG001 - kept for the resampling cross-check
    *,
    drafts: Sequence[str] | None = None,
    adjust: str = "holm",
) -> pl.DataFrame:
    """Return one row per pair of drafts and segment value: B minus A with its interval and verdict.

    A stands before B in `drafts`, or else in the order of the rows; where the rows are in no common order, by name.
    Differences are within persona and wording. `low` and `high` are unadjusted; `p_adjusted` is Holm's over all pairs
    and segment values of the call, or with `adjust="bh"`, for exploring, Benjamini-Hochberg's. The verdict follows from
    it: "not enough" under 8 personas or 6 wordings, "too close to call" above 0.05, "unstable" where leaving out one
    wording turns the sign, otherwise "A" or "B".
    `detectable` is the difference that a design of this size would find four times in five. Takes a Polars or pandas
    frame. Raises InputError on a draft, an objective, a measure or an option that the frame does not have.
    """
    check_names(rows := take_reactions(reactions), drafts)
    return compare_pairs(rows, by, measure, drafts, adjust=adjust)


def compare_pairs(
    reactions: pl.DataFrame | pl.LazyFrame,
    by: str | None,
    measure: str,
    drafts: Sequence[str] | None,
    *,
    adjust: str = "holm",
) -> pl.DataFrame:
    """Return what `compare` does, of reactions that a run made: a draft of which none is usable has no rows."""
    selected = select_rows(reactions, by, drafts, measure)
    correct = _choose_correction(adjust)
    pairs = [
        _compare_pair(*drafts_of_pair, value, group, is_rate=measure in RATES)
        for drafts_of_pair, paired in load_pairs(selected)
        for value, group in split_values(selected, paired)
    ]
    adjusted = correct([pair.interval.p_value if pair.interval else None for pair in pairs])
    described = [_describe_pair(pair, by, measure, p) for pair, p in zip(pairs, adjusted, strict=True)]
    return pl.DataFrame(described, schema=COMPARISON_SCHEMA, orient="row")


def control_compare(reactions: pl.DataFrame, *, drafts: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the comparisons of the control reader alone, each wording counted as a reader of its own."""
    compared = compare_pairs(select_control(reactions), None, PRIMARY, drafts)
    return compared.with_columns(segment=pl.lit(records.CONTROL), value=pl.lit(records.CONTROL))


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


def split_values(rows: Rows, paired: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield each segment value with its rows."""
    for value in rows.values:
        yield value, paired if len(rows.values) == 1 else paired.filter(pl.col("value") == value)


def average_repeats(paired: pl.DataFrame) -> pl.DataFrame:
    """Return the mean difference per persona and wording, in the order of the rows."""
    keys = ("unit", "wording", "weight", "value")
    return paired.group_by(keys, maintain_order=True).agg(pl.col("difference").mean())


def _choose_correction(adjust: str) -> Callable[[Sequence[float | None]], bradley_terry.FloatArray]:
    if adjust not in _CORRECTIONS:
        raise InputError(f"unknown adjust {adjust!r}{suggest(adjust, list(_CORRECTIONS))}; allowed: holm, bh")
    return _CORRECTIONS[adjust]


@dataclass(frozen=True, slots=True)
class _Pair:
    draft_a: str
    draft_b: str
    value: str
    interval: intervals.Interval | None
    detectable: float | None
    is_stable: bool


def _compare_pair(draft_a: str, draft_b: str, value: str, paired: pl.DataFrame, *, is_rate: bool) -> _Pair:
    if paired.is_empty():
        return _Pair(draft_a, draft_b, value, None, None, is_stable=False)
    cells = average_repeats(paired)
    columns = [cells[name] for name in ("difference", "weight", "wording", "unit")]
    interval = intervals.cluster_mean(*columns)
    if is_rate:
        interval = intervals.limit_difference(interval, count_effective(paired))
    signs = np.sign(intervals.leave_one_out(*columns[:3]))
    is_stable = bool((signs[~np.isnan(signs)] == np.sign(interval.estimate)).all())
    return _Pair(draft_a, draft_b, value, interval, _find_detectable(paired), is_stable)


def _find_detectable(paired: pl.DataFrame) -> float | None:
    components = plans.variance_components(paired["difference"], paired["unit"], paired["wording"])
    if components is None:
        return None
    repeats = paired.height / paired.select(pl.struct("unit", "wording").n_unique()).item()
    effective = count_effective(paired)
    found = plans.detectable_difference(components, effective, paired["wording"].n_unique(), repeats)
    return found if np.isfinite(found) else None


def _describe_pair(pair: _Pair, by: str | None, measure: str, p_adjusted: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "draft_a": pair.draft_a,
        "draft_b": pair.draft_b,
        "segment": by or WHOLE,
        "value": pair.value,
    }
    row |= {"measure": measure, "verdict": _judge(pair, p_adjusted), "detectable": pair.detectable}
    if pair.interval is None:
        return row
    row |= {"difference": pair.interval.estimate, "low": pair.interval.low, "high": pair.interval.high}
    known = pair.interval.p_value is not None
    return row | {"p_value": pair.interval.p_value, "p_adjusted": float(p_adjusted) if known else None}


def _judge(pair: _Pair, p_adjusted: float) -> str:
    interval = pair.interval
    if interval is None or interval.p_value is None:
        return "not enough"
    if interval.units < LEAST_PERSONAS or interval.clusters < LEAST_WORDINGS:
        return "not enough"
    if p_adjusted > SIGNIFICANCE:
        return "too close to call"
    if not pair.is_stable:
        return "unstable"
    return "B" if interval.estimate > 0 else "A"
