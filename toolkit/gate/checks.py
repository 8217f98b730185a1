"""The checks that a campaign file may hold: each is a record that says what must hold, and judges it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from toolkit.errors import InputError, suggest
from toolkit.files import Located, located_yaml, make_record
from toolkit.gate import deciding, samples
from toolkit.gate.deciding import Recorded, Ruling
from toolkit.gate.judging import Sample, judge_least, mirror
from toolkit.gate.names import (
    BASELINE,
    MEASURED,
    Measured,
    OwnMeasures,
    Rate,
    check_scale,
    is_same_name,
    write_all_plain,
    write_plain,
)
from toolkit.models import Record, records
from toolkit.results.scoring import deciding as scoring
from toolkit.results.scoring import rules

DEFAULT_MARGIN = 0.05
_MEASURE, _BOUNDS, _OWN = "measure", "bounds", "own"


class Bounds(Record):
    """What an estimate must keep to: a share from 0 to 1, or a rating from 1 to 5."""

    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _is_mapping(cls, value: Any) -> Any:
        if not isinstance(value, (dict, Bounds)):
            raise ValueError("write a mapping, such as {at_least: 0.5} or {at_most: 0.2}")  # noqa: TRY004 - pydantic's
        return value

    @model_validator(mode="after")
    def _some_bound(self) -> Bounds:
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least, at_most or both, such as {at_least: 0.5}")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is above at_most; swap them")
        return self

    def describe(self) -> str:
        """Return the bounds in words, such as "at least 0.5"."""
        parts = (("at least", self.at_least), ("at most", self.at_most))
        return " and ".join(f"{words} {value:g}" for words, value in parts if value is not None)


class SegmentBound(Record):
    """A segment key, what is measured, and the value that no value of the segment may be below."""

    key: str
    """Name of a segment, such as role."""
    measure: Measured | str
    """A rate, a rating, or a question of the campaign."""
    value: float = Field(allow_inf_nan=False)


class Check(Record):
    """What every check has in common."""

    word: ClassVar[tuple[str, ...]]
    """The key or keys by which a check of this kind is known."""
    needs_recording: ClassVar[bool] = True

    @classmethod
    def read(
        cls,
        located: Located,
        entry: dict[str, Any],
        path: located_yaml.Path,
        own: OwnMeasures,  # noqa: ARG003 - most checks are about rates alone
    ) -> Self:
        """Return the check that an entry of a campaign file holds; raise InputError with the line of a fault.

        `own` are the measures of the campaign's own questions.
        """
        return make_record(cls, located, entry, path)

    @classmethod
    def list_keys(cls) -> tuple[str, ...]:
        """Return the keys that such a check may be written with."""
        return tuple(cls.model_fields)

    def describe(self) -> str:
        """Return the check in words."""
        raise NotImplementedError

    def judge(self, evidence: Recorded) -> Ruling:
        """Return what the check comes to, everything it needs being recorded."""
        raise NotImplementedError

    @property
    def drafts(self) -> tuple[str, ...]:
        """The drafts that it names; none if it is about all."""
        draft = getattr(self, "draft", None)
        return () if draft is None else (str(draft),)

    @property
    def segments(self) -> tuple[tuple[str, str | None], ...]:
        """The segment keys that it names, each with a value, or None if it is about every value."""
        return ()


class _Named(Check):
    """A check that may be about one draft."""

    draft: str | None = None
    """Id of the draft it is about; every draft where it is left out."""

    @field_validator("draft", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return write_plain(value)


class LintCheck(_Named):
    """Lint finds nothing as grave as this or graver."""

    word = ("lint",)
    needs_recording = False
    lint: Literal["error", "warning"]
    """The severity that fails: error, or warning for errors and warnings."""

    def describe(self) -> str:
        """Return the check in words."""
        return f"{_about(self.draft)}lint: {self.lint}"

    def judge(self, evidence: Recorded) -> Ruling:
        """Count what lint found; a finding as grave as this fails."""
        ids = set(_choose(self.draft, evidence.drafts))
        found = tuple(finding for finding in evidence.findings if finding.draft_id in ids)
        grave = [finding for finding in found if finding.severity in {"error", self.lint}]
        errors, warnings = (sum(finding.severity == one for finding in found) for one in ("error", "warning"))
        counted = ((len(ids), "draft"), (errors, "error"), (warnings, "warning"))
        unread = len({finding.draft_id for finding in found if finding.severity == "unchecked"})
        counts = ", ".join(_count(count, noun) for count, noun in counted)
        counts += f", {unread} not read for policy" if unread else ""
        if not grave:
            return Ruling("passed", counts, findings=found)
        more = f"; {len(grave) - 1} more" if len(grave) > 1 else ""
        return Ruling("failed", f"{counts}: {deciding.say_finding(grave[0])}{more}", findings=found, shown=grave[0])


class BoundCheck(_Named):
    """A rate or a measure keeps to its bounds, among all or within a segment."""

    word = MEASURED
    where: dict[str, str] = Field(default_factory=dict)
    """Only personas with these segment values, such as {role: seller}."""
    measure: str
    """What is bounded: a rate, a rating, or what a question of the campaign measures."""
    own: records.OwnQuestion | None = None
    """The question of the campaign whose answers are bounded; null for a rate or a rating."""
    bounds: Bounds
    """What it must keep to."""

    _where_as_text = field_validator("where", mode="before")(write_all_plain)

    @field_validator("bounds")
    @classmethod
    def _on_scale(cls, value: Bounds, info: ValidationInfo) -> Bounds:
        if _MEASURE in info.data:
            check_scale(info.data[_MEASURE], info.data.get(_OWN), value.at_least, value.at_most)
        return value

    @classmethod
    def list_keys(cls) -> tuple[str, ...]:
        """Return the keys that such a check may be written with: each measure is one."""
        return (*(name for name in cls.model_fields if name not in {_MEASURE, _BOUNDS, _OWN}), *MEASURED)

    @classmethod
    def read(cls, located: Located, entry: dict[str, Any], path: located_yaml.Path, own: OwnMeasures) -> Self:
        """Return the check; the measure is the key under which the bounds stand."""
        measured = (*MEASURED, *own)
        given = [name for name in measured if entry.get(name) is not None]
        if len(given) != 1:
            raise InputError(
                f"{located.place((*path, *given[1:2]))}: one check bounds "
                f"{' and '.join(given) or 'nothing'}; write one check for each measure"
            )
        measure, place = given[0], (*path, given[0])
        allowed = (*cls.list_keys(), *own)
        unknown = next((key for key in entry if key not in allowed), None)
        if unknown is not None:
            raise InputError(
                f"{located.place((*path, unknown))}: checks[{path[-1]}].{unknown} is not a known field"
                f"{suggest(unknown, allowed)}; allowed: {', '.join(allowed)}"
            )
        bounds = make_record(Bounds, located, entry[measure], place)
        try:
            check_scale(measure, own.get(measure), bounds.at_least, bounds.at_most)
        except ValueError as error:
            raise InputError(f"{located.place(place)}: {error}; correct it and run again") from None
        others = {key: value for key, value in entry.items() if key not in measured}
        return make_record(cls, located, {**others, _MEASURE: measure, _OWN: own.get(measure), _BOUNDS: bounds}, path)

    def describe(self) -> str:
        """Return the check in words."""
        return f"{_about(self.draft)}{self.measure} {self.bounds.describe()}{_within(self.where)}"

    def judge(self, evidence: Recorded) -> Ruling:
        """Hold the interval of each draft to the bounds."""
        reactions = evidence.reactions.narrow(self.where)
        drafts = _choose(self.draft, evidence.drafts)
        limits = (self.bounds.at_least, self.bounds.at_most)
        found = []
        for draft in drafts:
            sample = samples.sample_draft(reactions, draft, self.measure, evidence.wordings)
            label = draft if self.draft is None else ""
            alpha = rules.SIGNIFICANCE / len(drafts)
            found.append(deciding.rule_bounds(sample, self.measure, limits, label, alpha, self.own))
        return deciding.gather_rulings(found)

    @property
    def segments(self) -> tuple[tuple[str, str | None], ...]:
        """The segment values that it is narrowed to."""
        return tuple(self.where.items())


class PairCheck(Check):
    """A draft against another, on a rate of everybody shown both."""

    draft: str
    """Id of the draft it is about."""
    measure: Rate = "objective_rate"
    """What they are compared on: a rate, because ratings exist only for those who stopped and decide nothing."""
    where: dict[str, str] = Field(default_factory=dict)
    """Only personas with these segment values, such as {role: seller}."""

    _where_as_text = field_validator("where", mode="before")(write_all_plain)
    _draft_as_text = field_validator("draft", mode="before")(write_plain)

    @property
    def other(self) -> str:
        """Id of the draft to compare with, or "baseline"."""
        raise NotImplementedError

    @property
    def drafts(self) -> tuple[str, ...]:
        """The two drafts."""
        return (self.draft, self.other)

    @property
    def segments(self) -> tuple[tuple[str, str | None], ...]:
        """The segment values that it is narrowed to."""
        return tuple(self.where.items())

    @property
    def is_lower_better(self) -> bool:
        """Whether less of the measure is better."""
        return self.measure == "negative_rate"

    def judge(self, evidence: Recorded) -> Ruling:
        """Hold the interval of the paired difference to the claim."""
        ids = (*evidence.drafts, BASELINE)
        draft, other = (next(one for one in ids if is_same_name(one, written)) for written in self.drafts)
        reactions = evidence.reactions.narrow(self.where)
        sample = samples.sample_pair(reactions, other, draft, self.measure, evidence.wordings)
        if sample is None:
            return Ruling("inconclusive", "no persona reacted to both; record them again")
        ruling = self._rule(sample, draft, other, alike=evidence.is_alike(draft, other))
        if not reactions.has_models:
            return ruling
        frame, is_decided = reactions.make_frame(), ruling.outcome == "passed"
        doubt = scoring.find_disagreement(frame, other, draft, self.measure, is_decided=is_decided)
        return Ruling("inconclusive", f"{ruling.message}; unstable: {doubt}") if doubt else ruling

    def _rule(self, sample: Sample, draft: str, other: str, *, alike: bool) -> Ruling:
        raise NotImplementedError

    def _rule_least(self, sample: Sample, bound: float, draft: str, other: str) -> Ruling:
        better = mirror(sample) if self.is_lower_better else sample
        return deciding.rule_difference(sample, judge_least(better, bound, stable=True), draft, other)

    def _on(self) -> str:
        return f"{'' if self.measure == 'objective_rate' else f' on {self.measure}'}{_within(self.where)}"


class BeatsCheck(PairCheck):
    """A draft is better than another by more than the margin."""

    word = ("beats",)
    beats: str
    """Id of the draft to beat, or baseline."""
    margin: float = Field(default=0.0, ge=0, lt=1)
    """Points by which it must be better, as a share: 0.05 is five points."""

    _other_as_text = field_validator("beats", mode="before")(write_plain)

    @property
    def other(self) -> str:
        """Id of the draft to beat, or "baseline"."""
        return self.beats

    def describe(self) -> str:
        """Return the check in words."""
        return f"{self.draft} beats {self.beats}{f' by {self.margin:g}' if self.margin else ''}{self._on()}"

    def _rule(self, sample: Sample, draft: str, other: str, *, alike: bool) -> Ruling:  # noqa: ARG002 - no claim on it
        return self._rule_least(sample, self.margin, draft, other)


class NotWorseCheck(PairCheck):
    """A draft is worse than another by less than the margin, if at all."""

    word = ("not_worse_than",)
    not_worse_than: str
    """Id of the draft to compare with, or baseline: what was live when the recording accepted it."""
    margin: float = Field(default=DEFAULT_MARGIN, gt=0, lt=1)
    """Points by which it may be worse, as a share: 0.05 is five points."""

    _other_as_text = field_validator("not_worse_than", mode="before")(write_plain)

    @property
    def other(self) -> str:
        """Id of the draft to compare with, or "baseline"."""
        return self.not_worse_than

    def describe(self) -> str:
        """Return the check in words."""
        return f"{self.draft} not worse than {self.not_worse_than} by {self.margin:g}{self._on()}"

    def _rule(self, sample: Sample, draft: str, other: str, *, alike: bool) -> Ruling:
        if alike:
            return Ruling("passed", f"{draft} and {other} are the same; {deciding.say_counts(sample)}")
        return self._rule_least(replace(sample, is_margin=sample.is_difference), -self.margin, draft, other)


class SegmentCheck(_Named):
    """No value of a segment is below a bound."""

    word = ("no_segment_below",)
    no_segment_below: SegmentBound
    own: records.OwnQuestion | None = None
    """The question of the campaign that is measured; null for a rate or a rating."""

    @classmethod
    def list_keys(cls) -> tuple[str, ...]:
        """Return the keys that such a check may be written with."""
        return tuple(name for name in cls.model_fields if name != _OWN)

    @classmethod
    def read(cls, located: Located, entry: dict[str, Any], path: located_yaml.Path, own: OwnMeasures) -> Self:
        """Return the check; its measure is a rate, a rating or a question of the campaign."""
        place: located_yaml.Path = (*path, cls.word[0])
        bound = make_record(SegmentBound, located, entry[cls.word[0]], place)
        known = (*MEASURED, *own)
        if bound.measure not in known:
            raise InputError(
                f"{located.place((*place, _MEASURE))}: {bound.measure!r} is no measure{suggest(bound.measure, known)}; "
                f"allowed: {', '.join(known)}"
            )
        try:
            check_scale(bound.measure, own.get(bound.measure), bound.value)
        except ValueError as error:
            raise InputError(f"{located.place(place)}: {error}; correct it and run again") from None
        stray = next((key for key in entry if key not in cls.list_keys()), None)
        if stray is not None:
            raise InputError(
                f"{located.place((*path, stray))}: checks[{path[-1]}].{stray} is not a known field"
                f"{suggest(stray, cls.list_keys())}; allowed: {', '.join(cls.list_keys())}"
            )
        return make_record(cls, located, {**entry, cls.word[0]: bound, _OWN: own.get(bound.measure)}, path)

    def describe(self) -> str:
        """Return the check in words."""
        bound = self.no_segment_below
        return f"{_about(self.draft)}no {bound.key} below {bound.value:g} {bound.measure}"

    def judge(self, evidence: Recorded) -> Ruling:
        """Hold the interval of every value of the segment to the bound."""
        bound = self.no_segment_below
        groups = [
            (f"{draft} {bound.key} {value}", sample)
            for draft in _choose(self.draft, evidence.drafts)
            for value, sample in samples.sample_values(
                evidence.reactions, draft, bound.measure, evidence.wordings, bound.key
            )
        ]
        limits, fail_alpha = (bound.value, None), rules.SIGNIFICANCE / max(len(groups), 1)
        if not groups:
            return deciding.rule_bounds(None, bound.measure, limits, "", fail_alpha, self.own)
        return deciding.gather_rulings(
            [
                deciding.rule_bounds(sample, bound.measure, limits, label, fail_alpha, self.own)
                for label, sample in groups
            ]
        )

    @property
    def segments(self) -> tuple[tuple[str, str | None], ...]:
        """The segment, in all its values."""
        return ((self.no_segment_below.key, None),)


class CostCheck(Check):
    """The recorded reactions cost no more than this."""

    word = ("max_cost",)
    max_cost: float = Field(ge=0, allow_inf_nan=False)
    """Dollars."""

    def describe(self) -> str:
        """Return the check in words."""
        return f"max_cost: {self.max_cost:g}"

    def judge(self, evidence: Recorded) -> Ruling:
        """Hold the cost of what is recorded to the limit."""
        if evidence.cost is None:
            return Ruling(
                "inconclusive", "the model's price was not known when it was recorded; record it with a price"
            )
        return Ruling(
            "passed" if evidence.cost <= self.max_cost else "failed",
            f"${evidence.cost:.4f} for {evidence.reactions.reactions} reactions; at most ${self.max_cost:g} wanted",
        )


KINDS: tuple[type[Check], ...] = (LintCheck, BoundCheck, BeatsCheck, NotWorseCheck, SegmentCheck, CostCheck)
"""Every kind of check. A new one is a class here."""


def _choose(written: str | None, drafts: Iterable[str]) -> list[str]:
    return [draft for draft in drafts if written is None or is_same_name(draft, written)]


def _about(draft: str | None) -> str:
    return f"{draft} " if draft else ""


def _within(where: dict[str, str]) -> str:
    return f" where {', '.join(f'{key} {value}' for key, value in where.items())}" if where else ""


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
