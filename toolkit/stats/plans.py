"""What a design can tell apart: variance components, detectable differences and personas needed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError
from toolkit.stats.cells import FEWEST, ROUNDING, as_numbers, encode, label_cells


@dataclass(frozen=True, slots=True)
class Components:
    """Variances of a persona's paired difference, in squared units of the measure."""

    wording: float
    """Vk: between wordings."""
    persona: float
    """Vp + Vpk: between personas of one wording. A nested design cannot tell the two apart."""
    noise: float
    """Ve: between repeats of one persona under one wording; 0 where nothing was repeated."""


TYPICAL = Components(wording=0.04**2, persona=0.06, noise=0.24)
"""Assumed components of a difference between two rates, set in November 2026, to plan a first run.

An assumption, not a measurement: 0.30 between single reactions is roughly what two weakly related yes-or-no answers
at rates near 0.2 give, a fifth of it is taken to belong to the persona, and wordings are taken to shift the
difference by a standard deviation of 0.04. Replace it by `variance_components` of an earlier run.
"""


def variance_components(values: npt.ArrayLike, units: npt.ArrayLike, clusters: npt.ArrayLike) -> Components | None:
    """Estimate the components of paired differences, one row per persona, wording and repeat.

    Moments of the nested analysis of variance with unequal group sizes (Searle, Casella and McCulloch 1992);
    negative estimates become 0. With no repeats, noise counts as `persona`; with one persona per wording, persona
    counts as `wording`: both make a plan more careful, not less. None with fewer than two wordings.
    """
    rows = as_numbers(values, "values")
    wording = encode(clusters, len(rows), "clusters")
    cell, cell_wording = label_cells(encode(units, len(rows), "units"), wording)
    in_cell, in_wording, total = np.bincount(cell), np.bincount(wording), len(rows)
    if len(in_wording) < FEWEST:
        return None
    cell_means, wording_means = np.bincount(cell, rows) / in_cell, np.bincount(wording, rows) / in_wording
    within = np.square(rows - cell_means[cell]).sum()
    between_cells = (in_cell * np.square(cell_means - wording_means[cell_wording])).sum()
    between_wordings = (in_wording * np.square(wording_means - rows.mean())).sum()
    repeated, spare = total - len(in_cell), len(in_cell) - len(in_wording)
    nested = (np.square(in_cell) / in_wording[cell_wording]).sum()
    noise = within / repeated if repeated else 0.0
    persona = max((between_cells - spare * noise) / (total - nested), 0.0) if spare else 0.0
    shared = nested - np.square(in_cell).sum() / total
    left = between_wordings - (len(in_wording) - 1) * noise - shared * persona
    wording_variance = max(left / (total - np.square(in_wording).sum() / total), 0.0)
    return Components(wording=float(wording_variance), persona=float(persona), noise=float(noise))


def detectable_difference(
    components: Components, personas: float, wordings: int, repeats: float, power: float = 0.8
) -> float:
    """Return the true difference that a two-sided test at 0.05 finds with probability `power`.

    (t.975 + t.power) sqrt(Vk/K + (Vp + Vpk)/P + Ve/(P R)) with K - 1 degrees of freedom; infinite with fewer than two
    wordings. With fewer personas than wordings, only as many wordings are in use. `personas` may be an
    `effective_size`, where weights are unequal.
    """
    _check_plan(repeats, power)
    if personas <= 0:
        raise InputError(f"personas is {personas}: a plan needs at least one persona")
    used = min(wordings, math.floor(personas))
    if used < FEWEST:
        return math.inf
    per_persona = components.persona + components.noise / repeats
    return _quantiles(used, power) * math.sqrt(components.wording / used + per_persona / personas)


def personas_needed(
    components: Components, wordings: int, repeats: float, target: float, power: float = 0.8
) -> int | None:
    """Return how many personas make `target` detectable, at least one per wording.

    None where more personas cannot reach it: the wordings alone leave too much variance.
    """
    _check_plan(repeats, power)
    if not target > 0.0:
        raise InputError(f"target is {target}: give the difference worth finding as a positive number")
    if wordings < FEWEST:
        return None
    left = (target / _quantiles(wordings, power)) ** 2 - components.wording / wordings
    if left <= 0.0:
        return None
    return max(math.ceil((components.persona + components.noise / repeats) / left - ROUNDING), wordings)


def _quantiles(wordings: int, power: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(wordings - 1, 0.975) + stdtrit(wordings - 1, power))


def _check_plan(repeats: float, power: float) -> None:
    if not (repeats > 0.0 and 0.0 < power < 1.0):
        raise InputError(f"repeats {repeats} and power {power}: give at least one repeat and a power between 0 and 1")


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
