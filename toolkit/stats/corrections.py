"""P-values adjusted for how many were looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from toolkit.errors import InputError
from toolkit.stats.cells import FloatArray, IntegerArray


def holm(p_values: Sequence[float | None] | FloatArray) -> FloatArray:
    """Return Holm's adjusted p-values (family-wise error), in the order given.

    NaN and None stay NaN and are not counted as part of the family.
    """
    adjusted, ordered = _sort_known(p_values)
    count = len(ordered)
    stepped = np.maximum.accumulate((count - np.arange(count)) * adjusted[ordered])
    adjusted[ordered] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p_values: Sequence[float | None] | FloatArray) -> FloatArray:
    """Return Benjamini-Hochberg adjusted p-values (false discovery rate), for exploring; see `holm` for unknowns."""
    adjusted, ordered = _sort_known(p_values)
    count = len(ordered)
    stepped = adjusted[ordered] * count / np.arange(1, count + 1)
    adjusted[ordered] = np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1.0)
    return adjusted


def _sort_known(p_values: Sequence[float | None] | FloatArray) -> tuple[FloatArray, IntegerArray]:
    """Return the p-values with NaN for the unknown, and the places of the known ones, smallest first."""
    numbers = np.array(p_values, dtype=np.float64)
    places = np.flatnonzero(~np.isnan(numbers))
    if ((numbers[places] < 0.0) | (numbers[places] > 1.0)).any():
        raise InputError("a p-value is outside 0 to 1: give None where there is none")
    return numbers, places[np.argsort(numbers[places], kind="stable")]
