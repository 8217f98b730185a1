"""A study as people read it: verdicts, scorecards and reactions of all its runs, none of them held in memory."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.errors import A_PATH, A_TEXT, InputError, accept_only, suggest
from toolkit.models import LABEL, cards, records
from toolkit.results import Run, load_run
from toolkit.results.scoring import PRIMARY, columns
from toolkit.study import factors
from toolkit.study.agreement import Between, measure_agreement
from toolkit.study.parts import CONTROL, KEYS, PEOPLE, scan_parts
from toolkit.study.records import CellRecord, StudyRecord, read_record

_VERDICTS: dict[str, pl.DataType] = {
    **dict.fromkeys(KEYS, pl.String()),
    "decision": pl.String(),
    "draft": pl.String(),
    "because": pl.String(),
    "leader": pl.String(),
    **dict.fromkeys(("objective_rate", "low", "high"), pl.Float64()),
    "people": pl.Int64(),
    "cost_usd": pl.Float64(),
    "state": pl.String(),
    "folder": pl.String(),
}


@dataclass(frozen=True, repr=False)
class Study:
    """A study in its folder. Tables are read from there when they are asked for; runs one at a time.

    Examples:
        >>> study = toolkit.load_study("studies/today")
        >>> study.verdicts().columns[:4]
        ['campaign', 'audience', 'model', 'decision']
    """

    folder: Path
    record: StudyRecord
    """What study.json says."""

    def __repr__(self) -> str:
        """Name the folder and count the runs."""
        return f"Study({str(self.folder)!r}, runs={len(self)} of {len(self.cells)})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: how many runs are made, their verdicts, and what is lacking."""
        rows = self.verdicts().iter_rows(named=True)
        return cards.render_card(
            f"{len(self)} of {len(self.cells)} runs are made",
            text=self.stopped or "",
            facts={
                "folder": str(self.folder),
                "cost": "not known" if self.cost_usd is None else f"${self.cost_usd:.2f}",
            },
            tables=[
                cards.CardTable(
                    (*KEYS, "verdict", "leading draft", "reached the objective", "people"),
                    [tuple(_tell_cell(row)) for row in rows],
                    caption="estimate (95 % interval)",
                )
            ],
            notes=[f"{one.campaign}: {one.problem}" for one in self.problems() if one.problem],
        )

    @property
    def label(self) -> str:
        """What every output says of where its numbers come from."""
        return LABEL

    @property
    def cells(self) -> tuple[CellRecord, ...]:
        """One record for each campaign with each audience and each model, those that failed included."""
        return self.record.cells

    @property
    def is_complete(self) -> bool:
        """Whether every run is made and lacks nothing."""
        return all(cell.state == "done" for cell in self.cells)

    @property
    def stopped(self) -> str | None:
        """Why the latest call ended before everything was asked, such as the cost limit."""
        return self.record.stopped

    @property
    def cost_usd(self) -> float | None:
        """Dollars that all calls together took; None if a price is not known."""
        return self.record.paid_usd

    def problems(self) -> tuple[CellRecord, ...]:
        """Return the cells that lack something; `problem` says why."""
        return tuple(cell for cell in self.cells if cell.state != "done")

    @property
    def reactions(self) -> pl.LazyFrame:
        """One row a reaction of a person, with campaign, audience and model; read from disk as far as is asked for."""
        return self._scan(PEOPLE)

    @property
    def control_reactions(self) -> pl.LazyFrame:
        """The control reader's reactions, in the same columns."""
        return self._scan(CONTROL)

    def _scan(self, kind: str) -> pl.LazyFrame:
        return scan_parts(self.folder, kind, [(one.campaign, one.audience, one.model) for one in self._made()])

    def verdicts(self) -> pl.DataFrame:
        """Return one row a cell: what its run lets a person decide, and the objective rate of the leading draft.

        `low` and `high` are the rate's interval. `cost_usd` is what the answers cost whenever they were asked for.
        `because` of a cell without a verdict says why there is none. `folder` is the run's, within the study's.
        """
        rows = [
            {
                **one.model_dump(include=set(_VERDICTS)),
                "because": one.because if one.because is not None else one.problem,
            }
            for one in self.cells
        ]
        return pl.DataFrame(rows, schema=_VERDICTS, orient="row")

    def scorecard(self, by: str | None = None) -> pl.DataFrame:
        """Return every run's estimates with intervals and counts, with campaign, audience and model in front.

        `by` names a segment key. Runs whose audience lacks it have no row; InputError where no audience has it.
        """
        tables = [self._read_scorecard(one) for one in self._made()]
        if not tables:
            empty = [pl.lit(None, dtype=pl.String).alias(key) for key in KEYS]
            return pl.DataFrame(schema=columns.SCORECARD_SCHEMA).select(*empty, pl.all())
        cards = pl.concat(tables)
        found = cards.filter(pl.col("segment") == (by or "all"))
        if by is not None and found.is_empty():
            keys = sorted(set(cards["segment"]) - {"all", "control"})
            known = ", ".join(keys) or "none"
            raise InputError(f"by={by!r}: no audience of the study has this segment{suggest(by, keys)}; known: {known}")
        return found

    def _read_scorecard(self, cell: CellRecord) -> pl.DataFrame:
        names = [pl.lit(getattr(cell, key)).alias(key) for key in KEYS]
        card = pl.read_parquet(self._place(cell) / "scorecard.parquet")
        return card.select(*names, *columns.SCORECARD_SCHEMA)

    def tags(self) -> pl.DataFrame:
        """Return the tags of all drafts: campaign, draft_id, tag and level, one row a draft and tag."""
        rows = dict.fromkeys(
            (cell.campaign, draft, factor, level)
            for cell in self.cells
            for draft, levels in cell.tags.items()
            for factor, level in levels.items()
        )
        return pl.DataFrame(list(rows), schema=factors.TAG_SCHEMA, orient="row")

    @accept_only(factor=A_TEXT, measure=A_TEXT)
    def compare(self, factor: str, *, measure: str = PRIMARY) -> pl.DataFrame:
        """Return one row per pair of levels of a tag, compared over campaigns: B minus A with interval and verdict.

        Campaigns are a random factor, and so are the people and wordings that they share; those with one level alone
        are counted in `campaigns_left_out`. Several models and audiences are averaged. `verdict` is "A", "B", "too
        close to call", "unstable" or "not enough". See `toolkit.study.factors.compare_factor` for every column, and
        docs/factors.md for how it is done. Raises InputError on a tag that no draft has, and on an unknown measure.

        Examples:
            >>> study = toolkit.load_study("studies/today")
            >>> study.compare("style").select("level_a", "level_b", "verdict").rows()
            [('plain', 'benefit', 'not enough')]
        """
        return factors.compare_factor(self.reactions, self.tags(), factor, measure=measure)

    @accept_only(factor=A_TEXT, measure=A_TEXT)
    def effects(self, factor: str, *, measure: str = PRIMARY) -> pl.DataFrame:
        """Return what a forest plot shows: the difference of levels in each campaign, over all, and in a further one.

        `toolkit.report.charts.chart_forest` draws the rows of one pair of levels. Raises what `compare` does.

        Examples:
            >>> study = toolkit.load_study("studies/today")
            >>> study.effects("style")["kind"].to_list()
            ['campaign', 'mean']
        """
        return factors.list_effects(self.reactions, self.tags(), factor, measure=measure)

    @accept_only(factor=A_TEXT, measure=A_TEXT)
    def plot(self, factor: str, levels: Sequence[str] = (), *, measure: str = PRIMARY) -> Any:
        """Return a forest plot of two levels of a tag as an Altair chart: each campaign, all, and a further one.

        `levels` names the two, where a tag has more. Needs the extra `charts`. Raises what `compare` does, and
        InputError on other levels, and if a package is missing.

        Examples:
            >>> study = toolkit.load_study("studies/today")
            >>> study.plot("style").to_dict()["title"]["text"]
            'benefit against plain, campaign by campaign'
        """
        return pkgutil.resolve_name(records.MAKERS["Study.plot"])(self, factor, levels, measure)

    def agreement(self, between: Between = "model", *, measure: str = PRIMARY) -> pl.DataFrame:
        """Return how far models, repeats or audiences say the same of the same drafts: a row for every two of them.

        See `toolkit.study.agreement.measure_agreement` for every column; `agreement.list_reliabilities` puts the rows
        in words. Raises InputError on anything else than "model", "repeat" or "audience", and if there is only one.

        Examples:
            >>> study = toolkit.load_study("studies/today")
            >>> study.agreement("repeat").columns[:3]
            ['between', 'one', 'other']
        """
        return measure_agreement(self.reactions, between, measure=measure)

    def runs(self) -> Iterator[Run]:
        """Yield the runs that were made, each read when its turn comes."""
        for cell in self._made():
            yield load_run(self._place(cell))

    def __iter__(self) -> Iterator[Run]:
        """Yield the runs, one at a time."""
        return self.runs()

    def __len__(self) -> int:
        """Return how many runs were made."""
        return len(self._made())

    def find_run(self, campaign: str, audience: str | None = None, model: str | None = None) -> Run:
        """Return the run of a cell; audience and model may be left out where there is one of each."""
        found = [
            one
            for one in self._made()
            if one.campaign == campaign and audience in {None, one.audience} and model in {None, one.model}
        ]
        if len(found) != 1:
            names = [one.campaign for one in self._made()]
            near = suggest(campaign, names) if campaign not in names else ""
            raise InputError(f"{len(found)} runs are of {campaign!r}{near}; name campaign, audience and model of one")
        return load_run(self._place(found[0]))

    def _made(self) -> list[CellRecord]:
        return [cell for cell in self.cells if cell.folder is not None]

    def _place(self, cell: CellRecord) -> Path:
        return self.folder / (cell.folder or "")


def _tell_cell(row: dict[str, Any]) -> Iterator[object]:
    """Yield what a card says of a run: what it is of, its verdict, and the leading draft with its rate."""
    yield from (row[key] for key in KEYS)
    yield row["decision"] or row["state"]
    yield row["leader"] or ""
    known = row["objective_rate"] is not None and row["low"] is not None
    yield f"{row['objective_rate']:.0%} ({row['low']:.0%} to {row['high']:.0%})" if known else "not known"
    yield row["people"] if row["people"] is not None else ""


@accept_only(folder=A_PATH)
def load_study(folder: str | Path) -> Study:
    """Return the study that a folder holds; raise InputError where there is none.

    Examples:
        >>> toolkit.load_study("no-such-folder")
        Traceback (most recent call last):
        toolkit.errors.InputError: no-such-folder: no study, study.json is missing; name a study's folder
    """
    folder = Path(folder)
    return Study(folder, read_record(folder))
