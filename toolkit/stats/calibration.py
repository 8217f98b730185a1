"""Probabilities against what happened: loss, calibration, and a link that learns no faster than the data allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError
from toolkit.stats.cells import FloatArray
from toolkit.stats.distributions import logistic

MOST_BINS = 10
LEAST_IN_BIN = 20
_HELD = 1e-6
_STEPS = 100
_SETTLED = 1e-13


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs told with about the same confidence: what was said, and how often it was right."""

    said: float
    right: float
    count: int


def squash_all(log_odds: npt.ArrayLike) -> FloatArray:
    """Return probabilities of log-odds."""
    return logistic(np.asarray(log_odds, dtype=np.float64))


def log_losses(chances: npt.ArrayLike, happened: npt.ArrayLike) -> FloatArray:
    """Return -log of the probability given to what happened, one a case; 0.693 is a coin's."""
    p, y = _check(chances, happened)
    held = np.clip(p, _HELD, 1.0 - _HELD)
    return np.asarray(-(y * np.log(held) + (1.0 - y) * np.log1p(-held)))


def brier_score(chances: npt.ArrayLike, happened: npt.ArrayLike) -> float:
    """Return the mean squared distance of probability and outcome; 0.25 is a coin's."""
    p, y = _check(chances, happened)
    return float(np.square(p - y).mean())


def reliability_bins(chances: npt.ArrayLike, happened: npt.ArrayLike) -> list[Bin]:
    """Return up to ten bins of equal size, the least confident first, each of 20 cases or more where there are so many.

    Confidence is the probability of the likelier side, so that nothing hangs on which side is called A. Of exactly one
    half, half is right.
    """
    p, y = _check(chances, happened)
    if not len(p):
        return []
    sure = np.maximum(p, 1.0 - p)
    right = np.where(p == 0.5, 0.5, (p > 0.5) == (y > 0.5))  # noqa: PLR2004 - one half is one half
    _, place = np.unique(sure, return_inverse=True)
    # Cases told alike share what happened to them, so that no bin hangs on the order of rows.
    right = (np.bincount(place, right) / np.bincount(place))[place]
    order = np.argsort(sure, kind="stable")
    parts = np.array_split(order, min(MOST_BINS, max(1, len(p) // LEAST_IN_BIN)))
    return [Bin(float(sure[part].mean()), float(right[part].mean()), len(part)) for part in parts]


def calibration_error(chances: npt.ArrayLike, happened: npt.ArrayLike) -> float | None:
    """Return the expected calibration error: the mean distance of said and right over `reliability_bins`, by size.

    None without cases. Of few cases it is too high even for a perfect source: chance alone parts said and right.
    """
    bins = reliability_bins(chances, happened)
    total = sum(each.count for each in bins)
    return sum(each.count * abs(each.said - each.right) for each in bins) / total if total else None


def fit_slopes(evidence: npt.ArrayLike, happened: npt.ArrayLike, prior: npt.ArrayLike, strength: float) -> FloatArray:
    """Return slopes b of P(happened) = 1 / (1 + exp(-evidence b)), none below 0, shrunk towards `prior`.

    `evidence` is n x k. Minimises the summed log loss plus strength / 2 times the squared distance from `prior`, each
    slope in units of one over the root mean square of its column. Infinite strength is the prior itself. A slope below
    0 would turn a source upside down, for which no number of mistakes is reason enough.
    """
    z = np.atleast_2d(np.asarray(evidence, dtype=np.float64))
    y, start = np.asarray(happened, dtype=np.float64), np.asarray(prior, dtype=np.float64)
    if len(z) != len(y) or z.shape[1] != len(start):
        raise InputError(f"evidence is {z.shape}: one row per outcome ({len(y)}), one column per slope ({len(start)})")
    scale = np.sqrt(np.square(z).mean(axis=0)) if len(z) else np.zeros(len(start))
    if not np.isfinite(strength) or not scale.any():
        return np.asarray(start)
    used = np.where(scale > 0.0, scale, 1.0)
    centre = start * used

    slopes = _descend(z / used, y, centre, strength)
    return np.asarray(np.where(scale > 0.0, slopes / used, start))


def _descend(z: FloatArray, y: FloatArray, centre: FloatArray, strength: float) -> FloatArray:
    """Return the minimum over slopes of 0 or more, by Newton steps on those that are not held at 0."""
    slopes = np.maximum(centre, 0.0)
    loss = _lose(z, y, slopes, centre, strength)
    for _ in range(_STEPS):
        chances = squash_all(z @ slopes)
        gradient = z.T @ (chances - y) + strength * (slopes - centre)
        free = (slopes > 0.0) | (gradient < 0.0)
        bent = z.T @ (z * (chances * (1.0 - chances))[:, None]) + (strength + _HELD) * np.eye(len(slopes))
        step = np.zeros(len(slopes))
        step[free] = np.linalg.solve(bent[np.ix_(free, free)], gradient[free])
        size = 1.0
        tried = np.maximum(slopes - step, 0.0)
        while (after := _lose(z, y, tried, centre, strength)) > loss and size > _HELD:
            size /= 2.0
            tried = np.maximum(slopes - size * step, 0.0)
        if loss - after < _SETTLED * len(y):
            return tried if after <= loss else slopes
        slopes, loss = tried, after
    return slopes


def _lose(z: FloatArray, y: FloatArray, slopes: FloatArray, centre: FloatArray, strength: float) -> float:
    log_odds = z @ slopes
    shrinking = strength / 2.0 * float(np.square(slopes - centre).sum())
    return float((np.logaddexp(0.0, log_odds) - y * log_odds).sum()) + shrinking


def _check(chances: npt.ArrayLike, happened: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    p, y = np.asarray(chances, dtype=np.float64), np.asarray(happened, dtype=np.float64)
    if p.shape != y.shape or not ((p >= 0.0) & (p <= 1.0)).all() or not ((y == 0.0) | (y == 1.0)).all():
        raise InputError("each probability is 0 to 1 and has an outcome of 0 or 1")
    return p, y
