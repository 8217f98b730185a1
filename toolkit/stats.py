"""Intervals, p-values and plans for numbers that come from personas under several wordings.

The wording is a random factor: with it ignored, more personas make false verdicts more frequent, not less.
So every interval here is clustered on the wordings, and the persona, never the call, is the unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntegerArray = npt.NDArray[np.intp]

ROUNDING = 1e-12
"""Differences smaller than this, relative to the largest value or in rating points, are rounding and count as zero."""

_FEWEST = 2
_WHOLE = 1.0 - 1e-6


@dataclass(frozen=True, slots=True)
class Interval:
    """A weighted mean with its uncertainty; what cannot be identified from the data is None."""

    estimate: float
    low: float | None
    high: float | None
    standard_error: float | None
    degrees: float | None
    """Satterthwaite degrees of freedom of the standard error."""
    p_value: float | None
    """Two-sided, for a true mean of zero."""
    clusters: int
    units: int


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


@dataclass(frozen=True, slots=True)
class _Cells:
    """One row per persona and wording: values, weights that sum to 1, and integer labels."""

    values: FloatArray
    weights: FloatArray
    clusters: IntegerArray
    units: IntegerArray

    @property
    def shape(self) -> tuple[int, int]:
        """How many units and how many clusters there are."""
        return int(self.units.max()) + 1, int(self.clusters.max()) + 1

    @property
    def is_crossed(self) -> bool:
        """Whether some unit occurs in several clusters."""
        return len(self.values) > self.shape[0]


def cluster_mean(
    values: npt.ArrayLike,
    weights: npt.ArrayLike,
    clusters: npt.ArrayLike,
    units: npt.ArrayLike | None = None,
    *,
    confidence: float = 0.95,
) -> Interval:
    """Return the weighted mean of `values` with an interval that treats the clusters (wordings) as random.

    All arrays have one entry per row; `units` names the persona, and each row is its own unit where it is missing.
    Rows of one unit and cluster (repeats) count once, as their mean. Rows of weight zero are left out.

    Units nested in clusters: the CR2 sandwich of an intercept-only weighted regression with independent,
    homoskedastic errors as its working model, and Bell-McCaffrey degrees of freedom (Pustejovsky and Tipton 2018,
    doi 10.1080/07350015.2016.1247004); with balance and equal weights the t interval over the cluster means, with
    K - 1 degrees. Units crossed with clusters: V = Vp + Vk - V(cells), min(P, K) - 1 degrees, and max(Vp, Vk) where
    V is not positive. One cluster, or one unit, or one that holds all but a millionth of the weight, identifies no
    variance: those fields are None.

    All values equal: `standard_error` is 0 and the interval a point (see `exact_interval` for an honest one of a
    rate). The p-value is then 1 for a mean of zero. For any other mean it is that of the same values with the
    heaviest unit set to zero: unanimity is at least as much evidence as that, and no finite sample is worth p = 0.
    """
    if not 0.0 < confidence < 1.0:
        raise InputError(f"confidence is {confidence}: give a number between 0 and 1, such as 0.95")
    return _judge(_collapse(values, weights, clusters, units), confidence)


def leave_one_out(values: npt.ArrayLike, weights: npt.ArrayLike, clusters: npt.ArrayLike) -> FloatArray:
    """Return the weighted mean without each cluster in turn, in sorted order of the labels; NaN where none is left.

    Rows of weight zero, and clusters that hold nothing else, are left out.
    """
    cells = _collapse(values, weights, clusters, None)
    others = 1.0 - np.eye(cells.shape[1])
    # Adding up the others, instead of subtracting from the total, keeps an exact zero exact.
    sums = others @ np.bincount(cells.clusters, cells.weights * cells.values)
    masses = others @ np.bincount(cells.clusters, cells.weights)
    return np.asarray(np.divide(sums, masses, out=np.full(len(masses), np.nan), where=masses > 0.0))


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


def variance_components(values: npt.ArrayLike, units: npt.ArrayLike, clusters: npt.ArrayLike) -> Components | None:
    """Estimate the components of paired differences, one row per persona, wording and repeat.

    Moments of the nested analysis of variance with unequal group sizes (Searle, Casella and McCulloch 1992);
    negative estimates become 0. With no repeats, noise counts as `persona`; with one persona per wording, persona
    counts as `wording`: both make a plan more careful, not less. None with fewer than two wordings.
    """
    rows = _as_numbers(values, "values")
    wording = _encode(clusters, len(rows), "clusters")
    cell, cell_wording = _label_cells(_encode(units, len(rows), "units"), wording)
    in_cell, in_wording, total = np.bincount(cell), np.bincount(wording), len(rows)
    if len(in_wording) < _FEWEST:
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
    if used < _FEWEST:
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
    if wordings < _FEWEST:
        return None
    left = (target / _quantiles(wordings, power)) ** 2 - components.wording / wordings
    if left <= 0.0:
        return None
    return max(math.ceil((components.persona + components.noise / repeats) / left - ROUNDING), wordings)


def effective_size(weights: npt.ArrayLike) -> float:
    """Return Kish's effective sample size (sum w)^2 / sum w^2; 0 where there is no weight."""
    sizes = np.asarray(weights, dtype=np.float64)
    if not np.isfinite(sizes).all() or (sizes < 0.0).any():
        raise InputError("a weight is negative or not a number: weights are 0 or more")
    if not sizes.any():
        return 0.0
    shares = sizes / sizes.max()
    return float(shares.sum() ** 2 / np.square(shares).sum())


def exact_interval(rate: float, effective: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a rate seen in `effective` units, fractions of a unit allowed.

    For rates whose values are all equal, where a standard error of 0 would claim certainty. It knows nothing of
    wordings, so it is an interval for these wordings. Nothing seen says nothing: (0, 1).
    """
    from scipy.special import betaincinv

    if not (0.0 <= rate <= 1.0 and effective >= 0.0 and 0.0 < confidence < 1.0):
        raise InputError(f"rate {rate} of {effective} units at {confidence}: rate is 0 to 1, confidence between them")
    hits, tail = rate * effective, (1.0 - confidence) / 2.0
    misses = effective - hits
    low = float(betaincinv(hits, misses + 1.0, tail)) if hits > 0.0 else 0.0
    high = float(betaincinv(hits + 1.0, misses, 1.0 - tail)) if misses > 0.0 else 1.0
    return low, high


def _judge(cells: _Cells, confidence: float) -> Interval:
    from scipy.special import stdtrit

    units, clusters = cells.shape
    estimate = _mean(cells)
    shares = [np.bincount(labels, cells.weights).max() for labels in (cells.units, cells.clusters)]
    if min(units, clusters) < _FEWEST or max(shares) > _WHOLE:
        return Interval(estimate, None, None, None, None, None, clusters, units)
    variance, degrees = _estimate_variance(cells, estimate)
    error = math.sqrt(variance)
    reach = error * float(stdtrit(degrees, (1.0 + confidence) / 2.0))
    p_value = _find_p_value(cells, estimate, error, degrees)
    return Interval(estimate, estimate - reach, estimate + reach, error, degrees, p_value, clusters, units)


def _find_p_value(cells: _Cells, estimate: float, error: float, degrees: float) -> float:
    if error > 0.0 or estimate == 0.0:
        return _test_zero(estimate, error, degrees)
    heaviest = np.bincount(cells.units, cells.weights).argmax()
    doubted = replace(cells, values=np.where(cells.units == heaviest, 0.0, cells.values))
    mean = _mean(doubted)
    variance, degrees = _estimate_variance(doubted, mean)
    return _test_zero(mean, math.sqrt(variance), degrees)


def _test_zero(estimate: float, error: float, degrees: float) -> float:
    from scipy.special import stdtr

    return float(2.0 * stdtr(degrees, -abs(estimate) / error)) if error > 0.0 else 1.0


def _mean(cells: _Cells) -> float:
    estimate = float(cells.weights @ cells.values)
    return 0.0 if abs(estimate) <= ROUNDING * float(np.abs(cells.values).max()) else estimate


def _estimate_variance(cells: _Cells, estimate: float) -> tuple[float, float]:
    """Return the variance of the mean and its degrees of freedom."""
    residuals = cells.values - estimate
    residuals[np.abs(residuals) <= ROUNDING * np.abs(cells.values).max()] = 0.0
    by_cluster, degrees = _sandwich(residuals, cells.weights, cells.clusters)
    by_unit, _ = _sandwich(residuals, cells.weights, cells.units)
    if cells.is_crossed:
        by_cell, _ = _sandwich(residuals, cells.weights, np.arange(len(residuals)))
        variance, degrees = by_unit + by_cluster - by_cell, float(min(cells.shape) - 1)
    else:
        variance = by_cluster
    # Also where nested clusters happen to agree exactly while their units differ: that is luck, not certainty.
    if variance <= ROUNDING * (by_unit + by_cluster):
        variance = max(by_unit, by_cluster)
    return variance, degrees


def _sandwich(residuals: FloatArray, weights: FloatArray, groups: IntegerArray) -> tuple[float, float]:
    """Return the CR2 variance and Bell-McCaffrey degrees of freedom of a mean whose weights sum to 1.

    The adjustment B^(-1/2), B = [(I - H)(I - H)'] of a group, differs from I only in the plane of the vector of ones
    and the group's weights, so it is a 2 x 2 inverse root in coordinates along and across the ones.
    """
    sizes = np.bincount(groups).astype(np.float64)
    roots, sums = np.sqrt(sizes), np.asarray(np.bincount(groups, weights), dtype=np.float64)
    across = weights - (sums / sizes)[groups]
    across[np.abs(across) <= ROUNDING * weights] = 0.0
    length = np.sqrt(np.bincount(groups, across**2))
    total = float(weights @ weights)
    first, second = _adjust_plane(sums, sizes, length, total)
    slope = np.divide(second, length, out=np.zeros_like(second), where=length > 0.0)
    scores = np.bincount(groups, ((first / roots)[groups] + slope[groups] * across) * residuals)
    return float(scores @ scores), _count_degrees(
        squares=first**2 + second**2,
        products=sums / roots * first + length * second,
        totals=first * roots,
        total=total,
    )


def _adjust_plane(
    sums: FloatArray, sizes: FloatArray, length: FloatArray, total: float
) -> tuple[FloatArray, FloatArray]:
    """Return B^(-1/2) w of each group as coordinates along the ones and across them."""
    along = sums / np.sqrt(sizes)
    corner = 1.0 - 2.0 * sums + sizes * total
    slant = -np.sqrt(sizes) * length
    # With two groups or more the determinant is at least (1 - share of the group)^2: only rounding makes it 0.
    root = np.sqrt(np.maximum(corner - slant**2, np.maximum(1.0 - sums, ROUNDING) ** 2))
    scale = root * np.sqrt(corner + 1.0 + 2.0 * root)
    return ((1.0 + root) * along - slant * length) / scale, ((corner + root) * length - slant * along) / scale


def _count_degrees(squares: FloatArray, products: FloatArray, totals: FloatArray, total: float) -> float:
    """Return (trace P)^2 / sum P^2 for P_ij = [i = j] a_i'a_i - (w'a)_i t_j - (w'a)_j t_i + total t_i t_j."""
    diagonal = total * totals**2 - 2.0 * products * totals
    mixed, spread, length = float(products @ totals), float(totals @ totals), float(products @ products)
    rest = 2.0 * length * spread + 2.0 * mixed**2 + (total * spread) ** 2 - 4.0 * total * mixed * spread
    everything = float(squares @ squares) + 2.0 * float(squares @ diagonal) + rest
    return float((squares + diagonal).sum()) ** 2 / everything


def _collapse(
    values: npt.ArrayLike, weights: npt.ArrayLike, clusters: npt.ArrayLike, units: npt.ArrayLike | None
) -> _Cells:
    """Check the rows, leave out those without weight and merge those of one unit and cluster."""
    rows, sizes = _as_numbers(values, "values"), _as_numbers(weights, "weights")
    if len(sizes) != len(rows) or (sizes < 0.0).any() or not sizes.any():
        raise InputError(f"weights do not fit {len(rows)} values: give one of 0 or more per value, not all 0")
    kept = sizes > 0.0
    groups = _encode(clusters, len(rows), "clusters", kept)
    people = _encode(np.arange(len(rows)) if units is None else units, len(rows), "units", kept)
    cell, cell_groups = _label_cells(people, groups)
    # Divided by the largest, so that the unit the weights come in cannot overflow; rounding noise becomes zero.
    shares, rows = sizes[kept] / sizes.max(), np.where(np.abs(rows[kept]) <= ROUNDING, 0.0, rows[kept])
    masses, repeats = np.bincount(cell, shares), np.bincount(cell)
    cell_people = np.empty(len(masses), dtype=np.intp)
    cell_people[cell] = people
    per_cell = masses / repeats
    return _Cells(np.bincount(cell, shares * rows) / masses, per_cell / per_cell.sum(), cell_groups, cell_people)


def _label_cells(units: IntegerArray, clusters: IntegerArray) -> tuple[IntegerArray, IntegerArray]:
    """Return each row's cell (unit within cluster) and each cell's cluster."""
    count = int(clusters.max()) + 1
    names, cell = np.unique(units * count + clusters, return_inverse=True)
    return cell, names % count


def _encode(labels: npt.ArrayLike, count: int, name: str, kept: npt.NDArray[np.bool_] | None = None) -> IntegerArray:
    """Return the labels as numbers from 0, in their sorted order."""
    items = np.asarray(labels)
    if items.shape != (count,):
        raise InputError(f"{name} has shape {items.shape}: give one label for each of the {count} values")
    return np.unique(items if kept is None else items[kept], return_inverse=True)[1]


def _as_numbers(values: npt.ArrayLike, name: str) -> FloatArray:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not len(numbers) or not np.isfinite(numbers).all():
        raise InputError(f"{name} must be a list of one or more finite numbers: leave out what is unknown first")
    return numbers


def _sort_known(p_values: Sequence[float | None] | FloatArray) -> tuple[FloatArray, IntegerArray]:
    """Return the p-values with NaN for the unknown, and the places of the known ones, smallest first."""
    numbers = np.array(p_values, dtype=np.float64)
    places = np.flatnonzero(~np.isnan(numbers))
    if ((numbers[places] < 0.0) | (numbers[places] > 1.0)).any():
        raise InputError("a p-value is outside 0 to 1: give None where there is none")
    return numbers, places[np.argsort(numbers[places], kind="stable")]


def _quantiles(wordings: int, power: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(wordings - 1, 0.975) + stdtrit(wordings - 1, power))


def _check_plan(repeats: float, power: float) -> None:
    if not (repeats > 0.0 and 0.0 < power < 1.0):
        raise InputError(f"repeats {repeats} and power {power}: give at least one repeat and a power between 0 and 1")
