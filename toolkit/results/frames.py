"""Tables of any make as Polars frames."""

from __future__ import annotations

from typing import Any, Protocol

import polars as pl

from toolkit.errors import InputError


class ArrowTable(Protocol):
    """What hands its columns out in Arrow's form: a frame of pandas or DuckDB, a table of PyArrow."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


Frame = pl.DataFrame | pl.LazyFrame | ArrowTable
_TEXTS = ("draft_id", "persona_id")


def take_frame(table: Frame, name: str) -> pl.DataFrame | pl.LazyFrame:
    """Return a table as Polars has it: a Polars or pandas frame, an Arrow table, or whatever a Polars frame takes.

    `name` says in an error what the table was to be. Raises InputError for anything that is no table.
    """
    if isinstance(table, pl.DataFrame | pl.LazyFrame):
        return table
    try:
        return pl.DataFrame(table)
    except ImportError as error:
        raise InputError(f"{name}: a pandas frame needs {error.name or 'pyarrow'} to be read; install it") from None
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        said = " ".join(str(error).split())[:120]
        raise InputError(
            f"{name}: this {type(table).__name__} is no table: {said}; give a Polars or pandas frame"
        ) from None


def take_reactions(table: Frame) -> pl.LazyFrame:
    """Return reactions as a lazy frame whose ids are text: a file may number what a run names."""
    frame = take_frame(table, "reactions").lazy()
    schema = frame.collect_schema()
    return frame.with_columns(
        pl.col(name).cast(pl.String) for name in _TEXTS if name in schema and schema[name] != pl.String
    )
