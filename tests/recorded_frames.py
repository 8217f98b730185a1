"""Recorded reactions as data frames, and the samples that checks are judged on: an oracle for the plain arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from toolkit.drafts.surfaces import cut_at_fold
from toolkit.gate.judging import Sample
from toolkit.gate.names import is_same_name
from toolkit.gate.recording_file import Entry
from toolkit.gate.replay import Replay
from toolkit.gate.samples import RATING_RANGE
from toolkit.models import MEASURES
from toolkit.questionnaire import Task
from toolkit.results.scoring import RATES, columns, comparisons, reaction_rows


def make_frame(found: Replay) -> pl.DataFrame:
    """Return what of a recording still holds as a reactions frame; weights and segments are the audience file's now."""
    plan = found.plan
    shared = {"run_id": "recording", "campaign": plan.campaign.campaign, "objective": plan.settings.objective}
    if found.recording is not None:
        shared |= {"engine": found.recording.header.engine, "model": found.recording.header.model}
    folds = {draft.id: cut_at_fold(draft) for draft in plan.campaign.drafts}
    rows = [{**shared, **describe(task, entry, folds, plan.segment_keys)} for task, entry in found.kept]
    return pl.DataFrame(rows, schema=columns.reactions_schema(plan.segment_keys), orient="row")


def describe(task: Task, entry: Entry, folds: Mapping[str, str], keys: Iterable[str]) -> dict[str, Any]:
    """Return the row of a recorded reaction."""
    assert task.persona is not None
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


def sample_draft(reactions: pl.DataFrame, draft: str, measure: str, wordings: int) -> Sample | None:
    """Return what a draft reached on a measure; None where no reaction tells."""
    return next((sample for _, sample in sample_values(reactions, draft, measure, wordings, None)), None)


def sample_values(
    reactions: pl.DataFrame, draft: str, measure: str, wordings: int, by: str | None
) -> Iterator[tuple[str, Sample]]:
    """Yield each value of a segment with what a draft reached in it; without a segment, everybody."""
    of_draft = reactions.filter(pl.col("draft_id") == draft)
    rows = reaction_rows.select_rows(of_draft, by, [draft], measure)
    cells = reaction_rows.load_cells(rows, draft).filter(pl.col(measure).is_not_null())
    for value in rows.values:
        group = cells.filter(pl.col("value") == value)
        if not group.is_empty():
            reached = int(group[f"{measure}_reactions"].sum())
            yield value, _make(group, measure, reached, wordings, is_share=measure in RATES)


def sample_pair(reactions: pl.DataFrame, other: str, draft: str, measure: str, wordings: int) -> Sample | None:
    """Return the paired differences draft minus other; None where nobody reacted to both."""
    both = reactions.filter(pl.col("draft_id").is_in([other, draft]))
    rows = reaction_rows.select_rows(both, None, [other, draft], measure)
    for _, paired in comparisons.load_pairs(rows):
        if not paired.is_empty():
            sample = _make(
                comparisons.average_repeats(paired), "difference", 2 * paired.height, wordings, is_share=False
            )
            return replace(sample, is_difference=measure in RATES)
    return None


def narrow_segments(reactions: pl.DataFrame, where: Mapping[str, str]) -> pl.DataFrame:
    """Keep personas with these segment values."""
    for key, written in where.items():
        column = pl.col("segments").struct.field(key)
        known = reactions.select(column.drop_nulls().unique()).to_series().to_list()
        value = next((one for one in known if is_same_name(one, written)), written)
        reactions = reactions.filter(column == value)
    return reactions


def _make(cells: pl.DataFrame, column: str, reactions: int, wordings: int, *, is_share: bool) -> Sample:
    return Sample(
        values=cells[column].to_numpy(),
        weights=cells["weight"].to_numpy(),
        wordings=cells["wording"].to_numpy(),
        units=cells["unit"].to_numpy(),
        reactions=reactions,
        wordings_planned=wordings,
        is_share=is_share,
        scale=RATING_RANGE if column in MEASURES else 1.0,
    )
