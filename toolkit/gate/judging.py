"""An estimate against a bound, on its interval: passed, failed, or how many more personas would decide it.

Everything is judged on the 95 % interval that every output shows, clustered on wordings. Each side of it errs in at
most 2.5 % of recordings: a check passes on nothing, or fails on nothing, no more often than that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from toolkit.results.scoring import rules
from toolkit.stats import cells, intervals, plans

Side = Literal[-1, 0, 1]
Decided = Literal["passed", "failed", "inconclusive"]
PLANNED_POWER = 0.83
"""So that four in five are decided although an unstable one is not: measured in tests/test_gate_errors.py."""
MOST_WORTH_NAMING = 100_000
"""More personas than this are no advice."""


@dataclass(frozen=True)
class Sample:
    """One number per persona and wording, repeats averaged."""

    values: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    wordings: npt.NDArray[np.int64]
    units: npt.NDArray[np.int64]
    reactions: int
    wordings_planned: int
    """How many wordings more personas would be spread over."""
    is_share: bool = False
    """Whether values are shares from 0 to 1, not ratings or differences."""
    is_difference: bool = False
    """Whether values are differences of two shares, from -1 to 1."""
    is_margin: bool = False
    """Whether such a difference is held to a margin, which few who differ would seem to keep."""
    scale: float = 1.0
    """The range of the scale: 1 for shares and their differences, 4 for ratings."""

    @cached_property
    def personas(self) -> int:
        """How many personas there are."""
        return len(np.unique(self.units))

    @cached_property
    def mean(self) -> intervals.Interval:
        """The weighted mean, clustered on wordings, at the confidence that is shown."""
        return intervals.cluster_mean(*_columns(self), confidence=1.0 - rules.SIGNIFICANCE)

    @cached_property
    def shown(self) -> ShownMean:
        """The mean with the interval that is shown; judged and said, it is worked out once."""
        return _limit_mean(self, self.mean, rules.SIGNIFICANCE)

    @property
    def is_enough(self) -> bool:
        """Whether there are the personas and wordings that any verdict needs."""
        return self.personas >= rules.LEAST_PERSONAS and len(np.unique(self.wordings)) >= rules.LEAST_WORDINGS

    @cached_property
    def effective(self) -> float:
        """Kish's effective number of personas."""
        _, first = np.unique(self.units, return_index=True)
        return intervals.effective_size(self.weights[first])


@dataclass(frozen=True)
class ShownMean:
    """A mean with the interval that is shown."""

    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Judgement:
    """What came of one bound."""

    outcome: Decided
    because: Literal["", "not enough", "unstable", "undecided"] = ""
    more: int | None = None
    """How many more personas would decide it, four times in five; null where more of them cannot."""


def estimate_mean(sample: Sample, alpha: float = rules.SIGNIFICANCE) -> ShownMean:
    """Return the mean and its interval at confidence 1 - alpha.

    Of a share, each end is the farther of the clustered and the exact interval: near 0 and 1 the clustered one alone
    errs in 5.4 % of recordings on one side (96 personas, a true rate of 0.1; measured), where 2.5 % are meant. Of a
    difference, an interval in which nothing varies is no point, and one held to a margin reaches at least as far as the
    score interval: with 72 personas the clustered one alone keeps a margin of 5 points in 12.6 % of recordings where
    one in twenty acts on one draft and nobody on the other (measured).
    """
    if alpha == rules.SIGNIFICANCE:
        return sample.shown
    return _limit_mean(sample, intervals.cluster_mean(*_columns(sample), confidence=1.0 - alpha), alpha)


def _limit_mean(sample: Sample, found: intervals.Interval, alpha: float) -> ShownMean:
    if sample.is_difference:
        found = intervals.limit_difference(found, sample.effective, confidence=1.0 - alpha)
    low, high = found.low, found.high
    if low is None or high is None:
        return ShownMean(found.estimate, low, high)
    if sample.is_share:
        exact = intervals.exact_interval(found.estimate, sample.effective, confidence=1.0 - alpha)
        low, high = max(min(low, exact[0]), 0.0), min(max(high, exact[1]), 1.0)
    elif sample.is_margin and found.standard_error:
        ahead, behind = (_average(sample, np.maximum(side * sample.values, 0.0)) for side in (1.0, -1.0))
        score = intervals.score_interval(ahead, behind, sample.effective, confidence=1.0 - alpha)
        low, high = min(low, score[0]), max(high, score[1])
    return ShownMean(found.estimate, low, high)


def judge_least(
    sample: Sample, bound: float, *, fail_alpha: float = rules.SIGNIFICANCE, stable: bool = False
) -> Judgement:
    """Judge that a mean is at least `bound`, and say how many more personas would decide what is open.

    Passed where the whole 95 % interval is, failed where none of it is, at `fail_alpha` (of which several estimates
    judged together each get their part). `stable` asks that leaving out any one wording leaves the mean on its side.
    """
    judged = decide_least(sample, bound, fail_alpha=fail_alpha, stable=stable)
    if judged.because == "not enough":
        return replace(judged, more=max(rules.LEAST_PERSONAS - sample.personas, 1))
    return judged if judged.outcome != "inconclusive" else replace(judged, more=count_more(sample, bound))


def decide_least(
    sample: Sample, bound: float, *, fail_alpha: float = rules.SIGNIFICANCE, stable: bool = False
) -> Judgement:
    """Judge as `judge_least` does, without saying how many more personas would help."""
    if not sample.is_enough:
        return Judgement("inconclusive", "not enough")
    side = _find_side(sample, bound, rules.SIGNIFICANCE)
    if side < 0 and fail_alpha < rules.SIGNIFICANCE:
        side = _find_side(sample, bound, fail_alpha)
    if side == 0:
        return Judgement("inconclusive", "undecided")
    if stable and not _is_stable(sample, bound):
        return Judgement("inconclusive", "unstable")
    return Judgement("passed" if side > 0 else "failed")


def judge_most(
    sample: Sample, bound: float, *, fail_alpha: float = rules.SIGNIFICANCE, stable: bool = False
) -> Judgement:
    """Judge that a mean is at most `bound`, the same way round the other side."""
    return judge_least(mirror(sample), _mirror(sample, bound), fail_alpha=fail_alpha, stable=stable)


def mirror(sample: Sample) -> Sample:
    """Return the sample with high and low changed over: a share becomes that of the others."""
    return replace(sample, values=1.0 - sample.values if sample.is_share else -sample.values)


def _mirror(sample: Sample, bound: float) -> float:
    return 1.0 - bound if sample.is_share else -bound


def count_more(sample: Sample, bound: float) -> int | None:
    """Return how many more personas would decide, four times in five, if mean and spread stay as they are.

    None where more personas alone cannot reach it, because the wordings leave too much variance or the mean stands too
    close to the bound.
    """
    found = sample.mean
    gap = abs(found.estimate - bound)
    if not found.standard_error or not gap > cells.ROUNDING:
        return _count_unanimous(sample, gap)
    wordings = max(sample.wordings_planned, len(np.unique(sample.wordings)))
    needed = plans.personas_needed(_split_variance(sample, found.standard_error**2), wordings, 1, gap, PLANNED_POWER)
    return None if needed is None else _name_more(sample, needed)


def _split_variance(sample: Sample, variance: float) -> plans.Components:
    """Return the variance components, such that they add up to the variance of the mean that was found.

    With fewer than two personas to a wording the sample cannot tell wordings from personas; then the wordings are taken
    to have their typical part.
    """
    used, effective = len(np.unique(sample.wordings)), sample.effective
    if sample.personas >= 2 * used:
        parts = plans.variance_components(sample.values, sample.units, sample.wordings)
        implied = parts.wording / used + parts.persona / effective if parts else 0.0
        if parts is not None and implied > 0.0:
            scale = variance / implied
            return plans.Components(wording=parts.wording * scale, persona=parts.persona * scale, noise=0.0)
    wording = min(plans.TYPICAL.wording * sample.scale**2, variance * used / 2)
    return plans.Components(wording=wording, persona=(variance - wording / used) * effective, noise=0.0)


def _name_more(sample: Sample, needed: float) -> int | None:
    """Return how many personas are lacking of an effective number, None where that is no advice any more."""
    more = math.ceil(needed * sample.personas / sample.effective) - sample.personas
    return max(more, 1) if more <= MOST_WORTH_NAMING else None


def _count_unanimous(sample: Sample, gap: float) -> int | None:
    """Return how many more personas would decide, were they all as unanimous; a rating cannot be told so."""
    if not (sample.is_share or sample.is_difference) or not cells.ROUNDING < gap < 1.0:
        return None
    return _name_more(sample, math.log(rules.SIGNIFICANCE / 2.0) / math.log(1.0 - gap))


def _find_side(sample: Sample, bound: float, alpha: float) -> Side:
    """Return on which side of the bound the mean is known to be, 0 where it is not known."""
    if sample.is_share or sample.is_margin:
        shown = estimate_mean(sample, alpha)
        if shown.low is None or shown.high is None:
            return 0
        return 1 if shown.low >= bound else -1 if shown.high < bound else 0
    found = intervals.cluster_mean(sample.values - bound, *_columns(sample)[1:])
    if found.p_value is None or found.p_value > alpha:
        return 0
    if sample.is_difference and found.standard_error == 0.0:
        shown = estimate_mean(sample, alpha)
        if shown.low is not None and shown.high is not None and shown.low <= bound <= shown.high:
            return 0
    return 1 if found.estimate > 0 else -1


def _is_stable(sample: Sample, bound: float) -> bool:
    """Return whether the mean stays on its side of the bound whichever wording is left out, as a verdict asks."""
    shifted = sample.values - bound
    signs = np.sign(intervals.leave_one_out(shifted, sample.weights, sample.wordings))
    estimate = intervals.cluster_mean(shifted, *_columns(sample)[1:]).estimate
    return bool((signs[~np.isnan(signs)] == np.sign(estimate)).all())


def _average(sample: Sample, values: npt.NDArray[np.float64]) -> float:
    return float(np.average(values, weights=sample.weights))


def _columns(sample: Sample) -> tuple[npt.NDArray[np.float64], ...]:
    return (sample.values, sample.weights, sample.wordings, sample.units)  # type: ignore[return-value]
