"""What a design can tell apart: variance components, detectable differences and personas needed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError
from toolkit.stats.cells import FEWEST, ROUNDING, FloatArray, as_numbers, encode, label_cells
from toolkit.stats.distributions import binomial_up_to, chi_square_quantiles, normal_below, normal_quantile, t_quantile
from toolkit.stats.solving import find_root


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


@dataclass(frozen=True, slots=True)
class Balance:
    """How many rows and cells (persona within wording) there are; every field but the last is a sum over wordings.

    Arrays with one entry per design, or numbers if all share one.
    """

    rows: FloatArray
    cells: FloatArray
    wordings: FloatArray
    squared_rows: FloatArray
    """Sum of the squared rows of each wording."""
    nested: FloatArray
    """Sum over the cells of the squared rows of a cell over the rows of its wording."""
    squared_cells: FloatArray
    """Sum of the squared rows of each cell."""


def components_of_sums(
    balance: Balance, of_rows: FloatArray, of_cells: FloatArray, of_wordings: FloatArray, total: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return wording, persona and noise as `variance_components` does, from sums: one entry per design.

    `of_rows` is the sum of the squared values, `of_cells` and `of_wordings` those of the squared means of each cell and
    wording, once for each of their rows; `total` is the sum of the values. NaN with fewer than two wordings.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        within, between_cells = np.maximum(of_rows - of_cells, 0.0), np.maximum(of_cells - of_wordings, 0.0)
        between_wordings = of_wordings - total**2 / balance.rows
        repeated, spare = balance.rows - balance.cells, balance.cells - balance.wordings
        noise = np.where(repeated > 0, within / repeated, 0.0)
        left_of_cells = np.maximum((between_cells - spare * noise) / (balance.rows - balance.nested), 0.0)
        persona = np.where(spare > 0, left_of_cells, 0.0)
        shared = balance.nested - balance.squared_cells / balance.rows
        left = between_wordings - (balance.wordings - 1) * noise - shared * persona
        wording = np.maximum(left / (balance.rows - balance.squared_rows / balance.rows), 0.0)
        few = balance.wordings < FEWEST
    return tuple(np.where(few, np.nan, found) for found in (wording, persona, noise))  # type: ignore[return-value]


def detectable_difference(
    components: Components, personas: float, wordings: int, repeats: float, power: float = 0.8, *, drafts: int = 2
) -> float:
    """Return by how much a draft must truly lead for the panel to call it best with probability `power`.

    Best is who beats each of the other `drafts` in a two-sided test at 0.05, all of them truly as far behind. For two
    drafts (t.975 + t.power) sqrt(Vk/K + (Vp + Vpk)/P + Ve/(P R)) with K - 1 degrees of freedom; for more, t.power gives
    way to the same quantile of the largest of so many differences with one draft in common. Infinite with fewer than
    two wordings or drafts. With fewer personas than wordings, only as many wordings are in use. `personas` may be an
    `effective_size`, if weights are unequal.
    """
    _check_plan(repeats, power)
    if personas <= 0:
        raise InputError(f"personas is {personas}: a plan needs at least one persona")
    used = min(wordings, math.floor(personas + ROUNDING * max(personas, 1.0)))
    if min(used, drafts) < FEWEST:
        return math.inf
    per_persona = components.persona + components.noise / repeats
    return _quantiles(used, power, drafts) * math.sqrt(components.wording / used + per_persona / personas)


def detectable_differences(
    wording: FloatArray,
    per_persona: FloatArray,
    personas: FloatArray,
    wordings: FloatArray,
    power: float = 0.8,
    *,
    drafts: int = 2,
) -> FloatArray:
    """Return what `detectable_difference` does for many designs, one entry each.

    `per_persona` is the variance between personas and that of their repeats together: persona + noise / repeats.
    """
    used = np.minimum(wordings, np.floor(personas + ROUNDING * np.maximum(personas, 1.0)))
    found = np.full(used.shape, np.inf)
    for count in np.unique(used[used >= FEWEST]) if drafts >= FEWEST else ():
        here = used == count
        spread = np.sqrt(wording[here] / count + per_persona[here] / personas[here])
        found[here] = _quantiles(int(count), power, drafts) * spread
    return found


def personas_needed(
    components: Components, wordings: int, repeats: float, target: float, power: float = 0.8, *, drafts: int = 2
) -> int | None:
    """Return how many personas make `target` detectable among so many drafts, at least one per wording.

    None if more personas cannot reach it: the wordings alone leave too much variance.
    """
    _check_plan(repeats, power)
    if not target > 0.0:
        raise InputError(f"target is {target}: give the difference worth finding as a positive number")
    if min(wordings, drafts) < FEWEST:
        return None
    left = (target / _quantiles(wordings, power, drafts)) ** 2 - components.wording / wordings
    if left <= 0.0:
        return None
    return max(math.ceil((components.persona + components.noise / repeats) / left - ROUNDING), wordings)


def _quantiles(wordings: int, power: float, drafts: int) -> float:
    return t_quantile(wordings - 1, 0.975) + _find_largest(wordings - 1, power, drafts - 1)


@lru_cache(maxsize=256)
def _find_largest(degrees: int, power: float, rivals: int) -> float:
    """Return the quantile of the largest of some t variates, any two of them correlated by one half.

    P(max T <= x) is the mean over a common normal Z and a common scale S of Phi(x S sqrt(2) + Z) ^ rivals (Dunnett
    1955, doi 10.1080/01621459.1955.10501294); 0.5 is the correlation of two differences with one draft in common.
    """
    if rivals == 1:
        return t_quantile(degrees, power)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    scales = np.sqrt(chi_square_quantiles(degrees, (np.arange(_SCALES) + 0.5) / _SCALES) / degrees)

    def lack(quantile: float) -> float:
        below = normal_below(quantile * math.sqrt(2.0) * scales[:, None] + nodes) ** rivals
        return float((below @ weights).mean()) - power

    return find_root(lack, -20.0, 200.0)


def _check_plan(repeats: float, power: float) -> None:
    if not (repeats > 0.0 and 0.0 < power < 1.0):
        raise InputError(f"repeats {repeats} and power {power}: give at least one repeat and a power between 0 and 1")


_MOST = 5000
_NODES, _SCALES = 40, 400


def results_needed(rate: float = 0.6, null: float = 0.5, *, power: float = 0.8, error: float = 0.05) -> int:
    """Return the fewest independent results with which an exact two-sided binomial test tells `rate` from `null`.

    The test rejects where either tail under `null` is at most error / 2; from the number returned on it finds `rate`
    with at least `power`, for every larger number too (an exact test's power goes up and down with its steps).
    """
    if not 0.0 < null < rate < 1.0 or not 0.0 < error < power < 1.0:
        raise InputError(f"rate {rate} against {null}: give 0 < null < rate < 1 and 0 < error < power < 1")
    sizes = np.arange(1.0, _MOST)
    most = _find_most(sizes, null, error / 2.0)  # so many hits or fewer are rejected
    least = sizes - _find_most(sizes, 1.0 - null, error / 2.0)  # so many or more
    found = binomial_up_to(sizes - least, sizes, 1.0 - rate)
    found += binomial_up_to(most, sizes, rate)
    short = np.flatnonzero(found < power)
    if short[-1] == len(sizes) - 1:
        raise InputError(f"telling {rate} from {null} takes more than {_MOST:,} results")
    return int(sizes[short[-1] + 1])


_Z_LEVEL, _Z_POWER = 1.959964, 0.841621
"""Normal quantiles of 97.5 % and 80 %."""


def people_needed(ahead: int, behind: int, count: int) -> int | None:
    """Return how many people, each asked about two drafts, tell them apart four times in five; None for no difference.

    Of `count` people `ahead` chose the second alone and `behind` the first alone. McNemar's test, two-sided at 5 %, by
    Connor's formula (1987, Biometrics 43:207): n = (z.975 sqrt(s) + z.80 sqrt(s - d^2))^2 / d^2, with s the share who
    differ and d the difference of the two. Half a person is added to each side, so that few say no certainties.
    """
    first, second = (ahead + 0.5) / (count + 1.0), (behind + 0.5) / (count + 1.0)
    share, difference = first + second, first - second
    if ahead == behind:
        return None
    reach = _Z_LEVEL * math.sqrt(share) + _Z_POWER * math.sqrt(max(share - difference**2, 0.0))
    return math.ceil((reach / difference) ** 2)


def _find_most(sizes: FloatArray, chance: float, error: float) -> FloatArray:
    """Return, for each number of trials, the most hits whose lower tail is at most `error`; -1 if there are none."""
    spread = normal_quantile(error) * np.sqrt(sizes * chance * (1.0 - chance))
    most = np.clip(np.floor(sizes * chance + spread), -1.0, sizes)
    while (over := binomial_up_to(most, sizes, chance) > error).any():
        most = most - over
    while (under := binomial_up_to(most + 1.0, sizes, chance) <= error).any():
        most = most + under
    return most
