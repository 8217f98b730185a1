"""The tables of one run, each worked out when it is first asked for, and once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import polars as pl

from toolkit.results.scoring import (
    PRIMARY,
    columns,
    comparisons,
    grids,
    models,
    pairs,
    reaction_rows,
    rules,
    scorecards,
)


class Tables:
    """Scorecards and comparisons of one frame of reactions: whoever asks for one again gets the same figures.

    `control` are the reactions of the control reader, if they are apart from those of personas. `error` is what a
    verdict may spend.
    """

    def __init__(
        self,
        reactions: pl.DataFrame,
        drafts: Sequence[str],
        control: pl.DataFrame | None = None,
        *,
        error: float = rules.SIGNIFICANCE,
    ) -> None:
        self.reactions = reactions
        self.error = error
        self.control = reactions if control is None else control
        self.drafts = tuple(drafts)
        self._kept: dict[tuple[object, ...], pl.DataFrame] = {}
        self._grid: tuple[object, grids.Grid] | None = None
        self._contenders: tuple[str, ...] = ()
        self._said: tuple[tuple[str, ...], models.ModelsSay | None] | None = None

    def scorecard(self, by: reaction_rows.By = None) -> pl.DataFrame:
        """Return estimates with intervals and counts, for the whole audience or by a segment key."""
        by = reaction_rows.settle_by(by)
        return self._keep(("scorecard", by), lambda: scorecards.score_grids([self.find_grid(by)], by))

    def control_scorecard(self) -> pl.DataFrame:
        """Return the control reader's own estimates."""
        return self._keep(
            ("control_scorecard",), lambda: scorecards.control_scorecard(self.control, drafts=self.drafts)
        )

    def compare(self, by: reaction_rows.By = None, measure: str = PRIMARY) -> pl.DataFrame:
        """Return every pair of drafts compared on one measure."""
        explained = self.explain(by, measure)
        return pl.DataFrame([explained[name] for name in columns.COMPARISON_SCHEMA])  # a `select` is planned each time

    def explain(self, by: reaction_rows.By = None, measure: str = PRIMARY) -> pl.DataFrame:
        """Return the comparisons with the columns that explain a verdict, `columns.DOUBT_SCHEMA`."""
        by = reaction_rows.settle_by(by)

        def make() -> pl.DataFrame:
            reaction_rows.express_measures(self.reactions.schema, measure)
            return self._describe(by, pairs.compare_measures(self.find_grid(by), [measure]))[measure]

        return self._keep(("compare", by, measure), make)

    def explain_all(self, by: reaction_rows.By, measures: Sequence[str]) -> None:
        """Work out the comparisons on several measures, which takes little more than those on one."""
        by = reaction_rows.settle_by(by)
        lacking = [measure for measure in measures if ("compare", by, measure) not in self._kept]
        if lacking:
            made = self._describe(by, pairs.compare_measures(self.find_grid(by), lacking))
            self._kept |= {("compare", by, measure): table for measure, table in made.items()}

    def _describe(self, by: reaction_rows.By, compared: Mapping[str, list[pairs.Compared]]) -> dict[str, pl.DataFrame]:
        grid = self.find_grid(by)
        if by is None and PRIMARY in compared:
            self._contenders = pairs.find_contenders(grid, PRIMARY, compared[PRIMARY], self.error)
        return comparisons.describe_measures(grid, compared, by, error=self.error)

    def control_compare(self) -> pl.DataFrame:
        """Return the control reader's own comparisons."""
        return self._keep(("control_compare",), lambda: comparisons.control_compare(self.control, drafts=self.drafts))

    @property
    def contenders(self) -> tuple[str, ...]:
        """The drafts that the panel cannot tell from the best."""
        self.explain()
        return self._contenders

    @cached_property
    def gaps(self) -> comparisons.Gaps:
        """For how many people each draft has no answer."""
        return comparisons.find_gaps(self.find_grid(None))

    def hear_models(self, names: Sequence[str]) -> models.ModelsSay | None:
        """Return what each of several models says of the drafts; None if one alone answered. Worked out once."""
        if self._said is None or self._said[0] != tuple(names):
            self._said = (tuple(names), models.hear_models(self.reactions, self.drafts, self.find_grid(None), names))
        return self._said[1]

    def find_grid(self, by: reaction_rows.By) -> grids.Grid:
        """Return the array of all reactions; the last one is kept, for each takes as much room as the reactions."""
        by = reaction_rows.settle_by(by)
        if self._grid is None or self._grid[0] != by:
            (grid,) = grids.load_grids(self.reactions, by, self.drafts)
            self._grid = (by, grid)
        return self._grid[1]

    def _keep(self, name: tuple[object, ...], make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """Return a copy of the table, which costs nothing: what its reader changes is not what the next one gets."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name].clone()
