"""What people said in a run: who is heard, objections by theme, sentences to quote."""

from __future__ import annotations

import polars as pl

from toolkit.models import records
from toolkit.stats import lexical

VERBATIMS = 6


def select_heard(reactions: pl.DataFrame) -> pl.DataFrame:
    """Return the usable reactions of personas, without the control reader's."""
    return reactions.filter((pl.col("persona_id") != records.CONTROL) & (pl.col("status") == "ok"))


def choose_verbatims(reactions: pl.DataFrame, draft: str, count: int = VERBATIMS) -> pl.DataFrame:
    """Return up to `count` verbatims of a draft, each by another persona: one of each action first, longest first."""
    said = reactions.filter((pl.col("draft_id") == draft) & pl.col("verbatim").is_not_null())
    return (
        said.with_columns(length=pl.col("verbatim").str.len_chars())
        .sort("length", "persona_id", descending=[True, False])
        .unique("persona_id", keep="first", maintain_order=True)
        .with_columns(turn=pl.int_range(pl.len()).over("action"))
        .sort("turn", "length", "persona_id", descending=[False, True, False])
        .head(count)
        .select("draft_id", "persona_id", "action", "verbatim")
    )


def group_objections(reactions: pl.DataFrame, draft: str) -> list[lexical.Theme]:
    """Return the objections to a draft, those that say the same as one, the most common first."""
    said = reactions.filter((pl.col("draft_id") == draft) & pl.col("objection").is_not_null())
    return lexical.group_sentences(said["objection"].to_list(), said["persona_id"].to_list())
