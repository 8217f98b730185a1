"""From reactions to scorecards, comparisons and a verdict. Reactions of any age and origin will do."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from toolkit import stats
from toolkit.errors import InputError, suggest
from toolkit.models import CONTROL, MEASURES, NEGATIVE, Verdict

RATES = ("stop_rate", "objective_rate", "negative_rate")
PRIMARY = "objective_rate"
LEAST_PERSONAS = 8
LEAST_WORDINGS = 6
SIGNIFICANCE = 0.05
_WHOLE = "all"
_KEY = ("draft_id", "persona_id", "wording", "repeat")

SCORECARD_SCHEMA = {
    "draft_id": pl.String,
    "segment": pl.String,
    "value": pl.String,
    "measure": pl.String,
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "personas": pl.Int64,
    "reactions": pl.Int64,
}
COMPARISON_SCHEMA = {
    "draft_a": pl.String,
    "draft_b": pl.String,
    "segment": pl.String,
    "value": pl.String,
    "measure": pl.String,
    "difference": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p_value": pl.Float64,
    "p_adjusted": pl.Float64,
    "detectable": pl.Float64,
    "verdict": pl.String,
}


def scorecard(
    reactions: pl.DataFrame | pl.LazyFrame, by: str | None = None, *, drafts: Sequence[str] | None = None
) -> pl.DataFrame:
    """Return one row per draft, segment value and measure: estimate, 95 % interval and counts.

    `by` names a segment key; without it the row is of the whole audience, `segment = value = "all"`. Rates are shares
    from 0 to 1 of everyone shown the draft; ratings run from 1 to 5 and describe only those who stopped. Intervals
    are clustered on wordings and null where one persona or one wording leaves nothing to estimate them from.
    Rows of the control reader, and refused or failed ones, enter nothing. Raises InputError on a missing column and on
    two rows of the same draft, persona, wording and repeat.
    """
    cells = _average_repeats(_select_reactions(reactions, by))
    rows = []
    for draft in _order_drafts(cells, drafts):
        of_draft = cells.filter(pl.col("draft_id") == draft)
        for value, group in _split(of_draft):
            rows += [_score(draft, by, value, measure, group) for measure in _measures(cells)]
    return pl.DataFrame(rows, schema=SCORECARD_SCHEMA, orient="row")


def control_scorecard(reactions: pl.DataFrame, *, drafts: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the scorecard of the control reader alone, each wording counted as a reader of its own."""
    readers = reactions.filter(pl.col("persona_id") == CONTROL).with_columns(
        persona_id=pl.format("reader-{}", "wording"), weight=pl.lit(1.0)
    )
    rows = scorecard(readers, drafts=drafts)
    return rows.with_columns(segment=pl.lit(CONTROL), value=pl.lit(CONTROL))


def compare(
    reactions: pl.DataFrame | pl.LazyFrame,
    by: str | None = None,
    measure: str = PRIMARY,
    seed: int = 0,  # noqa: ARG001 - kept for the resampling cross-check
    *,
    drafts: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Return one row per pair of drafts and segment value: B minus A with its interval and verdict.

    A stands before B in `drafts`, or else in the order of the rows; where the rows are in no common order, by name.
    Differences are within persona and wording. `low` and `high` are unadjusted; `p_adjusted` is Holm's over all pairs
    and segment values of the call, and the verdict follows from it: "not enough" under 8 personas or 6 wordings, "too
    close to call" above 0.05, "unstable" where leaving out one wording turns the sign, otherwise "A" or "B".
    `detectable` is the difference that a design of this size would find four times in five.
    """
    rows = _select_reactions(reactions, by)
    if measure not in _measures(rows):
        raise InputError(
            f"unknown measure {measure!r}{suggest(measure, _measures(rows))}; allowed: {', '.join(_measures(rows))}"
        )
    pairs = list(_compare_pairs(rows, _order_drafts(rows, drafts), measure))
    adjusted = stats.holm([pair.interval.p_value if pair.interval else None for pair in pairs])
    described = [_describe_pair(pair, by, measure, p) for pair, p in zip(pairs, adjusted, strict=True)]
    return pl.DataFrame(described, schema=COMPARISON_SCHEMA, orient="row")


def decide(comparisons: pl.DataFrame, cards: pl.DataFrame) -> Verdict:
    """Return the verdict of a run from its comparisons and scorecard on the primary measure, whole audience."""
    rates = cards.filter((pl.col("measure") == PRIMARY) & pl.col("estimate").is_not_null())
    if cards["draft_id"].n_unique() == 1:
        return _describe_single(rates)
    if rates.is_empty():
        return Verdict(decision="not enough", because="no reaction could be used; see the failed and refused counts.")
    best = rates.sort("estimate", descending=True, maintain_order=True).row(0, named=True)
    rivals = comparisons.filter((pl.col("draft_a") == best["draft_id"]) | (pl.col("draft_b") == best["draft_id"]))
    verdicts = set(rivals["verdict"])
    for decision in ("not enough", "too close to call", "unstable"):
        if decision in verdicts:
            row = rivals.filter(pl.col("verdict") == decision).row(0, named=True)
            return Verdict(decision=decision, because=_say_why(decision, row, best))
    closest = rivals.sort("p_adjusted", descending=True).row(0, named=True)
    return Verdict(decision="best", draft=best["draft_id"], because=_say_why("best", closest, best))


@dataclass(frozen=True, slots=True)
class _Pair:
    draft_a: str
    draft_b: str
    value: str
    interval: stats.Interval | None
    detectable: float | None
    is_stable: bool


def _select_reactions(reactions: pl.DataFrame | pl.LazyFrame, by: str | None) -> pl.DataFrame:
    """Return the usable rows: identity, weight, segment value and one number per measure."""
    frame = reactions.lazy()
    schema = frame.collect_schema()
    _check_columns(schema)
    ratings = [f"rating_{measure}" for measure in MEASURES if f"rating_{measure}" in schema]
    usable = (pl.col("persona_id") != CONTROL) & pl.col("action").is_not_null()
    if "status" in schema:
        usable &= pl.col("status") == "ok"
    rows = frame.filter(usable).select(
        *_KEY,
        "weight",
        _segment_value(schema, by).alias("value"),
        pl.col("stopped").cast(pl.Float64).alias("stop_rate"),
        (pl.col("action") == pl.col("objective")).cast(pl.Float64).alias("objective_rate"),
        pl.col("action").is_in(NEGATIVE).cast(pl.Float64).alias("negative_rate"),
        *(pl.col(name).cast(pl.Float64).alias(name.removeprefix("rating_")) for name in ratings),
    )
    selected = rows.collect(engine="streaming")
    _check_distinct(selected)
    return selected.filter(pl.col("value").is_not_null())


def _check_columns(schema: pl.Schema) -> None:
    needed = (*_KEY, "weight", "segments", "stopped", "action", "objective")
    missing = [name for name in needed if name not in schema]
    if missing:
        raise InputError(f"reactions lack the column {missing[0]!r}; needed: {', '.join(needed)}")


def _segment_value(schema: pl.Schema, by: str | None) -> pl.Expr:
    if by is None:
        return pl.lit(_WHOLE)
    fields = schema["segments"]
    keys = [field.name for field in fields.fields] if isinstance(fields, pl.Struct) else []
    if by not in keys:
        raise InputError(f"no segment key {by!r}{suggest(by, keys)}; this audience has: {', '.join(keys) or 'none'}")
    return pl.col("segments").struct.field(by).cast(pl.String)


def _check_distinct(rows: pl.DataFrame) -> None:
    repeated = rows.select(pl.struct(_KEY).is_duplicated().arg_true().first()).item()
    if repeated is not None:
        row = rows.row(repeated, named=True)
        place = ", ".join(f"{name} {row[name]!r}" for name in _KEY)
        raise InputError(f"two reactions share {place}; keep one, or give each draw its own repeat")


def _measures(rows: pl.DataFrame) -> list[str]:
    return [name for name in (*RATES, *MEASURES) if name in rows.columns]


def _average_repeats(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row per draft, persona and wording: the persona is the unit, so repeats count once."""
    measures = _measures(rows)
    return rows.group_by("draft_id", "persona_id", "wording", "weight", "value", maintain_order=True).agg(
        pl.col(measures).mean(),
        *(pl.col(name).count().alias(f"{name}_reactions") for name in measures),
    )


def _order_drafts(rows: pl.DataFrame, drafts: Sequence[str] | None) -> list[str]:
    """Return the drafts in the order given, else in row order where all personas share one, else by name."""
    present = rows["draft_id"].unique(maintain_order=True).to_list()
    if drafts is not None:
        return [draft for draft in drafts if draft in set(present)]
    orders = rows.group_by("persona_id").agg(pl.col("draft_id").unique(maintain_order=True))["draft_id"].to_list()
    place = {draft: index for index, draft in enumerate(present)}
    consistent = all([place[draft] for draft in order] == sorted(place[draft] for draft in order) for order in orders)
    return present if consistent else sorted(present)


def _split(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for value in sorted(rows["value"].unique()):
        yield value, rows.filter(pl.col("value") == value)


def _score(draft: str, by: str | None, value: str, measure: str, cells: pl.DataFrame) -> dict[str, Any]:
    known = cells.filter(pl.col(measure).is_not_null()).sort("persona_id", "wording")
    row: dict[str, Any] = {"draft_id": draft, "segment": by or _WHOLE, "value": value, "measure": measure}
    row |= {"personas": known["persona_id"].n_unique(), "reactions": int(known[f"{measure}_reactions"].sum())}
    if known.is_empty():
        return row
    interval = stats.cluster_mean(known[measure], known["weight"], known["wording"], known["persona_id"])
    low, high = interval.low, interval.high
    if low is not None and high is not None and measure in RATES:
        if interval.standard_error == 0:
            low, high = stats.exact_interval(interval.estimate, _count_effective(known))
        low, high = max(low, 0.0), min(high, 1.0)
    return row | {"estimate": interval.estimate, "low": low, "high": high}


def _count_effective(cells: pl.DataFrame) -> float:
    return stats.effective_size(cells.group_by("persona_id").agg(pl.col("weight").first())["weight"].to_numpy())


def _compare_pairs(rows: pl.DataFrame, drafts: Sequence[str], measure: str) -> Iterator[_Pair]:
    known = rows.filter(pl.col(measure).is_not_null())
    for draft_a, draft_b in itertools.combinations(drafts, 2):
        keys = ["persona_id", "wording", "repeat", "value"]
        a, b = (
            known.filter(pl.col("draft_id") == draft).select(*keys, "weight", measure) for draft in (draft_a, draft_b)
        )
        paired = a.join(b, on=keys, suffix="_b").with_columns(difference=pl.col(f"{measure}_b") - pl.col(measure))
        for value in sorted(rows["value"].unique()):
            group = paired.filter(pl.col("value") == value).sort("persona_id", "wording", "repeat")
            yield _compare_pair(draft_a, draft_b, value, group)


def _compare_pair(draft_a: str, draft_b: str, value: str, paired: pl.DataFrame) -> _Pair:
    if paired.is_empty():
        return _Pair(draft_a, draft_b, value, None, None, is_stable=False)
    cells = paired.group_by("persona_id", "wording", "weight", maintain_order=True).agg(pl.col("difference").mean())
    columns = [cells[name] for name in ("difference", "weight", "wording", "persona_id")]
    interval = stats.cluster_mean(*columns)
    signs = np.sign(stats.leave_one_out(*columns[:3]))
    is_stable = bool((signs[~np.isnan(signs)] == np.sign(interval.estimate)).all())
    return _Pair(draft_a, draft_b, value, interval, _find_detectable(paired), is_stable)


def _find_detectable(paired: pl.DataFrame) -> float | None:
    components = stats.variance_components(paired["difference"], paired["persona_id"], paired["wording"])
    if components is None:
        return None
    repeats = paired.height / paired.select(pl.struct("persona_id", "wording").n_unique()).item()
    effective = _count_effective(paired)
    found = stats.detectable_difference(components, effective, paired["wording"].n_unique(), repeats)
    return found if np.isfinite(found) else None


def _describe_pair(pair: _Pair, by: str | None, measure: str, p_adjusted: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "draft_a": pair.draft_a,
        "draft_b": pair.draft_b,
        "segment": by or _WHOLE,
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


def _describe_single(rates: pl.DataFrame) -> Verdict:
    if rates.is_empty():
        return Verdict(decision="single draft", because="no reaction could be used; see the failed and refused counts.")
    return Verdict(
        decision="single draft", because=f"there is nothing to compare with: {_say_rate(rates.row(0, named=True))}."
    )


def _say_rate(row: dict[str, Any]) -> str:
    spread = f" ({row['low']:.0%} to {row['high']:.0%})" if row["low"] is not None else ""
    share = f"{row['estimate']:.0%}{spread}"
    return f"{row['draft_id']} reached the objective with {share} of the simulated audience of {row['personas']}"


def _say_points(row: dict[str, Any]) -> str:
    if row["difference"] is None:
        return "no persona reacted to both"
    spread = f", {100 * row['low']:.0f} to {100 * row['high']:.0f}" if row["low"] is not None else ""
    return f"difference {100 * row['difference']:.0f} points{spread}"


def _say_why(decision: str, row: dict[str, Any], best: dict[str, Any]) -> str:
    pair = f"{row['draft_b']} against {row['draft_a']}: {_say_points(row)}"
    if decision == "best":
        return f"{_say_rate(best)}; closest rival: {pair}."
    if decision == "unstable":
        return f"{pair}, but leaving out one wording of the question turns the sign."
    if decision == "not enough":
        least = f"at least {LEAST_PERSONAS} personas under {LEAST_WORDINGS} wordings"
        return f"{pair}; a verdict needs {least} who react to both drafts."
    detectable = (
        f"; a panel of this size could tell {100 * row['detectable']:.0f} points apart" if row["detectable"] else ""
    )
    return f"{pair}{detectable}."
