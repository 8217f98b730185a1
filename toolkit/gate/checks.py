"""The checks that a campaign file may hold, as records; faults are told with their line and the nearest right name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from toolkit.errors import InputError, suggest
from toolkit.files import Located, located_yaml, make_record
from toolkit.models import MEASURES, Campaign, Record, records

BASELINE = "baseline"
"""The name under which a recording keeps the draft that was live."""
DEFAULT_MARGIN = 0.05
RATE_NAMES = ("stop_rate", "objective_rate", "negative_rate")
MEASURED = (*RATE_NAMES, *MEASURES)
"""Everything that can be bounded: shares of everybody shown the draft, and ratings by those who stopped."""

Rate = Literal["stop_rate", "objective_rate", "negative_rate"]
Measured = Rate | records.Measure


def _write(value: Any) -> Any:
    """Return a number or truth value, which unquoted YAML makes of some names, as the text it stands for."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, (int, float)) else value


def _write_all(values: Any) -> Any:
    return {str(key): _write(value) for key, value in values.items()} if isinstance(values, dict) else values


def find_scale(measure: str) -> tuple[float, float]:
    """Return the least and the most that a measure can be."""
    return (0.0, 1.0) if measure in RATE_NAMES else (1.0, 5.0)


def check_scale(measure: str, *bounds: float | None) -> None:
    """Raise ValueError for a bound that the measure can never reach."""
    least, most = find_scale(measure)
    for bound in bounds:
        if bound is not None and not least <= bound <= most:
            raise ValueError(f"{measure} runs from {least:g} to {most:g}, and {bound:g} is outside")


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
    measure: Measured
    value: float = Field(allow_inf_nan=False)

    @model_validator(mode="after")
    def _on_scale(self) -> SegmentBound:
        check_scale(self.measure, self.value)
        return self


class Check(Record):
    """What every check has in common."""

    word: ClassVar[tuple[str, ...]]
    """The key or keys by which a check of this kind is known."""

    def describe(self) -> str:
        """Return the check in words."""
        raise NotImplementedError

    @property
    def drafts(self) -> tuple[str, ...]:
        """The drafts that it names; none where it is about all."""
        draft = getattr(self, "draft", None)
        return () if draft is None else (str(draft),)


class _Named(Check):
    """A check that may be about one draft."""

    draft: str | None = None
    """Id of the draft it is about; every draft where it is left out."""

    @field_validator("draft", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return _write(value)


class LintCheck(_Named):
    """Lint finds nothing as grave as this or graver."""

    word = ("lint",)
    lint: Literal["error", "warning"]
    """The severity that fails: error, or warning for errors and warnings."""

    def describe(self) -> str:
        """Return the check in words."""
        return f"{_about(self.draft)}lint: {self.lint}"


class BoundCheck(_Named):
    """A rate or a measure keeps to its bounds, among all or within a segment."""

    word = MEASURED
    where: dict[str, str] = Field(default_factory=dict)
    """Only personas with these segment values, such as {role: seller}."""
    stop_rate: Bounds | None = None
    objective_rate: Bounds | None = None
    negative_rate: Bounds | None = None
    relevance: Bounds | None = None
    clarity: Bounds | None = None
    trust: Bounds | None = None
    appeal: Bounds | None = None
    intent: Bounds | None = None

    _where_as_text = field_validator("where", mode="before")(_write_all)

    @field_validator(*MEASURED)
    @classmethod
    def _on_scale(cls, value: Bounds | None, info: ValidationInfo) -> Bounds | None:
        if value is not None:
            check_scale(str(info.field_name), value.at_least, value.at_most)
        return value

    @property
    def measure(self) -> str:
        """The one that is bounded."""
        return next(name for name in MEASURED if getattr(self, name) is not None)

    @property
    def bounds(self) -> Bounds:
        """What it must keep to."""
        found: Bounds = getattr(self, self.measure)
        return found

    def describe(self) -> str:
        """Return the check in words."""
        return f"{_about(self.draft)}{self.measure} {self.bounds.describe()}{_within(self.where)}"


class _PairCheck(Check):
    """A draft against another, on a rate of everybody shown both."""

    draft: str
    """Id of the draft it is about."""
    measure: Rate = "objective_rate"
    """What they are compared on: a rate, because ratings exist only for those who stopped and decide nothing."""
    where: dict[str, str] = Field(default_factory=dict)
    """Only personas with these segment values, such as {role: seller}."""

    _where_as_text = field_validator("where", mode="before")(_write_all)
    _draft_as_text = field_validator("draft", mode="before")(_write)

    @property
    def other(self) -> str:
        """Id of the draft to compare with, or "baseline"."""
        raise NotImplementedError

    @property
    def drafts(self) -> tuple[str, ...]:
        """The two drafts."""
        return (self.draft, self.other)

    @property
    def is_lower_better(self) -> bool:
        """Whether less of the measure is better."""
        return self.measure == "negative_rate"

    def _on(self) -> str:
        return f"{'' if self.measure == 'objective_rate' else f' on {self.measure}'}{_within(self.where)}"


class BeatsCheck(_PairCheck):
    """A draft is better than another by more than the margin."""

    word = ("beats",)
    beats: str
    """Id of the draft to beat, or baseline."""
    margin: float = Field(default=0.0, ge=0, lt=1)
    """Points by which it must be better, as a share: 0.05 is five points."""

    _other_as_text = field_validator("beats", mode="before")(_write)

    @property
    def other(self) -> str:
        """Id of the draft to beat, or "baseline"."""
        return self.beats

    def describe(self) -> str:
        """Return the check in words."""
        return f"{self.draft} beats {self.beats}{f' by {self.margin:g}' if self.margin else ''}{self._on()}"


class NotWorseCheck(_PairCheck):
    """A draft is worse than another by less than the margin, if at all."""

    word = ("not_worse_than",)
    not_worse_than: str
    """Id of the draft to compare with, or baseline: what was live when the recording accepted it."""
    margin: float = Field(default=DEFAULT_MARGIN, gt=0, lt=1)
    """Points by which it may be worse, as a share: 0.05 is five points."""

    _other_as_text = field_validator("not_worse_than", mode="before")(_write)

    @property
    def other(self) -> str:
        """Id of the draft to compare with, or "baseline"."""
        return self.not_worse_than

    def describe(self) -> str:
        """Return the check in words."""
        return f"{self.draft} not worse than {self.not_worse_than} by {self.margin:g}{self._on()}"


class SegmentCheck(_Named):
    """No value of a segment is below a bound."""

    word = ("no_segment_below",)
    no_segment_below: SegmentBound

    def describe(self) -> str:
        """Return the check in words."""
        bound = self.no_segment_below
        return f"{_about(self.draft)}no {bound.key} below {bound.value:g} {bound.measure}"


class CostCheck(Check):
    """The recorded reactions cost no more than this."""

    word = ("max_cost",)
    max_cost: float = Field(ge=0, allow_inf_nan=False)
    """Dollars."""

    def describe(self) -> str:
        """Return the check in words."""
        return f"max_cost: {self.max_cost:g}"


KINDS: tuple[type[Check], ...] = (LintCheck, BoundCheck, BeatsCheck, NotWorseCheck, SegmentCheck, CostCheck)
"""Every kind of check. A new one is a class here and a branch in `deciding.judge_check`."""


class PlacedCheck(Record):
    """A check with its place in the campaign file."""

    check: Check
    name: str
    """The check in words, told apart from others that read alike."""
    line: int | None

    @property
    def draft_id(self) -> str | None:
        """The one draft it is about."""
        return next(iter(self.check.drafts), None)


def read_checks(campaign: Campaign) -> tuple[PlacedCheck, ...]:
    """Return the checks of a campaign; raise InputError with FILE:LINE for the first that cannot be used."""
    if not campaign.checks:
        raise InputError(f"{campaign.file or campaign.campaign}: there are no checks; add some, see docs/gate.md")
    _refuse_baseline(campaign)
    located = Located({"checks": list(campaign.checks)}, campaign.file or campaign.campaign, _find_lines(campaign))
    placed: list[PlacedCheck] = []
    for index, entry in enumerate(campaign.checks):
        path: located_yaml.Path = ("checks", index)
        check = make_record(_find_kind(entry, located, path), located, entry, path)
        _check_one_measure(check, located, path)
        _check_drafts(check, campaign, located, path)
        name = _tell_apart(check.describe(), [earlier.name for earlier in placed])
        placed.append(PlacedCheck(check=check, name=name, line=campaign.find_line("checks", str(index))))
    return tuple(placed)


def is_same_name(name: str, written: str) -> bool:
    """Return whether what a check wrote means this name: unquoted YAML may have read 007 as a number."""
    return name == written or _write(located_yaml.read_numbers(name)) == written


def _find_kind(entry: dict[str, Any], located: Located, path: located_yaml.Path) -> type[Check]:
    words = {word: kind for kind in KINDS for word in kind.word}
    found = {words[key]: key for key in entry if key in words}
    if len(found) > 1:
        first, second = list(found.values())[:2]
        raise InputError(
            f"{located.place((*path, second))}: one check holds both {first} and {second}; write one check for each"
        )
    if found:
        return next(iter(found))
    known = {*words, *(name for kind in KINDS for name in kind.model_fields)}
    unknown = next((key for key in entry if key not in known), None)
    allowed = f"allowed: {', '.join(words)}"
    if unknown is not None:
        place = located.place((*path, unknown))
        raise InputError(f"{place}: {unknown!r} is no check{suggest(unknown, known)}; {allowed}")
    raise InputError(f"{located.place(path)}: this check does not say what must hold; {allowed}")


def _check_one_measure(check: Check, located: Located, path: located_yaml.Path) -> None:
    if isinstance(check, BoundCheck):
        given = [name for name in MEASURED if getattr(check, name) is not None]
        if len(given) != 1:
            raise InputError(
                f"{located.place((*path, *given[1:2]))}: one check bounds "
                f"{' and '.join(given) or 'nothing'}; write one check for each measure"
            )


def _check_drafts(check: Check, campaign: Campaign, located: Located, path: located_yaml.Path) -> None:
    ids = [draft.id for draft in campaign.drafts]
    paired = isinstance(check, _PairCheck)
    for written in check.drafts:
        if any(is_same_name(one, written) for one in ids) or (paired and written == BASELINE):
            continue
        key = check.word[0] if paired and written == check.drafts[1] else "draft"
        more = [BASELINE] if paired and key != "draft" else []
        allowed = ", ".join([*ids, *more])
        near = suggest(written, [*ids, *more])
        raise InputError(f"{located.place((*path, key))}: no draft is called {written!r}{near}; allowed: {allowed}")
    if paired and check.drafts[0] == check.drafts[1]:
        raise InputError(f"{located.place(path)}: {check.drafts[0]!r} is compared with itself; name another draft")


def _refuse_baseline(campaign: Campaign) -> None:
    if any(draft.id == BASELINE for draft in campaign.drafts):
        raise InputError(
            f"{campaign.place(BASELINE)}: the id {BASELINE!r} is kept for what a recording accepted; rename the draft"
        )


def _find_lines(campaign: Campaign) -> dict[located_yaml.Path, int]:
    def walk(value: Any, path: located_yaml.Path) -> Iterator[located_yaml.Path]:
        yield path
        pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in pairs:
            yield from walk(item, (*path, key))

    lines: dict[located_yaml.Path, int] = {}
    for index, entry in enumerate(campaign.checks):
        for path in walk(entry, (index,)):
            line = campaign.find_line("checks", ".".join(map(str, path)))
            if line is not None:
                lines["checks", *path] = line
    return lines


def _tell_apart(name: str, taken: list[str]) -> str:
    count = 1 + sum(one == name or one.startswith(f"{name} (") for one in taken)
    return name if count == 1 else f"{name} ({count})"


def _about(draft: str | None) -> str:
    return f"{draft} " if draft else ""


def _within(where: dict[str, str]) -> str:
    return f" where {', '.join(f'{key} {value}' for key, value in where.items())}" if where else ""
