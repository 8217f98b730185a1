"""From reactions to the numbers that are judged: one per persona and wording, of one draft or of a pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl

from toolkit.gate.judging import Sample
from toolkit.gate.names import is_same_name
from toolkit.models import MEASURES
from toolkit.results.scoring import RATES, comparisons, reaction_rows

RATING_RANGE = 4.0
"""From 1 to 5."""


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
