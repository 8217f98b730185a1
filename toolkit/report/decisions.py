"""The decision of a run as a client hears it: one sentence with its numbers, and what would tell more."""

from __future__ import annotations

from typing import Any

import polars as pl

from toolkit.models import Record, Verdict
from toolkit.report.summaries import WOULD
from toolkit.results import Run
from toolkit.results.scoring import PRIMARY, count_more_personas, deciding, rules

WORTH_FINDING = 0.05


class Decision(Record):
    """What a run lets a person decide, in whole sentences."""

    headline: str
    """The decision, such as "benefit beats plain" or "Too close to call"."""
    sentence: str
    """Its reason, with shares, difference and interval."""
    advice: str
    """What would tell more; empty where nothing needs to be said."""
    validation: str
    """Whether earlier results of the reader's own bear it out."""


def make_decision(run: Run, verdict: Verdict, scorecard: pl.DataFrame, comparisons: pl.DataFrame) -> Decision:
    """Return the decision in sentences; takes the scorecard and primary comparisons of the whole audience."""
    rates = scorecard.filter((pl.col("measure") == PRIMARY) & pl.col("estimate").is_not_null())
    would = WOULD[run.methods.settings.objective]
    shares = {row["draft_id"]: row for row in rates.iter_rows(named=True)}
    validation = run.methods.validation
    known = {
        "validation": "Not validated against real results of yours."
        if validation == "not validated"
        else f"{validation[:1].upper()}{validation[1:].rstrip('.')}."
    }
    if not shares:
        headline = f"No reaction could be used, {verdict.basis}" if verdict.basis else "No reaction could be used"
        return Decision(headline=headline, sentence="See the health of the run.", advice="", **known)
    if len(run.drafts) == 1:
        (best,) = shares.values()
        deed = would.format(best["draft_id"])
        sentence = f"{deciding.say_estimate(best)} of the simulated audience, {_people(best, run)}, would {deed}."
        headline = "One draft, nothing to compare with"
        headline = f"{headline}, {verdict.basis}" if verdict.basis else headline
        return Decision(headline=headline, sentence=sentence, advice="", **known)
    ranked = deciding.rank_drafts(comparisons)
    if not ranked or verdict.decision == "not enough":
        because = f"{verdict.reason[:1].upper()}{verdict.reason[1:]}"
        return Decision(headline=verdict.headline, sentence=because, advice=_say_least(run), **known)
    best = shares[ranked[0]]
    pair = find_decisive(verdict, comparisons, ranked[0], run)
    sentence = _say_shares(best, shares[pair["draft_a"]], would, pair, run)
    return Decision(
        headline=_say_headline(verdict, best["draft_id"], pair["draft_a"], len(run.drafts)),
        sentence=" ".join([sentence, *_list_models(run, pair), *_list_doubts(run)]),
        advice=_say_advice(verdict, run, pair),
        **known,
    )


def find_decisive(verdict: Verdict, comparisons: pl.DataFrame, best: str, run: Run) -> dict[str, Any]:
    """Return the lead that the verdict hangs on: over the closest rival, or over the one that undecides it."""
    rivals = deciding.find_rivals(comparisons, best)
    said, others = run.hear_models(), [row["draft_a"] for row in rivals]
    if verdict.doubt and said is not None:
        worst = deciding.find_worst(said.list_different(best, others) or said.list_clashing(best, others))
        return next(row for row in rivals if row["draft_a"] == worst.draft_a)
    undecided = [row for row in rivals if row["decides"] == verdict.decision]
    return max(undecided or rivals, key=lambda row: -1.0 if row["p_value"] is None else row["p_value"])


def _list_models(run: Run, pair: dict[str, Any]) -> list[str]:
    """Return for which models the verdict speaks, if there are several."""
    said = run.hear_models()
    return [] if said is None else [f"{deciding.say_models(said, said.find(pair['draft_a'], pair['draft_b']))}."]


def _list_doubts(run: Run) -> list[str]:
    """Return what else the verdict says of its ground, in sentences."""
    basis = run.basis
    return [
        f"{said}."
        for said in (basis.gaps.say() if basis.gaps and basis.gaps.is_unequal else "", basis.audiences)
        if said
    ]


def _say_headline(verdict: Verdict, best: str, rival: str, drafts: int) -> str:
    if verdict.decision != "best":
        return verdict.headline
    headline = f"{best} beats {rival}" if drafts == len(("best", "rival")) else f"{best} beats every other draft"
    return f"{headline}, {verdict.basis}" if verdict.basis else headline


def _say_shares(best: dict[str, Any], other: dict[str, Any], would: str, pair: dict[str, Any], run: Run) -> str:
    ahead = f"{best['estimate']:.0%} of the simulated audience would {would.format(best['draft_id'])}"
    return (
        f"{ahead}, against {other['estimate']:.0%} for {other['draft_id']} ({_say_points(pair)}); {_people(best, run)}."
    )


def _say_points(pair: dict[str, Any]) -> str:
    """Return how far the best draft leads."""
    points = _points(pair["difference"])
    said = f"difference {points} {'point' if points == '1' else 'points'}"
    if pair["low"] is None:
        return said
    return f"{said}, 95 % interval {_points(pair['low'])} to {_points(pair['high'])}"


def _points(share: float) -> str:
    return f"{round(100 * share)}".replace("-", "\N{MINUS SIGN}")


def _say_least(run: Run) -> str:
    """Return what a verdict takes, if there is none."""
    if not run.basis.is_enough:
        return "Run the same test again: it asks only for what is missing."
    return (
        f"A verdict needs at least {rules.LEAST_PERSONAS} personas under {rules.LEAST_WORDINGS} wordings "
        "who react to every draft."
    )


def _say_advice(verdict: Verdict, run: Run, pair: dict[str, Any]) -> str:
    if verdict.doubt:
        return (
            "Which draft is ahead depends on the model, so more people will not settle it: test with real people, or "
            "treat it as a tie."
        )
    if verdict.decision == "unstable":
        doubt = deciding.say_doubt(pair)
        return f"{doubt[:1].upper()}{doubt[1:]}: ask more people, or treat it as a tie."
    if verdict.decision != "too close to call":
        return ""
    drafts = len(run.drafts)
    more = count_more_personas(run.reactions, (pair["draft_a"], pair["draft_b"]), WORTH_FINDING, drafts=drafts)
    if more is None:
        said = "More people alone would not tell 5 points apart: the answers hang too much on how the question is put."
    elif more == 0:
        said = "A panel like this tells 5 points apart four times in five, so what lies between them is likely smaller."
    else:
        said = f"About {more:,} more personas would tell 5 points apart, four times in five."
    contenders = run.contenders()
    if 1 < len(contenders) < drafts:
        said += f" Any of {', '.join(contenders)} may be the best; the other drafts are not."
    return said


def _people(row: dict[str, Any], run: Run) -> str:
    people = "1 persona" if row["personas"] == 1 else f"{row['personas']:,} personas"
    if len(run.drafts) == 1 or row["personas"] >= run.methods.personas:
        return people
    return f"{people} of {run.methods.personas:,} who answered every draft"
