"""How well one order of things agrees with another."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


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
