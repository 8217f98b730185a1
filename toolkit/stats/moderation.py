"""Does a difference differ between segments, or a share between drafts? One test for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolkit.stats.cells import FEWEST, ROUNDING, Cells, FloatArray, collapse, encode
from toolkit.stats.distributions import binomial_up_to, chi_square_above, f_above, t_quantile
from toolkit.stats.sandwiches import sandwich, score_groups, sum_singles


@dataclass(frozen=True, slots=True)
class Interaction:
    """A test that several weighted means are equal."""

    statistic: float
    """The scaled Wald statistic, an F with `numerator` and `denominator` degrees of freedom."""
    numerator: int
    denominator: float
    p_value: float


@dataclass(frozen=True, slots=True)
class _Group:
    """One segment value: its cells, and their clusters as numbers that all segment values share."""

    cells: Cells
    clusters: npt.NDArray[np.intp]


def equal_shares(hits: npt.ArrayLike) -> float | None:
    """Return the p-value of equal shares, units x things, all units seen with all things; None if no unit tells.

    Cochran's Q (1950, doi 10.1093/biomet/37.3-4.256); of two things the exact test of McNemar, that is of the units
    that differ.
    """
    rows = np.asarray(hits, dtype=np.float64)
    rows = rows[(rows.min(axis=1) != rows.max(axis=1))] if len(rows) else rows
    things = rows.shape[1]
    if not len(rows) or things < FEWEST:
        return None
    columns, of_unit = rows.sum(axis=0), rows.sum(axis=1)
    if things == FEWEST:
        fewer = np.array([columns.min()])
        return min(2.0 * float(binomial_up_to(fewer, np.array([float(len(rows))]), 0.5)[0]), 1.0)
    statistic = (things - 1) * (things * (columns**2).sum() - columns.sum() ** 2)
    statistic /= things * columns.sum() - (of_unit**2).sum()
    return chi_square_above(things - 1, float(statistic))


def equal_means(
    values: npt.ArrayLike,
    weights: npt.ArrayLike,
    clusters: npt.ArrayLike,
    units: npt.ArrayLike,
    groups: npt.ArrayLike,
) -> Interaction | None:
    """Test whether the weighted means of the groups (segment values) are equal, with clusters (wordings) random.

    The approximate Hotelling test HTZ of Pustejovsky and Tipton (2018, doi 10.1080/07350015.2016.1247004) on the CR2
    covariance of the means. Groups share wordings, so what a wording does to everybody cancels. For two groups this is
    the Satterthwaite t test of their difference, squared. Where personas are crossed with wordings, each group's own
    variance between personas is added and the denominator is that of the smallest group.

    None where it cannot be told: a single group, a group of one persona or one wording, too few wordings or too
    unequal weights for so many groups (a denominator under 1), or means that differ without any variance. Equal means
    without variance give p = 1.
    """
    labels = encode(groups, len(np.asarray(values)), "groups")
    columns = [np.asarray(values), np.asarray(weights), encode(clusters, len(labels), "clusters"), np.asarray(units)]
    split = [_cut(columns, labels == label) for label in range(int(labels.max()) + 1)]
    if len(split) < FEWEST or any(min(group.cells.shape) < FEWEST for group in split):
        return None
    means = np.array([group.cells.weights @ group.cells.values for group in split])
    contrasts = np.eye(len(split))[1:] - np.eye(len(split))[0]
    gaps = contrasts @ means
    if np.abs(gaps).max() <= ROUNDING:
        return Interaction(0.0, len(gaps), float(columns[2].max()), 1.0)
    covariance, spare = _covary(split, means, contrasts)
    if spare < 1.0 or np.linalg.matrix_rank(covariance, tol=ROUNDING, hermitian=True) < len(gaps):
        return None
    return _test(float(gaps @ np.linalg.solve(covariance, gaps)), len(gaps), spare)


def _test(wald: float, count: int, spare: float) -> Interaction:
    statistic = wald * spare / ((spare + count - 1) * count)
    return Interaction(statistic, count, spare, f_above(count, spare, statistic))


def _cut(columns: Sequence[npt.NDArray[np.generic]], kept: npt.NDArray[np.bool_]) -> _Group:
    values, weights, clusters, units = (column[kept] for column in columns)
    cells = collapse(values, weights, clusters, units)
    names = np.unique(clusters[np.asarray(weights, dtype=np.float64) > 0.0])
    return _Group(cells, names[cells.clusters].astype(np.intp))


def _covary(split: Sequence[_Group], means: FloatArray, contrasts: FloatArray) -> tuple[FloatArray, float]:
    """Return the covariance of the contrasts and the denominator degrees of freedom."""
    count = 1 + max(int(group.clusters.max()) for group in split)
    scores, shapes = np.zeros((count, len(split))), np.zeros((len(split), count, count))
    model, extra = np.empty(len(split)), np.zeros(len(split))
    for place, (group, mean) in enumerate(zip(split, means, strict=True)):
        cells, names = group.cells, np.unique(group.clusters)
        found = score_groups(cells.values - mean, cells.weights, cells.clusters)
        scores[names, place], model[place] = found.scores, found.total
        shapes[place][np.ix_(names, names)] = found.covary()
        if cells.is_crossed:
            extra[place] = _add_personas(cells, mean)
    covariance = contrasts @ (scores.T @ scores + np.diag(extra)) @ contrasts.T
    if any(group.cells.is_crossed for group in split):
        return covariance, float(min(min(group.cells.shape) for group in split) - len(contrasts))
    return covariance, _count_spare(shapes, model, contrasts)


def _add_personas(cells: Cells, mean: float) -> float:
    """Return the variance between personas that clustering on wordings does not see."""
    residuals = cells.values - mean
    by_unit, _ = sandwich(residuals, cells.weights, cells.units)
    return max(by_unit - sum_singles(residuals, cells.weights), 0.0)


def _count_spare(shapes: FloatArray, model: FloatArray, contrasts: FloatArray) -> float:
    """Return eta - q + 1 of HTZ, with eta = q (q + 1) / sum of the variances of the standardised covariance."""
    count = len(contrasts)
    values, vectors = np.linalg.eigh(contrasts @ np.diag(model) @ contrasts.T)
    standard = vectors @ np.diag(values**-0.5) @ vectors.T @ contrasts
    crossed = np.einsum("as,bs,skl->abkl", standard, standard, shapes)
    variances = np.einsum("aakl,bbkl->ab", crossed, crossed) + np.einsum("abkl,bakl->ab", crossed, crossed)
    return float(count * (count + 1) / variances.sum() - count + 1)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known of a standard deviation before a run: its size, and as of how many degrees of freedom."""

    spread: float
    degrees: float


def reach_at_large(
    estimate: float,
    error: float,
    degrees: float,
    effects: npt.ArrayLike,
    errors: npt.ArrayLike,
    shares: npt.ArrayLike,
    prior: Prior,
    *,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Return the interval of a difference for groups at large (models), of which the groups seen are a few.

    `estimate` is the difference over the groups seen, with its standard error and that one's degrees of freedom.
    `effects` are the differences of each group, with their own standard errors, `shares` the groups' parts of all.
    Two or three groups tell next to nothing of how much groups differ, so that comes from the prior: a scaled inverse
    chi-squared distribution. The run updates it by as many degrees of freedom as it tells of: (groups - 1) x (t^2 /
    (t^2 + v))^2, with t the prior's spread and v the mean variance of an effect. The variance is V = error^2 + s^2 x
    sum(shares^2), with s^2 the updated variance between groups; its degrees of freedom are Satterthwaite's.
    """
    found, noise, parts = (np.asarray(each, dtype=np.float64) for each in (effects, errors, shares))
    between, known = prior.spread**2, prior.degrees
    if len(found) >= FEWEST and np.isfinite(noise).all():
        within = float(np.mean(noise**2))
        told = (len(found) - 1) * (between / (between + within)) ** 2
        seen = float(np.var(found, ddof=1)) - within
        between, known = (known * between + told * seen) / (known + told), known + told
    of_groups = between * float(np.square(parts / parts.sum()).sum())
    variance = error**2 + of_groups
    spare = variance**2 / (error**4 / degrees + of_groups**2 / known)
    reach = float(np.sqrt(variance)) * t_quantile(spare, (1.0 + confidence) / 2.0)
    return estimate - reach, estimate + reach
