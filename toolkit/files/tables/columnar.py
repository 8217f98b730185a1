"""Parquet, SPSS and Stata: tables that know their types, judged by their metadata before anything is read."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

from toolkit.errors import InputError, name_option
from toolkit.files.tables.records import LoadedTable, Row, drop_empty

MOST_CELLS = 50_000_000
"""Rows times columns that are read whole; more is drawn from while it streams past."""
_EXTRA = "pip install 'audience-toolkit[survey]'"
_READERS = {".sav": "read_sav", ".zsav": "read_sav", ".dta": "read_dta"}


def load_parquet(path: Path, data: bytes) -> LoadedTable:
    """Return the rows of a Parquet file; raise InputError where it is none, or too large to hold."""
    import polars as pl

    try:
        scanned = pl.scan_parquet(io.BytesIO(data))
        width = len(scanned.collect_schema())
        height = int(scanned.select(pl.len()).collect().item())
        if width * height > MOST_CELLS:
            size = f"{height:,} rows of {width} columns"
            draw = f"{name_option('sample')} or {name_option('quotas')}"
            raise InputError(f"{path}: {size} are too many to hold; draw from it with {draw}")
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, ValueError, OSError) as error:
        said = " ".join(str(error).split())[:160]
        raise InputError(f"{path}: not a readable .parquet table: {said}; export it again") from None
    names = [name for name in frame.columns if not name.startswith("__index_level_")]
    rows = [Row(1 + at, drop_empty(cells)) for at, cells in enumerate(frame.select(names).iter_rows(named=True))]
    return LoadedTable(str(path), tuple(name.strip() for name in names), [row for row in rows if row.cells])


def load_statistics(path: Path) -> LoadedTable:
    """Return the cases of an SPSS or Stata file: labels as words, what the file calls missing left empty.

    Needs the extra `survey`; raises InputError with the command that adds it, or where the file cannot be read.
    """
    try:
        import pyreadstat
    except ImportError:
        raise InputError(f"{path}: SPSS and Stata files need one more package; add it with: {_EXTRA}") from None
    read = getattr(pyreadstat, _READERS[path.suffix.lower()])
    try:
        _, size = read(str(path), metadataonly=True)
        fits = (size.number_rows or 0) * size.number_columns <= MOST_CELLS
        values, about = read(str(path), output_format="dict", row_limit=0 if fits else 1)
    except Exception as error:  # noqa: BLE001 - the library raises its own errors, and those of text and numbers
        said = " ".join(str(error).split())[:160]
        raise InputError(f"{path}: not a readable {path.suffix} file: {said}; save it again") from None
    if not fits:
        raise InputError(f"{path}: {size.number_rows:,} cases are too many to hold; save fewer, or a .parquet file")
    labels = about.variable_value_labels
    columns = {name: [_label(value, labels.get(name, {})) for value in held] for name, held in values.items()}
    rows = [
        Row(1 + at, drop_empty({name: held[at] for name, held in columns.items()})) for at in range(about.number_rows)
    ]
    questions = {name: text for name, text in about.column_names_to_labels.items() if text}
    notes = (
        (f"values shown by their labels: {', '.join(name for name in columns if name in labels)}",) if labels else ()
    )
    return LoadedTable(str(path), tuple(columns), [row for row in rows if row.cells], notes, questions)


def _label(value: Any, labels: dict[Any, str]) -> Any:
    """Return a value in the words of its label, whole numbers as such, nothing for what is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if value in labels:
        return labels[value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
