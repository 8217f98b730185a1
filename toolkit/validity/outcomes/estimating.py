"""The mean rate of drafts: a few have real results, many have a panel's; the unit is the draft."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.models import Record
from toolkit.results.track_record import matching
from toolkit.stats import prediction_powered
from toolkit.store import test_log

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
    return MeanRate(
        count=name,
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
            f"{name} per time shown, mean over drafts: {mean.estimate:.2%} ({mean.low:.2%} to {mean.high:.2%}) from "
            f"{mean.labels} drafts with results and the panel's rates of {mean.predictions} others; from the results "
            f"alone {mean.alone:.2%} ({mean.alone_low:.2%} to {mean.alone_high:.2%}). The others have to be like them."
        ),
    )
