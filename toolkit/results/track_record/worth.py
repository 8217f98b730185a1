"""What a panel is worth in real people, for differences between drafts; the unit of the interval is the group.

Differences of a panel and of the market stand on scales of their own, so both a panel's and a few people's differences
are taken through one line first. A panel whose differences correlate with the true ones by r then errs as n people do,
where n = p (1 - p) r^2 / (t^2 (1 - r^2)): t^2 is the variance of true differences, p (1 - p) the variance of one
person's answers to both drafts together. The idea of counting in people: Huang, Wu and Wang (2025), arXiv 2502.17773.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from toolkit.results.track_record.standing import PeopleWorth

LEAST_GROUPS = 8
"""Fewer groups of experiments give no interval worth the name."""
LEAST_PAIRS = 10
_DRAWS = 2000
FloatArray = npt.NDArray[np.float64]


def find_worth(
    said: FloatArray,
    happened: FloatArray,
    noise: FloatArray,
    person: FloatArray,
    groups: npt.NDArray[np.str_],
    models: tuple[str, ...] = (),
    *,
    seed: int = 0,
) -> PeopleWorth:
    """Return the worth of a panel's differences; unknown with fewer than 10 pairs or 8 groups, or without a spread.

    One entry a pair: `said` is the panel's difference of rates, `happened` the one seen, `noise` the sampling variance
    of that, `person` the variance of one person's difference. The line from said to happened is fitted on the other
    groups, and the interval is the middle 95 % of what groups drawn anew give.
    """
    names, place = np.unique(groups, return_inverse=True)
    known = PeopleWorth(pairs=len(said), groups=len(names), models=models)
    if len(said) < LEAST_PAIRS or len(names) < LEAST_GROUPS:
        return known
    columns = (said * said, said * happened, happened**2 - noise, person, np.ones(len(said)))
    sums: FloatArray = np.column_stack([np.bincount(place, one, minlength=len(names)) for one in columns]).astype(float)
    estimate = _find_people(sums)
    if estimate is None:
        return known
    random = np.random.default_rng(seed)
    drawn = [_find_people(sums[random.integers(len(names), size=len(names))]) for _ in range(_DRAWS)]
    found = np.array([np.inf if one is None else one for one in drawn])
    low, high = np.quantile(found, (0.025, 0.975), method="lower")
    ends = {"low": float(min(low, estimate)), "high": float(max(high, estimate)) if np.isfinite(high) else None}
    if not np.isfinite(estimate):
        return known
    return known.model_copy(update={"people": float(estimate), **ends})


def _find_people(sums: FloatArray) -> float | None:
    """Return the worth from sums by group; None where results differ by no more than chance, infinite without error."""
    square, cross, spread, person, count = sums.T
    truth = float(spread.sum() / count.sum())
    if truth <= 0.0:
        return None
    # Each group is foretold by the line of the others: what it saves of the spread is r squared, honestly counted.
    others = np.maximum(square.sum() - square, 1e-300)
    line = np.maximum((cross.sum() - cross) / others, 0.0)
    error = float((spread - 2.0 * line * cross + line**2 * square).sum() / count.sum())
    share = 1.0 - error / truth
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return float("inf")
    return float(person.sum() / count.sum()) / truth * share / (1.0 - share)
