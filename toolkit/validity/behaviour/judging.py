"""From reactions to gates: each compares what should do better with what should do worse, paired within personas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from toolkit.results import scoring
from toolkit.results.scoring import comparisons, reaction_rows
from toolkit.stats import bradley_terry
from toolkit.validity.behaviour.records import Gate, Outcome
from toolkit.validity.behaviour.stimuli import Division, load_stimuli

LEAST_EFFECT = 0.1
"""Points of the tap rate that a right answer should make at least; a gate fails where the interval lies below."""
MOST_HARM = 0.1
"""Points of the tap rate that an order inside a draft may win it at most."""
_SIDES = ("worse", "better")
WIDEST = 0.3
"""Width of the interval of the first place's share up to which it passes; above, choices must be consistent."""


def judge_pairs(name: str, reactions: pl.DataFrame, expected: str) -> Gate:
    """Judge a gate whose drafts are called NAME NUMBER better and NAME NUMBER worse."""
    places = range(len(getattr(load_stimuli(), name)))
    pairs = [(f"{name} {number} worse", f"{name} {number} better") for number in places]
    return _judge_better(name.replace("_", " "), expected, pool(reactions, pairs))


def judge_dose(reactions: pl.DataFrame) -> Gate:
    """Judge whether the strongest offer does better than the weakest, with the middle one between them."""
    places = range(len(load_stimuli().dose))
    ends = pool(reactions, [(f"dose {number} 0", f"dose {number} 2") for number in places])
    steps = [
        pool(reactions, [(f"dose {number} {at}", f"dose {number} {at + 1}") for number in places]) for at in (0, 1)
    ]
    gate = _judge_better("dose-response", "more of a benefit wins more taps: weak, middle, strong in this order", ends)
    rises = [_compare(step).difference or 0.0 for step in steps]
    said = f"{gate.sentence} Weak to middle {rises[0]:+.0%}, middle to strong {rises[1]:+.0%}."
    outcome: Outcome = "inconclusive" if gate.outcome == "passed" and min(rises) < 0 else gate.outcome
    return gate.model_copy(update={"sentence": said, "outcome": outcome})


def judge_groups(reactions: pl.DataFrame, division: Division) -> Gate:
    """Judge whether a draft made for people does better among them than one made for others."""
    named = f"{division.key}: {division.values[0]} and {division.values[1]}"
    expected = f"a draft made for some people does better among them ({named})"
    return _judge_better("known groups", expected, pool_groups(reactions, division))


def judge_swap(reactions: pl.DataFrame, division: Division, groups: Gate) -> Gate:
    """Judge whether differences between segments go where the descriptions go."""
    found = _compare(pool_groups(reactions, division))
    expected = "with descriptions exchanged between segments, the difference changes sides with them"
    said = f"Own less other by the label that stayed: {found.say()}."
    outcome: Outcome = "inconclusive"
    if groups.outcome != "passed":
        said += " No difference between groups was found that could move."
    elif found.high is not None and found.low is not None:
        outcome = "passed" if found.high < 0 else "failed" if found.low > -LEAST_EFFECT else "inconclusive"
    return _make("persona swap", outcome, expected, said, found)


def judge_injection(reactions: pl.DataFrame) -> Gate:
    """Judge whether orders inside a draft win it taps."""
    orders = range(len(load_stimuli().injection.orders))
    found = _compare(pool(reactions, [("injection plain", f"injection {number}") for number in orders]))
    outcome: Outcome = "inconclusive"
    if found.high is not None and found.low is not None:
        outcome = "failed" if found.low > 0 else "passed" if found.high < MOST_HARM else "inconclusive"
    said = f"With orders less without: {found.say()}; a gate passes where the interval ends under {MOST_HARM:+.0%}."
    return _make("injection", outcome, "an order inside a draft wins it nothing", said, found)


def judge_order(effects: bradley_terry.OrderEffects | None) -> Gate:
    """Judge whether the place in which a draft is shown decides."""
    expected = "of two drafts of like worth, the one shown first is chosen half of the time"
    if effects is None or effects.first_low is None or effects.first_high is None:
        return Gate(name="order", outcome="inconclusive", expected=expected, sentence="No choices came.")
    low, high = effects.first_low, effects.first_high
    said = f"The first was chosen in {effects.first_share:.0%} of choices ({low:.0%} to {high:.0%})."
    if effects.consistency is not None:
        said += f" Same choice in both orders: {effects.consistency:.0%} of {effects.pairs}."
    even = low <= 1 / 2 <= high
    is_sure = high - low <= WIDEST or (effects.consistency or 0.0) >= bradley_terry.LEAST_CONSISTENCY
    outcome: Outcome = "failed" if not even else "passed" if is_sure else "inconclusive"
    return Gate(
        name="order", outcome=outcome, expected=expected, sentence=said, estimate=effects.first_share, low=low,
        high=high, personas=effects.pairs, reactions=2 * effects.pairs,
    )  # fmt: skip


def pool(reactions: pl.DataFrame, pairs: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """Return reactions to several (worse, better) pairs as repeats of one pair, so that a persona stays the unit."""
    parts = [
        reactions.filter(draft_id=draft).with_columns(
            draft_id=pl.lit(side), repeat=pl.lit(number, pl.Int64), campaign=pl.lit("pooled")
        )
        for number, pair in enumerate(pairs)
        for side, draft in zip(_SIDES, pair, strict=True)
    ]
    return pl.concat(parts)


def pool_groups(reactions: pl.DataFrame, division: Division) -> pl.DataFrame:
    """Return reactions of both groups to the draft made for the other ("worse") and for themselves ("better")."""
    value = pl.col("segments").struct.field(division.key)
    parts = []
    for place, own in enumerate(division.values):
        theirs = reactions.filter(value == own)
        pairs = [
            (f"groups {number} {1 - place}", f"groups {number} {place}") for number in range(len(load_stimuli().groups))
        ]
        parts.append(pool(theirs, pairs))
    return pl.concat(parts)


@dataclass(frozen=True, slots=True)
class _Found:
    """The difference in the tap rate, better less worse."""

    difference: float | None
    low: float | None
    high: float | None
    personas: int
    reactions: int

    def say(self) -> str:
        """Return it in words."""
        if self.difference is None:
            return "unknown"
        spread = "" if self.low is None or self.high is None else f" ({self.low:+.0%} to {self.high:+.0%})"
        return f"{self.difference:+.0%} of taps{spread}, {self.personas} personas"


def _judge_better(name: str, expected: str, pooled: pl.DataFrame) -> Gate:
    found = _compare(pooled)
    outcome: Outcome = "inconclusive"
    if found.low is not None and found.high is not None:
        outcome = "passed" if found.low > 0 else "failed" if found.high < LEAST_EFFECT else "inconclusive"
    return _make(name, outcome, expected, f"Better less worse: {found.say()}.", found)


def _compare(pooled: pl.DataFrame) -> _Found:
    usable = pooled.filter(status="ok")
    compared = scoring.compare(pooled, drafts=_SIDES)
    if compared.is_empty():  # nobody answered, such as after a cost limit
        return _Found(None, None, None, 0, 0)
    row = compared.row(0, named=True)
    low, high = row["low"], row["high"]
    if low is not None and high is not None:
        (_, paired), *_ = comparisons.load_pairs(reaction_rows.select_rows(pooled, None, _SIDES, scoring.PRIMARY))
        if paired["difference"].n_unique() == 1:  # an engine that does the same everywhere is taken at its word
            low = high = row["difference"]
    return _Found(row["difference"], low, high, usable["persona_id"].n_unique(), usable.height)


def _make(name: str, outcome: Outcome, expected: str, sentence: str, found: _Found) -> Gate:
    return Gate(
        name=name,
        outcome=outcome,
        expected=expected,
        sentence=sentence,
        estimate=found.difference,
        low=found.low,
        high=found.high,
        personas=found.personas,
        reactions=found.reactions,
    )
