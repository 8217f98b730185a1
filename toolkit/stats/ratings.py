"""From words or token probabilities to a rating: arrays in, arrays out, and unknown stays unknown.

Semantic similarity rating (SSR) is the published method of arXiv 2510.08338: a sentence is compared with one
anchor sentence per scale point, and the similarities become a distribution over the scale. Unknown is NaN in
arrays and None where a single answer is asked for; it is never a uniform distribution or a middle rating.

Examples:
    >>> import numpy
    >>> toolkit.ratings.ssr(numpy.array([[1.0, 0.2]]), numpy.array([[1.0, 0.0], [0.0, 1.0]])).round(2)
    array([[1., 0.]])
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError, accept_only

FloatArray = npt.NDArray[np.float64]

EQUAL = 1e-12
"""Cosines closer together than this are equal: the rest is rounding."""
NEAREST_TO_CERTAIN = 1e-6
"""Probabilities are kept this far from 0 and 1 before their logit is taken."""

_MATRIX = 2
_ROUNDING = 1e-9
_AROUND_ANSWERS = " \t\r\n\u2581\u0120\u010a.,:;!()[]{}\"'`*"
_NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class RatedTexts(NamedTuple):
    """Distributions over the scale, and how clearly the texts spoke."""

    pmf: FloatArray
    """n x R probabilities; rows of NaN where the text says nothing about the measure."""
    spread: FloatArray
    """n cosine ranges (largest minus smallest over the scale), averaged over the anchor sets."""


class HeadToHead(NamedTuple):
    """A preference freed from the order of showing, and what the order did."""

    theta: float
    """Log odds that B is preferred to A."""
    position_bias: float
    """Log odds added to whichever draft is shown second; negative where the first is favoured."""


@accept_only()
def ssr(
    replies: npt.ArrayLike, anchors: npt.ArrayLike, *, epsilon: float = 0.0, temperature: float = 1.0
) -> FloatArray:
    """Return the semantic similarity rating of each reply: n x R probabilities over the scale.

    `replies` is n x d and `anchors` R x d, one embedding per scale point, lowest first, of any length. With
    g_r = (1 + cos_r) / 2 and l = argmin g, the formula of arXiv 2510.08338 is

        p(r) = (g_r - g_l + epsilon [r = l]) / (sum_s g_s - R g_l + epsilon),   p_T(r) ~ p(r)^(1/T)

    A temperature of 0 is the limit: everything on the most similar anchors. A row is NaN where all its cosines
    are equal or a vector has no direction (zero, or not finite). Raises InputError on shapes or options that
    cannot be used.
    """
    _check_options(epsilon, temperature)
    return _apply_temperature(_distribute(_cosines(replies, anchors), epsilon), temperature)


def rate_texts(
    vectors: npt.ArrayLike,
    anchor_sets: Sequence[npt.ArrayLike],
    *,
    least_range: float,
    epsilon: float = 0.0,
    temperature: float = 1.0,
) -> RatedTexts:
    """Rate n texts against several equivalent anchor sets and average the distributions over the sets.

    `vectors` is n x d, each anchor set R x d with the same R. A text whose cosine range, averaged over the sets,
    is under `least_range` says nothing about the measure: its row is NaN. A set that is indifferent to a text
    (all cosines equal) has no part in that text's average. The temperature acts on the average.
    """
    _check_options(epsilon, temperature)
    if not len(anchor_sets):
        raise InputError("anchor_sets is empty: give at least one array with one embedding per scale point")
    tables = [_cosines(vectors, anchors) for anchors in anchor_sets]
    if len({table.shape for table in tables}) > 1:
        raise InputError("the anchor sets differ in length: give each one anchor for every scale point")
    cosines = np.stack(tables)
    spread = (cosines.max(axis=2) - cosines.min(axis=2)).mean(axis=0)
    pmf = _mean_of_known(np.stack([_distribute(table, epsilon) for table in tables]))
    pmf[~(spread >= least_range)] = np.nan
    return RatedTexts(_apply_temperature(pmf, temperature), spread)


def expected(pmf: npt.ArrayLike) -> FloatArray:
    """Return the mean rating sum_r r p(r) of each row of an n x R array; points count from 1, NaN where unknown."""
    probabilities = np.asarray(pmf, dtype=np.float64)
    return np.asarray(probabilities @ np.arange(1.0, probabilities.shape[-1] + 1.0))


def from_logprobs(top: Mapping[str, float], scale: int = 5, least_mass: float = 0.8) -> list[float] | None:
    """Return the distribution over 1..`scale` that a model's most likely answer tokens imply.

    `top` maps tokens to natural log-probabilities. Variants of one answer (" 4", "4", "4.", "Four") add up, and
    the sum over the scale is normalised. None where the allowed answers hold under `least_mass` in total.
    """
    answers = {str(point): point for point in range(1, scale + 1)}
    answers |= {word: point for point, word in enumerate(_NUMBER_WORDS[:scale], start=1)}
    masses = [0.0] * scale
    for token, log_probability in top.items():
        point = answers.get(token.strip(_AROUND_ANSWERS).lower())
        if point is not None:
            masses[point - 1] += math.exp(min(log_probability, 0.0))
    total = sum(masses)
    # Written so that a NaN is too little as well; the slack forgives the rounding of exp and sum.
    if not (total > 0.0 and total >= least_mass - _ROUNDING):
        return None
    return [mass / total for mass in masses]


def head_to_head_logit(p_b_given_ab: float, p_b_given_ba: float) -> HeadToHead:
    """Combine both orders of one head-to-head question.

    `p_b_given_ab` is the probability that B is chosen when A is shown first, `p_b_given_ba` when B is. theta is
    the mean of the two logits, position_bias half their difference. Probabilities are kept NEAREST_TO_CERTAIN
    away from 0 and 1, so that both stay finite.
    """
    second, first = _logit(p_b_given_ab), _logit(p_b_given_ba)
    return HeadToHead(theta=(second + first) / 2.0, position_bias=(second - first) / 2.0)


def _logit(probability: float) -> float:
    if not 0.0 <= probability <= 1.0:
        raise InputError(f"{probability} is no probability: give a number from 0 to 1")
    clipped = min(max(probability, NEAREST_TO_CERTAIN), 1.0 - NEAREST_TO_CERTAIN)
    return math.log(clipped / (1.0 - clipped))


def _check_options(epsilon: float, temperature: float) -> None:
    if not (math.isfinite(epsilon) and epsilon >= 0.0):
        raise InputError(f"epsilon is {epsilon}: give 0 or a small positive number")
    if not (math.isfinite(temperature) and temperature >= 0.0):
        raise InputError(f"temperature is {temperature}: give 0 or a positive number; 1 changes nothing")


def _cosines(replies: npt.ArrayLike, anchors: npt.ArrayLike) -> FloatArray:
    try:
        reply_rows, anchor_rows = (np.asarray(rows, dtype=np.float64) for rows in (replies, anchors))
    except (TypeError, ValueError) as error:
        raise InputError(f"replies or anchors are no rows of numbers: {error}; give n x d and R x d") from None
    if reply_rows.ndim != _MATRIX or anchor_rows.ndim != _MATRIX or reply_rows.shape[1] != anchor_rows.shape[1]:
        shapes = f"{reply_rows.shape} and {anchor_rows.shape}"
        raise InputError(f"replies and anchors have shapes {shapes}: give n x d and R x d from one embedding model")
    if not anchor_rows.shape[0]:
        raise InputError("anchors is empty: give one embedding per scale point")
    return np.asarray(_directions(reply_rows) @ _directions(anchor_rows).T)


def _directions(rows: FloatArray) -> FloatArray:
    """Scale each row to length 1; rows of NaN where there is no direction."""
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
    usable = np.isfinite(largest) & (largest > 0.0)
    # Dividing by the largest entry first keeps very long and very short vectors from overflowing when squared.
    scaled = np.where(usable, rows, np.nan) / np.where(usable, largest, 1.0)
    return np.asarray(scaled / np.sqrt((scaled**2).sum(axis=1, keepdims=True)))


def _distribute(cosines: FloatArray, epsilon: float) -> FloatArray:
    """Turn n x R cosines into probabilities at temperature 1."""
    closeness = (1.0 + cosines) / 2.0
    above = closeness - closeness.min(axis=1, keepdims=True)
    unknown = ~(cosines.max(axis=1) - cosines.min(axis=1) > EQUAL)
    above[np.arange(len(above)), closeness.argmin(axis=1)] += epsilon
    above[unknown] = np.nan
    return np.asarray(above / above.sum(axis=1, keepdims=True))


def _mean_of_known(sets: FloatArray) -> FloatArray:
    """Average sets x n x R over the sets that are known, leaving NaN where none is."""
    known = ~np.isnan(sets).any(axis=2, keepdims=True)
    counts = known.sum(axis=0)
    total = np.where(known, sets, 0.0).sum(axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def _apply_temperature(pmf: FloatArray, temperature: float) -> FloatArray:
    if temperature == 1.0:
        return pmf
    # Relative to the largest probability, so that a low temperature cannot turn a whole row into zeros.
    relative = pmf / pmf.max(axis=1, keepdims=True)
    sharpened = relative ** (1.0 / temperature) if temperature else np.where(relative < 1.0, 0.0, relative)
    return np.asarray(sharpened / sharpened.sum(axis=1, keepdims=True))
