"""Weights that bring a sample to known margins: iterative proportional fitting, with weights kept in a range.

Each step multiplies the weights of one level so that they add up to its share (Deming and Stephan 1940, "On a least
squares adjustment of a sampled frequency table when the expected marginal totals are known"). Here a weight is the
product of its factors, cut to the range, and each factor is chosen so that the cut weights add up. This is the
truncated raking ratio of Deville and Särndal (1992), solved one level at a time.

Examples:
    >>> people = [{"sex": "f"}] * 3 + [{"sex": "m"}]
    >>> rake(people, {"sex": {"f": 0.5, "m": 0.5}}).weights
    (0.666667, 0.666667, 0.666667, 2.0)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError
from toolkit.stats.intervals import effective_size

LOWEST, HIGHEST = 0.3, 3.0
"""Weights outside of which one person would count for nothing, or for many."""
CLOSE = 1e-4
"""Gap between a reached and a wanted share up to which margins count as reproduced."""
_EXACT = 1e-9
_MOST_ROUNDS = 500
_HALVINGS = 80
_DIGITS = 6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Raked:
    """Weights, and how well they do. Their mean is 1 where every margin is reproduced."""

    weights: tuple[float, ...]
    converged: bool
    """Whether every margin is reproduced."""
    rounds: int
    gap: float
    """Largest difference between a reached and a wanted share."""
    effective: float
    """How many equally weighted people would be as good (Kish 1965)."""

    @property
    def trimmed(self) -> int:
        """How many weights stand at an end of the range."""
        ends = (round(LOWEST, _DIGITS), round(HIGHEST, _DIGITS))
        return sum(weight in ends for weight in self.weights)


def rake(
    people: Sequence[Mapping[str, str]],
    wanted: Mapping[str, Mapping[str, float]],
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
) -> Raked:
    """Return weights under which the people have the wanted shares of each margin.

    `people` holds the level of each person for each margin, `wanted` the share of each level; shares of a margin add
    up to 1. Where the range does not allow it, the weights come as near as they can, and `converged` is false. Raises
    InputError for a level that nobody has or that is no margin's, and for shares that do not add up.

    Examples:
        >>> raked = rake([{"sex": "f"}] * 9 + [{"sex": "m"}], {"sex": {"f": 0.5, "m": 0.5}})
        >>> raked.converged, max(raked.weights)
        (False, 3.0)
    """
    if not people:
        raise InputError("there is nobody to weight")
    if not 0 < lowest <= 1 <= highest:
        raise InputError(f"weights from {lowest} to {highest} have no mean of 1; give a range around 1")
    members = _find_members(people, wanted)
    raw = np.ones(len(people))
    gap, rounds = _find_gap(raw, members), 0
    while gap > _EXACT and rounds < _MOST_ROUNDS:
        before = gap
        for inside, share in members:
            raw[inside] *= _find_factor(raw[inside], share * len(people), lowest, highest)
        cut = np.clip(raw, lowest, highest)
        gap, rounds = _find_gap(cut, members), rounds + 1
        if abs(before - gap) < _EXACT * _EXACT and gap > CLOSE:
            break  # the range holds it back: more rounds change nothing
    weights = np.clip(raw, lowest, highest)
    return Raked(
        weights=tuple(round(float(weight), _DIGITS) for weight in weights),
        converged=gap <= CLOSE,
        rounds=rounds,
        gap=round(float(gap), _DIGITS),
        effective=effective_size(weights),
    )


def _find_members(
    people: Sequence[Mapping[str, str]], wanted: Mapping[str, Mapping[str, float]]
) -> list[tuple[npt.NDArray[np.bool_], float]]:
    """Return, for each level of each margin, who has it and the share that they should have."""
    members = []
    for key, shares in wanted.items():
        if min(shares.values(), default=0.0) <= 0 or abs(sum(shares.values()) - 1) > CLOSE:
            raise InputError(f"margin {key!r}: shares are above 0 and add up to 1")
        held = [person.get(key) for person in people]
        stray = next((level for level in held if level not in shares), None)
        if stray is not None or None in held:
            raise InputError(f"margin {key!r}: somebody has the level {stray!r}; allowed: {', '.join(shares)}")
        for level, share in shares.items():
            inside = np.array([one == level for one in held])
            if not inside.any():
                raise InputError(f"margin {key!r}: nobody has the level {level!r}; merge it with another")
            members.append((inside, share))
    return members


def _find_factor(raw: Floats, total: float, lowest: float, highest: float) -> float:
    """Return the factor by which weights, cut to the range, add up to a total, or come nearest to it."""
    plain = total / float(raw.sum())
    least, most = plain * float(raw.min()), plain * float(raw.max())
    if lowest <= least and most <= highest:
        return plain
    low, high = np.log(lowest / raw.max()), np.log(highest / raw.min())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if np.clip(raw * np.exp(middle), lowest, highest).sum() < total:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))


def _find_gap(weights: Floats, members: Sequence[tuple[npt.NDArray[np.bool_], float]]) -> float:
    total = float(weights.sum())
    return max((abs(float(weights[inside].sum()) / total - share) for inside, share in members), default=0.0)
