"""What a report of a study says: how many runs decide something, which kinds of drafts do better, how far it agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from toolkit.errors import InputError
from toolkit.results.scoring import PRIMARY
from toolkit.study import Study, agreement, factors

_BETWEEN: tuple[agreement.Between, ...] = ("model", "audience", "repeat")
_KEYS = ("campaign", "audience", "model")
_DECISIONS = {
    "best": "name a best draft",
    "too close to call": "are too close to call",
    "unstable": "are unstable",
    "not enough": "have too little for a verdict",
    "single draft": "have a single draft",
}


@dataclass(frozen=True)
class StudyReport:
    """A study, worked out for reading: each part when it is first asked for, and once."""

    study: Study

    @property
    def label(self) -> str:
        """What stands on every page, sheet and slide."""
        return self.study.label

    @property
    def title(self) -> str:
        """The name of the study: its folder's."""
        return self.study.folder.resolve().name

    @cached_property
    def verdicts(self) -> pl.DataFrame:
        """One row a run; see `Study.verdicts`."""
        return self.study.verdicts()

    @cached_property
    def scorecard(self) -> pl.DataFrame:
        """Every run's estimates for its whole audience."""
        return self.study.scorecard()

    @cached_property
    def comparisons(self) -> pl.DataFrame:
        """The levels of every tag compared over campaigns; no rows where no draft has a tag with several levels."""
        found = [table for name in self.factors if (table := self._compare(name)) is not None]
        return pl.concat(found) if found else pl.DataFrame(schema=factors.FACTOR_SCHEMA)

    @cached_property
    def effects(self) -> pl.DataFrame:
        """The difference of levels in each campaign, over all and in a further one, of every tag."""
        told = self.comparisons["factor"].unique(maintain_order=True)
        found = [self.study.effects(name) for name in told]
        return pl.concat(found) if found else pl.DataFrame(schema=factors.EFFECT_SCHEMA)

    @property
    def factors(self) -> Sequence[str]:
        """The names of all tags, in the order of the drafts."""
        return self.study.tags()["tag"].unique(maintain_order=True).to_list()

    @cached_property
    def agreements(self) -> pl.DataFrame:
        """How far models, audiences and repeats say the same; no rows where there is one of each."""
        found = [table for between in _BETWEEN if (table := self._agree(between)) is not None]
        return pl.concat(found) if found else pl.DataFrame(schema=agreement.AGREEMENT_SCHEMA)

    @property
    def headline(self) -> str:
        """How many runs name a best draft."""
        made, decided = len(self.study), self._count_decisions()["best"]
        runs = "1 run names" if decided == 1 else f"{decided:,} runs name"
        return f"{runs} a best draft, of {made:,}" if decided else f"No run of {made:,} names a best draft"

    @cached_property
    def sentences(self) -> Sequence[str]:
        """The summary: what was asked, what the runs decide, which kinds of drafts do better, what is lacking."""
        return list(self._summarise())

    @cached_property
    def factor_sentences(self) -> Sequence[str]:
        """Each comparison of two levels in words, under the name of its tag."""
        rows = self.comparisons.iter_rows(named=True)
        return [f"{row['factor'].capitalize()}: {factors.say_factor(row)}" for row in rows]

    @cached_property
    def agreement_sentences(self) -> Sequence[str]:
        """How far it agrees, in words."""
        return [one.sentence for one in agreement.list_reliabilities(self.agreements)]

    @property
    def campaigns(self) -> Sequence[str]:
        """The campaigns with a run, in the order of the study."""
        made = self.verdicts.filter(pl.col("folder").is_not_null())
        return made["campaign"].unique(maintain_order=True).to_list()

    @property
    def problems(self) -> Sequence[str]:
        """What is lacking, a line a run."""
        return [f"{one.name}: {one.problem or one.state}" for one in self.study.problems()]

    @cached_property
    def rates(self) -> Mapping[str, pl.DataFrame]:
        """Per campaign, the objective rate of each draft in each run, as rows of the scorecard."""
        rows = self.scorecard.filter((pl.col("measure") == PRIMARY) & pl.col("estimate").is_not_null())
        return {str(name): group for (name,), group in rows.group_by("campaign", maintain_order=True)}

    def find_verdicts(self, campaign: str) -> Sequence[Mapping[str, Any]]:
        """Return the rows of the verdicts of one campaign."""
        return self.verdicts.filter(pl.col("campaign") == campaign).to_dicts()

    def list_methods(self) -> Iterator[tuple[str, str]]:
        """Yield how it was done, as (what, how) lines of plain text."""
        yield "Campaigns", f"{len(self.campaigns):,}, each a random draw of its kind where tags are compared"
        for key in ("audience", "model"):
            yield f"{key.capitalize()}s", ", ".join(dict.fromkeys(self.verdicts[key]))
        for name, value in self.study.record.settings.items():
            yield name.replace("_", " ").capitalize(), str(value)
        cost = self.study.cost_usd
        yield "Cost", "not known" if cost is None else f"${cost:.4f} in all calls together"
        yield "Toolkit", f"audience-toolkit {self.study.record.version}"

    def name_run(self, row: Mapping[str, Any]) -> str:
        """Return what tells a run of a campaign from its others: audience and model where there are several."""
        several = [key for key in ("audience", "model") if self.verdicts[key].n_unique() > 1]
        return ", ".join(str(row[key]) for key in several)

    def _summarise(self) -> Iterator[str]:
        counts = {key: self.verdicts[key].n_unique() for key in _KEYS}
        asked = " and ".join(
            filter(None, [", ".join(_count(counts[key], key) for key in _KEYS[:2]), _count(counts["model"], "model")])
        )
        people = self.verdicts["people"].max()
        yield f"{asked} make {_count(len(self.verdicts), 'run')}, of up to {_count(int(str(people or 0)), 'person')}."
        decided = self._count_decisions()
        told = [f"{count:,} {_DECISIONS.get(name, name)}" for name, count in decided.most_common()]
        if told:
            yield f"Of {_count(len(self.study), 'finished run')}, {', '.join(told)}."
        won = self.comparisons.filter(pl.col("verdict").is_in(["A", "B"]))
        for row in won.iter_rows(named=True):
            yield f"{row['factor'].capitalize()}: {factors.say_factor(row)}"
        if won.is_empty() and not self.comparisons.is_empty():
            yield "No kind of draft does better than another over all campaigns."
        lacking = len(self.problems)
        if lacking:
            yield f"{_count(lacking, 'run')} {'lacks' if lacking == 1 else 'lack'} something; see below."
        if self.study.stopped:
            yield f"The study is not finished: {self.study.stopped}."

    def _count_decisions(self) -> Counter[str]:
        return Counter(name for name in self.verdicts["decision"] if name is not None)

    def _compare(self, factor: str) -> pl.DataFrame | None:
        try:
            return self.study.compare(factor)
        except InputError:  # a tag of one level compares nothing
            return None

    def _agree(self, between: agreement.Between) -> pl.DataFrame | None:
        try:
            return self.study.agreement(between)
        except InputError:  # there is one model, audience or repeat
            return None


def _count(number: int, noun: str) -> str:
    several = "people" if noun == "person" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else several}"
