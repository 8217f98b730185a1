"""What a run lets a client decide: one to three plain sentences over all its signals, the same wherever they stand."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import polars as pl

from toolkit.models import LABEL, Record, Verdict
from toolkit.report.decisions import find_decisive
from toolkit.report.summaries import WOULD
from toolkit.results import Run, runs, said
from toolkit.results.scoring import PRIMARY, deciding, rules
from toolkit.stats import corrections, lexical

Standing: TypeAlias = Literal["leader", "not separable", "behind", "alone", "unknown"]
NOUNS = {
    "read": "reads",
    "react": "reactions",
    "click": "taps",
    "reply": "replies",
    "share": "shares",
    "save": "saves",
}
"""What people give a draft when they reach the objective."""
SIGNALS = {"negative_rate": "would hide or report it", "stop_rate": "would stop for it"}
"""The other signals that a sentence may name, the gravest first, and what people do."""
LEAST_RAISED = 2
"""People who raise an objection before it is one to work on."""
_PAIR = 2
_MOST_NAMED = 3
_MOST_SENTENCES = 3
_MOST_QUOTED = 140
Find: TypeAlias = Callable[[str], Sequence[lexical.Theme]]


class Rate(Record):
    """A share of the simulated audience, with its interval and on how many people it rests."""

    estimate: float
    low: float | None
    high: float | None
    personas: int


class DraftStanding(Record):
    """Where one draft stands after a run."""

    draft: str
    standing: Standing
    """leader, not separable (it may be the best), behind, alone (nothing to compare with), or unknown."""
    pushes_away: bool
    """Whether it is claimed to push more people away than another draft, and fewer than none."""
    acted: Rate | None
    """Who reached the objective; null if no reaction could be used."""
    stopped: Rate | None
    negative: Rate | None
    """Who would hide or report it."""

    @property
    def words(self) -> tuple[str, ...]:
        """What to write on its card, such as ("may be the best", "pushes people away")."""
        told = {
            "leader": "leader",
            "not separable": "not separable",
            "behind": "behind",
            "alone": "nothing to compare with",
            "unknown": "no verdict",
        }
        return (told[self.standing], *(["pushes people away"] if self.pushes_away else []))


class Claim(Record):
    """A difference in another signal than the objective that survives Holm's correction."""

    measure: str
    higher: str
    """The draft that has more of it."""
    lower: str
    difference: float
    low: float | None
    high: float | None
    p_adjusted: float
    """Holm's, over every pair of drafts in the objective and in each signal."""


class RaisedObjection(Record):
    """What several people hold against one draft, in the words of one of them."""

    draft: str
    text: str
    people: int
    of: int
    """How many people answered the draft."""


class Recommendation(Record):
    """What a run lets a client decide. Print `label` and `rests_on` wherever the sentences stand."""

    headline: str
    """The claim of the first sentence without its numbers, such as "No clear winner for taps"."""
    sentences: tuple[str, ...]
    """One to three: the objective, then other signals, then what to work on."""
    rests_on: str
    """How many people and wordings, and whether it was validated."""
    label: str = LABEL
    cautions: tuple[str, ...] = ()
    """What else is to be known before anybody acts on it, in sentences."""
    leader: str | None
    """The best draft; null if the verdict names none."""
    work_on: RaisedObjection | None
    """The objection to answer first; null if no two people raised one."""
    claims: tuple[Claim, ...]
    """Every difference in another signal that is claimed."""
    drafts: tuple[DraftStanding, ...]
    """In file order."""

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return " ".join(self.sentences)

    def find(self, draft: str) -> DraftStanding:
        """Return where a draft stands."""
        return next(one for one in self.drafts if one.draft == draft)


def recommend(run: Run, find_themes: Find | None = None) -> Recommendation:
    """Return what a run lets a client decide, from its verdict, its other signals and its objections.

    The declared objective decides, by the run's own verdict. Differences in how many stop and how many would hide or
    report a draft are claimed beside it if they survive Holm's correction over every pair of drafts in all three, hold
    whichever wording is left out and whatever the refused would have done, and no model has the other draft ahead.
    `find_themes` returns the objections to a draft, grouped; without it they are grouped here.
    """
    return add_objection(recommend_first(run), run, find_themes)


def recommend_first(run: Run) -> Recommendation:
    """Return the recommendation without an objection to work on: grouping many takes longer than all the rest."""
    verdict, cards = run.verdict(), run.scorecard()
    rates = _arrange(cards)
    comparisons = run.tables.explain()
    ranked = deciding.rank_drafts(comparisons)
    decides = verdict.decision in {"best", "too close to call", "unstable"} and bool(ranked)
    claims = _find_claims(run) if decides else ()
    headline, first = _say_objective(run, verdict, rates, ranked)
    return Recommendation(
        headline=headline,
        sentences=(first, *_say_claims(claims, rates, verdict.draft))[:_MOST_SENTENCES],
        rests_on=_say_ground(run),
        cautions=_list_cautions(run),
        leader=verdict.draft,
        work_on=None,
        claims=claims,
        drafts=_place(run, verdict, rates, claims, decides=decides),
    )


def add_objection(told: Recommendation, run: Run, find_themes: Find | None = None) -> Recommendation:
    """Return a recommendation with the objection to work on first, as its last sentence."""
    objection = _choose_objection(run, told.drafts, find_themes)
    last = _say_objection(run, objection) if any(one.acted for one in told.drafts) else ""
    sentences = (*told.sentences[: _MOST_SENTENCES - bool(last)], *filter(None, [last]))
    return told.model_copy(update={"work_on": objection, "sentences": sentences})


def _arrange(cards: pl.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    known = cards.filter(pl.col("estimate").is_not_null())
    return {(row["draft_id"], row["measure"]): row for row in known.iter_rows(named=True)}


Rates: TypeAlias = Mapping[tuple[str, str], Mapping[str, Any]]


def _find_claims(run: Run) -> tuple[Claim, ...]:
    """Return the differences in other signals that survive, the gravest signal first, then the surest."""
    family = pl.concat([run.tables.explain(None, measure) for measure in (PRIMARY, *SIGNALS)])
    adjusted = family.with_columns(p_adjusted=pl.Series(corrections.holm(family["p_value"].to_list())))
    heard_of = {measure: _hear_models(run, measure) for measure in SIGNALS}
    claims = []
    for row in adjusted.filter(pl.col("measure") != PRIMARY).iter_rows(named=True):
        if row["verdict"] not in {"A", "B"} or row["p_adjusted"] > rules.SIGNIFICANCE:
            continue
        lead = row if row["difference"] > 0.0 else deciding.turn(row)
        heard = heard_of[row["measure"]]
        if heard is not None and heard.find(lead["draft_a"], lead["draft_b"]).clashes:
            continue
        claims.append(
            Claim(
                measure=row["measure"],
                higher=lead["draft_b"],
                lower=lead["draft_a"],
                difference=lead["difference"],
                low=lead["low"],
                high=lead["high"],
                p_adjusted=row["p_adjusted"],
            )
        )
    order = list(SIGNALS)
    return tuple(sorted(claims, key=lambda one: (order.index(one.measure), one.p_adjusted, -one.difference)))


def _hear_models(run: Run, measure: str) -> deciding.ModelsSay | None:
    names = [one.name for one in run.methods.models]
    if len(names) < _PAIR:
        return None
    return deciding.hear_models(run.reactions, run.drafts, run.tables.find_grid(None), names, measure)


def _place(
    run: Run, verdict: Verdict, rates: Rates, claims: Sequence[Claim], *, decides: bool
) -> tuple[DraftStanding, ...]:
    pushed = [one for one in claims if one.measure == "negative_rate"]
    loud = {one.higher for one in pushed} - {one.lower for one in pushed}
    contenders = run.contenders() if decides else ()
    placed = []
    for draft in run.drafts:
        standing: Standing = "unknown"
        if verdict.decision == "single draft" and (draft, PRIMARY) in rates:
            standing = "alone"
        elif verdict.draft is not None:
            standing = "leader" if draft == verdict.draft else "behind"
        elif decides:
            standing = "not separable" if draft in contenders else "behind"
        placed.append(
            DraftStanding(
                draft=draft,
                standing=standing,
                pushes_away=draft in loud,
                acted=_find_rate(rates, draft, PRIMARY),
                stopped=_find_rate(rates, draft, "stop_rate"),
                negative=_find_rate(rates, draft, "negative_rate"),
            )
        )
    return tuple(placed)


def _find_rate(rates: Rates, draft: str, measure: str) -> Rate | None:
    row = rates.get((draft, measure))
    if row is None:
        return None
    return Rate(estimate=row["estimate"], low=row["low"], high=row["high"], personas=row["personas"])


def _say_objective(run: Run, verdict: Verdict, rates: Rates, ranked: Sequence[str]) -> tuple[str, str]:
    """Return the claim on the objective, and the whole sentence with its numbers."""
    objective = run.methods.settings.objective
    would = WOULD.get(objective, "reach the objective with {}")
    since = f", {verdict.basis}" if verdict.basis else ""
    if verdict.decision == "single draft":
        claim = f"One draft, nothing to compare with{since}"
        return claim, f"{claim}: {_say_alone(run.drafts[0], rates, would)}."
    if verdict.decision == "not enough" or not ranked:
        claim = f"No verdict yet{since}"
        return claim, f"{claim}: {_say_lack(run, rates)}."
    pair = find_decisive(verdict, run.tables.explain(), ranked[0], run)
    claim, told = _say_rivalry(run, verdict, pair, rates, would)
    claim = f"{claim}{since}"
    return claim, f"{claim}: {told}."


def _say_rivalry(run: Run, verdict: Verdict, pair: Mapping[str, Any], rates: Rates, would: str) -> tuple[str, str]:
    """Return what is claimed of the first draft and its rival, and with which numbers."""
    best, rival = pair["draft_b"], pair["draft_a"]
    noun = NOUNS.get(run.methods.settings.objective, run.methods.settings.objective)
    if verdict.decision == "best":
        others = rival if len(run.drafts) == _PAIR else "every other draft"
        both = f"{_say_both(best, rival, rates, would)}, a lead {_say_apart(pair, rates, 'of')}"
        return f"{best} gets more {noun} than {others}", both
    if verdict.decision == "unstable":
        doubt = f"{best} leads {rival} by {_say_points(pair)}, but {_say_doubt(pair)}"
        return f"No reliable winner for {noun}", f"{verdict.doubt} about {best} and {rival}" if verdict.doubt else doubt
    claim = f"No clear winner for {noun}"
    if len(run.drafts) == _PAIR:
        return claim, f"{_say_both(best, rival, rates, would)}, {_say_apart(pair, rates)} apart"
    others = _name_some([draft for draft in run.contenders() if draft != best] or [rival])
    first = f"{_say_rate(rates[best, PRIMARY])} of the simulated audience would {would.format(best)}"
    return claim, f"{first}, and {others} may be as good"


def _say_alone(draft: str, rates: Rates, would: str) -> str:
    row = rates.get((draft, PRIMARY))
    if row is None:
        return "no reaction could be used"
    told = f"{_say_rate(row)} of the simulated audience would {would.format(draft)}"
    away = rates.get((draft, "negative_rate"))
    return f"{told}, and {_say_rate(away)} {SIGNALS['negative_rate']}" if away else told


def _say_both(best: str, rival: str, rates: Rates, would: str) -> str:
    first, second = _say_rate(rates[best, PRIMARY]), _say_rate(rates[rival, PRIMARY])
    return f"{first} of the simulated audience would {would.format(best)} and {second} {rival}"


def _say_lack(run: Run, rates: Rates) -> str:
    """Return what a run has too little of for a verdict."""
    basis = run.basis
    unheard = [draft for draft in run.drafts if (draft, PRIMARY) not in rates]
    if len(unheard) == len(run.drafts):
        return "no reaction could be used"
    if not basis.is_enough:
        return f"a verdict needs {rules.LEAST_ANSWERED:.0%} of the reactions that were planned"
    if unheard:
        return f"no reaction to {_name_some(unheard)} could be used"
    if basis.are_alike and (basis.distinct or 0) < rules.LEAST_PERSONAS:
        return f"a verdict needs {rules.LEAST_PERSONAS} people, and those described alike count once"
    return (
        f"a verdict needs {rules.LEAST_PERSONAS} people, under {rules.LEAST_WORDINGS} wordings of the question, "
        "who answered every draft"
    )


def _say_claims(claims: Sequence[Claim], rates: Rates, leader: str | None) -> list[str]:
    """Return a sentence for each other signal in which something is claimed."""
    said = []
    for measure in SIGNALS:
        found = [one for one in claims if one.measure == measure]
        if not found:
            continue
        of_leader = [one for one in found if one.higher == leader]
        if measure == "stop_rate" and of_leader:  # it has the objective as well: nothing to weigh
            continue
        loudest = max(found, key=lambda one: (rates[one.higher, measure]["estimate"], -one.p_adjusted)).higher
        draft = leader if of_leader and leader else loudest
        said.append(_say_claim(draft, [one for one in found if one.higher == draft], rates, draft == leader))
    return said


def _say_claim(draft: str, claims: Sequence[Claim], rates: Rates, of_leader: bool) -> str:  # noqa: FBT001
    measure = claims[0].measure
    others = sorted((one.lower for one in claims), key=lambda other: -rates[other, measure]["estimate"])
    verb = "pushes more people away" if measure == "negative_rate" else "stops more people"
    start = f"But {draft} {verb}" if of_leader else f"{draft} {verb}"
    against = f"{_say_rate(rates[others[0], measure])}{f' for {others[0]}' if len(others) > 1 else ''}"
    return (
        f"{start} than {_name_some(others)}: {_say_rate(rates[draft, measure])} {SIGNALS[measure]}, against {against}."
    )


def _choose_objection(run: Run, standings: Sequence[DraftStanding], find_themes: Find | None) -> RaisedObjection | None:
    """Return the objection that most people raised against the leader, else against a draft that may be the best.

    Of those that may be, the ones that push people away come first.
    """
    heard = said.select_heard(run.reactions)
    find = find_themes or (lambda draft: said.group_objections(heard, draft))
    chosen = [one for one in standings if one.standing in {"leader", "not separable", "alone", "unknown"}]
    chosen = [one for one in chosen if one.pushes_away] or chosen
    firsts = [(one.draft, themes[0]) for one in chosen if (themes := find(one.draft))]
    if not firsts:
        return None
    draft, theme = max(firsts, key=lambda one: len(one[1].members))
    if len(theme.members) < LEAST_RAISED:
        return None
    answered = heard.filter(pl.col("draft_id") == draft)["persona_id"].n_unique()
    return RaisedObjection(draft=draft, text=theme.text, people=len(theme.members), of=answered)


def _say_objection(run: Run, objection: RaisedObjection | None) -> str:
    if objection is None:
        raised = said.select_heard(run.reactions)["objection"].is_not_null().any()
        return "No two people raised the same objection." if raised else "Nobody raised an objection."
    text = textwrap.shorten(objection.text, _MOST_QUOTED, placeholder="…")
    start = "Heard most often so far" if run.verdict().decision == "not enough" else "Work on this first"
    on = f", on {objection.draft}" if len(run.drafts) > 1 else ""
    return f"{start}: “{text}” ({objection.people:,} of {objection.of:,} people{on})."


def _say_ground(run: Run) -> str:
    methods = run.methods
    people = "1 persona" if methods.personas == 1 else runs.say_personas(methods)
    wordings = "1 wording" if methods.wordings == 1 else f"{methods.wordings} wordings"
    parts = [f"{people}, {wordings} of the question"]
    if len(methods.models) > 1:
        parts.append(f"split over {len(methods.models)} models")
    validation = methods.validation
    known = (
        "Not validated against real results of yours"
        if validation == "not validated"
        else start_sentence(validation.rstrip("."))
    )
    return f"{', '.join(parts)}. {known}."


def _list_cautions(run: Run) -> tuple[str, ...]:
    basis = run.basis
    told = []
    if basis.gaps and basis.gaps.is_unequal:
        told.append(f"{basis.gaps.say()}. They are missing more often for some drafts than for others.")
    if basis.audiences:
        told.append(f"{basis.audiences}.")
    if len(run.methods.models) > 1:
        told.append(f"This speaks for these {len(run.methods.models)} models, not for others.")
    if basis.are_alike:
        told.append(
            f"{basis.personas:,} personas are described in {basis.distinct:,} ways, so intervals are too narrow."
        )
    return tuple(told)


def say_verdict(verdict: Verdict) -> str:
    """Return the verdict and its reason, without how much of the run there is: the headline says that."""
    return f"{verdict.model_copy(update={'basis': ''}).headline}: {verdict.reason}"


def say_claim(claim: Claim) -> str:
    """Return a claimed difference with its interval and its adjusted p-value."""
    more = "pushes more people away" if claim.measure == "negative_rate" else "stops more people"
    row = {"difference": claim.difference, "low": claim.low, "high": claim.high}
    return (
        f"{claim.higher} {more} than {claim.lower}: {deciding.say_difference(row)}, adjusted p {claim.p_adjusted:.2g}."
    )


def start_sentence(words: str) -> str:
    """Return words with a capital letter at their start."""
    return f"{words[:1].upper()}{words[1:]}"


def _say_rate(row: Mapping[str, Any]) -> str:
    """Return a share with its interval, or where there is none with how many people it rests on."""
    if row["low"] is not None:
        return deciding.say_estimate(row)
    return f"{row['estimate']:.0%} ({row['personas']:,} people, no interval)"


def _say_points(pair: Mapping[str, Any]) -> str:
    points = _points(abs(pair["difference"]))
    unit = "point" if points == "1" else "points"
    return f"{points} {unit} ({_points(pair['low'])} to {_points(pair['high'])})"


def _say_apart(pair: Mapping[str, Any], rates: Rates, before: str = "") -> str:
    """Return the difference in points; by its interval alone where rounded shares would seem to differ by another."""
    shown = [round(100 * rates[pair[draft], PRIMARY]["estimate"]) for draft in ("draft_b", "draft_a")]
    if shown[0] - shown[1] == round(100 * pair["difference"]):
        return " ".join(filter(None, (before, _say_points(pair))))
    return f"between {_points(pair['low'])} and {_points(pair['high'])} points"


def _points(share: float) -> str:
    return f"{round(100 * share)}".replace("-", "\N{MINUS SIGN}")


def _say_doubt(pair: Mapping[str, Any]) -> str:
    wording, refused = "one wording of the question left out", "those for whom the model refused to answer"
    if pair.get("holds_wordings") is None:
        return f"{wording}, or {refused}, could turn the order"
    return f"{refused} could turn the order" if pair["holds_wordings"] else f"{wording} turns the order"


def _name_some(names: Sequence[str]) -> str:
    """Return the first few names in words, and how many more there are."""
    if len(names) > _MOST_NAMED + 1:
        return f"{', '.join(names[:_MOST_NAMED])} and {len(names) - _MOST_NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
