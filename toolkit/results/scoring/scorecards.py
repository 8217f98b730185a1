"""Scorecards: what each draft reached, by segment value and measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from toolkit.errors import refuse_unknown
from toolkit.models import records
from toolkit.results.frames import Frame, take_reactions
from toolkit.results.scoring.columns import SCORECARD_SCHEMA
from toolkit.results.scoring.reaction_rows import (
    RATES,
    WHOLE,
    check_names,
    count_effective,
    load_cells,
    select_control,
    select_rows,
)
from toolkit.stats import intervals


@refuse_unknown
def scorecard(reactions: Frame, by: str | None = None, *, drafts: Sequence[str] | None = None) -> pl.DataFrame:
    """Return one row per draft, segment value and measure: estimate, 95 % interval and counts.

    `by` names a segment key; without it the row is of the whole audience, `segment = value = "all"`. Rates are shares
    from 0 to 1 of everyone shown the draft; ratings run from 1 to 5 and describe only those who stopped. Intervals
    are clustered on wordings and null where one persona or one wording leaves nothing to estimate them from.
    A lazy frame is streamed: of a Parquet file only the columns needed are read, and of one with many reactions only
    one draft at a time is held. Rows of the control reader, and refused or failed ones, enter nothing. Takes a Polars
    or pandas frame. Raises InputError on a missing column, on a draft or an objective that the frame does not have, and
    on two rows of the same draft, persona, wording and repeat.
    """
    check_names(rows := take_reactions(reactions), drafts)
    return score(rows, by, drafts)


def score(reactions: pl.DataFrame | pl.LazyFrame, by: str | None, drafts: Sequence[str] | None) -> pl.DataFrame:
    """Return what `scorecard` does, of reactions that a run made: a draft of which none is usable has no rows."""
    selected = select_rows(reactions, by, drafts)
    rows = []
    for draft in selected.drafts:
        cells = load_cells(selected, draft)
        for value in selected.values:
            group = cells if by is None else cells.filter(pl.col("value") == value)
            if not group.is_empty():
                rows += [_score(draft, by, value, measure, group) for measure in selected.measures]
    return pl.DataFrame(rows, schema=SCORECARD_SCHEMA, orient="row")


def control_scorecard(reactions: pl.DataFrame, *, drafts: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the scorecard of the control reader alone, each wording counted as a reader of its own."""
    rows = score(select_control(reactions), None, drafts)
    return rows.with_columns(segment=pl.lit(records.CONTROL), value=pl.lit(records.CONTROL))


def _score(draft: str, by: str | None, value: str, measure: str, cells: pl.DataFrame) -> dict[str, Any]:
    known = cells.filter(pl.col(measure).is_not_null())
    row: dict[str, Any] = {"draft_id": draft, "segment": by or WHOLE, "value": value, "measure": measure}
    row |= {"personas": known["unit"].n_unique(), "reactions": int(known[f"{measure}_reactions"].sum())}
    if known.is_empty():
        return row
    interval = intervals.cluster_mean(known[measure], known["weight"], known["wording"], known["unit"])
    low, high = interval.low, interval.high
    if low is not None and high is not None and measure in RATES:
        if interval.standard_error == 0:
            low, high = intervals.exact_interval(interval.estimate, count_effective(known))
        low, high = max(low, 0.0), min(high, 1.0)
    return row | {"estimate": interval.estimate, "low": low, "high": high}
