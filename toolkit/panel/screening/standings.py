"""What a screening found of each draft, which drafts it keeps, and the sentence that says so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from toolkit.models import LABEL, Audience, Campaign, Record, records
from toolkit.results import Run, runs
from toolkit.results.scoring import PRIMARY, compare, rules, scorecard
from toolkit.stats import corrections

MOST_DRAFTS = 200
"""Drafts that one screening takes."""
LOOK_ERROR = rules.SIGNIFICANCE / 2.0
"""What each of the two planned looks may spend on leaving out the truly best draft."""
_STOPPED = "stop_rate"
_RIVALS = 2

Why = Literal["kept", "behind", "no room", "no answer"]
"""Kept; surely behind the best; may be the best, but its rate is too low for the shortlist; nothing to go by."""
_SAYS: dict[Why, str] = {
    "kept": "on the shortlist",
    "behind": "surely behind the best",
    "no room": "lower rate, no room on the shortlist",
    "no answer": "no answer that could be used",
}


class Standing(Record):
    """What a screening found of one draft."""

    draft_id: str
    kept: bool
    why: Why
    estimate: float | None = None
    """The share of the simulated audience that reached the objective."""
    low: float | None = None
    high: float | None = None
    personas: int = 0
    """How many people the share rests on."""
    looks: int = 1
    """After how many looks it was decided."""

    def say(self) -> str:
        """Return what became of it, such as "surely behind the best"."""
        return _SAYS[self.why]


@dataclass(frozen=True)
class Screening:
    """A finished screening: the standing of every draft, and the shortlist with whom it asked.

    Examples:
        >>> from toolkit.panel.screening.standings import Standing
        >>> Standing(draft_id="d7", kept=False, why="no room", estimate=0.25, personas=12).say()
        'lower rate, no room on the shortlist'
    """

    campaign: Campaign
    """All drafts that were tested."""
    audiences: tuple[Audience, ...]
    looks: tuple[Run, ...]
    """One run for each look; each asked people of its own."""
    standings: tuple[Standing, ...]
    """Every draft, the best first."""

    @property
    def kept(self) -> tuple[str, ...]:
        """The drafts of the shortlist, the best first."""
        return tuple(one.draft_id for one in self.standings if one.kept)

    @property
    def dropped(self) -> tuple[Standing, ...]:
        """The drafts that are not on the shortlist."""
        return tuple(one for one in self.standings if not one.kept)

    @property
    def people(self) -> tuple[str, ...]:
        """The ids of everybody who was asked."""
        return tuple(dict.fromkeys(one for look in self.looks for one in look.reactions["persona_id"].unique().sort()))

    @property
    def stopped(self) -> str | None:
        """Why it ended before everything was asked."""
        return next((look.methods.stopped for look in self.looks if look.methods.stopped), None)

    @property
    def cost_usd(self) -> float | None:
        """Dollars spent; None where the price of the model is unknown."""
        costs = [look.methods.cost_usd for look in self.looks]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    @property
    def shortlist(self) -> Campaign:
        """The drafts that were kept, as a campaign: a run of it asks other people, or says that it cannot."""
        kept = set(self.kept)
        drafts = tuple(draft for draft in self.campaign.drafts if draft.id in kept)
        screened = records.Screened(tested=len(self.campaign.drafts), people=self.people)
        return self.campaign.replace_drafts(drafts).model_copy(update={"screened": screened})

    @property
    def table(self) -> pl.DataFrame:
        """One row per draft, the best first: draft_id, kept, why, estimate, low, high, personas, looks."""
        return pl.DataFrame([one.model_dump() for one in self.standings], infer_schema_length=None)

    @property
    def sentence(self) -> str:
        """What was found, in a few sentences."""
        tested, people = len(self.standings), len(self.people)
        counts = {why: sum(one.why == why for one in self.standings) for why in _SAYS}
        came = sum(look.counts.ok for look in self.looks)
        planned = sum(look.counts.planned for look in self.looks)
        partial = f"Partial, from {came:,} of {planned:,} reactions: " if self.stopped else ""
        said = [f"{partial}{counts['kept']} of {tested} drafts are on the shortlist, after {people} people"]
        if counts["behind"]:
            said.append(f"{_count(counts['behind'])} surely behind the best")
        if counts["no room"]:
            said.append(
                f"{_count(counts['no room'])} dropped for a lower rate alone: the best of all may be among them"
            )
        if counts["no answer"]:
            said.append(f"{_count(counts['no answer'])} dropped because no answer could be used")
        if self.stopped:
            said.append(f"The screening ended early: {self.stopped}")
        return ". ".join(said) + "."

    def describe(self) -> dict[str, Any]:
        """Return the whole of it as plain values, for JSON."""
        return {
            "campaign": self.campaign.campaign,
            "tested": len(self.standings),
            "kept": list(self.kept),
            "drafts": [one.model_dump(mode="json") for one in self.standings],
            "people": list(self.people),
            "looks": [
                {"personas": look.methods.personas, "drafts": len(look.drafts), "ok": look.counts.ok,
                 "refused": look.counts.refused, "failed": look.counts.failed, "planned": look.counts.planned}
                for look in self.looks
            ],
            "stopped": self.stopped,
            "cost_usd": self.cost_usd,
            "sentence": self.sentence,
            "label": LABEL,
        }  # fmt: skip

    def __repr__(self) -> str:
        """Count the drafts; all of them would fill many a screen."""
        return f"Screening(tested={len(self.standings)}, kept={list(self.kept)})"


def _count(drafts: int) -> str:
    return "1 is" if drafts == 1 else f"{drafts} are"


def rank_standings(
    reactions: pl.DataFrame, drafts: Sequence[str], *, error: float = LOOK_ERROR, looks: int = 1
) -> list[Standing]:
    """Return drafts by the rate of the objective, the best first, and which are surely behind; none is kept yet.

    That is the rule of a verdict: a draft is behind where another leads it by more than chance, all others looked at
    together, and the truly best is so in at most `error` of screenings. If fewer than 80 % of the people answered every
    draft, each goes by its own answers, and is behind where the leader beats it by Holm over all pairs.
    """
    usable = reactions.filter(pl.col("status") == "ok")
    answered = [draft for draft in drafts if draft in set(usable["draft_id"])]
    if not answered:
        return [Standing(draft_id=draft, kept=False, why="no answer", looks=looks) for draft in drafts]
    whole = usable.group_by("persona_id").agg(pl.col("draft_id").n_unique() == len(answered))["draft_id"].sum()
    asked = reactions["persona_id"].n_unique()
    if whole >= max(math.ceil(rules.LEAST_ANSWERED * asked), 1):
        cards, behind = _judge_together(reactions, answered, error)
    else:
        cards, behind = _judge_apart(reactions, answered, error)
    places = {draft: place for place, draft in enumerate(drafts)}
    rates = _read_cards(cards)
    found = sorted(answered, key=lambda one: (*(-rate for rate in _sort_by(rates, one)), places[one]))
    standings = [_stand(one, rates.get((one, PRIMARY)), is_behind=one in behind, looks=looks) for one in found]
    lost = [
        Standing(draft_id=draft, kept=False, why="no answer", looks=looks) for draft in drafts if draft not in found
    ]
    return standings + lost


def keep_best(standings: Sequence[Standing], most: int) -> tuple[Standing, ...]:
    """Return standings with the first `most` that may be the best kept, those first.

    If one alone may be the best, the next one is kept, too: a test needs a rival.
    """
    leading = [one for one in standings if one.why == "no room"]
    others = [one for one in standings if one.why == "behind"]
    chosen = leading[:most] + others[: max(_RIVALS - len(leading), 0)]
    names = {one.draft_id for one in chosen}
    kept = [one.model_copy(update={"kept": True, "why": "kept"}) for one in chosen]
    return (*kept, *(one for one in standings if one.draft_id not in names))


def join_looks(
    first: pl.DataFrame, second: pl.DataFrame, again: Sequence[str], earlier: Sequence[Standing]
) -> list[Standing]:
    """Return the standings after both looks: of the drafts read `again` by all their answers, the others' as before."""
    rows = pl.concat([first.filter(pl.col("draft_id").is_in(again)), second], how="diagonal_relaxed")
    found = rank_standings(rows, again, looks=2)
    return [*found, *(one for one in earlier if one.draft_id not in set(again))]


def _judge_together(reactions: pl.DataFrame, drafts: Sequence[str], error: float) -> tuple[pl.DataFrame, set[str]]:
    """Return rates and who is behind, among the people who answered every draft."""
    tables = runs.make_tables(reactions.filter(pl.col("draft_id").is_in(drafts)), drafts, error=error)
    return tables.scorecard(), set(drafts) - set(tables.contenders)


def _judge_apart(reactions: pl.DataFrame, drafts: Sequence[str], error: float) -> tuple[pl.DataFrame, set[str]]:
    """Return rates and who is behind, each draft by the people who answered it, or it and the leader."""
    of_draft = {draft: reactions.filter(pl.col("draft_id") == draft) for draft in drafts}
    cards = pl.concat([scorecard(rows) for rows in of_draft.values()])
    rates = _read_cards(cards)
    leader = max(drafts, key=lambda one: rates.get((one, PRIMARY), _NOTHING)["estimate"] or 0.0)
    others = [draft for draft in drafts if draft != leader]
    pairs = [compare(pl.concat([of_draft[leader], of_draft[one]]), drafts=[leader, one]).row(0, named=True)
             for one in others]  # fmt: skip
    sides = [None if pair["verdict"] == "not enough" or pair["p_value"] is None else pair["p_value"] / 2.0
             for pair in pairs]  # fmt: skip
    adjusted = corrections.holm(sides)
    behind = {
        one
        for one, pair, p_value in zip(others, pairs, adjusted, strict=True)
        if pair["difference"] is not None and pair["difference"] < 0.0 and p_value <= error
    }
    return cards, behind


_NOTHING: dict[str, Any] = {"estimate": None, "low": None, "high": None, "personas": 0}
_Rates = Mapping[tuple[str, str], Mapping[str, Any]]


def _read_cards(cards: pl.DataFrame) -> _Rates:
    wanted = cards.filter(pl.col("measure").is_in([PRIMARY, _STOPPED]))
    return {(row["draft_id"], row["measure"]): row for row in wanted.iter_rows(named=True)}


def _sort_by(rates: _Rates, draft: str) -> tuple[float, float]:
    """Return by what drafts are ranked: the objective, and who stopped at all where that is the same."""
    found = (rates.get((draft, measure), _NOTHING)["estimate"] for measure in (PRIMARY, _STOPPED))
    first, second = (-1.0 if one is None else round(one, 12) for one in found)
    return first, second


def _stand(draft: str, row: Mapping[str, Any] | None, *, is_behind: bool, looks: int) -> Standing:
    row = row or _NOTHING
    if row["estimate"] is None:
        return Standing(draft_id=draft, kept=False, why="no answer", looks=looks)
    return Standing(
        draft_id=draft,
        kept=False,
        why="behind" if is_behind else "no room",
        estimate=row["estimate"],
        low=row["low"],
        high=row["high"],
        personas=row["personas"],
        looks=looks,
    )
