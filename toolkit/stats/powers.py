"""How many yes-or-no results tell one rate from another."""

from __future__ import annotations

import numpy as np

from toolkit.errors import InputError

_MOST = 5000


def results_needed(rate: float = 0.6, null: float = 0.5, *, power: float = 0.8, error: float = 0.05) -> int:
    """Return the fewest independent results with which an exact two-sided binomial test tells `rate` from `null`.

    The test rejects where either tail under `null` is at most error / 2; from the number returned on it finds `rate`
    with at least `power`, for every larger number too (an exact test's power goes up and down with its steps).
    """
    from scipy.stats import binom

    if not 0.0 < null < rate < 1.0 or not 0.0 < error < power < 1.0:
        raise InputError(f"rate {rate} against {null}: give 0 < null < rate < 1 and 0 < error < power < 1")
    sizes = np.arange(1, _MOST)
    least = binom.isf(error / 2.0, sizes, null)  # more hits than this are rejected
    most = binom.ppf(error / 2.0, sizes, null)
    most = np.where(binom.cdf(most, sizes, null) > error / 2.0, most - 1, most)
    found = binom.sf(least, sizes, rate) + binom.cdf(most, sizes, rate)
    short = np.flatnonzero(found < power)
    if short[-1] == len(sizes) - 1:
        raise InputError(f"telling {rate} from {null} takes more than {_MOST:,} results")
    return int(sizes[short[-1] + 1])
