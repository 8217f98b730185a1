"""The tables of one run, each worked out when it is first asked for, and once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from toolkit.results.scoring import PRIMARY, comparisons, scorecards


class Tables:
    """Scorecards and comparisons of one frame of reactions: whoever asks for one again gets the same figures."""

    def __init__(self, reactions: pl.DataFrame, drafts: Sequence[str]) -> None:
        self.reactions = reactions
        self.drafts = tuple(drafts)
        self._kept: dict[tuple[str | None, ...], pl.DataFrame] = {}

    def scorecard(self, by: str | None = None) -> pl.DataFrame:
        """Return estimates with intervals and counts, for the whole audience or by a segment key."""
        return self._keep(("scorecard", by), lambda: scorecards.score(self.reactions, by, self.drafts))

    def control_scorecard(self) -> pl.DataFrame:
        """Return the control reader's own estimates."""
        return self._keep(
            ("control_scorecard",), lambda: scorecards.control_scorecard(self.reactions, drafts=self.drafts)
        )

    def compare(self, by: str | None = None, measure: str = PRIMARY) -> pl.DataFrame:
        """Return every pair of drafts compared on one measure."""
        return self._keep(
            ("compare", by, measure), lambda: comparisons.compare_pairs(self.reactions, by, measure, self.drafts)
        )

    def control_compare(self) -> pl.DataFrame:
        """Return the control reader's own comparisons."""
        return self._keep(("control_compare",), lambda: comparisons.control_compare(self.reactions, drafts=self.drafts))

    def _keep(self, name: tuple[str | None, ...], make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """Return a copy of the table, which costs nothing: what its reader changes is not what the next one gets."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name].clone()
