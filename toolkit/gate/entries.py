"""From the rows of a reactions frame to the lines of a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.files import templating
from toolkit.gate.digests import Shaped
from toolkit.gate.recording_file import Entry
from toolkit.models import MEASURES, records

_RATING_DIGITS, _PMF_DIGITS, _COST_DIGITS = 4, 3, 8
_MOST_SAID = 400


def make_entry(
    row: Mapping[str, Any],
    shaped: Shaped,
    *,
    is_split: bool = False,
    questions: Sequence[records.OwnQuestion] = (),
) -> Entry:
    """Return the line of a recording for a row of a reactions frame, ratings rounded to 4 decimals.

    It names the model if people are split over several, and holds the answers to `questions` of one's own.
    """
    status = {question.id: row[f"status_{question.id}"] for question in questions}
    ratings = {measure: row[f"rating_{measure}"] for measure in MEASURES}
    scales = [question.id for question in questions if question.kind == "scale"]
    pmfs = {measure: row[f"pmf_{measure}"] for measure in (*MEASURES, *scales)}
    return Entry(
        draft=row["draft_id"],
        persona=row["persona_id"],
        wording=row["wording"],
        repeat=row["repeat"],
        status=row["status"],
        action=row["action"],
        stopped=row["stopped"],
        verbatim=_clean(row["verbatim"]),
        objection=_clean(row["objection"]),
        ratings={measure: round(value, _RATING_DIGITS) for measure, value in ratings.items() if value is not None},
        pmfs={
            measure: tuple(round(share, _PMF_DIGITS) for share in pmf)
            for measure, pmf in pmfs.items()
            if pmf is not None and max(pmf) < 1
        },
        answers={
            question.id: answer
            for question in questions
            if (answer := _round_answer(row[f"answer_{question.id}"])) is not None
        },
        unsure=tuple(name for name, state in status.items() if state == "not sure"),
        unusable=tuple(name for name, state in status.items() if state == "unusable"),
        model=row["model"] if is_split else None,
        error=None if row["error"] is None else _clean(row["error"][:_MOST_SAID]),
        tokens=(row["prompt_tokens"] or 0, row["completion_tokens"] or 0),
        cost=None if row["cost_usd"] is None else round(row["cost_usd"], _COST_DIGITS),
        shaped=shaped,
    )


def _round_answer(answer: Any) -> Any:
    """Return an answer as a recording keeps it: numbers rounded, words cleaned."""
    if isinstance(answer, float):
        return round(answer, _RATING_DIGITS)
    if isinstance(answer, list):
        return tuple(answer)
    return _clean(answer) if isinstance(answer, str) else answer


def _clean(text: str | None) -> str | None:
    return None if text is None else templating.clean_text(text).strip()
