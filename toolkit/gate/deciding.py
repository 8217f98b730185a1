"""Each kind of check, judged on what the recording holds, in words with numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from toolkit.errors import suggest
from toolkit.gate.checks import (
    BASELINE,
    BeatsCheck,
    BoundCheck,
    Check,
    CostCheck,
    NotWorseCheck,
    SegmentCheck,
    find_scale,
    is_same_name,
)
from toolkit.gate.judging import Decided, Judgement, Sample, estimate_mean, judge_least, judge_most, mirror
from toolkit.gate.samples import sample_draft, sample_pair, sample_values
from toolkit.models import MEASURES
from toolkit.panel import planning
from toolkit.results.scoring import RATES, rules

_GRAVITY: tuple[Decided, ...] = ("failed", "inconclusive", "passed")


@dataclass(frozen=True)
class Recorded:
    """What a recording holds of the drafts that a check is about."""

    reactions: pl.DataFrame
    drafts: tuple[str, ...]
    """The campaign's own, in file order."""
    wordings: int
    """How many wordings personas are spread over."""
    cost: float | None
    """Dollars the recorded reactions cost; null where a price was not known."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """By draft id, the baseline's included, the SHA-256 of all that people see."""


@dataclass(frozen=True)
class Ruling:
    """An outcome and its reason."""

    outcome: Decided
    message: str


def judge_check(check: Check, evidence: Recorded) -> Ruling:
    """Return what a check comes to, everything it needs being recorded."""
    if isinstance(check, BoundCheck):
        return _judge_bounds(check, evidence)
    if isinstance(check, (BeatsCheck, NotWorseCheck)):
        return _judge_pair(check, evidence)
    if isinstance(check, SegmentCheck):
        return _judge_segments(check, evidence)
    if isinstance(check, CostCheck):
        return _judge_cost(check, evidence)
    raise TypeError(type(check))


def _judge_bounds(check: BoundCheck, evidence: Recorded) -> Ruling:
    reactions = _narrow(evidence.reactions, check.where)
    drafts = _choose(check.draft, evidence.drafts)
    fail_alpha = rules.SIGNIFICANCE / len(drafts)
    found = []
    for draft in drafts:
        sample = sample_draft(reactions, draft, check.measure, evidence.wordings)
        label = draft if check.draft is None else ""
        found.append(_bound(sample, check.measure, (check.bounds.at_least, check.bounds.at_most), label, fail_alpha))
    return _gather(found)


def _judge_segments(check: SegmentCheck, evidence: Recorded) -> Ruling:
    bound = check.no_segment_below
    found = []
    for draft in _choose(check.draft, evidence.drafts):
        groups = sample_values(evidence.reactions, draft, bound.measure, evidence.wordings, bound.key)
        found += [(f"{draft} {bound.key} {value}", sample) for value, sample in groups]
    fail_alpha = rules.SIGNIFICANCE / max(len(found), 1)
    if not found:
        return _bound(None, bound.measure, (bound.value, None), "", fail_alpha)
    return _gather([_bound(sample, bound.measure, (bound.value, None), label, fail_alpha) for label, sample in found])


def _bound(
    sample: Sample | None, measure: str, bounds: tuple[float | None, float | None], label: str, fail_alpha: float
) -> Ruling:
    """Judge one estimate against its bounds."""
    head = f"{label}: " if label else ""
    if sample is None:
        stopped = " stopped" if measure in MEASURES else ""
        return Ruling("inconclusive", f"{head}no persona{stopped} whose reaction tells; record more personas")
    at_least, at_most = bounds
    least, most = find_scale(measure)
    judged: list[Judgement] = []
    # A bound at the end of the scale is kept by definition.
    if at_least is not None and at_least > least:
        judged.append(judge_least(sample, at_least, fail_alpha=fail_alpha))
    if at_most is not None and at_most < most:
        judged.append(judge_most(sample, at_most, fail_alpha=fail_alpha))
    worst = min(judged or [Judgement("passed")], key=lambda one: _GRAVITY.index(one.outcome))
    return Ruling(worst.outcome, head + _say(_say_level(sample, measure), sample, worst))


def _judge_pair(check: BeatsCheck | NotWorseCheck, evidence: Recorded) -> Ruling:
    ids = (*evidence.drafts, BASELINE)
    draft, other = (next(one for one in ids if is_same_name(one, written)) for written in check.drafts)
    reactions = _narrow(evidence.reactions, check.where)
    sample = sample_pair(reactions, other, draft, check.measure, evidence.wordings)
    if sample is None:
        return Ruling("inconclusive", "no persona reacted to both; record them again")
    if isinstance(check, NotWorseCheck):
        if _is_alike(draft, other, evidence):
            return Ruling("passed", f"{draft} and {other} are the same; {_say_counts(sample)}")
        sample = replace(sample, is_margin=sample.is_difference)
    bound = check.margin if isinstance(check, BeatsCheck) else -check.margin
    better = mirror(sample) if check.is_lower_better else sample
    judged = judge_least(better, bound, stable=True)
    return Ruling(judged.outcome, _say(_say_difference(sample, draft, other), sample, judged))


def _is_alike(draft: str, other: str, evidence: Recorded) -> bool:
    """Return whether people see the same in both, as where a draft is what was accepted as the baseline."""
    known = evidence.digests.get(draft)
    return known is not None and known == evidence.digests.get(other)


def _judge_cost(check: CostCheck, evidence: Recorded) -> Ruling:
    if evidence.cost is None:
        return Ruling(
            "inconclusive", "the model's price was not known when it was recorded; record with --price IN,OUT"
        )
    outcome: Decided = "passed" if evidence.cost <= check.max_cost else "failed"
    count = evidence.reactions.height
    return Ruling(outcome, f"${evidence.cost:.4f} for {count} reactions; at most ${check.max_cost:g} wanted")


def _gather(findings: Sequence[Ruling]) -> Ruling:
    """Return one finding for several that must all hold: the gravest speaks, the others are counted."""
    gravest = min(findings, key=lambda finding: _GRAVITY.index(finding.outcome))
    if len(findings) == 1:
        return gravest
    counts = [(sum(one.outcome == outcome for one in findings), outcome) for outcome in _GRAVITY]
    told = ", ".join(f"{count} {outcome}" for count, outcome in counts if count)
    alike = [finding.message for finding in findings if finding.outcome == gravest.outcome]
    return Ruling(gravest.outcome, f"{told}: {'; '.join(alike)}")


def _say(level: str, sample: Sample, judged: Judgement) -> str:
    counts = _say_counts(sample)
    more = "1 more persona" if judged.more == 1 else f"{judged.more or 0:,} more personas"
    if judged.because == "not enough":
        least = f"{rules.LEAST_PERSONAS} personas under {rules.LEAST_WORDINGS} wordings"
        return f"{level}, {counts}; at least {least} are needed: record at least {more}"
    if judged.because == "unstable":
        return f"{level}, {counts}; unstable: leaving out one wording turns the sign"
    if judged.because == "undecided" and judged.more is None:
        return f"{level}, {counts}; too close to call, and more personas alone cannot decide it"
    if judged.because == "undecided":
        return f"{level}, {counts}; too close to call: about {more} would decide it"
    return f"{level}, {counts}"


def _say_counts(sample: Sample) -> str:
    return f"{sample.personas} personas, {sample.reactions} reactions"


def _say_level(sample: Sample, measure: str) -> str:
    shown = estimate_mean(sample)
    form = ".0%" if measure in RATES else ".2f"
    spread = "" if shown.low is None else f" ({shown.low:{form}} to {shown.high:{form}})"
    return f"{measure} {shown.estimate:{form}}{spread}"


def _say_difference(sample: Sample, draft: str, other: str) -> str:
    shown = estimate_mean(sample)
    spread = "" if shown.low is None or shown.high is None else f" ({100 * shown.low:+.0f} to {100 * shown.high:+.0f})"
    return f"{draft} minus {other}: {100 * shown.estimate:+.0f} points{spread}"


def _choose(written: str | None, drafts: Iterable[str]) -> list[str]:
    return [draft for draft in drafts if written is None or is_same_name(draft, written)]


def _narrow(reactions: pl.DataFrame, where: dict[str, str]) -> pl.DataFrame:
    """Keep personas with these segment values."""
    for key, written in where.items():
        column = pl.col("segments").struct.field(key)
        known = reactions.select(column.drop_nulls().unique()).to_series().to_list()
        value = next((one for one in known if is_same_name(one, written)), written)
        reactions = reactions.filter(column == value)
    return reactions


def find_segment_fault(check: Check, plan: planning.Plan) -> str | None:
    """Return what is wrong with the segments that a check names, or None."""
    where: dict[str, str] = getattr(check, "where", {})
    keys = [check.no_segment_below.key] if isinstance(check, SegmentCheck) else list(where)
    for key in keys:
        if key not in plan.segment_keys:
            known = ", ".join(plan.segment_keys) or "none"
            return f"no segment is called {key!r}{suggest(key, plan.segment_keys)}; the audience has: {known}"
    for key, written in where.items():
        people = (*plan.panel, *(persona for audience in plan.audiences for persona in audience.personas))
        values = sorted({persona.segments[key] for persona in people if key in persona.segments})
        if not any(is_same_name(value, written) for value in values):
            near = suggest(written, values)
            return f"nobody in the audience has {key} {written!r}{near}; allowed: {', '.join(values)}"
    return None
