"""What a check is judged on and what it comes to, in words with numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from toolkit.drafts.lint import Finding
from toolkit.errors import suggest
from toolkit.gate.judging import Decided, Judgement, Sample, ShownMean, estimate_mean, judge_least, judge_most
from toolkit.gate.names import find_scale, is_same_name, is_share
from toolkit.gate.recorded_rows import RecordedRows
from toolkit.models import MEASURES, records
from toolkit.panel import planning
from toolkit.results.scoring import rules

_GRAVITY: tuple[Decided, ...] = ("failed", "inconclusive", "passed")


@dataclass(frozen=True)
class Recorded:
    """What lint found and a recording holds of the drafts that a check is about."""

    drafts: tuple[str, ...]
    """The campaign's own, in file order."""
    findings: Sequence[Finding] = ()
    """Of lint, about all drafts."""
    reactions: RecordedRows = field(default_factory=RecordedRows)
    wordings: int = 0
    """How many wordings personas are spread over."""
    cost: float | None = None
    """Dollars the recorded reactions cost; null if a price was not known."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """By draft id, the baseline's included, the SHA-256 of all that people see."""

    def is_alike(self, draft: str, other: str) -> bool:
        """Return whether people see the same in both, as if a draft is what was accepted as the baseline."""
        known = self.digests.get(draft)
        return known is not None and known == self.digests.get(other)


@dataclass(frozen=True)
class Ruling:
    """An outcome and its reason."""

    outcome: Decided
    message: str
    findings: tuple[Finding, ...] = ()
    """What lint found, for a check of lint."""
    shown: Finding | None = None
    """The finding that the message quotes."""
    mean: ShownMean | None = None
    """The estimate and interval that the message quotes, for a check of one."""


def rule_bounds(
    sample: Sample | None,
    measure: str,
    bounds: tuple[float | None, float | None],
    label: str,
    fail_alpha: float,
    own: records.OwnQuestion | None = None,
) -> Ruling:
    """Judge one estimate against the least and the most that it may be.

    `own` is the question of the campaign whose answers are measured; None for a rate or a rating.
    """
    head = f"{label}: " if label else ""
    if sample is None:
        stopped = " stopped" if measure in MEASURES or (own is not None and own.ask == "stopped") else ""
        return Ruling("inconclusive", f"{head}no persona{stopped} whose reaction tells; record more personas")
    at_least, at_most = bounds
    least, most = find_scale(measure, own)
    judged: list[Judgement] = []
    # A bound at the end of the scale is kept by definition.
    if at_least is not None and at_least > least:
        judged.append(judge_least(sample, at_least, fail_alpha=fail_alpha))
    if at_most is not None and at_most < most:
        judged.append(judge_most(sample, at_most, fail_alpha=fail_alpha))
    worst = min(judged or [Judgement("passed")], key=lambda one: _GRAVITY.index(one.outcome))
    mean = estimate_mean(sample)
    return Ruling(worst.outcome, head + _say(_say_level(mean, measure, own), sample, worst), mean=mean)


def rule_difference(sample: Sample, judged: Judgement, draft: str, other: str) -> Ruling:
    """Return a judged difference in words."""
    mean = estimate_mean(sample)
    return Ruling(judged.outcome, _say(_say_difference(mean, draft, other), sample, judged), mean=mean)


def gather_rulings(rulings: Sequence[Ruling]) -> Ruling:
    """Return one ruling for several that must all hold: the gravest speaks, the others are counted."""
    gravest = min(rulings, key=lambda ruling: _GRAVITY.index(ruling.outcome))
    if len(rulings) == 1:
        return gravest
    counts = [(sum(one.outcome == outcome for one in rulings), outcome) for outcome in _GRAVITY]
    told = ", ".join(f"{count} {outcome}" for count, outcome in counts if count)
    alike = [ruling.message for ruling in rulings if ruling.outcome == gravest.outcome]
    return Ruling(gravest.outcome, f"{told}: {'; '.join(alike)}")


def find_segment_fault(segments: Iterable[tuple[str, str | None]], plan: planning.Plan) -> str | None:
    """Return what is wrong with the segments that a check names, or None."""
    named = tuple(segments)
    for key, _ in named:
        if key not in plan.segment_keys:
            known = ", ".join(plan.segment_keys) or "none"
            return f"no segment is called {key!r}{suggest(key, plan.segment_keys)}; the audience has: {known}"
    for key, written in named:
        people = (*plan.panel, *(persona for audience in plan.audiences for persona in audience.personas))
        values = sorted({persona.segments[key] for persona in people if key in persona.segments})
        if written is not None and not any(is_same_name(value, written) for value in values):
            near = suggest(written, values)
            return f"nobody in the audience has {key} {written!r}{near}; allowed: {', '.join(values)}"
    return None


def say_finding(finding: Finding) -> str:
    """Return a lint finding in one line: place, draft, rule and what is wrong."""
    place = ":".join(str(item) for item in (finding.file, finding.line) if item is not None)
    advice = f"; {finding.suggestion}" if finding.suggestion else ""
    head = f"{place}: " if place else ""
    return f"{head}{finding.draft_id}: {finding.severity} {finding.rule}: {finding.message}{advice}"


def _say(level: str, sample: Sample, judged: Judgement) -> str:
    counts = say_counts(sample)
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


def say_counts(sample: Sample) -> str:
    """Return how many personas and reactions a judgement rests on."""
    return f"{sample.personas} personas, {sample.reactions} reactions"


def _say_level(shown: ShownMean, measure: str, own: records.OwnQuestion | None) -> str:
    form = ".0%" if is_share(measure, own) else ".2f"
    spread = "" if shown.low is None else f" ({shown.low:{form}} to {shown.high:{form}})"
    return f"{measure} {shown.estimate:{form}}{spread}"


def _say_difference(shown: ShownMean, draft: str, other: str) -> str:
    spread = "" if shown.low is None or shown.high is None else f" ({100 * shown.low:+.0f} to {100 * shown.high:+.0f})"
    return f"{draft} minus {other}: {100 * shown.estimate:+.0f} points{spread}"
