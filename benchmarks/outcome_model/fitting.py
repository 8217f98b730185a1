"""The fit of the outcome model: logistic regression on differences between two texts, shrunk towards no difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from outcome_model.pairs import Pairs
from toolkit.outcome_model.encoding import SIZE, WIDTH

UNDECIDED = 0.5
"""A pair that does not differ counts this much at most, in proportion to how sure its counts make the winner."""
_LEAST_WEIGHT = 0.05
WORDING_PENALTY = 100.0


@dataclass(frozen=True)
class Columns:
    """What a fit sees of each text, standardised, and how to get back to raw units."""

    values: np.ndarray
    scale: np.ndarray

    @property
    def features(self) -> int:
        """How many columns there are."""
        return self.values.shape[1]


def make_columns(layers: np.ndarray, wording: np.ndarray) -> Columns:
    """Return columns of mean 0: wording features each of spread 1, a layer's 384 together of spread 1 on average."""
    blocks = layers.reshape(len(layers), -1, WIDTH)
    spread = np.sqrt(blocks.var(axis=0).mean(axis=1))
    scale = np.concatenate([np.repeat(spread, WIDTH), wording.std(axis=0) + 1e-9])
    raw = np.hstack([layers, wording])
    return Columns(((raw - raw.mean(axis=0)) / scale).astype(np.float32), scale)


def fit_pairs(pairs: Pairs, columns: Columns, among: np.ndarray, penalty: float) -> np.ndarray:
    """Return one coefficient per column, fitted on every pair of a mask, each weighted by its information.

    A pair that differs has its winner as its label. One that does not has the probability of each winner, and counts
    the less the nearer that is to one half. `penalty` is the ridge term of the layers' columns.
    """
    weight = np.where(pairs.differs, 1.0, UNDECIDED * np.abs(2 * pairs.belief - 1))
    rows = np.flatnonzero(among & (weight > _LEAST_WEIGHT))
    label = np.where(pairs.differs, pairs.b_won, pairs.belief)[rows].astype(np.float32)
    weight = weight[rows].astype(np.float32)
    root = np.sqrt(np.where(np.arange(columns.features) < SIZE, penalty, WORDING_PENALTY)).astype(np.float32)
    differences = (columns.values[pairs.b[rows]] - columns.values[pairs.a[rows]]) / root

    def loss_and_slope(found: np.ndarray) -> tuple[float, np.ndarray]:
        found = found.astype(np.float32)
        odds = differences @ found
        loss = (weight * (np.logaddexp(0, odds) - label * odds)).sum() + found @ found / 2
        slope = differences.T @ (weight * (1 / (1 + np.exp(-odds)) - label)) + found
        return float(loss), slope.astype(np.float64)

    start = np.zeros(columns.features)
    best = minimize(loss_and_slope, start, jac=True, method="L-BFGS-B", options={"maxiter": 200, "ftol": 1e-8})
    return np.asarray(best.x / root)


def fit_temperature(difference: np.ndarray, won: np.ndarray) -> float:
    """Return the factor that makes held-out differences in strength log odds: one number, by maximum likelihood."""
    signed = np.where(won, difference, -difference)

    def loss(log_factor: float) -> float:
        return float(np.logaddexp(0, -np.exp(log_factor) * signed).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4, 4), method="bounded").x))


def get_differences(pairs: Pairs, columns: Columns, found: np.ndarray) -> np.ndarray:
    """Return how much stronger B is than A, for every pair."""
    strength = columns.values @ found
    return np.asarray(strength[pairs.b] - strength[pairs.a])
