"""A mean from a few labels and many predictions: narrower where the predictions are good, never misled by them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError
from toolkit.stats.distributions import t_quantile

LEAST_LABELS = 4
"""With fewer, a spread estimated from them is worth little, and that of a fitted weight nothing."""


@dataclass(frozen=True, slots=True)
class PoweredMean:
    """A mean with its interval, and the interval that the labels alone give."""

    estimate: float
    low: float
    high: float
    weight: float
    """Lambda: how far the predictions are trusted, 0 to 1."""
    effective: float
    """Labels that would give the same interval without predictions."""
    labels: int
    predictions: int
    alone: float
    alone_low: float
    alone_high: float


def powered_mean(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, unlabelled: npt.ArrayLike, *, confidence: float = 0.95
) -> PoweredMean | None:
    """Return the prediction-powered mean of `labels`: lambda mean(f~) + mean(Y - lambda f).

    `predictions` are those for the labelled units, in their order, `unlabelled` those for n others.
    lambda = Cov(Y, f) / ((1 + n/N) Var f), held in [0, 1] (Angelopoulos, Duchi and Zrnic 2023, arXiv 2311.01453). It
    minimises the estimated variance, so predictions that are worth nothing get a weight near 0; the interval is t with
    n - 1 degrees of freedom, and effective = n / (1 - rho^2 N / (N + n)) for an unclipped lambda. None with fewer than
    4 labels. The unlabelled units have to be like the labelled ones.
    """
    y, f, others = (np.asarray(values, dtype=np.float64) for values in (labels, predictions, unlabelled))
    if y.shape != f.shape or y.ndim != 1 or others.ndim != 1:
        raise InputError(f"{len(y)} labels and {len(f)} predictions for them: each label needs its prediction")
    if not all(np.isfinite(values).all() for values in (y, f, others)) or not 0.0 < confidence < 1.0:
        raise InputError("a label, a prediction or the confidence is not a number in its range")
    n, total = len(y), len(others)
    if n < LEAST_LABELS:
        return None
    weight = _find_weight(y, f, total)
    spread_f = float(f.var(ddof=1))
    alone = float(y.var(ddof=1)) / n
    variance = float((y - weight * f).var(ddof=1)) / n + (weight**2 * spread_f / total if weight else 0.0)
    mean = weight * float(others.mean() - f.mean()) + float(y.mean()) if weight else float(y.mean())
    reach, reach_alone = (_find_reach(value, n - 1, confidence) for value in (variance, alone))
    effective = n * alone / variance if variance > 0 else float(n)
    return PoweredMean(
        estimate=mean,
        low=mean - reach,
        high=mean + reach,
        weight=weight,
        effective=effective,
        labels=n,
        predictions=total,
        alone=float(y.mean()),
        alone_low=float(y.mean()) - reach_alone,
        alone_high=float(y.mean()) + reach_alone,
    )


def _find_weight(y: npt.NDArray[np.float64], f: npt.NDArray[np.float64], total: int) -> float:
    spread = float(f.var(ddof=1))
    if total == 0 or spread <= 0.0:
        return 0.0
    shared = float(np.cov(y, f, ddof=1)[0, 1])
    return min(max(shared / ((1 + len(y) / total) * spread), 0.0), 1.0)


def _find_reach(variance: float, degrees: int, confidence: float) -> float:
    return t_quantile(degrees, (1 + confidence) / 2) * math.sqrt(variance)
