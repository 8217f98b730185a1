"""Your own results at one surface and objective: from 20 pairs that differ on they replace what ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from toolkit.models import chance_link
from toolkit.results import predictions
from toolkit.results.track_record.judging import judge_source
from toolkit.results.track_record.matching import list_published, match_outcomes, split_groups
from toolkit.results.track_record.pairing import OBJECTIVES, make_pairs
from toolkit.results.track_record.standing import (
    LEAST_PAIRS,
    Advice,
    PeopleWorth,
    PlaceStanding,
    SourceStanding,
)
from toolkit.results.track_record.weighing import weigh_pairs
from toolkit.results.track_record.worth import find_worth
from toolkit.stats import calibration
from toolkit.store import outcome_log, test_log

__all__ = ["LEAST_PAIRS", "PlaceStanding", "SourceStanding", "find_standing", "judge_place", "list_standings"]

_PRIOR = 12.5
"""How strongly slopes are drawn to those that ship: a pair tells at most a quarter, so this is worth 50 pairs."""
_COIN, _MOST_SEEN = 0.5, 0.9


def find_standing(
    store: Path, surface: str | None, objective: str, *, predict: predictions.Predict | None = None
) -> PlaceStanding:
    """Return what the results in a store say of every source at a surface and an objective.

    Runs that are in the store by now are judged by the results of the drafts they tested. Without results, or with
    drafts for several surfaces (`surface` None), every source is unproven. Raises StoreUnusable.
    """
    nothing = PlaceStanding(surface=surface, objective=objective)
    if surface is None or objective not in OBJECTIVES or not store.is_file():
        return nothing
    pairs = _load_pairs(store, surface).filter(pl.col("surface") == surface)
    return judge_place(pairs, surface, objective, predict=predict or predictions.load_remembering(store))


def list_standings(store: Path, *, predict: predictions.Predict | None = None) -> list[PlaceStanding]:
    """Return the record of every surface and objective that the results in a store speak of, the most pairs first."""
    if not store.is_file():
        return []
    pairs = _load_pairs(store, None).filter(pl.col("surface").is_not_null())
    deeds = {count: objective for objective, count in OBJECTIVES.items()}
    counted = pairs.filter(pl.col("count").is_in(list(deeds))).group_by("surface", "count").len()
    ask = predict or predictions.load_remembering(store)
    return [
        judge_place(pairs.filter(pl.col("surface") == surface), surface, deeds[count], predict=ask)
        for surface, count, _ in counted.sort("len", "surface", "count", descending=[True, False, False]).iter_rows()
    ]


def judge_place(
    pairs: pl.DataFrame, surface: str, objective: str, *, predict: predictions.Predict | None = None
) -> PlaceStanding:
    """Return the record of every source on pairs of one surface, by the count that an objective is about."""
    decided = pairs.filter((pl.col("count") == OBJECTIVES[objective]) & pl.col("b_won").is_not_null())
    nothing = PlaceStanding(surface=surface, objective=objective)
    if decided.is_empty():
        return nothing
    margins, _ = weigh_pairs(decided, predict)
    # Seeing no difference is no claim, and an even chance of the model means that it was not asked.
    margins = {name: np.where(z == 0.0, np.nan, z) for name, z in margins.items()}
    sources = {name: judge_source_there(decided, name, margins[name]) for name in chance_link.JUDGED}
    worth = _find_worth(decided)
    return nothing.model_copy(
        update={"sources": sources, "joint": _fit_together(decided, margins, sources), "worth": worth}
    )


def _load_pairs(store: Path, surface: str | None) -> pl.DataFrame:
    """Return pairs of published drafts that competed at a surface, or at any."""
    with outcome_log.Outcomes(store) as kept:
        outcomes = [one for one in kept.list_outcomes() if surface is None or one.surface in {None, surface}]
    if not outcomes:
        return make_pairs([], {})
    with test_log.History(store) as history:
        tested = [one for one in history.list_tested() if surface is None or one.surface == surface]
    published = list_published(match_outcomes(outcomes, tested))
    return make_pairs(published, split_groups(published))


def judge_source_there(pairs: pl.DataFrame, source: str, z: np.ndarray) -> SourceStanding:
    """Return the record of one source on pairs of a place; `z` is what it said of each, NaN where it did not speak."""
    shipped = chance_link.PRIOR_SLOPES[source]
    judged = judge_source(pairs, z, calibration.squash_all(shipped * np.nan_to_num(z)))
    found = SourceStanding(
        pairs=judged.pairs,
        groups=judged.experiments,
        accuracy=judged.accuracy,
        low=judged.low,
        high=judged.high,
        calibration_error=judged.calibration_error,
    )
    if judged.pairs < LEAST_PAIRS or judged.accuracy is None:
        return found
    rows = pairs["differs"].to_numpy() & ~np.isnan(z)
    said = float(calibration.squash_all(shipped * np.abs(z[rows])).mean())
    (slope,) = calibration.fit_slopes(z[rows, None], pairs["b_won"].to_numpy()[rows], [shipped], _PRIOR)
    reach = float(np.quantile(np.abs(z[rows]), _MOST_SEEN))
    advice = _advise(judged.low, judged.high, said)
    return found.model_copy(update={"said": said, "slope": float(slope), "reach": reach, "advice": advice})


def _advise(low: float | None, high: float | None, said: float) -> Advice:
    """Return what to do with a source, from the interval of how often it was right and what it claimed."""
    if low is None or high is None:
        return "unproven"
    if high < _COIN:
        return "do not use"
    return "trust" if low > _COIN and low <= said <= high else "correct"


def _fit_together(
    pairs: pl.DataFrame, margins: dict[str, np.ndarray], sources: dict[str, SourceStanding]
) -> dict[str, float] | None:
    """Return slopes of all sources that are not silenced, from pairs that differ; None with too few of them."""
    names = [name for name in chance_link.SOURCES if not sources[name].is_silenced]
    z = np.column_stack([np.nan_to_num(margins[name]) for name in names]) if names else np.zeros((pairs.height, 0))
    rows = pairs["differs"].to_numpy() & (z != 0.0).any(axis=1)
    if rows.sum() < LEAST_PAIRS:
        return None
    prior = [chance_link.SHIPPED.joint[name] for name in names]
    slopes = calibration.fit_slopes(z[rows], pairs["b_won"].to_numpy()[rows], prior, _PRIOR)
    return dict.fromkeys(chance_link.SOURCES, 0.0) | dict(zip(names, map(float, slopes), strict=True))


def _find_worth(pairs: pl.DataFrame) -> PeopleWorth:
    """Return what the panel is worth in people, on every pair that it spoke about, whether it differs or not."""
    told = pairs.filter(pl.col("panel").is_not_null())
    columns = ("panel", "rate_a", "rate_b", "shown_a", "shown_b")
    panel, a, b, shown_a, shown_b = (told[name].cast(pl.Float64).to_numpy() for name in columns)
    spread_a, spread_b = a * (1.0 - a), b * (1.0 - b)
    return find_worth(
        panel,
        b - a,
        spread_a / shown_a + spread_b / shown_b,
        spread_a + spread_b,
        told["group"].to_numpy(),
        tuple(sorted(set(told["model"].drop_nulls()))),
    )
