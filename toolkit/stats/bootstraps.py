"""Resampled wordings: a second opinion on an interval, by a road that shares no formula with the first."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError
from toolkit.stats.cells import FEWEST, Cells, FloatArray, collapse


def bootstrap_interval(
    values: npt.ArrayLike,
    weights: npt.ArrayLike,
    clusters: npt.ArrayLike,
    units: npt.ArrayLike | None = None,
    *,
    seed: int,
    draws: int = 2000,
    confidence: float = 0.95,
) -> tuple[float, float] | None:
    """Return the bootstrap-t interval of a weighted mean, for a check on `cluster_mean` with the same arguments.

    Wordings are drawn with replacement, each with all its personas, and each draw is studentised by its own
    linearised standard error (Cameron, Gelbach and Miller 2008, doi 10.1162/rest.90.3.414): with ten wordings plain
    percentiles are too narrow, and drawing personas again within them would count their variance twice. Meant for
    personas nested in wordings. Draws without spread are left out. None with fewer than two wordings, or where
    nothing varies. Draws depend on `seed` and on the sorted wordings, not on the order of rows.
    """
    if draws < 1 or not 0.0 < confidence < 1.0:
        raise InputError(f"{draws} draws at confidence {confidence}: give at least 1 draw and a number between 0 and 1")
    sums, masses = _sum_clusters(collapse(values, weights, clusters, units))
    count = len(sums)
    if count < FEWEST:
        return None
    once = np.ones((1, count))
    (estimate,), (error,) = _estimate(once, sums, masses)
    times = np.random.default_rng(seed).multinomial(count, np.full(count, 1.0 / count), size=draws)
    means, errors = _estimate(times, sums, masses)
    varied = errors > 1e-9 * np.abs(sums / masses).max()
    if not error > 0.0 or not varied.any():
        return None
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile((means[varied] - estimate) / errors[varied], [tail, 1.0 - tail])
    return float(estimate - high * error), float(estimate - low * error)


def _sum_clusters(cells: Cells) -> tuple[FloatArray, FloatArray]:
    """Return each cluster's weighted sum and weight."""
    sums = np.bincount(cells.clusters, cells.weights * cells.values)
    return np.asarray(sums), np.asarray(np.bincount(cells.clusters, cells.weights))


def _estimate(times: npt.NDArray[Any], sums: FloatArray, masses: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and linearised standard error of each draw; `times` says how often it holds each cluster."""
    mass, count = times @ masses, len(sums)
    means = (times @ sums) / mass
    leftover = np.square(sums - np.outer(means, masses))
    return means, np.sqrt(count / (count - 1) * (times * leftover).sum(axis=1)) / mass
