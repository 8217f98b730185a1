"""How well raters agree on things: in their order, in their figures, and in what they say of pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError
from toolkit.stats.cells import FEWEST, ROUNDING, FloatArray, as_numbers, encode
from toolkit.stats.distributions import beta_quantile, t_quantile
from toolkit.stats.intervals import exact_interval


@dataclass(frozen=True, slots=True)
class Agreed:
    """A measure of agreement with its interval; what cannot be told from the data is None."""

    estimate: float | None
    low: float | None
    high: float | None


NOTHING = Agreed(None, None, None)


def kendall_w(ratings: npt.ArrayLike) -> float | None:
    """Return Kendall's coefficient of concordance W of raters x things, from 0 to 1; None if no rater has an order.

    W = 12 S / (m^2 (n^3 - n) - m sum(T)) for m raters and n things: S is the sum of squares of the things' rank sums
    about their mean, T = t^3 - t for each group of t ties of a rater (Kendall and Babington Smith 1939, doi
    10.1214/aoms/1177732186). Raters who order by chance reach 1/m on average: one half, if they are two. Raises
    InputError on ratings that are not a table of finite numbers.

    Examples:
        >>> round(kendall_w([[1, 2, 3], [1, 3, 2]]), 9)
        0.75
    """
    table = _as_table(ratings)
    raters, things = table.shape
    ranks = np.array([_rank(row) for row in table])
    sums = ranks.sum(axis=0)
    ties = sum(float((counts**3 - counts).sum()) for counts in (np.unique(row, return_counts=True)[1] for row in table))
    whole = raters**2 * (things**3 - things) - raters * ties
    if whole <= 0.0 or raters < FEWEST:
        return None
    return float(12.0 * ((sums - sums.mean()) ** 2).sum() / whole)


def _rank(row: FloatArray) -> FloatArray:
    """Return ranks from 1; what ties shares the mean of its ranks."""
    _, place, counts = np.unique(row, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[place], dtype=np.float64)


def intraclass(
    ratings: npt.ArrayLike,
    groups: npt.ArrayLike | None = None,
    *,
    is_absolute: bool = False,
    confidence: float = 0.95,
) -> Agreed:
    """Return the intraclass correlation of single ratings, things x raters, with its F interval.

    Consistency, ICC(C,1) of McGraw and Wong (1996, doi 10.1037/1082-989X.1.1.30), ICC(3,1) of Shrout and Fleiss (1979,
    doi 10.1037/0033-2909.86.2.420): (MSR - MSE) / (MSR + (k - 1) MSE). With `is_absolute` a rater who is always higher
    disagrees: ICC(A,1), ICC(2,1), whose interval is McGraw and Wong's table 7. With `groups` (campaigns), one label a
    thing, each rater's mean of each group is taken off first, so that only differences inside a group count; the mean
    squares then have n - groups and (n - groups)(k - 1) degrees of freedom, and one group is the published formula.
    None where nothing varies or nothing is left. Raises InputError if absolute agreement is asked for within groups.

    Examples:
        >>> found = intraclass([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
        >>> round(found.estimate, 2)
        0.71
    """
    table = _as_table(ratings)
    things, raters = table.shape
    labels = np.zeros(things, dtype=np.intp) if groups is None else encode(groups, things, "groups")
    count = int(labels.max()) + 1
    if is_absolute and count > 1:
        raise InputError("absolute agreement is of things of one group: leave out groups, or is_absolute")
    if raters < FEWEST or things - count < 1:
        return NOTHING
    sums = np.zeros((count, raters))
    np.add.at(sums, labels, table)
    sizes = np.bincount(labels)
    centred = table - (sums / sizes[:, None])[labels]
    of_thing = centred.mean(axis=1)
    spare = things - count
    rows = raters * float((of_thing**2).sum()) / spare
    left = float(((centred - of_thing[:, None]) ** 2).sum()) / (spare * (raters - 1))
    least = (ROUNDING * max(float(np.abs(table).max()), ROUNDING)) ** 2
    if max(rows, left) <= least:
        return NOTHING
    if is_absolute:
        columns = things * float(((table.mean(axis=0) - table.mean()) ** 2).sum()) / (raters - 1)
        return _find_absolute(rows, columns, left, things, raters, confidence)
    estimate = (rows - left) / (rows + (raters - 1) * left)
    if left <= least:
        return Agreed(estimate, estimate, estimate)
    ratio, tail = rows / left, (1.0 + confidence) / 2.0
    below = ratio / f_quantile(spare, spare * (raters - 1), tail)
    above = ratio * f_quantile(spare * (raters - 1), spare, tail)
    ends = [(end - 1.0) / (end + raters - 1.0) for end in (below, above)]
    return Agreed(estimate, ends[0], ends[1])


def _find_absolute(rows: float, columns: float, left: float, things: int, raters: int, confidence: float) -> Agreed:
    """Return ICC(A,1) with McGraw and Wong's interval: Satterthwaite's degrees of freedom of the two mean squares."""
    estimate = (rows - left) / (rows + (raters - 1) * left + raters * (columns - left) / things)
    if not estimate < 1.0 - ROUNDING:
        return Agreed(estimate, estimate, estimate)
    a = raters * estimate / (things * (1.0 - estimate))
    b = 1.0 + raters * estimate * (things - 1) / (things * (1.0 - estimate))
    parts = (a * columns) ** 2 / (raters - 1) + (b * left) ** 2 / ((things - 1) * (raters - 1))
    if parts <= 0.0:
        return Agreed(estimate, None, None)
    spare, tail = (a * columns + b * left) ** 2 / parts, (1.0 + confidence) / 2.0
    noise = raters * columns + (raters * things - raters - things) * left
    low, high = f_quantile(things - 1, spare, tail), f_quantile(spare, things - 1, tail)
    return Agreed(
        estimate,
        things * (rows - low * left) / (low * noise + things * rows),
        things * (high * rows - left) / (noise + things * high * rows),
    )


def f_quantile(numerator: float, denominator: float, share: float) -> float:
    """Return the value below which a share of the F distribution lies."""
    below = beta_quantile(numerator / 2.0, denominator / 2.0, share)
    above = beta_quantile(denominator / 2.0, numerator / 2.0, 1.0 - share)  # 1 - below, exact where that is tiny
    return denominator * below / (numerator * above)


def share_of_pairs(agrees: npt.ArrayLike, campaigns: npt.ArrayLike, *, confidence: float = 0.95) -> Agreed:
    """Return the share of pairs that agree, with an interval that treats campaigns as random.

    `agrees` has 1, 0, or one half for a tie, one entry per pair; `campaigns` has the label of each. The interval is
    Clopper and Pearson's for the effective number of pairs: n / design effect x (t of n - 1 / t of C - 1)^2, where the
    design effect is how much larger the variance over campaigns is than that of n single pairs, at least 1 (Korn and
    Graubard 1998, Survey Methodology 24:193-201). If all agree, or none, nothing shows how alike the pairs of a
    campaign are, so each campaign counts as one pair. None with fewer than two campaigns.

    Examples:
        >>> found = share_of_pairs([1, 1, 0, 1], ["a", "b", "c", "d"])
        >>> found.estimate, round(found.low, 2), round(found.high, 2)
        (0.75, 0.13, 1.0)
    """
    hits = as_numbers(agrees, "agrees")
    if hits.min() < 0.0 or hits.max() > 1.0:
        raise InputError("agrees has a number outside 0 to 1: give 1, 0, or 0.5 for a tie")
    labels = encode(campaigns, len(hits), "campaigns")
    count, many, share = len(hits), int(labels.max()) + 1, float(hits.mean())
    if many < FEWEST:
        return Agreed(share, None, None)
    plain = share * (1.0 - share) / count
    if plain <= ROUNDING:
        effective = float(many)
    else:
        pushes = np.bincount(labels, hits - share) / count
        variance = many / (many - 1) * float((pushes**2).sum())
        tail = (1.0 + confidence) / 2.0
        narrower = (t_quantile(count - 1.0, tail) / t_quantile(many - 1.0, tail)) ** 2
        effective = count / max(variance / plain, 1.0) * narrower
    low, high = exact_interval(share, max(effective, 1.0), confidence=confidence)
    return Agreed(share, low, high)


def mean_of_campaigns(values: npt.ArrayLike, scale: tuple[float, float], *, confidence: float = 0.95) -> Agreed:
    """Return the mean of one number per campaign with its t interval, inside a scale; None for fewer than two."""
    numbers = as_numbers(values, "values")
    mean = float(numbers.mean())
    if len(numbers) < FEWEST:
        return Agreed(mean, None, None)
    error = math.sqrt(float(np.var(numbers, ddof=1)) / len(numbers))
    reach = error * t_quantile(len(numbers) - 1.0, (1.0 + confidence) / 2.0)
    return Agreed(mean, max(mean - reach, scale[0]), min(mean + reach, scale[1]))


def _as_table(ratings: npt.ArrayLike) -> FloatArray:
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != len(("one", "other")) or not table.size or not np.isfinite(table).all():
        raise InputError("ratings are a table of finite numbers: leave out whatever a rater did not rate")
    return table
