"""One source of predictions against what people did: how often right, how well calibrated, how well ranked."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import polars as pl

from toolkit.models import Record
from toolkit.stats import bootstrap_interval, calibration, intervals, rankings

_DRAWS = 2000
_LEAST_DRAWN = 20


class JudgedShare(Record):
    """An estimate with its 95 % interval, by bootstrap of groups; null where there is nothing to estimate it from."""

    estimate: float | None = None
    low: float | None = None
    high: float | None = None


class Judged(Record):
    """The record of one source."""

    pairs: int
    """Pairs that differ beyond chance and that the source speaks about."""
    accuracy: float | None
    """JudgedShare of them in which it favours the better draft; no opinion counts as half."""
    low: float | None
    high: float | None
    calibration_error: float | None
    """Expected calibration error on the same pairs; null where the source gives no probabilities."""
    log_loss: float | None = None
    """Mean over the same pairs; 0.693 is a coin's."""
    log_loss_low: float | None = None
    log_loss_high: float | None = None
    brier: float | None = None
    experiments: int = 0
    """Groups of experiments behind the pairs; they, not the pairs, are what the interval rests on."""
    pairs_all: int = 0
    """Pairs with those whose difference may be chance."""
    accuracy_all: float | None = None
    low_all: float | None = None
    high_all: float | None = None
    tau: float | None = None
    """Kendall's tau-b within an experiment, averaged."""
    tau_low: float | None = None
    tau_high: float | None = None
    top_1: float | None = None
    """JudgedShare of experiments whose best draft it puts first."""
    top_1_low: float | None = None
    top_1_high: float | None = None
    bins: tuple[dict[str, float], ...] = ()
    """What was said, how often it was right, how many pairs, from the least confident on."""


NOTHING = Judged(pairs=0, accuracy=None, low=None, high=None, calibration_error=None)
"""Of a source that spoke about no pair."""


def judge_source(pairs: pl.DataFrame, margins: np.ndarray, chances: np.ndarray | None, *, seed: int = 0) -> Judged:
    """Return the record of a source on pairs that do not tie.

    `margins` say which draft of each pair it favours and by how much (positive: B), NaN where it does not speak;
    `chances` its probability that B wins, None where it gives none.
    """
    known = ~np.isnan(margins)
    differs = known & pairs["differs"].to_numpy()
    won, groups = pairs["b_won"].to_numpy(), pairs["group"].to_numpy()
    right = np.where(margins == 0, 0.5, (margins > 0) == (won > 0.5))  # noqa: PLR2004 - no opinion is half right
    accuracy, everything = (bootstrap_mean(right[rows], groups[rows], seed=seed) for rows in (differs, known))
    said: dict[str, Any] = {"calibration_error": None}
    if chances is not None and differs.any():
        losses = calibration.log_losses(chances[differs], won[differs])
        loss = bootstrap_mean(losses, groups[differs], seed=seed, most=np.inf)
        said = {
            "calibration_error": calibration.calibration_error(chances[differs], won[differs]),
            "log_loss": loss.estimate,
            "log_loss_low": loss.low,
            "log_loss_high": loss.high,
            "brier": calibration.brier_score(chances[differs], won[differs]),
            "bins": tuple(
                {"said": each.said, "right": each.right, "pairs": each.count}
                for each in calibration.reliability_bins(chances[differs], won[differs])
            ),
        }
    return Judged(
        pairs=int(differs.sum()),
        accuracy=accuracy.estimate,
        low=accuracy.low,
        high=accuracy.high,
        experiments=len(set(groups[differs])),
        pairs_all=int(known.sum()),
        accuracy_all=everything.estimate,
        low_all=everything.low,
        high_all=everything.high,
        **said,
        **_rank(pairs.filter(pl.Series(known)), margins[known], seed),
    )


def bootstrap_mean(
    values: np.ndarray, groups: np.ndarray, *, seed: int, most: float = 1.0, least: float = 0.0
) -> JudgedShare:
    """Return the mean with its interval: groups are drawn with replacement, each draw studentised.

    Of shares from fewer than 20 groups, or if all groups agree, so that no draw varies, it is Clopper-Pearson's for the
    effective number of groups: four pairs of which one is right say 1 % to 81 %. One group alone has no interval.
    """
    if not len(values):
        return JudgedShare()
    mean, sizes = float(values.mean()), np.unique(groups, return_counts=True)[1]
    is_share, few = (least, most) == (0.0, 1.0), len(sizes) < _LEAST_DRAWN
    found = None
    if not (is_share and few):
        found = bootstrap_interval(values, np.ones(len(values)), groups, seed=seed, draws=_DRAWS)
    if found is None and len(sizes) > 1 and is_share:
        found = intervals.exact_interval(mean, intervals.effective_size(sizes.astype(np.float64)))
    if found is None:
        return JudgedShare(estimate=mean)
    return JudgedShare(estimate=mean, low=max(found[0], least), high=min(found[1], most))


def _rank(pairs: pl.DataFrame, margins: np.ndarray, seed: int) -> dict[str, Any]:
    """Return tau and top-1 over experiments: a draft's score is the sum of its margins over its rivals."""
    scores: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    truth: dict[str, dict[str, float]] = defaultdict(dict)
    group_of: dict[str, str] = {}
    columns = ("experiment", "group", "draft_a", "draft_b", "rate_a", "rate_b")
    for (experiment, group, a, b, rate_a, rate_b), margin in zip(
        pairs.select(columns).iter_rows(), margins, strict=True
    ):
        scores[experiment][a] -= margin
        scores[experiment][b] += margin
        truth[experiment] |= {a: rate_a, b: rate_b}
        group_of[experiment] = group
    described: dict[str, Any] = {}
    for name, measure, least in (("tau", rankings.kendall_tau, -1.0), ("top_1", rankings.top_share, 0.0)):
        found = {
            experiment: value
            for experiment, held in scores.items()
            if (value := measure(list(held.values()), [truth[experiment][draft] for draft in held])) is not None
        }
        groups = np.array([group_of[experiment] for experiment in found])
        share = bootstrap_mean(np.array(list(found.values())), groups, seed=seed, least=least)
        described |= {name: share.estimate, f"{name}_low": share.low, f"{name}_high": share.high}
    return described
