"""The CR2 variance of a weighted mean and its Bell-McCaffrey degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.stats.cells import ROUNDING, FloatArray, IntegerArray

_LEAST = 1e-13
"""Of a sum of squares, what is left over by rounding."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What each group adds to the CR2 variance of a weighted mean, and what its degrees of freedom depend on."""

    scores: FloatArray
    squares: FloatArray
    products: FloatArray
    totals: FloatArray
    total: float
    """Sum of the squared weights: the variance of the mean, were all errors independent with variance 1."""

    def covary(self) -> FloatArray:
        """Return P, the covariance of the scores, groups x groups, were all errors independent with variance 1."""
        crossed = np.outer(self.products, self.totals)
        return np.diag(self.squares) - crossed - crossed.T + self.total * np.outer(self.totals, self.totals)


def sandwich(residuals: FloatArray, weights: FloatArray, groups: IntegerArray) -> tuple[float, float]:
    """Return the CR2 variance and Bell-McCaffrey degrees of freedom of a mean whose weights sum to 1."""
    found = score_groups(residuals, weights, groups)
    return float(found.scores @ found.scores), _count_degrees(found.squares, found.products, found.totals, found.total)


def sum_singles(residuals: FloatArray, weights: FloatArray) -> float:
    """Return the CR2 variance where every row is a group of its own (HC2); the same as `sandwich`, in one line."""
    corner = 1.0 - 2.0 * weights + float(weights @ weights)
    leverage = np.maximum(corner, np.maximum(1.0 - weights, ROUNDING) ** 2)
    return float((np.square(weights * residuals) / leverage).sum())


def score_groups(residuals: FloatArray, weights: FloatArray, groups: IntegerArray) -> Scores:
    """Return the adjusted scores of the groups of a mean whose weights sum to 1; their squares add up to the variance.

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
    return Scores(
        scores=np.asarray(scores, dtype=np.float64),
        squares=first**2 + second**2,
        products=sums / roots * first + length * second,
        totals=first * roots,
        total=total,
    )


@dataclass(frozen=True, slots=True)
class Spread:
    """CR2 variances of weighted means, one entry each, with their degrees of freedom."""

    variance: FloatArray
    degrees: FloatArray
    total: FloatArray


def score_sums(
    sizes: FloatArray, sums: FloatArray, squares: FloatArray, residuals: FloatArray, products: FloatArray
) -> Spread:
    """Return what `sandwich` does from the sums of each group; the last axis is the groups, empty ones count nothing.

    `sizes` are the rows of a group, `sums` and `squares` those of its weights, `residuals` those of the residuals, and
    `products` those of weight x residual.
    """
    filled = sizes > 0.0
    sizes = np.where(filled, sizes, 1.0)
    roots, total = np.sqrt(sizes), squares.sum(axis=-1, keepdims=True)
    length = np.sqrt(np.where(filled, _drop_rounding(squares - sums**2 / sizes, squares), 0.0))
    first, second = _adjust_plane(sums, sizes, length, total)
    slope = np.divide(second, length, out=np.zeros_like(second), where=length > 0.0)
    scores = first / roots * residuals + slope * (products - sums / sizes * residuals)
    scores = np.where(filled, scores, 0.0)
    first, second = np.where(filled, first, 0.0), np.where(filled, second, 0.0)
    squared, crossed, totals = first**2 + second**2, sums / roots * first + length * second, first * roots
    degrees = _count_degrees_of(squared, crossed, totals, total[..., 0])
    return Spread((scores**2).sum(axis=-1), degrees, total[..., 0])


def _drop_rounding(differences: FloatArray, scale: FloatArray) -> FloatArray:
    return np.where(differences > _LEAST * scale, differences, 0.0)


def _adjust_plane(
    sums: FloatArray, sizes: FloatArray, length: FloatArray, total: float | FloatArray
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


def _count_degrees_of(squares: FloatArray, products: FloatArray, totals: FloatArray, total: FloatArray) -> FloatArray:
    """Return the same for several means; the last axis is the groups."""
    diagonal = total[..., None] * totals**2 - 2.0 * products * totals
    mixed, spread, length = ((products * totals).sum(axis=-1), (totals**2).sum(axis=-1), (products**2).sum(axis=-1))
    rest = 2.0 * length * spread + 2.0 * mixed**2 + (total * spread) ** 2 - 4.0 * total * mixed * spread
    everything = (squares**2).sum(axis=-1) + 2.0 * (squares * diagonal).sum(axis=-1) + rest
    return np.asarray((squares + diagonal).sum(axis=-1) ** 2 / everything)
