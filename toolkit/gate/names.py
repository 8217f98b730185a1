"""The names that checks use: measures with their scales, the baseline, and drafts as YAML may have read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from toolkit.files import located_yaml
from toolkit.models import MEASURES, records

BASELINE = "baseline"
"""The name under which a recording keeps the draft that was live."""
RATE_NAMES = ("stop_rate", "objective_rate", "negative_rate")
MEASURED = (*RATE_NAMES, *MEASURES)
"""Everything that can be bounded: shares of everybody shown the draft, and ratings by those who stopped."""

Rate = Literal["stop_rate", "objective_rate", "negative_rate"]
Measured = Rate | records.Measure


OwnMeasures = Mapping[str, records.OwnQuestion]
"""The questions of one's own by the measures that their answers make."""


def name_own(questions: Iterable[records.OwnQuestion]) -> OwnMeasures:
    """Return questions of one's own by their measures: ID, or ID=OPTION for each option of a choice."""
    return {measure: question for question in questions for measure in question.measures}


def find_scale(measure: str, own: records.OwnQuestion | None = None) -> tuple[float, float]:
    """Return the least and the most that a measure can be; `own` is the question whose answers make it."""
    if own is not None:
        return own.find_range(measure)
    return (0.0, 1.0) if measure in RATE_NAMES else (1.0, 5.0)


def is_share(measure: str, own: records.OwnQuestion | None = None) -> bool:
    """Return whether a measure is a share of people, not a rating or a number."""
    return (
        measure in RATE_NAMES if own is None else own.kind not in {"scale", "number"} or measure.endswith(records.UPPER)
    )


def check_scale(measure: str, own: records.OwnQuestion | None, *bounds: float | None) -> None:
    """Raise ValueError for a bound that the measure can never reach."""
    least, most = find_scale(measure, own)
    for bound in bounds:
        if bound is not None and not least <= bound <= most:
            raise ValueError(f"{measure} runs from {least:g} to {most:g}, and {bound:g} is outside")


def write_plain(value: Any) -> Any:
    """Return a number or truth value, which unquoted YAML makes of some names, as the text it stands for."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, (int, float)) else value


def write_all_plain(values: Any) -> Any:
    """Return a mapping with its values as text; anything else as it is."""
    return {str(key): write_plain(value) for key, value in values.items()} if isinstance(values, dict) else values


def is_same_name(name: str, written: str) -> bool:
    """Return whether what a check wrote means this name: unquoted YAML may have read 007 as a number."""
    return name == written or write_plain(located_yaml.read_numbers(name)) == written
