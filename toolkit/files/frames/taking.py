"""What turns a frame of Polars, pandas, PyArrow or DuckDB, or a list of mappings, into what the toolkit reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from toolkit.errors import InputError

GIVE = "give a frame of Polars, pandas, PyArrow or DuckDB, or a list of mappings"
"""What to give where a table is wanted."""


def find_frame(value: Any, name: str) -> pl.DataFrame | pl.LazyFrame | None:
    """Return a frame of any library as Polars has it, a lazy one of Polars as it is; None for what is no frame.

    `name` says in an error what the frame was to be. Raises InputError for one that cannot be read.
    """
    if isinstance(value, (pl.DataFrame, pl.LazyFrame)):
        return value
    if value is None or isinstance(value, (str, bytes, int, float, type, Mapping, Sequence)):
        return None
    import narwhals

    try:
        wrapped = narwhals.from_native(value, pass_through=True)
        if isinstance(wrapped, narwhals.LazyFrame):
            wrapped = wrapped.collect("polars")
        if isinstance(wrapped, narwhals.DataFrame):
            return _as_polars(wrapped)
        if hasattr(value, "__arrow_c_stream__"):
            return pl.DataFrame(value)
    except ImportError as error:
        kind = f"{type(value).__module__.partition('.')[0]} frame"
        raise InputError(f"{name}: a {kind} needs {error.name or 'pyarrow'} to be read; install it") from None
    except Exception as error:  # noqa: BLE001 - each library has errors of its own
        raise InputError(f"{name}: {name_kind(value)} cannot be read: {_say(error)}; {GIVE}") from None
    return None


def take_frame(value: Any, name: str) -> pl.DataFrame | pl.LazyFrame:
    """Return a table as a Polars frame: a frame of any library, or a list of mappings.

    `name` says in an error what the table was to be. Raises InputError for anything that is no table.
    """
    found = find_frame(value, name)
    if found is not None:
        return found
    if _is_rows(value):
        try:
            return pl.DataFrame(list(value), infer_schema_length=None)
        except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
            raise InputError(f"{name}: the rows make no table: {_say(error)}; give each the same columns") from None
    raise InputError(f"{name}: {name_kind(value)} is no table; {GIVE}")


def read_rows(value: Any, name: str = "the frame") -> list[dict[str, Any]] | None:
    """Return the rows of a frame of any library, or of a list of mappings, NaN as None; None for anything else.

    `name` says in an error what the frame was to be.
    """
    if _is_rows(value):
        return [{str(key): _drop_nan(cell) for key, cell in row.items()} for row in value]
    found = find_frame(value, name)
    if found is None:
        return None
    return [{key: _drop_nan(cell) for key, cell in row.items()} for row in found.lazy().collect().iter_rows(named=True)]


def _as_polars(wrapped: Any) -> pl.DataFrame:
    """Return an eager frame; of pandas without PyArrow cell by cell, which takes longer."""
    try:
        made: pl.DataFrame = wrapped.to_polars()
    except ImportError:
        columns = {str(name): list(map(_drop_nan, wrapped[name].to_list())) for name in wrapped.columns}
        made = pl.DataFrame(columns, strict=False)
    left = [name for name in made.columns if name.startswith("__index_level_")]
    return made.drop(left)


def _is_rows(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    return is_list and bool(value) and all(isinstance(row, Mapping) for row in value)


def _drop_nan(cell: Any) -> Any:
    """Return a cell; NaN and NaT, the only values that differ from themselves, as None."""
    try:
        return None if bool(cell != cell) else cell  # noqa: PLR0124 - see above
    except (TypeError, ValueError):  # pandas.NA, or an array in a cell
        return None if type(cell).__name__ == "NAType" else cell


def name_kind(value: object) -> str:
    """Return what a value is, for a message."""
    return "None" if value is None else f"this {type(value).__name__}"


def _say(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
