"""Between the rows of a reactions frame and the lines of a recording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from toolkit.drafts.surfaces import cut_at_fold
from toolkit.files import templating
from toolkit.gate.digests import Shaped
from toolkit.gate.recording_file import Entry
from toolkit.gate.replay import Replay
from toolkit.models import MEASURES
from toolkit.questionnaire import Task
from toolkit.results.scoring import columns

_RATING_DIGITS, _PMF_DIGITS, _COST_DIGITS = 4, 3, 8
_MOST_SAID = 400


def make_entry(row: Mapping[str, Any], shaped: Shaped, *, is_split: bool = False) -> Entry:
    """Return the line of a recording for a row of a reactions frame, ratings rounded to 4 decimals.

    It names the model if people are split over several.
    """
    ratings = {measure: row[f"rating_{measure}"] for measure in MEASURES}
    pmfs = {measure: row[f"pmf_{measure}"] for measure in MEASURES}
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
        model=row["model"] if is_split else None,
        error=None if row["error"] is None else _clean(row["error"][:_MOST_SAID]),
        tokens=(row["prompt_tokens"] or 0, row["completion_tokens"] or 0),
        cost=None if row["cost_usd"] is None else round(row["cost_usd"], _COST_DIGITS),
        shaped=shaped,
    )


def make_frame(found: Replay) -> pl.DataFrame:
    """Return what of a recording still holds as a reactions frame; weights and segments are the audience file's now."""
    plan = found.plan
    shared = {"run_id": "recording", "campaign": plan.campaign.campaign, "objective": plan.settings.objective}
    if found.recording is not None:
        shared |= {"engine": found.recording.header.engine, "model": found.recording.header.model}
    folds = {draft.id: cut_at_fold(draft) for draft in plan.campaign.drafts}
    rows = [
        {
            **shared,
            **({"model": entry.model} if entry.model else {}),
            **_describe(task, entry, folds, plan.segment_keys),
        }
        for task, entry in found.kept
    ]
    return pl.DataFrame(rows, schema=columns.reactions_schema(plan.segment_keys), orient="row")


def _describe(task: Task, entry: Entry, folds: Mapping[str, str], keys: Iterable[str]) -> dict[str, Any]:
    assert task.persona is not None  # noqa: S101 - a recording holds no control reader
    return {
        "draft_id": task.draft.id,
        "persona_id": task.persona.id,
        "weight": task.persona.weight,
        "wording": entry.wording,
        "repeat": task.repeat,
        "segments": {key: task.persona.segments.get(key) for key in keys},
        "fold_text": folds[task.draft.id],
        "stopped": entry.stopped,
        "action": entry.action,
        "verbatim": entry.verbatim,
        "objection": entry.objection,
        **{f"rating_{measure}": rating for measure, rating in entry.ratings.items()},
        **{f"pmf_{measure}": list(pmf) for measure, pmf in entry.pmfs.items()},
        "prompt_tokens": entry.tokens[0],
        "completion_tokens": entry.tokens[1],
        "cost_usd": entry.cost,
        "status": entry.status,
        "error": entry.error,
    }


def _clean(text: str | None) -> str | None:
    return None if text is None else templating.clean_text(text).strip()
