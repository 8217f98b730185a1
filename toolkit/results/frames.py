"""Reactions of any make as Polars frames."""

from __future__ import annotations

from typing import TypeAlias

import polars as pl

from toolkit.files import frames
from toolkit.models import records

Frame: TypeAlias = records.AnyRows
_TEXTS = ("draft_id", "persona_id")


def take_reactions(table: Frame) -> pl.LazyFrame:
    """Return reactions as a lazy frame whose ids are text: a file may number what a run names.

    Takes a frame of Polars, pandas, PyArrow or DuckDB, or a list of mappings.
    """
    frame = frames.take_frame(table, "reactions").lazy()
    schema = frame.collect_schema()
    return frame.with_columns(
        pl.col(name).cast(pl.String) for name in _TEXTS if name in schema and schema[name] != pl.String
    )
