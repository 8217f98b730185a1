"""Scorecards: what each draft reached, by segment value and measure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from toolkit.errors import accept_only
from toolkit.models import records
from toolkit.results.frames import Frame, take_reactions
from toolkit.results.scoring.columns import SCORECARD_SCHEMA
from toolkit.results.scoring.grids import (
    FlagArray,
    FloatArray,
    Grid,
    IntegerArray,
    Places,
    average_cells,
    first_of,
    load_grids,
)
from toolkit.results.scoring.reaction_rows import SEGMENT, By, check_names, name_by, select_control
from toolkit.stats import cells, intervals

MEDIAN = ".median"
"""Ends the name of a number's median in a scorecard."""


@accept_only(by=SEGMENT)
def scorecard(reactions: Frame, by: By = None, *, drafts: Sequence[str] | None = None) -> pl.DataFrame:
    """Return one row per draft, segment value and measure: estimate, 95 % interval and counts.

    `by` names a segment key, another column such as "model", or several of them: `value` then has commas between the
    values. Without it the row is of the whole audience, `segment = value = "all"`. Rates are shares
    from 0 to 1 of everyone shown the draft; ratings run from 1 to 5 and describe only those who stopped. Questions of
    one's own are measures too: `id` for a scale, yes or no (a share) and a number (with `id.median`), `id=option` for a
    choice; each describes those who answered it, and who was not sure is not among them. All drafts of
    a campaign go by the same people, those who answered every one of them, and `personas` says how many; name one in
    `drafts` for everybody who answered that, and if nobody answered all, each draft goes by who answered it. Intervals
    are clustered on wordings, lie inside the scale, and are null if one persona or one wording leaves nothing to
    estimate them from. A lazy frame is streamed: of a Parquet file only the columns needed are read. Rows of the
    control reader, and refused or failed ones, enter nothing. Takes a frame of Polars, pandas, PyArrow or DuckDB, or a
    list of mappings. Raises InputError on a missing column, on a draft or an objective that the frame does not have, on
    a `by` that it does not have, and on two rows of the same draft, persona, wording and repeat.

    Examples:
        >>> toolkit.scorecard(run.reactions)["draft_id"].unique(maintain_order=True).to_list()
        ['plain', 'benefit']
    """
    check_names(rows := take_reactions(reactions), drafts)
    return score(rows, by, drafts)


def score(reactions: pl.DataFrame | pl.LazyFrame, by: By, drafts: Sequence[str] | None) -> pl.DataFrame:
    """Return what `scorecard` does, of reactions that a run made: a draft of which none is usable has no rows."""
    return score_grids(load_grids(reactions, by, drafts, by_campaign=True), by)


def score_grids(grids: Sequence[Grid], by: By) -> pl.DataFrame:
    """Return the scorecard of the drafts of some grids."""
    rows = [row for grid in grids for row in _score_grid(grid, by)]
    return pl.DataFrame(rows, schema=SCORECARD_SCHEMA, orient="row")


def control_scorecard(reactions: pl.DataFrame, *, drafts: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the scorecard of the control reader alone, each wording counted as a reader of its own."""
    rows = score(select_control(reactions), None, drafts)
    return rows.with_columns(segment=pl.lit(records.CONTROL), value=pl.lit(records.CONTROL))


def _score_grid(grid: Grid, by: By) -> list[dict[str, Any]]:
    """Return the rows draft by draft, value by value, measure by measure."""
    found: dict[tuple[int, int, str], dict[str, Any]] = {}
    parts = [(here, grid.places.take(here)) for here in (grid.find_value(number) for number in range(len(grid.values)))]
    for some in grid.batch(list(grid.measures)):
        loaded = [(measure, grid.load_usable(measure), grid.find_range(measure)) for measure in some]
        rows = iter(
            _score_parts([(places, known[:, here], scale) for _, known, scale in loaded for here, places in parts])
        )
        for measure, known, _ in loaded:
            for number, (here, places) in enumerate(parts):
                for line, row in enumerate(next(rows)):
                    found[line, number, measure] = row
                    if measure in grid.numbers:
                        found[line, number, measure + MEDIAN] = row | _find_median(places, known[line, here], line)
    return [
        {"draft_id": draft, "segment": name_by(by), "value": value, "measure": measure, **found[line, number, measure]}
        for line, draft in enumerate(grid.drafts)
        for number, value in enumerate(grid.values)
        if grid.usable[line, grid.find_value(number)].any()
        for measure in _name_rows(grid)
    ]


def _name_rows(grid: Grid) -> Iterator[str]:
    """Yield the measures, that of a number followed by its median."""
    for measure in grid.measures:
        yield measure
        if measure in grid.numbers:
            yield measure + MEDIAN


def _find_median(places: Places, known: FloatArray, line: int) -> dict[str, Any]:
    """Return the weighted median with Woodruff's interval: that of the share below it, read back as values.

    The share's interval is clustered on wordings, as every other is.
    """
    has = np.flatnonzero(~np.isnan(known))
    weight = (places.weight if places.weight.ndim == 1 else places.weight[line])[has]
    if not weight.any():
        return {}
    values, weights, wordings, people = average_cells(known[has], weight, places.wording[has], places.persona[has])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()

    def find_quantile(share: float) -> float:
        place = np.searchsorted(reached, share - cells.ROUNDING)
        return float(values[order][min(int(place), len(values) - 1)])

    median = find_quantile(0.5)
    found = intervals.cluster_mean((values <= median).astype(np.float64), weights, wordings, people)
    if found.low is None or found.high is None:
        return {"estimate": median, "low": None, "high": None}
    reach = (found.high - found.low) / 2.0
    return {"estimate": median, "low": find_quantile(0.5 - reach), "high": find_quantile(0.5 + reach)}


def _score_parts(parts: Sequence[tuple[Places, FloatArray, tuple[float, float]]]) -> list[list[dict[str, Any]]]:
    """Return estimate, interval and counts of each draft within each part: one measure of one segment value.

    Means of all parts are judged at once: a call costs more than what it judges.
    """
    added = [
        _sum_cells(places, known, ~np.isnan(known)) if places.is_plain and len(places.persona) else None
        for places, known, _ in parts
    ]
    means: dict[int, intervals.Means] = {}
    for clusters in {one[0].products.shape[-1] for one in added if one is not None}:
        group = [(number, one[0]) for number, one in enumerate(added) if one and one[0].products.shape[-1] == clusters]
        means |= _judge_parts(group, [parts[number][2] for number, _ in group])
    return [list(_score_drafts(*part, added[number], means.get(number))) for number, part in enumerate(parts)]


def _judge_parts(
    group: Sequence[tuple[int, intervals.Sums]], scales: Sequence[tuple[float, float]]
) -> dict[int, intervals.Means]:
    """Return the means of some parts by their numbers; all have sums of the same number of wordings."""
    lines = [len(sums.products) for _, sums in group]
    columns = [
        np.concatenate([np.broadcast_to(getattr(sums, one.name), sums.products.shape) for _, sums in group])
        for one in fields(intervals.Sums)
    ]
    span = np.repeat([most - least for least, most in scales], lines)
    together = intervals.judge_sums(intervals.Sums(*columns), span)
    starts = [0, *itertools.accumulate(lines)]
    return {
        number: intervals.Means(
            *(getattr(together, one.name)[start : start + count] for one in fields(intervals.Means))
        )
        for (number, _), start, count in zip(group, starts, lines, strict=False)
    }


def _score_drafts(
    places: Places,
    known: FloatArray,
    scale: tuple[float, float],
    sums: tuple[intervals.Sums, IntegerArray] | None,
    means: intervals.Means | None,
) -> Iterator[dict[str, Any]]:
    """Yield estimate, interval and counts of each draft."""
    reactions = (~np.isnan(known)).sum(axis=1)
    for line in range(len(known)):
        if means is None or sums is None or not means.is_sure[line]:
            level = _find_level(places, known[line]) if means is not None and means.is_broad[line] else None
            if level is None or sums is None:
                row = _score_rows(places, known[line], line, scale)
            else:
                row = _score_alike(sums[0], line, level, scale) | {"personas": int(sums[1][line])}
            yield row | {"reactions": int(reactions[line])}
            continue
        estimate, reach = float(means.estimate[line]), float(means.reach[line])
        yield {
            "personas": int(sums[1][line]),
            "reactions": int(reactions[line]),
            "estimate": estimate,
            "low": max(estimate - reach, scale[0]),
            "high": min(estimate + reach, scale[1]),
        }


def _find_level(places: Places, known: FloatArray) -> float | None:
    """Return what everybody who counts says of a draft; None if they do not agree."""
    said = known[~np.isnan(known) & (places.weight > 0.0)]
    return float(said[0]) if len(said) and (said == said[0]).all() else None


def _score_alike(sums: intervals.Sums, line: int, level: float, scale: tuple[float, float]) -> dict[str, Any]:
    """Score a draft of which everybody says the same: as `cluster_mean` does, without a look at the rows."""
    mass, squares = (float(np.sum(each[line])) for each in (sums.masses, sums.squares))
    level = 0.0 if abs(level) <= cells.ROUNDING else level
    alike = intervals.Interval(level, level, level, 0.0, None, None, clusters=0, units=0)
    interval = intervals.limit_level(alike, mass**2 / squares, scale)
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def _score_rows(places: Places, known: FloatArray, line: int, scale: tuple[float, float]) -> dict[str, Any]:
    """Score one draft row by row: whatever the sums do not cover."""
    has = np.flatnonzero(~np.isnan(known))
    people = places.persona[has]
    row: dict[str, Any] = {"personas": len(np.unique(people))}
    weight = (places.weight if places.weight.ndim == 1 else places.weight[line])[has]
    if not weight.any():
        return row
    interval = intervals.cluster_mean(*average_cells(known[has], weight, places.wording[has], people))
    effective = intervals.effective_size(first_of(weight, people))
    interval = intervals.limit_level(interval, effective, scale)
    return row | {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def _sum_cells(places: Places, known: FloatArray, has: FlagArray) -> tuple[intervals.Sums, IntegerArray]:
    """Return the sums by wording of each draft, repeats of a persona averaged first, and its personas."""
    begins = np.flatnonzero(np.r_[True, np.diff(places.persona) != 0])
    weight, wording = places.weight[begins], places.wording[begins]
    ends = np.r_[np.flatnonzero(np.diff(wording) != 0) + 1, len(wording)]
    if len(begins) < len(places.persona):
        times = np.add.reduceat(has.astype(np.float64), begins, axis=1)
        known = np.add.reduceat(np.where(has, known, 0.0), begins, axis=1) / np.maximum(times, 1.0)
        has = times > 0
    elif not has.all():
        known = np.where(has, known, 0.0)

    def add(numbers: npt.NDArray[Any]) -> FloatArray:
        """Return the sums by wording."""
        blocks = zip([0, *ends[:-1]], ends, strict=True)
        return np.stack([numbers[:, start:end].sum(axis=1, dtype=np.float64) for start, end in blocks], axis=-1)

    counts = np.stack(
        [np.count_nonzero(has[:, start:end], axis=1) for start, end in zip([0, *ends[:-1]], ends, strict=True)], axis=-1
    ).astype(np.float64)
    totals = add(known)
    personas = counts.sum(axis=1).astype(np.intp)
    if (weight == 1.0).all():
        return intervals.Sums(counts, counts, counts, totals, totals), personas
    positive = weight > 0
    return (
        intervals.Sums(
            add(has & positive), add(has * weight), add(has * weight**2), add(known * positive), add(known * weight)
        ),
        personas,
    )
