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


def say_partial(run: Run) -> str:
    """Return ", from 48 of 120 reactions" for a run that lacks some of its reactions; nothing for one that is whole."""
    counts = run.counts
    return f", from {counts.planned - counts.failed:,} of {counts.planned:,} reactions" if counts.failed else ""


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
        return Decision(headline="No reaction could be used", sentence="See the health of the run.", advice="", **known)
    best = max(shares.values(), key=lambda row: row["estimate"])
    if len(run.drafts) == 1:
        deed = would.format(best["draft_id"])
        sentence = f"{deciding.say_estimate(best)} of the simulated audience, {_people(best)}, would {deed}."
        headline = f"One draft, nothing to compare with{say_partial(run)}"
        return Decision(headline=headline, sentence=sentence, advice="", **known)
    pair = _find_decisive(verdict, comparisons, best["draft_id"])
    rival = pair["draft_b"] if pair["draft_a"] == best["draft_id"] else pair["draft_a"]
    sentence = _say_shares(best, shares.get(rival), rival, would, pair)
    return Decision(
        headline=_say_headline(verdict, best["draft_id"], rival, len(run.drafts)) + say_partial(run),
        sentence=sentence,
        advice=_say_advice(verdict, run, pair),
        **known,
    )


def _find_decisive(verdict: Verdict, comparisons: pl.DataFrame, best: str) -> dict[str, Any]:
    """Return the comparison that the verdict hangs on: the best draft's closest rival, or the one that undecides it."""
    rivals = comparisons.filter((pl.col("draft_a") == best) | (pl.col("draft_b") == best))
    undecided = rivals.filter(pl.col("verdict") == verdict.decision)
    chosen = rivals.sort("p_adjusted", descending=True, nulls_last=True) if undecided.is_empty() else undecided
    return chosen.row(0, named=True)


def _say_headline(verdict: Verdict, best: str, rival: str, drafts: int) -> str:
    if verdict.decision != "best":
        return verdict.headline
    return f"{best} beats {rival}" if drafts == len(("best", "rival")) else f"{best} beats every other draft"


def _say_shares(
    best: dict[str, Any], other: dict[str, Any] | None, rival: str, would: str, pair: dict[str, Any]
) -> str:
    ahead = f"{best['estimate']:.0%} of the simulated audience would {would.format(best['draft_id'])}"
    if other is None:
        return f"{ahead}; nobody's reaction to {rival} could be used."
    points = _say_points(pair, best["draft_id"])
    return f"{ahead}, against {other['estimate']:.0%} for {rival} ({points}); {_people(best)}."


def _say_points(pair: dict[str, Any], best: str) -> str:
    """Return the difference in the direction of the sentence: the best draft minus its rival."""
    if pair["difference"] is None:
        return "no persona reacted to both"
    sign = 1 if pair["draft_b"] == best else -1
    said = f"difference {_points(sign * pair['difference'])} points"
    if pair["low"] is None:
        return said
    low, high = sorted((sign * pair["low"], sign * pair["high"]))
    return f"{said}, 95 % interval {_points(low)} to {_points(high)}"


def _points(share: float) -> str:
    return f"{round(100 * share)}".replace("-", "\N{MINUS SIGN}")


def _say_advice(verdict: Verdict, run: Run, pair: dict[str, Any]) -> str:
    if verdict.decision == "not enough":
        return (
            f"A verdict needs at least {rules.LEAST_PERSONAS} personas under {rules.LEAST_WORDINGS} wordings "
            "who react to both drafts."
        )
    if verdict.decision == "unstable":
        return "Leaving out one wording of the question turns the sign: ask more people, or treat it as a tie."
    if verdict.decision != "too close to call":
        return ""
    more = count_more_personas(run.reactions, (pair["draft_a"], pair["draft_b"]), WORTH_FINDING)
    if more is None:
        return "More personas alone would not tell 5 points apart; the wordings of the question differ too much."
    if more == 0:
        return "A panel like this tells 5 points apart four times in five, so what lies between them is likely smaller."
    return f"About {more:,} more personas would tell 5 points apart, four times in five."


def _people(row: dict[str, Any]) -> str:
    return "1 persona" if row["personas"] == 1 else f"{row['personas']:,} personas"
