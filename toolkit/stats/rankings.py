"""How well one order of things agrees with another, and which of them may be the best."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError

_ALL_SIGNS = 12
"""Up to so many clusters all patterns of signs are looked at; with more, as many drawn ones."""
_ROUNDING = 1e-12


def kendall_tau(scores: npt.ArrayLike, truth: npt.ArrayLike) -> float | None:
    """Return Kendall's tau-b of two lists, from -1 to 1; None where either has no order: fewer than two, or all tied.

    Ties count for neither side (Kendall 1945, doi 10.2307/2332303).
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in (scores, truth))
    upper = np.triu_indices(len(x), 1)
    signs = [np.sign(values[:, None] - values[None, :])[upper] for values in (x, y)]
    untied = [int(np.abs(sign).sum()) for sign in signs]
    if not all(untied):
        return None
    return float((signs[0] * signs[1]).sum() / math.sqrt(untied[0] * untied[1]))


def top_share(scores: npt.ArrayLike, truth: npt.ArrayLike) -> float | None:
    """Return how often the thing with the top score is the truly best one; None for fewer than two or no true best.

    Where several share the top score, the chance that one drawn among them is right; one of several true best will do.
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in (scores, truth))
    if len(x) < len(("first", "second")) or np.all(y == y[0]):
        return None
    return float((y == y.max())[x == x.max()].mean())


def may_be_best(products: npt.ArrayLike, masses: npt.ArrayLike, *, error: float = 0.05) -> npt.NDArray[np.bool_]:
    """Return which things a sample cannot tell from the best; the true best is left out with at most `error`.

    `products` are the weighted sums of each thing in each cluster (wording), things x clusters, of the same units;
    `masses` are the sums of the weights. A thing is out if another leads it by more than chance does, all others looked
    at together: the largest t over them against its distribution when the sign of each cluster is drawn, which keeps
    how they hang together (comparisons with the best, Hsu 1981, with Westfall and Young's largest t).
    """
    sums, sizes = np.asarray(products, dtype=np.float64), np.asarray(masses, dtype=np.float64)
    if sums.ndim != len(("things", "clusters")) or sizes.shape != sums.shape[1:] or not sizes.sum() > 0:
        raise InputError("products are things x clusters, masses one a cluster: give sums over the same units")
    shares, sums = sizes / sizes.sum(), sums / sizes.sum()
    signs = _draw_signs(len(sizes))
    return np.array([_has_no_better(sums - own, shares, signs, error) for own in sums], dtype=bool)


def _has_no_better(
    leads: npt.NDArray[np.float64], shares: npt.NDArray[np.float64], signs: npt.NDArray[np.float64], error: float
) -> bool:
    """Whether the leads of the others over one thing, others x clusters, are what chance makes of none."""
    means, crossed = signs @ leads.T, signs @ (leads * shares).T
    left = (leads**2).sum(axis=1) - 2.0 * means * crossed + means**2 * (shares**2).sum()
    spread = np.sqrt(np.maximum(left, 0.0) * len(shares) / max(len(shares) - 1, 1))
    still = spread <= _ROUNDING * max(float(np.abs(leads).max()), _ROUNDING)
    t = np.divide(means, spread, out=np.zeros_like(means), where=~still)
    t[still & (np.abs(means) > _ROUNDING)] = np.inf
    t[still] *= np.sign(means[still])
    largest = t.max(axis=1)
    found = largest[0] - _ROUNDING * abs(largest[0]) if np.isfinite(largest[0]) else largest[0]
    return bool((largest >= found).mean() > error)


def _draw_signs(clusters: int) -> npt.NDArray[np.float64]:
    """Return patterns of signs, one a row; the first leaves everything as it is."""
    count = 2**_ALL_SIGNS
    if clusters <= _ALL_SIGNS:
        bits = np.arange(2**clusters)[:, None] >> np.arange(clusters) & 1
    else:
        bits = np.random.default_rng(0).integers(0, 2, (count, clusters))
        bits[0] = 0
    return np.asarray(1.0 - 2.0 * bits)
