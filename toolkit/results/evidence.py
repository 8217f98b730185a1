"""What panel, control reader and forecasters say about a run's drafts, side by side, and whether they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from toolkit.errors import InputError
from toolkit.models import Draft, Record, chance_link
from toolkit.results.outcome_model import domains
from toolkit.results.predictions import Predict, Predictions, find_domain, load_predictor, predict_drafts, say_gap
from toolkit.results.scoring import PRIMARY, deciding
from toolkit.results.share_forecasts import ShareForecast
from toolkit.results.track_record.standing import PlaceStanding, SourceStanding

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
    "advice": pl.String,
    "worth": pl.String,
    "sentence": pl.String,
}
_START = {source: f"The {name}" for source, name in chance_link.NAMES.items()} | {"combined": "Weighed together, they"}
_UNITS = {
    "panel": "personas",
    "control": "wordings",
    "outcome_model": "pairs",
    "shares": "calls",
    "combined": "sources",
}
_HALF = 0.5
_ROUNDS = 0.005
"""Closer to one half than this, a chance reads 50 % and favours nobody."""
_PAIR = 2


class Evidence(Record):
    """What one source says: which draft it favours, over which, and how likely people are to agree."""

    source: str
    """panel, control, outcome_model, shares, or combined: all that give a chance, weighed together."""
    favours: str | None
    """Null where it sees no difference, abstains or cannot say."""
    rival: str | None = None
    """The draft it puts second."""
    difference: float | None = None
    """How far the favoured draft's rate is above the rival's, from 0 to 1; not of the outcome model."""
    difference_low: float | None = None
    difference_high: float | None = None
    probability: float | None = None
    """Chance that the favoured draft does better with people."""
    low: float | None = None
    """The same at the lower end of the difference's 95 % interval."""
    high: float | None = None
    count: int
    """Personas of the panel, wordings of the control reader, pairs the model read, calls of a forecast, or sources."""
    calibrated: bool = False
    """Whether the probability was fitted to results of yours."""
    basis: str = ""
    """What the chance rests on, in words; empty where there is none."""
    advice: str = ""
    """What your own results say of it at this surface and objective: unproven, trust, correct or do not use."""
    worth: str = ""
    """Of the panel: how many real people err as it does, in a sentence, or that this is unknown."""
    sentence: str

    @property
    def told_chance(self) -> float | None:
        """The chance that may be told: of a source that was validated here, or fitted to results of yours."""
        return self.probability if self.calibrated or self.source == "outcome_model" else None

    def tell(self) -> Evidence:
        """Return the row for people to read: without a chance that may not be told."""
        if self.told_chance is not None:
            return self
        return self.model_copy(update={"probability": None, "low": None, "high": None})

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


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the drafts' place, and what weighs a source there."""

    drafts: Sequence[Draft]
    objective: str
    link: chance_link.Link
    standing: PlaceStanding

    def find(self, source: str) -> SourceStanding:
        """Return what your results say of a source."""
        return self.standing.find(source)

    def weigh(self, source: str, z: float) -> float:
        """Return the chance of a source alone: corrected where your results say so."""
        found = self.find(source)
        slope = found.slope if found.advice == "correct" else None
        return self.link.weigh(source, z) if slope is None else chance_link.squash(slope * found.hold(z))

    def weigh_all(self, told: Mapping[str, float]) -> float:
        """Return the chance of all that speak."""
        joint = self.standing.joint
        if joint is None:
            return self.link.weigh_all(told)
        return chance_link.squash(sum(joint[source] * self.find(source).hold(z) for source, z in told.items()))

    def say_basis(self, source: str, shipped: str) -> str:
        """Return on what a chance rests; `shipped` is what it rests on without results of yours."""
        found = self.find(source)
        if found.advice == "unproven":
            return f"{shipped}; {found.say_advice(source)}"
        return found.say_advice(source)

    def silence(self, source: str, count: int) -> Evidence | None:
        """Return the row of a source that your results have silenced; None for any other."""
        found = self.find(source)
        if not found.is_silenced:
            return None
        place = domains.name_place(self.standing.surface, self.objective)
        said = f"is silenced for {place}: {found.say_right()}, worse than a coin. Do not use it here"
        return _stay_silent(source, count, said, advice=found.advice)


def find_evidence(
    drafts: Sequence[Draft],
    comparisons: pl.DataFrame,
    cards: pl.DataFrame,
    link: chance_link.Link,
    *,
    objective: str,
    control: tuple[pl.DataFrame, pl.DataFrame] | None = None,
    forecast: ShareForecast | None = None,
    predictions: Predictions | None = None,
    predict: Predict | None = None,
    standing: PlaceStanding | None = None,
) -> tuple[Evidence, ...]:
    """Return what panel, control reader and outcome model say of the drafts, panel first; nothing for one draft.

    `comparisons` and `cards` are those of the primary measure and the whole audience, `control` the control
    reader's own, without one None. `forecast` is what was said of shares of people, where that was asked for; it
    gives a chance only where your results show it right, and enters no total. The outcome model speaks only of a
    surface and an objective that it was measured on. `predict` stands in for the outcome model. Without it, what
    that said when the run was made is taken, `predictions`; if it was not asked then, `toolkit.predict_pairs` is.
    Probabilities come from `link`, or, from 20 pairs of yours at this surface and objective on, from those:
    `standing`. A source that did worse than a coin there is silenced; one with fewer pairs is marked unproven.
    """
    if len(drafts) < _PAIR:
        return ()
    known = _Known(drafts, objective, link, standing or PlaceStanding())
    said = [_weigh_rates("panel", comparisons, cards, known)]
    if control is not None:
        said.append(_weigh_rates("control", *control, known))
    said.append(_ask_model(known, predict, None if predict else predictions))
    if forecast is not None:
        said.append(_read_forecast(forecast, known))
    panel = said[0].row.model_copy(update={"worth": known.standing.worth.say()})
    rows = (panel, *(one.row for one in said[1:]))
    spoken = [one for one in said if one.z is not None]
    return (*rows, _combine(spoken, known)) if len(drafts) == _PAIR and len(spoken) > 1 else rows


def say_disagreement(evidence: Sequence[Evidence]) -> str | None:
    """Return in words which sources favour which draft where they disagree; None where they do not."""
    favoured: dict[str, list[str]] = {}
    for row in evidence:
        if row.favours is not None and row.source in chance_link.JUDGED:
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


def _weigh_rates(source: str, comparisons: pl.DataFrame, cards: pl.DataFrame, known: _Known) -> _Said:
    rates = {row["draft_id"]: row for row in cards.filter(pl.col("measure") == PRIMARY).iter_rows(named=True)}
    ranked = deciding.rank_drafts(comparisons)
    if not ranked:
        return _Said(_stay_silent(source, 0, "cannot say: fewer than two drafts have usable reactions"))
    best, second = ranked[:_PAIR]
    row = next(row for row in deciding.find_rivals(comparisons, best) if row["draft_a"] == second)
    count = int(rates[best]["personas"])
    silenced = known.silence(source, count)
    if silenced is not None:
        return _Said(silenced)
    if not row["difference"]:
        said = f"sees no difference between {best} and {second} ({count} {_UNITS[source]})"
        return _Said(_stay_silent(source, count, said), 0.0)
    difference, low, high = row["difference"], row["low"], row["high"]
    probability = known.weigh(source, difference)
    basis = known.say_basis(source, _say_basis(known.link))
    said = f"favours {best} over {second} by {_say_points(difference, low, high)} ({count} {_UNITS[source]})"
    is_known = known.link.is_fitted or known.find(source).advice in {"trust", "correct"}
    evidence = Evidence(
        source=source,
        favours=best,
        rival=second,
        difference=difference,
        difference_low=low,
        difference_high=high,
        probability=probability,
        low=None if low is None else known.weigh(source, low),
        high=None if high is None else known.weigh(source, high),
        count=count,
        calibrated=is_known,
        basis=basis,
        advice=known.find(source).advice,
        sentence=f"The {chance_link.NAMES[source]} {said}: {_say_chance(probability, is_known=is_known)}{basis}.",
    )
    return _Said(evidence, difference)


def _stay_silent(source: str, count: int, said: str, *, advice: str = "") -> Evidence:
    return Evidence(source=source, favours=None, count=count, advice=advice, sentence=f"{_START[source]} {said}.")


def _say_points(difference: float, low: float | None, high: float | None) -> str:
    spread = ""
    if low is not None and high is not None:
        spread = f", {deciding.say_points(low)} to {deciding.say_points(high)}"
    points = deciding.say_points(difference)
    return f"{points} point{'' if points == '1' else 's'}{spread}"


def _say_chance(probability: float, *, is_known: bool) -> str:
    return f"{probability:.0%} that people agree, " if is_known else "no chance that people agree: "


def _say_basis(link: chance_link.Link) -> str:
    return f"calibrated on {link.pairs} pairs of yours" if link.is_fitted else "not validated by results of yours"


def _ask_model(known: _Known, predict: Predict | None, kept: Predictions | None) -> _Said:
    drafts, objective, found = known.drafts, known.objective, known.find("outcome_model")
    silenced = known.silence("outcome_model", 0)
    if silenced is not None:
        return _Said(silenced)
    domain, place = find_domain(drafts, objective), None
    if domain is None and predict is None:
        gap = say_gap(drafts, objective)
        if not found.is_trusted:
            yours = f"; your results: {found.say_advice('outcome_model')}" if found.pairs else ""
            return _Said(_stay_silent("outcome_model", 0, f"gives no forecast: {gap}{yours}", advice="unproven"))
        place = domains.find_nearest_place(drafts[0].surface, objective)
        domain = domains.find_domain(*place)
    domain = domain or domains.load_domains()[domains.HEADLINES]
    try:
        is_kept = kept is not None and kept.domain == domain.name and place is None
        said = kept.pairs if kept and is_kept else predict_drafts(drafts, objective, predict or load_predictor(), place)
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
    probability = known.weigh("outcome_model", z)
    is_fitted = known.link.is_fitted
    basis = known.say_basis("outcome_model", _say_basis(known.link) if is_fitted else domain.learned)
    short = known.say_basis("outcome_model", _say_basis(known.link) if is_fitted else f"{domain.says}, {domain.years}")
    evidence = Evidence(
        source="outcome_model",
        favours=best if own > _HALF else rival,
        rival=rival if own > _HALF else best,
        probability=max(probability, 1 - probability),
        count=len(pairs),
        calibrated=is_fitted or found.advice in {"trust", "correct"},
        basis=short,
        advice=found.advice,
        sentence=f"The outcome model favours {best} over {rival}: {probability:.0%}, {basis}.",
    )
    return _Said(evidence, z)


def _read_forecast(forecast: ShareForecast, known: _Known) -> _Said:
    """Return what a forecast of shares says: a lead, and a chance only where your results show it right."""
    count = forecast.calls
    silenced = known.silence("shares", count)
    if silenced is not None:
        return _Said(silenced)
    gap = forecast.compare_best([draft.id for draft in known.drafts])
    if gap is None:
        return _Said(_stay_silent("shares", 0, "cannot say: no answer came in both orders of the drafts"))
    over = f"{gap.wordings} wordings, {count} calls"
    if not gap.difference:
        said = f"sees no difference between {gap.best} and {gap.second} ({over})"
        return _Said(_stay_silent("shares", count, said))
    found = known.find("shares")
    told = found.say_advice("shares")
    chance = None
    if found.is_trusted and found.slope is not None:
        chance = chance_link.squash(found.slope * gap.difference)
    basis = told if chance is not None else f"no chance: {told}"
    points = _say_points(gap.difference, gap.low, gap.high)
    agree = "" if chance is None else f"{chance:.0%} that people agree, "
    row = Evidence(
        source="shares",
        favours=gap.best,
        rival=gap.second,
        difference=gap.difference,
        difference_low=gap.low,
        difference_high=gap.high,
        probability=chance,
        count=count,
        calibrated=chance is not None,
        basis=basis,
        advice=found.advice,
        sentence=(f"The forecast of shares favours {gap.best} over {gap.second} by {points} ({over}): {agree}{basis}."),
    )
    return _Said(row)


def _chance_of(place: int, pair: tuple[int, int], p_b_wins: float) -> float:
    """Return the chance that the draft at `place` wins a pair; 0 where it is not in it."""
    if place not in pair:
        return 0.0
    return p_b_wins if place == pair[1] else 1.0 - p_b_wins


def _combine(spoken: Sequence[_Said], known: _Known) -> Evidence:
    """Weigh the sources on two drafts together."""
    best = next((one.row.favours for one in spoken if one.row.favours), None)
    rival = next((one.row.rival for one in spoken if one.row.favours), None)
    told = {one.row.source: (1 if one.row.favours == best else -1) * (one.z or 0.0) for one in spoken}
    probability = known.weigh_all(told)
    if best is None or abs(probability - _HALF) < _ROUNDS:
        return _stay_silent("combined", len(spoken), "favour neither draft")
    if probability < _HALF:
        best, rival, probability = rival, best, 1.0 - probability
    own = known.standing.joint is not None
    basis = "weighed by your results here" if own else _say_basis(known.link)
    is_known = known.link.is_fitted or own
    said = f"{probability:.0%}, " if is_known else "no chance: "
    return Evidence(
        source="combined",
        favours=best,
        rival=rival,
        probability=probability,
        count=len(spoken),
        calibrated=is_known,
        basis=basis,
        sentence=f"Weighed together they favour {best} over {rival}: {said}{basis}.",
    )
