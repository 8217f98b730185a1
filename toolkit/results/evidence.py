"""What panel, control reader and outcome model say about a run's drafts, side by side, and whether they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from toolkit.errors import InputError
from toolkit.models import Draft, Record, chance_link
from toolkit.results.outcome_model import domains
from toolkit.results.predictions import Predict, Predictions, find_domain, load_predictor, predict_drafts, say_gap
from toolkit.results.scoring import PRIMARY, deciding

EVIDENCE_SCHEMA = {
    "source": pl.String,
    "favours": pl.String,
    "rival": pl.String,
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "probability": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "count": pl.Int64,
    "calibrated": pl.Boolean,
    "basis": pl.String,
    "sentence": pl.String,
}
_START = {source: f"The {name}" for source, name in chance_link.NAMES.items()} | {"combined": "Weighed together, they"}
_UNITS = {"panel": "personas", "control": "wordings", "outcome_model": "pairs", "combined": "sources"}
_HALF = 0.5
_ROUNDS = 0.005
"""Closer to one half than this, a chance reads 50 % and favours nobody."""
_PAIR = 2


class Evidence(Record):
    """What one source says: which draft it favours, over which, and how likely people are to agree."""

    source: str
    """panel, control, outcome_model, or combined: all that speak, weighed together."""
    favours: str | None
    """Null where it sees no difference, abstains or cannot say."""
    rival: str | None = None
    """The draft it puts second."""
    difference: float | None = None
    """How far the favoured draft's rate is above the rival's, from 0 to 1; panel and control reader only."""
    difference_low: float | None = None
    difference_high: float | None = None
    probability: float | None = None
    """Chance that the favoured draft does better with people."""
    low: float | None = None
    """The same at the lower end of the difference's 95 % interval."""
    high: float | None = None
    count: int
    """Personas of the panel, wordings of the control reader, pairs of drafts the model read, or sources."""
    calibrated: bool = False
    """Whether the probability was fitted to results of yours."""
    basis: str = ""
    """What the chance rests on, in words; empty where there is none."""
    sentence: str

    @property
    def count_words(self) -> str:
        """The count with its unit, such as "12 personas"."""
        unit = _UNITS[self.source]
        return f"{self.count} {unit if self.count != 1 else unit[:-1]}"


@dataclass(frozen=True, slots=True)
class _Said:
    """A row of evidence, and its z for the joint link: positive where the favoured draft is ahead."""

    row: Evidence
    z: float | None = None


def find_evidence(
    drafts: Sequence[Draft],
    comparisons: pl.DataFrame,
    cards: pl.DataFrame,
    link: chance_link.Link,
    *,
    objective: str,
    control: tuple[pl.DataFrame, pl.DataFrame] | None = None,
    predictions: Predictions | None = None,
    predict: Predict | None = None,
) -> tuple[Evidence, ...]:
    """Return what panel, control reader and outcome model say of the drafts, panel first; nothing for one draft.

    `comparisons` and `cards` are those of the primary measure and the whole audience, `control` the control reader's
    own, without one None. The outcome model speaks only of a surface and an objective that it was measured on.
    `predict` stands in for the outcome model. Without it, what that said when the run was made
    is taken, `predictions`; if it was not asked then, `toolkit.predict_pairs` is. Probabilities come from `link`.
    """
    if len(drafts) < _PAIR:
        return ()
    said = [_weigh_rates("panel", comparisons, cards, link)]
    if control is not None:
        said.append(_weigh_rates("control", *control, link))
    said.append(_ask_model(drafts, objective, link, predict, None if predict else predictions))
    rows = tuple(one.row for one in said)
    spoken = [one for one in said if one.z is not None]
    return (*rows, _combine(spoken, link)) if len(drafts) == _PAIR and len(spoken) > 1 else rows


def say_disagreement(evidence: Sequence[Evidence]) -> str | None:
    """Return in words which sources favour which draft where they disagree; None where they do not."""
    favoured: dict[str, list[str]] = {}
    for row in evidence:
        if row.favours is not None and row.source in chance_link.SOURCES:
            favoured.setdefault(row.favours, []).append(f"the {chance_link.NAMES[row.source]}")
    if len(favoured) < _PAIR:
        return None
    sides = [
        f"{' and '.join(names)} favour{'s' if len(names) == 1 else ''} {draft}" for draft, names in favoured.items()
    ]
    return f"The evidence disagrees: {'; '.join(sides)}."


def to_frame(evidence: Sequence[Evidence]) -> pl.DataFrame:
    """Return the evidence as rows, one a source."""
    return pl.DataFrame([row.model_dump() for row in evidence], schema=EVIDENCE_SCHEMA, orient="row")


def _weigh_rates(source: str, comparisons: pl.DataFrame, cards: pl.DataFrame, link: chance_link.Link) -> _Said:
    rates = {row["draft_id"]: row for row in cards.filter(pl.col("measure") == PRIMARY).iter_rows(named=True)}
    ranked = deciding.rank_drafts(comparisons)
    if not ranked:
        return _Said(_stay_silent(source, 0, "cannot say: fewer than two drafts have usable reactions"))
    best, second = ranked[:_PAIR]
    row = next(row for row in deciding.find_rivals(comparisons, best) if row["draft_a"] == second)
    count = int(rates[best]["personas"])
    if not row["difference"]:
        said = f"sees no difference between {best} and {second} ({count} {_UNITS[source]})"
        return _Said(_stay_silent(source, count, said), 0.0)
    difference, low, high = row["difference"], row["low"], row["high"]
    probability = link.weigh(source, difference)
    said = f"favours {best} over {second} by {_say_points(difference, low, high)} ({count} {_UNITS[source]})"
    evidence = Evidence(
        source=source,
        favours=best,
        rival=second,
        difference=difference,
        difference_low=low,
        difference_high=high,
        probability=probability,
        low=None if low is None else link.weigh(source, low),
        high=None if high is None else link.weigh(source, high),
        count=count,
        calibrated=link.is_fitted,
        basis=_say_basis(link),
        sentence=f"The {chance_link.NAMES[source]} {said}: {probability:.0%} that people agree, {_say_basis(link)}.",
    )
    return _Said(evidence, difference)


def _stay_silent(source: str, count: int, said: str) -> Evidence:
    return Evidence(source=source, favours=None, count=count, sentence=f"{_START[source]} {said}.")


def _say_points(difference: float, low: float | None, high: float | None) -> str:
    spread = ""
    if low is not None and high is not None:
        spread = f", {deciding.say_points(low)} to {deciding.say_points(high)}"
    points = deciding.say_points(difference)
    return f"{points} point{'' if points == '1' else 's'}{spread}"


def _say_basis(link: chance_link.Link) -> str:
    return f"calibrated on {link.pairs} pairs of yours" if link.is_fitted else "a careful guess, not calibrated"


def _ask_model(
    drafts: Sequence[Draft],
    objective: str,
    link: chance_link.Link,
    predict: Predict | None,
    kept: Predictions | None,
) -> _Said:
    domain = find_domain(drafts, objective)
    if domain is None and predict is None:
        return _Said(_stay_silent("outcome_model", 0, f"gives no forecast: {say_gap(drafts, objective)}"))
    domain = domain or domains.load_domains()[domains.HEADLINES]
    try:
        known = kept is not None and kept.domain == domain.name
        said = kept.pairs if kept and known else predict_drafts(drafts, objective, predict or load_predictor())
    except InputError as error:
        return _Said(_stay_silent("outcome_model", 0, f"was not asked: {error}"))
    places = {draft.id: place for place, draft in enumerate(drafts)}
    pairs = {(places[one.draft_a], places[one.draft_b]): one for one in said}
    chances = {pair: one.p_b_wins for pair, one in pairs.items()}
    scores = [sum(_chance_of(place, pair, chance) for pair, chance in chances.items()) for place in range(len(drafts))]
    first, second = sorted(range(len(drafts)), key=lambda place: -scores[place])[:_PAIR]
    pair = (min(first, second), max(first, second))
    own, best, rival = _chance_of(first, pair, chances[pair]), drafts[first].id, drafts[second].id
    if pairs[pair].abstains or own == _HALF:
        why = f"too close, or unlike the English {domain.name} it learned from"
        return _Said(_stay_silent("outcome_model", len(pairs), f"abstains on {best} and {rival}: {why}"))
    z = chance_link.stretch(own)
    probability = link.weigh("outcome_model", z)
    basis = _say_basis(link) if link.is_fitted else domain.learned
    evidence = Evidence(
        source="outcome_model",
        favours=best if own > _HALF else rival,
        rival=rival if own > _HALF else best,
        probability=max(probability, 1 - probability),
        count=len(pairs),
        calibrated=link.is_fitted,
        basis=basis if link.is_fitted else f"{domain.says}, {domain.years}",
        sentence=f"The outcome model favours {best} over {rival}: {probability:.0%}, {basis}.",
    )
    return _Said(evidence, z)


def _chance_of(place: int, pair: tuple[int, int], p_b_wins: float) -> float:
    """Return the chance that the draft at `place` wins a pair; 0 where it is not in it."""
    if place not in pair:
        return 0.0
    return p_b_wins if place == pair[1] else 1.0 - p_b_wins


def _combine(spoken: Sequence[_Said], link: chance_link.Link) -> Evidence:
    """Weigh the sources on two drafts together."""
    best = next((one.row.favours for one in spoken if one.row.favours), None)
    rival = next((one.row.rival for one in spoken if one.row.favours), None)
    told = {one.row.source: (1 if one.row.favours == best else -1) * (one.z or 0.0) for one in spoken}
    probability = link.weigh_all(told)
    if best is None or abs(probability - _HALF) < _ROUNDS:
        return _stay_silent("combined", len(spoken), "favour neither draft")
    if probability < _HALF:
        best, rival, probability = rival, best, 1.0 - probability
    return Evidence(
        source="combined",
        favours=best,
        rival=rival,
        probability=probability,
        count=len(spoken),
        calibrated=link.is_fitted,
        basis=_say_basis(link),
        sentence=f"Weighed together they favour {best} over {rival}: {probability:.0%}, {_say_basis(link)}.",
    )
