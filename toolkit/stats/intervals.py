"""Means with intervals that treat the wordings as random."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError
from toolkit.stats.cells import FEWEST, ROUNDING, Cells, FloatArray, collapse
from toolkit.stats.distributions import beta_quantile, normal_quantile, t_below, t_quantile
from toolkit.stats.sandwiches import sandwich, score_sums, sum_singles
from toolkit.stats.solving import find_root

_WHOLE = 1.0 - 1e-6
_SURE = 1e-9
_NOTHING = 1e-13
"""Beside the values themselves; what `ROUNDING` calls zero is ten times as much, so no other sum says otherwise."""
_HEAVY = 0.25
_MOST_SHARE = 0.7


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
    rate, `limit_difference` of a difference of rates). The p-value is then 1 for a mean of zero. For any other mean it
    is that of the same values with the heaviest unit set to zero: unanimity is at least as much evidence as that, and
    no finite sample is worth p = 0.
    """
    if not 0.0 < confidence < 1.0:
        raise InputError(f"confidence is {confidence}: give a number between 0 and 1, such as 0.95")
    return _judge(collapse(values, weights, clusters, units), confidence)


def leave_one_out(values: npt.ArrayLike, weights: npt.ArrayLike, clusters: npt.ArrayLike) -> FloatArray:
    """Return the weighted mean without each cluster in turn, in sorted order of the labels; NaN where none is left.

    Rows of weight zero, and clusters that hold nothing else, are left out.
    """
    cells = collapse(values, weights, clusters, None)
    others = 1.0 - np.eye(cells.shape[1])
    # Adding up the others, instead of subtracting from the total, keeps an exact zero exact.
    sums = others @ np.bincount(cells.clusters, cells.weights * cells.values)
    masses = others @ np.bincount(cells.clusters, cells.weights)
    return np.asarray(np.divide(sums, masses, out=np.full(len(masses), np.nan), where=masses > 0.0))


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
    if not (-ROUNDING <= rate <= 1.0 + ROUNDING and effective >= 0.0 and 0.0 < confidence < 1.0):
        raise InputError(f"rate {rate} of {effective} units at {confidence}: rate is 0 to 1, confidence between them")
    rate = min(max(rate, 0.0), 1.0)  # a weighted mean of ones may be 1 and a rounding
    hits, tail = rate * effective, (1.0 - confidence) / 2.0
    misses = effective - hits
    low = beta_quantile(hits, misses + 1.0, tail) if hits > 0.0 else 0.0
    high = beta_quantile(hits + 1.0, misses, 1.0 - tail) if misses > 0.0 else 1.0
    return low, high


def score_interval(ahead: float, behind: float, effective: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return Tango's score interval of a difference of two shares of the same units.

    `ahead` is the share of units with the second alone, `behind` that with the first alone, fractions of a unit
    allowed; the difference is ahead - behind. Holds where few units differ, as a t interval does not; it knows nothing
    of wordings. Tango 1998, Statistics in Medicine 17:891-908, eq. 11 and its closed form of the nuisance share.
    """
    if not (min(ahead, behind) >= 0.0 and ahead + behind <= 1.0 + ROUNDING and effective > 0.0):
        raise InputError(
            f"shares {ahead} and {behind} of {effective} units: each is 0 or more, both together at most 1"
        )
    difference, reach = ahead - behind, normal_quantile((1.0 + confidence) / 2.0) / math.sqrt(effective)

    def lack(bound: float, side: float) -> float:
        """Return how far a bound is from being rejected on its side: zero at the end of the interval."""
        slope = (2.0 - difference) * bound - ahead - behind
        nuisance = (math.sqrt(max(slope**2 + 8.0 * behind * bound * (1.0 - bound), 0.0)) - slope) / 4.0
        variance = max(2.0 * nuisance + bound * (1.0 - bound), 0.0)
        return side * (bound - difference) - reach * math.sqrt(variance)

    if ahead + behind <= ROUNDING:  # the root at the difference itself is none
        return -(reach**2) / (1.0 + reach**2), reach**2 / (1.0 + reach**2)
    low = find_root(lambda bound: lack(bound, -1.0), -1.0, difference) if lack(-1.0, -1.0) > 0.0 else -1.0
    high = find_root(lambda bound: lack(bound, 1.0), difference, 1.0) if lack(1.0, 1.0) > 0.0 else 1.0
    return low, high


def limit_difference(interval: Interval, effective: float, *, span: float = 1.0, confidence: float = 0.95) -> Interval:
    """Return the interval of a difference on a bounded scale: inside it, and no point if all units differ alike.

    `span` is the length of the scale: 1 for rates, 4 for ratings from 1 to 5. If nothing varies it reaches as far as
    the share of `effective` units that may differ otherwise although none was seen: the upper end of the
    Clopper-Pearson interval of none, in lengths of the scale.
    """
    low, high = interval.low, interval.high
    if low is None or high is None:
        return interval
    if interval.standard_error == 0.0:
        _, reach = exact_interval(0.0, effective, confidence=confidence)
        low, high = interval.estimate - span * reach, interval.estimate + span * reach
    return replace(interval, low=max(low, -span), high=min(high, span))


def limit_level(
    interval: Interval, effective: float, scale: tuple[float, float] = (0.0, 1.0), *, confidence: float = 0.95
) -> Interval:
    """Return the interval of a mean on a bounded scale: inside it, and no point if all units say the same.

    If nothing varies it is the Clopper-Pearson interval of the mean as a share of the scale.
    """
    low, high = interval.low, interval.high
    if low is None or high is None:
        return interval
    least, most = scale
    if interval.standard_error == 0.0:
        share = min(max((interval.estimate - least) / (most - least), 0.0), 1.0)
        ends = exact_interval(share, effective, confidence=confidence)
        low, high = (least + (most - least) * end for end in ends)
    return replace(interval, low=max(low, least), high=min(high, most))


@dataclass(frozen=True, slots=True)
class Sums:
    """What clustered means are made of, many at once: the last axis is the clusters, rows of weight zero left out."""

    counts: FloatArray
    masses: FloatArray
    """Sums of the weights."""
    squares: FloatArray
    """Sums of the squared weights."""
    totals: FloatArray
    """Sums of the values."""
    products: FloatArray
    """Sums of weight x value."""


@dataclass(frozen=True, slots=True)
class Means:
    """Clustered means, one entry each; see `Interval`."""

    estimate: FloatArray
    standard_error: FloatArray
    degrees: FloatArray
    reach: FloatArray
    """Half the interval."""
    p_value: FloatArray
    clusters: FloatArray
    is_sure: npt.NDArray[np.bool_]
    """False where next to nothing varies or one unit outweighs the rest: `cluster_mean` has to look at the rows."""
    is_broad: npt.NDArray[np.bool_]
    """Whether no unit and no cluster outweighs the rest; then certainty lacks only where nothing varies."""


def judge_sums(
    sums: Sums, span: float | FloatArray, *, scatter: FloatArray | None = None, confidence: float = 0.95
) -> Means:
    """Return what `cluster_mean` does for units nested in clusters, from sums alone; `span` is the reach of the values.

    A mean per entry of the leading axes. Rows that were already summed cost nothing here, so 190 pairs of drafts take
    what one does. `span` is one number, or one for each mean. `scatter` is the root of the mean square of the values,
    if no weight is zero: a mean that is nothing beside it is zero. Without it the rows say so.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        mass = sums.masses.sum(axis=-1, keepdims=True)
        counts = np.broadcast_to(sums.counts, np.broadcast_shapes(sums.counts.shape, sums.products.shape))
        shares, squares = sums.masses / mass, sums.squares / mass**2
        estimate = sums.products.sum(axis=-1, keepdims=True) / mass
        found = score_sums(
            counts, shares, squares, sums.totals - counts * estimate, sums.products / mass - shares * estimate
        )
        variance, error = found.variance, np.sqrt(found.variance)
        estimate = estimate[..., 0]
        is_clear = np.abs(estimate) > _SURE * span
        if scatter is not None:
            is_zero = np.abs(estimate) <= _NOTHING * scatter
            estimate, is_clear = np.where(is_zero, 0.0, estimate), is_clear | is_zero
        reach = error * t_quantile(found.degrees, (1.0 + confidence) / 2.0)
        p_value = np.minimum(2.0 * t_below(found.degrees, -np.abs(estimate) / error), 1.0)
        clusters = (counts > 0).sum(axis=-1).astype(np.float64)
        total = found.total * np.ones_like(estimate)
        is_broad = (clusters >= FEWEST) & (total < _HEAVY) & (shares.max(axis=-1) < _MOST_SHARE)
        is_sure = is_broad & is_clear & (variance > _SURE * total * span**2) & np.isfinite(p_value)
    return Means(estimate, error, found.degrees * np.ones_like(estimate), reach, p_value, clusters, is_sure, is_broad)


def _judge(cells: Cells, confidence: float) -> Interval:
    units, clusters = cells.shape
    estimate = _mean(cells)
    shares = [np.bincount(labels, cells.weights).max() for labels in (cells.units, cells.clusters)]
    if min(units, clusters) < FEWEST or max(shares) > _WHOLE:
        return Interval(estimate, None, None, None, None, None, clusters, units)
    variance, degrees = _estimate_variance(cells, estimate)
    error = math.sqrt(variance)
    reach = error * t_quantile(degrees, (1.0 + confidence) / 2.0)
    p_value = _find_p_value(cells, estimate, error, degrees)
    return Interval(estimate, estimate - reach, estimate + reach, error, degrees, p_value, clusters, units)


def _find_p_value(cells: Cells, estimate: float, error: float, degrees: float) -> float:
    if error > 0.0 or estimate == 0.0:
        return _test_zero(estimate, error, degrees)
    heaviest = np.bincount(cells.units, cells.weights).argmax()
    doubted = replace(cells, values=np.where(cells.units == heaviest, 0.0, cells.values))
    mean = _mean(doubted)
    variance, degrees = _estimate_variance(doubted, mean)
    return _test_zero(mean, math.sqrt(variance), degrees)


def _test_zero(estimate: float, error: float, degrees: float) -> float:
    return 2.0 * t_below(degrees, -abs(estimate) / error) if error > 0.0 else 1.0


def _mean(cells: Cells) -> float:
    estimate = float(cells.weights @ cells.values)
    return 0.0 if abs(estimate) <= ROUNDING * float(np.abs(cells.values).max()) else estimate


def _estimate_variance(cells: Cells, estimate: float) -> tuple[float, float]:
    """Return the variance of the mean and its degrees of freedom."""
    residuals = cells.values - estimate
    residuals[np.abs(residuals) <= ROUNDING * np.abs(cells.values).max()] = 0.0
    by_cluster, degrees = sandwich(residuals, cells.weights, cells.clusters)
    by_unit = by_cell = sum_singles(residuals, cells.weights)
    if cells.is_crossed:
        by_unit, _ = sandwich(residuals, cells.weights, cells.units)
        variance, degrees = by_unit + by_cluster - by_cell, float(min(cells.shape) - 1)
    else:
        variance = by_cluster
    # Also where nested clusters happen to agree exactly while their units differ: that is luck, not certainty.
    if variance <= ROUNDING * (by_unit + by_cluster):
        variance = max(by_unit, by_cluster)
    return variance, degrees
