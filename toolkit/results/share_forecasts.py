"""What a model forecast when it was asked for shares of people: kept with the run, averaged over both orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from toolkit.models import Record

_ORDERS = 2
_HUNDRED = 100


class SaidShares(Record):
    """One call: how many of 100 people of a kind would act on each draft."""

    model: str
    group: str
    """What the people have in common; empty for the whole panel."""
    weight: float
    """For how many people the kind stands."""
    wording: int
    backwards: bool
    """Whether the drafts stood in the second of the two orders."""
    status: Literal["ok", "refused", "failed"]
    of_100: dict[str, int]
    """By draft id; empty where there is no answer."""
    because: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ShareGap:
    """Two drafts by a forecast, as shares from 0 to 1, with the 95 % interval over its wordings."""

    best: str
    second: str
    difference: float
    low: float | None
    """Null with one wording."""
    high: float | None
    wordings: int


class ShareForecast(Record):
    """Everything that was said when a run asked for shares of people."""

    said: tuple[SaidShares, ...]

    @property
    def calls(self) -> int:
        """Answers behind the figures: those whose other order was answered, too."""
        return _ORDERS * sum(len(cells) for cells in self._average_orders().values())

    def find_rates(self) -> dict[str, float]:
        """Return the share of each draft, from 0 to 1; nothing where nothing was answered in both orders.

        A kind of people counts by its weight. Models count alike, and so do wordings.
        """
        import numpy as np

        by_wording = self._average_models()
        drafts = next(iter(by_wording.values()), {})
        return {draft: float(np.mean([rates[draft] for rates in by_wording.values()])) for draft in drafts}

    def compare_best(self, drafts: Sequence[str]) -> ShareGap | None:
        """Return by how much the best draft is ahead of the second; None where nothing was answered."""
        rates = self.find_rates()
        if not rates:
            return None
        best, second = sorted(drafts, key=lambda draft: -rates[draft])[:2]
        by_wording = self._average_models()
        gaps = [one[best] - one[second] for one in by_wording.values()]
        from toolkit.stats import intervals

        spread = intervals.cluster_mean(gaps, [1.0] * len(gaps), list(by_wording))
        found = intervals.limit_difference(spread, len(gaps))
        return ShareGap(best, second, found.estimate, found.low, found.high, len(gaps))

    def _average_models(self) -> dict[int, dict[str, float]]:
        """Return the rate of each draft under each wording."""
        found: dict[int, list[dict[str, float]]] = defaultdict(list)
        for (_, wording), cells in self._average_orders().items():
            found[wording].append(_average(cells))
        return {wording: _average([(1.0, rates) for rates in several]) for wording, several in sorted(found.items())}

    def _average_orders(self) -> dict[tuple[str, int], list[tuple[float, dict[str, float]]]]:
        """Return weight and rates of each kind of people, by model and wording; without both orders it counts not."""
        cells: dict[tuple[str, int, str], list[SaidShares]] = defaultdict(list)
        for one in self.said:
            if one.status == "ok":
                cells[one.model, one.wording, one.group].append(one)
        found: dict[tuple[str, int], list[tuple[float, dict[str, float]]]] = defaultdict(list)
        for (model, wording, _), both in cells.items():
            if len(both) == _ORDERS:
                rates = [{draft: count / _HUNDRED for draft, count in one.of_100.items()} for one in both]
                found[model, wording].append((both[0].weight, _average([(1.0, each) for each in rates])))
        return dict(found)


def _average(several: Sequence[tuple[float, Mapping[str, float]]]) -> dict[str, float]:
    """Return the weighted mean of each draft's rate."""
    whole = sum(weight for weight, _ in several)
    return {draft: sum(weight * rates[draft] for weight, rates in several) / whole for draft in several[0][1]}
