"""Fits of the outcome model: logistic regression on differences, everything shrunk towards no difference."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from outcome_model.pairs import Pairs

_STEPS = 50
_STILL = 1e-6


def fit_logistic(differences: np.ndarray, won: np.ndarray, weight: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """Return coefficients without an intercept, by Newton's method; `penalty` is one ridge term per column."""
    found = np.zeros(differences.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-differences @ found))
        slope = differences.T @ (weight * (won - chance)) - penalty * found
        curve = (differences * (weight * chance * (1 - chance))[:, None]).T @ differences + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        found += step
        if np.abs(step).max() < _STILL:
            break
    return found


def fit_temperature(difference: np.ndarray, won: np.ndarray) -> float:
    """Return the factor that makes held-out differences in strength log odds: one number, by maximum likelihood."""
    signed = np.where(won, difference, -difference)

    def loss(log_factor: float) -> float:
        return float(np.logaddexp(0, -np.exp(log_factor) * signed).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4, 4), method="bounded").x))


def select_differing(pairs: Pairs, among: np.ndarray) -> np.ndarray:
    """Return the places of the pairs among a mask that differ."""
    return np.flatnonzero(among & pairs.differs)
