"""Roots and minima: one number between two, and Newton's way down a smooth convex loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from toolkit.errors import InputError
from toolkit.stats.cells import FloatArray

_CLOSE = 4e-16
_MOST_STEPS = 500
_LEAST_SHARE = 1e-4
"""Armijo's: of the fall that the slope promises, the share that a step must bring."""
_MOST_HALVINGS = 60
_LOST = 1e-9
"""Share of the loss from which a promised fall drowns in rounding: then the slope must fall instead."""


def find_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a continuous function is 0 between two places at which its signs differ, to a double's precision.

    Chandrupatla's method (1997, doi 10.1016/S0965-9978(96)00051-8): inverse quadratic steps where the last three points
    lie on a curve that allows them, halves otherwise. Raises InputError if the signs are alike.
    """
    newest, oldest = high, low
    at_newest, at_oldest = function(high), function(low)
    if at_newest == 0.0 or at_oldest == 0.0:
        return high if at_newest == 0.0 else low
    if (at_newest > 0.0) == (at_oldest > 0.0):
        raise InputError(f"the function is {at_oldest} at {low} and {at_newest} at {high}: give places around its root")
    share = 0.5
    for _ in range(_MOST_STEPS):
        place = newest + share * (oldest - newest)
        value = function(place)
        if (value > 0.0) == (at_newest > 0.0):
            last, at_last = newest, at_newest
        else:
            last, at_last, oldest, at_oldest = oldest, at_oldest, newest, at_newest
        newest, at_newest = place, value
        best, at_best = (newest, at_newest) if abs(at_newest) < abs(at_oldest) else (oldest, at_oldest)
        reach = _CLOSE * max(abs(best), _CLOSE) / abs(oldest - newest) if oldest != newest else 1.0
        if at_best == 0.0 or reach > 0.5:  # noqa: PLR2004 - no double lies between
            return best
        share = _step_between(newest, oldest, last, at_newest, at_oldest, at_last)
        share = min(max(share, reach), 1.0 - reach)
    return best


def _step_between(a: float, b: float, c: float, at_a: float, at_b: float, at_c: float) -> float:
    """Return how far from a to b to go next: by inverse quadratic interpolation, or half the way."""
    along, up = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    if not (up * up < along and (1.0 - up) ** 2 < 1.0 - along):
        return 0.5
    first = at_a / (at_b - at_a) * at_c / (at_b - at_c)
    return first + (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)


def minimise(
    loss: Callable[[FloatArray], tuple[float, FloatArray]],
    step: Callable[[FloatArray, FloatArray], FloatArray],
    start: FloatArray,
    *,
    slope: float = 1e-11,
) -> FloatArray:
    """Return where a convex loss is least: Newton's steps, halved until they bring what the slope promises.

    `loss` returns value and gradient, `step` the solution of Hessian x step = gradient at a place. It ends where no
    part of the gradient is over `slope`, or where rounding leaves nothing to gain.
    """
    place = start
    value, gradient = loss(place)
    for _ in range(_MOST_STEPS):
        if not len(gradient) or np.abs(gradient).max() <= slope:
            break
        change = step(place, gradient)
        promised = float(gradient @ change)
        for halving in range(_MOST_HALVINGS):
            length = 0.5**halving
            tried = place - length * change
            found, slopes = loss(tried)
            if found <= value - _LEAST_SHARE * length * promised:
                break
            is_lost = promised <= _LOST * max(abs(value), 1.0)
            if is_lost and np.abs(slopes).max() < np.abs(gradient).max():
                break
        else:
            break
        place, value, gradient = tried, found, slopes
    return place


def solve_by_conjugates(
    product: Callable[[FloatArray], FloatArray], wanted: FloatArray, *, share: float = 1e-6
) -> FloatArray:
    """Return x of A x = wanted, A symmetric and positive definite and known by its products; to a share of `wanted`.

    Conjugate gradients (Hestenes and Stiefel 1952, doi 10.6028/jres.049.044).
    """
    found = np.zeros_like(wanted)
    left = wanted.copy()
    along = left.copy()
    size = enough = float(left @ left)
    for _ in range(_MOST_STEPS):
        if size <= share**2 * enough:
            break
        image = product(along)
        length = size / float(along @ image)
        found += length * along
        left -= length * image
        size, before = float(left @ left), size
        along = left + size / before * along
    return found
