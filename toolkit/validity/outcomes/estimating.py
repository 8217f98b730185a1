"""The mean rate of drafts: a few have real results, many have a panel's; the unit is the draft."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.models import Record, records
from toolkit.results.track_record import matching
from toolkit.stats import prediction_powered
from toolkit.store import outcome_log, test_log

_OBJECTIVES = {"click": "clicks", "reply": "replies", "share": "shares"}


class MeanRate(Record):
    """A prediction-powered mean over drafts."""

    count: str
    """clicks, replies or shares, per time shown."""
    estimate: float
    low: float
    high: float
    labels_only: float
    """The mean of the drafts with results alone."""
    labels_only_low: float
    labels_only_high: float
    weight: float
    """How far the panel's rates are used, 0 to 1."""
    effective: float
    """Drafts with results that would give the same interval without a panel."""
    labels: int
    """Drafts with results."""
    predictions: int
    """Drafts that only the panel has seen."""
    sentence: str


def estimate_mean_rate(matches: Sequence[matching.Match], tested: Sequence[test_log.Tested]) -> MeanRate | None:
    """Return the mean rate of all tested drafts, for the objective that most results speak of; None under 4 drafts."""
    found = [rate for objective in _OBJECTIVES if (rate := _estimate(matches, tested, objective)) is not None]
    return max(found, key=lambda rate: rate.labels, default=None)


def estimate_people_rate(
    answers: Sequence[outcome_log.PersonAnswer], tested: Sequence[test_log.Tested]
) -> MeanRate | None:
    """Return the mean share of real people who reach the objective, over all tested drafts; None under 4 drafts.

    It is of the record as a whole, never of one run: the unit is the draft.
    """
    found = [
        rate
        for objective in sorted({one.objective for one in answers})
        if (rate := _estimate_people(answers, tested, objective)) is not None
    ]
    return max(found, key=lambda rate: rate.labels, default=None)


def _estimate_people(
    answers: Sequence[outcome_log.PersonAnswer], tested: Sequence[test_log.Tested], objective: str
) -> MeanRate | None:
    told = {
        one.draft_hash: one.panel_rate for one in tested if one.objective == objective and one.panel_rate is not None
    }
    reached: dict[str, list[bool]] = {}
    for one in answers:
        if one.objective == objective and one.draft_hash in told:
            is_read = objective == "read" and one.action in records.READING
            reached.setdefault(one.draft_hash, []).append(one.action == objective or is_read)
    labelled = sorted(reached)
    mean = prediction_powered.powered_mean(
        [sum(reached[draft]) / len(reached[draft]) for draft in labelled],
        [told[draft] for draft in labelled],
        [told[draft] for draft in sorted(told) if draft not in reached],
    )
    if mean is None:
        return None
    what = f"real people who would {objective}, mean over drafts"
    return _describe(mean, objective, what, "answers of people", ".0%")


def _describe(mean: prediction_powered.PoweredMean, count: str, what: str, labels: str, form: str) -> MeanRate:
    estimate, low, high, alone = (f"{one:{form}}" for one in (mean.estimate, mean.low, mean.high, mean.alone))
    return MeanRate(
        count=count,
        estimate=mean.estimate,
        low=mean.low,
        high=mean.high,
        labels_only=mean.alone,
        labels_only_low=mean.alone_low,
        labels_only_high=mean.alone_high,
        weight=mean.weight,
        effective=mean.effective,
        labels=mean.labels,
        predictions=mean.predictions,
        sentence=(
            f"{what}: {estimate} ({low} to {high}) from {mean.labels} drafts with {labels} and the panel's rates of "
            f"{mean.predictions} others; from the {labels} alone {alone} ({mean.alone_low:{form}} to "
            f"{mean.alone_high:{form}}). The others have to be like them."
        ),
    )


def _estimate(matches: Sequence[matching.Match], tested: Sequence[test_log.Tested], objective: str) -> MeanRate | None:
    name = _OBJECTIVES[objective]
    told = {
        one.draft_hash: one.panel_rate for one in tested if one.objective == objective and one.panel_rate is not None
    }
    sums: dict[str, list[int]] = {}
    for one in matching.list_published(matches):
        counted = one.count(name)
        if one.draft in told and counted is not None and counted[1] > 0:
            hits, shown = sums.setdefault(one.draft, [0, 0])
            sums[one.draft] = [hits + counted[0], shown + counted[1]]
    labelled = sorted(sums)
    mean = prediction_powered.powered_mean(
        [sums[draft][0] / sums[draft][1] for draft in labelled],
        [told[draft] for draft in labelled],
        [told[draft] for draft in sorted(told) if draft not in sums],
    )
    if mean is None:
        return None
    return _describe(mean, name, f"{name} per time shown, mean over drafts", "results", ".2%")
