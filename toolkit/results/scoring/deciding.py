"""From comparisons to the verdict of a run, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from toolkit.models import Verdict
from toolkit.results.scoring.comparisons import Gaps
from toolkit.results.scoring.grids import load_grids
from toolkit.results.scoring.models import DISAGREE, MODEL, ModelsCompared
from toolkit.results.scoring.models import PRIOR as PRIOR  # noqa: PLC0414 - handed out with what decides
from toolkit.results.scoring.models import ModelsSay as ModelsSay  # noqa: PLC0414
from toolkit.results.scoring.models import hear_models as hear_models  # noqa: PLC0414
from toolkit.results.scoring.reaction_rows import PRIMARY
from toolkit.results.scoring.rules import LEAST_ANSWERED, LEAST_PERSONAS, LEAST_WORDINGS, SIGNIFICANCE

_ROUNDING = 1e-12
_NOTHING = "no reaction could be used; see the failed and refused counts"
_ORDER = ("not enough", "too close to call", "unstable")


@dataclass(frozen=True, slots=True)
class Basis:
    """What a verdict rests on, besides the figures."""

    drafts: tuple[str, ...]
    """All that the run asked about."""
    personas: int
    planned: int
    ok: int
    refused: int
    failed: int
    contenders: tuple[str, ...] = ()
    """The drafts that the panel cannot tell from the best."""
    gaps: Gaps | None = None
    audiences: str = ""
    """What each audience says by itself, if they disagree."""
    models: ModelsSay | None = None
    """What each of several models says; None if one alone answered."""
    distinct: int | None = None
    """In how many ways the personas are described; None where it was not counted."""

    error: float = SIGNIFICANCE
    """The p-value at which a draft beats another; the comparisons were made with the same."""

    @property
    def are_alike(self) -> bool:
        """Whether some personas are described alike, so that they count once."""
        return self.distinct is not None and self.distinct < self.personas

    @property
    def is_whole(self) -> bool:
        """Whether every reaction that was planned could be used."""
        return self.ok >= self.planned

    @property
    def is_enough(self) -> bool:
        """Whether so much of what was planned could be used that a verdict is worth its name."""
        return self.ok >= LEAST_ANSWERED * self.planned

    def say(self) -> str:
        """Return how much of the run there is, such as "from 50 of 120 reactions"; empty for a whole run."""
        return "" if self.is_whole else f"from {self.ok:,} of {self.planned:,} reactions"


def decide(comparisons: pl.DataFrame, cards: pl.DataFrame, basis: Basis | None = None) -> Verdict:
    """Return the verdict of a run from its comparisons and scorecard on the primary measure, whole audience.

    The draft with the lead over every other is best if it decides against each of them, at p 0.05 each: "beats every
    other" is one claim, so the number of drafts asks for no correction. `basis` says how much of the run there is:
    with less than 80 % of what was planned, or too few personas who are told apart, the verdict is "not enough".
    """
    rates = cards.filter((pl.col("measure") == PRIMARY) & pl.col("estimate").is_not_null())
    drafts = basis.drafts if basis else tuple(cards["draft_id"].unique(maintain_order=True))
    if len(drafts) == 1:
        return _conclude("single draft", _say_single(rates, basis), basis)
    lack = _NOTHING if rates.is_empty() else _find_lack(basis) if basis else None
    lack = lack or _name_unheard(drafts, rates)
    if lack is not None:
        return _conclude("not enough", lack, basis)
    ranked = rank_drafts(comparisons)
    if not ranked:
        return _conclude("not enough", "too few people answered every draft to put the drafts in an order", basis)
    best = ranked[0]
    rivals = find_rivals(comparisons, best)
    decides = _find_decides(rivals)
    verdicts = set(decides)
    decision = next((one for one in _ORDER if one in verdicts), "best" if verdicts == {best} else "too close to call")
    differing = _find_disagreements(decision, best, rivals, basis)
    if differing:
        return _conclude("unstable", _say_disagreement(differing), basis, doubt=DISAGREE)
    closest = rivals[decides.index(decision)] if decision == "not enough" else _find_closest(rivals, decides, decision)
    rate = rates.filter(pl.col("draft_id") == best).row(0, named=True)
    because = _say_why(decision, closest, rate, len(rivals), basis)
    if basis and basis.models and decision != "not enough":
        because += f". {say_models(basis.models, basis.models.find(closest['draft_a'], closest['draft_b']))}"
    return _conclude(decision, because, basis, best if decision == "best" else None)


def _name_unheard(drafts: Sequence[str], rates: pl.DataFrame) -> str | None:
    """Return which drafts have no usable reaction; None if all have some."""
    lacking = [draft for draft in drafts if draft not in set(rates["draft_id"])]
    return f"no reaction to {_join(lacking)} could be used" if lacking else None


def _find_disagreements(
    decision: str, best: str, rivals: Sequence[Mapping[str, Any]], basis: Basis | None
) -> list[ModelsCompared]:
    """Return the rivalries in which models disagree: by the test, or where the run is decided by a sign."""
    if basis is None or basis.models is None or decision == "not enough":
        return []
    others = [row["draft_a"] for row in rivals]
    found = basis.models.list_different(best, others)
    return found or (basis.models.list_clashing(best, others) if decision == "best" else [])


def find_worst(found: Sequence[ModelsCompared]) -> ModelsCompared:
    """Return the rivalry in which models differ most surely."""
    return min(found, key=lambda one: 1.0 if one.p_value is None else one.p_value)


def _say_disagreement(found: Sequence[ModelsCompared]) -> str:
    """Return which models say what of the rivalry in which they differ most."""
    worst = find_worst(found)
    tested = "" if worst.p_value is None else f" (same difference with each model: p {worst.p_value:.2g})"
    return f"{DISAGREE}: {worst.draft_b} against {worst.draft_a}, {_list_leads(worst)}{tested}"


def find_disagreement(
    reactions: pl.DataFrame, draft_a: str, draft_b: str, measure: str = PRIMARY, *, is_decided: bool
) -> str:
    """Return how models disagree on two drafts; empty if they do not, or if one model alone answered.

    If the difference `is_decided`, models of which some have the other draft ahead disagree, too.
    """
    if MODEL not in reactions.columns or reactions[MODEL].n_unique() < len(("one", "other")):
        return ""
    (grid,) = load_grids(reactions, None, [draft_a, draft_b])
    said = hear_models(reactions, [draft_a, draft_b], grid, measure=measure)
    if said is None:
        return ""
    found = said.list_different(draft_b, [draft_a])
    found = found or (said.list_clashing(draft_b, [draft_a]) if is_decided else [])
    return _say_disagreement(found) if found else ""


def _list_leads(pair: ModelsCompared) -> str:
    """Return what each model says, such as "gpt-5-mini 20 points, gemini-flash -15 points"."""
    return ", ".join(
        f"{one.model} {'nothing' if one.difference is None else say_points(one.difference) + ' points'}"
        for one in pair.leads
    )


def say_models(models: ModelsSay, pair: ModelsCompared) -> str:
    """Return for which models a verdict speaks, each one's figure, and what models at large might say."""
    said = f"This speaks for these {len(models.names)} models: {_list_leads(pair)}"
    if pair.low_at_large is None or pair.high_at_large is None:
        return said
    return f"{said}. For models at large: {say_points(pair.low_at_large)} to {say_points(pair.high_at_large)} points"


def rank_drafts(comparisons: pl.DataFrame) -> tuple[str, ...]:
    """Return the drafts of some comparisons, the best first; none if a difference is unknown or no draft leads.

    The first is behind no other; the others follow by how far it leads them. That no draft leads can only be where
    nobody answered all of them, so that each pair is of other people.
    """
    leads: dict[str, dict[str, float]] = {}
    for a, b, difference in comparisons.select("draft_a", "draft_b", "difference").iter_rows():
        if difference is None:
            return ()
        leads.setdefault(a, {})[b] = -difference
        leads.setdefault(b, {})[a] = difference
    if not leads:
        return ()
    best = max(leads, key=lambda draft: min(leads[draft].values()))
    if min(leads[best].values()) < -_ROUNDING:
        return ()
    return (best, *sorted(leads[best], key=lambda rival: leads[best][rival]))


def find_rivals(comparisons: pl.DataFrame, best: str) -> list[dict[str, Any]]:
    """Return the comparisons of a draft with each other, as leads of that draft: `draft_b` is the draft itself."""
    rivals = []
    for row in comparisons.iter_rows(named=True):
        if row["draft_b"] == best:
            rivals.append(row)
        elif row["draft_a"] == best:
            rivals.append(turn(row))
    return rivals


def turn(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a comparison the other way round."""
    turned = dict(row) | {"draft_a": row["draft_b"], "draft_b": row["draft_a"]}
    if row["difference"] is not None:
        turned["difference"] = -row["difference"] or 0.0
    if row["low"] is not None:
        turned |= {"low": -row["high"], "high": -row["low"]}
    for name in ("verdict", "decides"):
        if name in row:
            turned[name] = {"A": "B", "B": "A"}.get(row[name], row[name])
    return turned


def _find_decides(rivals: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return whom each rivalry is decided for; a run of version 0.1 knows its corrected verdict alone."""
    found = [row.get("decides") or row["verdict"] for row in rivals]
    return [row["draft_b"] if one == "B" else one for row, one in zip(rivals, found, strict=True)]


def _find_closest(rivals: Sequence[dict[str, Any]], decides: Sequence[str], decision: str) -> dict[str, Any]:
    """Return the comparison that a verdict hangs on: of those that hold it back, or else of all, the least sure."""
    held = [row for row, one in zip(rivals, decides, strict=True) if one == decision] or list(rivals)
    return max(held, key=lambda row: -1.0 if row["p_value"] is None else row["p_value"])


def _conclude(
    decision: Any, because: str, basis: Basis | None, draft: str | None = None, *, doubt: str = ""
) -> Verdict:
    said = basis.say() if basis else ""
    told = [because] if said.removeprefix("from ") in because else [f"{because}; {said}"]
    if basis and basis.are_alike:
        ways = f"{basis.personas:,} personas are described in {basis.distinct:,} ways, and those alike answer alike"
        told.append(f"{ways}. The intervals count each, so they are narrower than they should be")
    if basis and basis.gaps and basis.gaps.is_unequal:
        told.append(f"{basis.gaps.say()}. They are missing more often for some drafts than for others")
    if basis and basis.audiences:
        told.append(basis.audiences)
    return Verdict(decision=decision, draft=draft, because=". ".join(told) + ".", basis=said, doubt=doubt)


def _say_single(rates: pl.DataFrame, basis: Basis | None) -> str:
    if rates.is_empty():
        return _NOTHING
    return f"there is nothing to compare with: {_say_rate(rates.row(0, named=True), basis)}"


def _find_lack(basis: Basis) -> str | None:
    """Return what a run has too little of for any verdict, answers or people who are told apart; None for neither."""
    if not basis.is_enough:
        return _say_too_few(basis)
    if basis.are_alike and (basis.distinct or 0) < LEAST_PERSONAS <= basis.personas:
        return f"a verdict needs at least {LEAST_PERSONAS} personas, and those described alike count once"
    return None


def _say_too_few(basis: Basis) -> str:
    lost = [f"{count:,} {name}" for name, count in (("refused", basis.refused), ("failed", basis.failed)) if count]
    left = basis.planned - basis.ok - basis.refused - basis.failed
    lost += [f"{left:,} never asked"] if left > 0 else []
    return (
        f"only {basis.ok:,} of {basis.planned:,} reactions could be used ({', '.join(lost)}), "
        f"and a verdict needs {LEAST_ANSWERED:.0%} of them"
    )


def say_estimate(row: Mapping[str, Any], form: str = ".0%") -> str:
    """Return estimate and interval of a scorecard's row, such as "58% (41% to 75%)", or "unknown"."""
    if row["estimate"] is None:
        return "unknown"
    spread = f" ({row['low']:{form}} to {row['high']:{form}})" if row["low"] is not None else ""
    return f"{row['estimate']:{form}}{spread}"


def _say_rate(row: Mapping[str, Any], basis: Basis | None) -> str:
    people = f"the simulated audience of {row['personas']:,}"
    if basis and len(basis.drafts) > 1 and row["personas"] < basis.personas:
        people += f" (those of {basis.personas:,} who answered every draft)"
    return f"{row['draft_id']} reached the objective with {say_estimate(row)} of {people}"


def say_points(share: float) -> str:
    """Return a share of one in whole points; nothing is "-0"."""
    return f"{round(100 * share)}"


def name_points(share: float) -> str:
    """Return a share of one in whole points with their name, such as "1 point" or "-17 points"."""
    points = say_points(share)
    return f"{points} {'point' if points in {'1', '-1'} else 'points'}"


def say_difference(row: Mapping[str, Any]) -> str:
    """Return the difference of a comparison in points with its interval, such as "difference 17 points, 6 to 28"."""
    if row["difference"] is None:
        return "no persona reacted to both"
    spread = f", {say_points(row['low'])} to {say_points(row['high'])}" if row["low"] is not None else ""
    return f"difference {name_points(row['difference'])}{spread}"


def _say_why(decision: str, row: dict[str, Any], best: dict[str, Any], rivals: int, basis: Basis | None) -> str:
    pair = f"{row['draft_b']} against {row['draft_a']}: {say_difference(row)}"
    if decision == "best":
        level = basis.error if basis else SIGNIFICANCE
        beaten = f"; it beats each of {rivals} rivals at p {level:g}" if rivals > 1 else ""
        return f"{_say_rate(best, basis)}; closest rival: {pair}{beaten}"
    if decision == "unstable":
        return f"{pair}, but {say_doubt(row)}"
    if decision == "not enough":
        least = f"at least {LEAST_PERSONAS} personas under {LEAST_WORDINGS} wordings"
        return f"{pair}; a verdict needs {least} who react to every draft"
    return f"{pair}{_say_detectable(row['detectable'], rivals)}{_say_contenders(basis)}"


def say_doubt(row: Mapping[str, Any]) -> str:
    """Return what could turn the sign of a difference that is unstable."""
    refused = "those whom the model refused could turn the sign"
    if row.get("holds_wordings") is None:
        return f"leaving out one wording of the question turns the sign, or {refused}"
    if row["holds_wordings"]:
        return refused
    return "leaving out one wording of the question turns the sign"


def _say_detectable(difference: float | None, rivals: int) -> str:
    if not difference:
        return ""
    if difference >= 1:
        return "; a panel of this size tells no two drafts apart"
    among = f" among {rivals + 1} drafts" if rivals > 1 else ""
    return f"; a panel of this size could tell {100 * difference:.0f} points apart{among}"


def _say_contenders(basis: Basis | None) -> str:
    if basis is None or not 1 < len(basis.contenders) < len(basis.drafts):
        return ""
    return f"; any of {_join(basis.contenders)} may be the best"


def _join(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
