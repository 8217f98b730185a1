"""The link from evidence to wins, refitted on your results: no faster than they allow, and undone in one step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from toolkit.models import LABEL, Record, chance_link
from toolkit.results import predictions
from toolkit.results.track_record import judging, matching, pairing, weighing
from toolkit.stats import calibration
from toolkit.store import calibration_log, test_log
from toolkit.validity.outcomes.baselines import LEAST_GROUPS, split_folds

LEAST_PAIRS = 10
FEW = 50
"""Pairs the shipped link is always worth: with fewer of your own it outweighs them."""
STRENGTHS = (math.inf, 32 * FEW / 4, 8 * FEW / 4, 2 * FEW / 4, FEW / 4)
"""How strongly slopes may be drawn to the shipped ones; a pair tells at most a quarter about a standardised slope."""


class Calibration(Record):
    """A refitted link and what it is worth on results it has not seen."""

    link: chance_link.Link | None
    """Null where there is too little to fit it on."""
    strength: float | None = None
    """How strongly it was drawn to the shipped link; null is all the way: your results gave no reason to leave it."""
    shipped_loss: float | None = None
    """Log loss of the shipped link on held-out groups."""
    fitted_loss: float | None = None
    """Log loss of the refitted link on the same."""
    gain: judging.JudgedShare = judging.JudgedShare()
    """Shipped minus fitted; positive is better."""
    pairs: int = 0
    groups: int = 0
    sentence: str
    label: str = LABEL


@dataclass(frozen=True, slots=True)
class Cases:
    """Pairs that differ: z of each source (0 where it does not speak), what happened, and the group of each."""

    z: Mapping[str, np.ndarray]
    won: np.ndarray
    groups: np.ndarray

    def stack(self, sources: Sequence[str]) -> np.ndarray:
        """Return one column per source."""
        return np.column_stack([self.z[source] for source in sources])


def say_pairs(pairs: int, groups: int) -> str:
    """Return what a link is learned on, such as "1 pair from 1 group"."""
    return f"{pairs:,} pair{'' if pairs == 1 else 's'} from {groups:,} group{'' if groups == 1 else 's'}"


def calibrate_store(store: Path, *, predict: predictions.Predict | None = None, dry_run: bool = False) -> Calibration:
    """Refit the link on the results in a store; unless a dry run, keep it as a new version and use it."""
    matches = matching.load_matches(store)
    published = matching.list_published(matches)
    every = pairing.make_pairs(published, matching.split_groups(published))
    pairs = every.filter(pl.col("b_won").is_not_null() & pl.col("differs") & pl.col("panel").is_not_null())
    groups = pairs["group"].n_unique()
    if pairs.height < LEAST_PAIRS or groups < LEAST_GROUPS:
        needed = f"{LEAST_PAIRS} tested pairs that differ, from {LEAST_GROUPS} groups of experiments"
        said = f"not enough to calibrate: {say_pairs(pairs.height, groups)}; it takes {needed}"
        return Calibration(link=None, pairs=pairs.height, groups=groups, sentence=said)
    margins, _ = weighing.weigh_pairs(pairs, predict)
    cases = Cases(
        z={name: np.nan_to_num(z) for name, z in margins.items()},
        won=pairs["b_won"].to_numpy(),
        groups=pairs["group"].to_numpy(),
    )
    right = judging.judge_source(pairs, margins["panel"], None)
    record = f"the panel was right in {right.accuracy:.0%} of {right.pairs} pairs that differ"
    if right.low is not None:
        record += f" ({right.low:.0%} to {right.high:.0%})"
    drafts = set(pairs["draft_a"]) | set(pairs["draft_b"])
    results = sum(len(one.results) for one in published if one.draft in drafts and one.tested)
    found = fit_link(cases, results=results, record=record)
    if dry_run or found.link is None:
        return found
    with calibration_log.Calibrations(store) as kept:
        return found.model_copy(update={"link": kept.keep(found.link.model_copy(update={"made": test_log.stamp()}))})


def fit_link(cases: Cases, *, results: int = 0, record: str = "") -> Calibration:
    """Fit every slope, alone and together, and say what the joint link gains on groups held out.

    How strongly slopes are drawn to the shipped ones is chosen by cross-validation on groups: the strongest that is
    within one standard error of the best, so that only a gain beyond luck moves them. The gain is worked out around
    that choice, on groups that it never saw.
    """
    prior = [chance_link.SHIPPED.joint[name] for name in chance_link.SOURCES]
    z = cases.stack(chance_link.SOURCES)
    strength = choose_strength(z, cases.won, cases.groups, prior)
    slopes = {name: _fit_alone(cases, name) for name in chance_link.SOURCES}
    joint = dict(
        zip(chance_link.SOURCES, map(float, calibration.fit_slopes(z, cases.won, prior, strength)), strict=True)
    )
    held_out = predict_held_out(z, cases.won, cases.groups, prior)
    shipped = calibration.log_losses(calibration.squash_all(z @ np.array(prior)), cases.won)
    fitted = calibration.log_losses(held_out, cases.won)
    gain = judging.bootstrap_mean(shipped - fitted, cases.groups, seed=0, least=-math.inf, most=math.inf)
    pairs, groups = len(cases.won), len(set(cases.groups.tolist()))
    link = chance_link.Link(version=1, slopes=slopes, joint=joint, results=results, pairs=pairs, record=record)
    spread = f" ({gain.low:+.4f} to {gain.high:+.4f})" if gain.low is not None else ""
    said = f"held-out log loss {shipped.mean():.4f} with the shipped link, {fitted.mean():.4f} refitted: gain"
    kept = "" if math.isfinite(strength) else "; your results gave no reason to leave the shipped link"
    return Calibration(
        link=link,
        strength=strength if math.isfinite(strength) else None,
        shipped_loss=float(shipped.mean()),
        fitted_loss=float(fitted.mean()),
        gain=gain,
        pairs=pairs,
        groups=groups,
        sentence=f"{said} {gain.estimate:+.4f}{spread} on {say_pairs(pairs, groups)}{kept}.",
    )


def choose_strength(z: np.ndarray, won: np.ndarray, groups: np.ndarray, prior: Sequence[float]) -> float:
    """Return the strongest shrinkage within one standard error of the best by grouped cross-validation."""
    if len(set(groups.tolist())) < LEAST_GROUPS:
        return math.inf
    losses = np.empty((len(STRENGTHS), len(won)))
    for held in split_folds(groups):
        for row, strength in enumerate(STRENGTHS):
            slopes = calibration.fit_slopes(z[~held], won[~held], prior, strength)
            losses[row, held] = calibration.log_losses(calibration.squash_all(z[held] @ slopes), won[held])
    best = int(losses.mean(axis=1).argmin())
    for row, strength in enumerate(STRENGTHS[:best]):
        if losses[row].mean() - losses[best].mean() <= _find_error(losses[row] - losses[best], groups):
            return strength
    return STRENGTHS[best]


def predict_held_out(z: np.ndarray, won: np.ndarray, groups: np.ndarray, prior: Sequence[float]) -> np.ndarray:
    """Return for each pair the chance that B wins, from a link fitted, shrinkage and all, without its group."""
    chances = np.empty(len(won))
    for held in split_folds(groups):
        strength = choose_strength(z[~held], won[~held], groups[~held], prior)
        slopes = calibration.fit_slopes(z[~held], won[~held], prior, strength)
        chances[held] = calibration.squash_all(z[held] @ slopes)
    return chances


def _fit_alone(cases: Cases, source: str) -> float:
    """Return the slope of one source, from the pairs it speaks about."""
    spoken = cases.z[source] != 0
    z, prior = cases.z[source][spoken, None], [chance_link.SHIPPED.slopes[source]]
    strength = choose_strength(z, cases.won[spoken], cases.groups[spoken], prior)
    return float(calibration.fit_slopes(z, cases.won[spoken], prior, strength)[0])


def _find_error(differences: np.ndarray, groups: np.ndarray) -> float:
    """Return the standard error of a mean whose groups, not rows, are independent."""
    names, place = np.unique(groups, return_inverse=True)
    sums = np.bincount(place, differences - differences.mean())
    count = len(names)
    return float(np.sqrt(count / (count - 1) * np.square(sums).sum()) / len(differences))
