"""A mean over campaigns, each a draw of its own, whose people and wordings are the same ones again and again."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError
from toolkit.stats.cells import FEWEST, ROUNDING, FloatArray, IntegerArray, as_numbers, encode
from toolkit.stats.distributions import t_below, t_quantile
from toolkit.stats.intervals import cluster_mean


@dataclass(frozen=True, slots=True)
class CampaignMean:
    """A mean over campaigns with its uncertainty; what cannot be told from the data is None."""

    estimate: float
    """The plain mean of the campaigns' own means."""
    campaigns: int
    clusters: int
    units: int
    means: tuple[float, ...]
    """Of each campaign, in sorted order of their labels."""
    errors: tuple[float, ...]
    """The standard error of each campaign's mean by itself, its people and wordings random; NaN if one cannot tell."""
    holds: bool
    """Whether the sign stays whichever campaign or cluster is left out."""
    low: float | None = None
    high: float | None = None
    standard_error: float | None = None
    degrees: float | None = None
    """Satterthwaite degrees of freedom of the standard error."""
    p_value: float | None = None
    """Two-sided, for a true mean of zero over campaigns at large."""
    tau: float | None = None
    """The standard deviation of the true means between campaigns, in units of the values."""
    shared: float | None = None
    """The part of the squared standard error that people and wordings make, which more campaigns leave as it is."""
    predict_low: float | None = None
    """The interval that holds the true mean of a further campaign."""
    predict_high: float | None = None


def mean_over_campaigns(
    values: npt.ArrayLike,
    weights: npt.ArrayLike,
    campaigns: npt.ArrayLike,
    clusters: npt.ArrayLike,
    units: npt.ArrayLike,
    *,
    confidence: float = 0.95,
) -> CampaignMean:
    """Return the mean over campaigns of each campaign's weighted mean, with campaigns, clusters and units random.

    All arrays have one entry per row: a value (the difference of two levels), its weight, and labels of its campaign,
    cluster (wording) and unit (persona). Rows of weight zero are left out; weights count within a campaign alone, and
    every campaign counts the same, however many people it has.

    V = S^2 / C + max(c, 0). S^2 is the variance of the C campaign means, so whatever differs from campaign to campaign
    is in it: the campaign's own effect, its drafts, and chance. c is the mean covariance of two campaigns' means, which
    the same clusters and units make: sum_k G_ck G_c'k x a correction for so few clusters, with G_ck the sum of weight x
    deviation from the campaign's mean. If each unit is in one cluster, as personas are in wordings, clusters say it
    all; if not, c is that of units plus that of clusters less that of their cells. In a balanced study V is the
    variance of the two-way random model, (MS_campaign + MS_cluster - MS_rest) / (C K), with Satterthwaite's degrees
    of freedom (1946, doi 10.2307/3002019); with a single unit a cluster and no covariance it is the t test of the
    campaign means. tau^2 = S^2 + c - the mean variance of a campaign's mean (Hedges and Olkin 1985, chapter 9.3, for
    dependent means). The prediction interval is estimate +- t sqrt(tau^2 + V) (Higgins, Thompson and Spiegelhalter
    2009, doi 10.1111/j.1467-985X.2008.00552.x), with C - 2 degrees of freedom.

    One campaign identifies no variance, and two no prediction: those fields are None. Raises InputError on labels or
    weights that do not fit.

    Examples:
        >>> found = mean_over_campaigns([0.1, 0.3, 0.2], [1, 1, 1], [0, 1, 2], [0, 1, 2], [0, 1, 2])
        >>> round(found.estimate, 9), found.campaigns
        (0.2, 3)
    """
    if not 0.0 < confidence < 1.0:
        raise InputError(f"confidence is {confidence}: give a number between 0 and 1, such as 0.95")
    rows = _Deviations.make(values, weights, campaigns, clusters, units)
    means, count = rows.means, len(rows.means)
    estimate = float(means.mean())
    estimate = 0.0 if abs(estimate) <= ROUNDING * max(float(np.abs(means).max()), ROUNDING) else estimate
    parts = rows.measure()
    told = CampaignMean(
        estimate=estimate,
        campaigns=count,
        clusters=rows.count_clusters(),
        units=rows.count_units(),
        means=tuple(means.tolist()),
        errors=tuple(np.sqrt(parts.variances).tolist()),
        holds=rows.holds(estimate),
    )
    if count < FEWEST:
        return told
    scatter = float(np.var(means, ddof=1))
    variance = scatter / count + max(parts.shared, 0.0)
    tau = math.sqrt(max(scatter + parts.shared - float(np.mean(np.nan_to_num(parts.variances))), 0.0))
    tail = (1.0 + confidence) / 2.0
    if variance <= ROUNDING * max(float(np.abs(means).max()), ROUNDING) ** 2:
        return _judge_alike(told, confidence)
    error, degrees = math.sqrt(variance), _count_degrees(scatter / count, count, variance, parts)
    reach = error * t_quantile(degrees, tail)
    further = math.sqrt(tau**2 + variance) * t_quantile(count - 2.0, tail) if count > FEWEST else None
    return replace(
        told,
        low=estimate - reach,
        high=estimate + reach,
        standard_error=error,
        degrees=degrees,
        p_value=min(2.0 * t_below(degrees, -abs(estimate) / error), 1.0),
        tau=tau,
        shared=max(parts.shared, 0.0),
        predict_low=None if further is None else estimate - further,
        predict_high=None if further is None else estimate + further,
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """What people and wordings add to the variance."""

    shared: float
    """The mean covariance of two campaigns' means."""
    clustered: float
    """The variance of the mean that clustering on clusters alone would give."""
    spare: int
    """Degrees of freedom of the clusters."""
    variances: FloatArray
    """Of each campaign's mean by itself."""


@dataclass(frozen=True, slots=True)
class _Deviations:
    """Rows as shares of their campaign and deviations from its mean."""

    values: FloatArray
    shares: FloatArray
    """Weights that add up to 1 in each campaign."""
    campaigns: IntegerArray
    clusters: IntegerArray
    units: IntegerArray
    means: FloatArray

    @classmethod
    def make(
        cls,
        values: npt.ArrayLike,
        weights: npt.ArrayLike,
        campaigns: npt.ArrayLike,
        clusters: npt.ArrayLike,
        units: npt.ArrayLike,
    ) -> _Deviations:
        """Return the rows that have a weight."""
        numbers, masses = as_numbers(values, "values"), as_numbers(weights, "weights")
        if len(masses) != len(numbers) or (masses < 0.0).any():
            raise InputError("weights have one entry per value, each 0 or more")
        kept = masses > 0.0
        if not kept.any():
            raise InputError("no row has a weight: give at least one above 0")
        campaign, cluster, unit = (
            encode(each, len(numbers), name, kept)
            for each, name in ((campaigns, "campaigns"), (clusters, "clusters"), (units, "units"))
        )
        numbers, masses = numbers[kept], masses[kept]
        # Divided by the heaviest first, so that no sum of weights overflows.
        heaviest = np.zeros(int(campaign.max()) + 1)
        np.maximum.at(heaviest, campaign, masses)
        scaled = masses / heaviest[campaign]
        shares = scaled / np.bincount(campaign, scaled)[campaign]
        means = np.asarray(np.bincount(campaign, shares * numbers), dtype=np.float64)
        return cls(numbers, shares, campaign, cluster, unit, means)

    def count_clusters(self) -> int:
        """Return how many clusters there are."""
        return int(self.clusters.max()) + 1

    def count_units(self) -> int:
        """Return how many units there are."""
        return int(self.units.max()) + 1

    def measure(self) -> _Parts:
        """Return what clusters and units add to the variance."""
        cells = np.unique(self.units.astype(np.int64) * self.count_clusters() + self.clusters, return_inverse=True)[1]
        is_crossed = int(cells.max()) + 1 > self.count_units()
        # A single cluster tells nothing of what campaigns share; its units still do.
        signed = [(1.0, self.clusters if self.count_clusters() >= FEWEST else self.units)]
        is_crossed = is_crossed and self.count_clusters() >= FEWEST
        if is_crossed:
            signed += [(1.0, self.units), (-1.0, cells)]
        found = [(sign, self._add_up(labels)) for sign, labels in signed]
        shared = sum(sign * each.shared for sign, each in found)
        variances = sum((sign * each.variances for sign, each in found), start=np.zeros(len(self.means)))
        single = variances <= 0.0
        if is_crossed and single.any():
            variances[single] = np.maximum(found[0][1].variances, found[1][1].variances)[single]
        spare = min(int(signed[0][1].max()) + 1, self.count_units()) - 1
        return _Parts(float(shared), found[0][1].clustered, spare, variances)

    def _add_up(self, labels: IntegerArray) -> _Parts:
        """Return the parts if these labels were all that campaigns share."""
        count, many = len(self.means), int(labels.max()) + 1
        pushes = self.shares * (self.values - self.means[self.campaigns])
        pushes[np.abs(pushes) <= ROUNDING * np.abs(self.values).max() * self.shares] = 0.0
        names, place = np.unique(self.campaigns.astype(np.int64) * many + labels, return_inverse=True)
        cell_campaign, cell_label = np.divmod(names, many)
        of_cell, mass = (np.asarray(np.bincount(place, each), dtype=np.float64) for each in (pushes, self.shares))
        of_label = np.bincount(cell_label, of_cell, minlength=many)
        squares = float(np.square(of_cell).sum())
        correction = _correct(np.bincount(cell_label, mass, minlength=many) / count)
        both = correction * float(np.square(of_label).sum())
        shared = (both - correction * squares) / (count * (count - 1)) if count >= FEWEST else 0.0
        own = np.bincount(cell_campaign, np.square(of_cell)) / _lose(cell_campaign, mass)
        return _Parts(shared, both / count**2, many - 1, own)

    def holds(self, estimate: float) -> bool:
        """Whether the sign of the estimate stays whichever campaign or cluster is left out."""
        total, count = self.means.sum(), len(self.means)
        if count < FEWEST or estimate == 0.0:
            return False
        without = [(total - self.means) / (count - 1)]
        many = self.count_clusters()
        place = self.campaigns.astype(np.int64) * many + self.clusters
        shape = (count, many)
        mass = np.bincount(place, self.shares, minlength=count * many).reshape(shape)
        sums = np.bincount(place, self.shares * self.values, minlength=count * many).reshape(shape)
        left = 1.0 - mass
        is_left = left > ROUNDING
        rest = np.divide(self.means[:, None] - sums, left, out=np.zeros(shape), where=is_left)
        counted = is_left.sum(axis=0)
        without.append(rest.sum(axis=0)[counted > 0] / counted[counted > 0])
        return all(bool((np.sign(each) == np.sign(estimate)).all()) for each in without)


def _correct(shares: FloatArray) -> float:
    """Return by what to multiply the sum of squared scores of clusters with such shares: K / (K - 1) if all are equal.

    The scores are taken from deviations from the mean that they make up, which is why they are too small. A single
    cluster has none.
    """
    squares = float(np.square(shares).sum())
    left = 1.0 - 2.0 * float((shares**3).sum()) / squares + squares
    return 1.0 / left if left > ROUNDING else 0.0


def _lose(campaigns: IntegerArray, mass: FloatArray) -> FloatArray:
    """Return what share of the variance is left in the scores of each campaign; NaN if it has one cluster alone."""
    squares = np.bincount(campaigns, mass**2)
    left = 1.0 - 2.0 * np.bincount(campaigns, mass**3) / squares + squares
    return np.where(left > ROUNDING, left, np.nan)


def _count_degrees(own: float, count: int, variance: float, parts: _Parts) -> float:
    """Return Satterthwaite's degrees of freedom of own + clustered - rest, mean squares each; at least the fewest.

    The variance is never below the mean square of the campaigns, so it is no surer than that by itself.
    """
    rest = max(parts.clustered - parts.shared, 0.0)
    spare = max(parts.spare, 1)
    spread = own**2 / (count - 1) + parts.clustered**2 / spare + rest**2 / (spare * (count - 1))
    return max(variance**2 / spread, float(min(count - 1, spare)))


def _judge_alike(told: CampaignMean, confidence: float) -> CampaignMean:
    """Judge campaigns that all say the same: as `cluster_mean` does, without a variance."""
    found = cluster_mean(told.means, np.ones(told.campaigns), np.arange(told.campaigns), confidence=confidence)
    return replace(
        told,
        low=found.low,
        high=found.high,
        standard_error=found.standard_error,
        degrees=found.degrees,
        p_value=found.p_value,
        tau=0.0,
        shared=0.0,
        predict_low=found.low,
        predict_high=found.high,
    )
