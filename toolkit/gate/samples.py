"""From recorded reactions to the numbers that are judged: one per persona and wording, of one draft or of a pair."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from toolkit.gate.judging import Sample
from toolkit.gate.names import is_share
from toolkit.gate.recorded_rows import FloatArray, RecordedRows
from toolkit.models import records

RATING_RANGE = 4.0
"""From 1 to 5."""


def sample_draft(rows: RecordedRows, draft: str, measure: str, wordings: int) -> Sample | None:
    """Return what a draft reached on a measure; None where no reaction tells."""
    return next((sample for _, sample in sample_values(rows, draft, measure, wordings, None)), None)


def sample_values(
    rows: RecordedRows, draft: str, measure: str, wordings: int, by: str | None
) -> Iterator[tuple[str, Sample]]:
    """Yield each value of a segment with what a draft reached in it; without a segment, everybody."""
    of_draft = rows.choose_draft(draft)
    numbers = of_draft.measure(measure)
    is_known = ~np.isnan(numbers)
    own = None if by is None else of_draft.find_values(by)
    values = [""] if own is None else sorted({value for value in own if value is not None})
    for value in values:
        chosen = np.flatnonzero(is_known if own is None else is_known & (own == value))
        if len(chosen):
            yield value, _make(of_draft, chosen, numbers[chosen], measure, len(chosen), wordings)


def sample_pair(rows: RecordedRows, other: str, draft: str, measure: str, wordings: int) -> Sample | None:
    """Return the paired differences draft minus other; None where nobody reacted to both."""
    before, after = rows.choose_draft(other), rows.choose_draft(draft)
    earlier = {name: number for name, number in _name_answers(before, measure) if not np.isnan(number)}
    places, differences = [], []
    for place, (name, number) in enumerate(_name_answers(after, measure)):
        if name in earlier and not np.isnan(number):
            places.append(place)
            differences.append(number - earlier[name])
    if not places:
        return None
    chosen = np.array(places, dtype=np.intp)
    return _make(after, chosen, np.array(differences), measure, 2 * len(places), wordings, is_difference=True)


def _name_answers(rows: RecordedRows, measure: str) -> Iterator[tuple[tuple[int, int, int], float]]:
    """Yield persona, wording and repeat of each reaction, and its number."""
    names = zip(rows.units.tolist(), rows.wordings.tolist(), rows.repeats.tolist(), strict=True)
    return zip(names, rows.measure(measure).tolist(), strict=True)


def _find_width(own: records.OwnQuestion | None, numbers: FloatArray) -> float:
    """Return the range of a scale; of a number without bounds, that of its answers."""
    if own is None:
        return RATING_RANGE
    least, most = own.range
    return most - least if np.isfinite(most - least) else float(np.ptp(numbers)) or 1.0


def _make(
    rows: RecordedRows,
    chosen: npt.NDArray[np.intp],
    numbers: FloatArray,
    measure: str,
    reactions: int,
    wordings: int,
    *,
    is_difference: bool = False,
) -> Sample:
    """Return a sample of the chosen rows: the persona is the unit, so repeats count once, as their mean."""
    units, worded = rows.units[chosen], rows.wordings[chosen]
    starts = np.flatnonzero(np.concatenate(([True], (np.diff(units) != 0) | (np.diff(worded) != 0))))
    repeats = np.diff(np.concatenate((starts, [len(chosen)])))
    own = rows.own.get(measure)
    is_rate = is_share(measure, own)
    return Sample(
        values=np.add.reduceat(numbers, starts) / repeats,
        weights=rows.weights[chosen][starts],
        wordings=worded[starts],
        units=units[starts],
        reactions=reactions,
        wordings_planned=wordings,
        is_share=is_rate and not is_difference,
        is_difference=is_rate and is_difference,
        scale=1.0 if is_rate or is_difference else _find_width(own, numbers),
    )
