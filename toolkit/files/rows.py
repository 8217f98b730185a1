"""Tables of text: CSV, Excel, Parquet and JSON Lines, one mapping a row."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import InputError
from toolkit.files.text import decode_text, read_bytes

SUFFIXES = (".csv", ".xlsx", ".parquet")


@dataclass(frozen=True)
class Row:
    """One row: its line in the file, counting from 1, and its non-empty cells."""

    line: int
    cells: dict[str, Any]


def load_rows(path: Path) -> list[Row]:
    """Return the rows of a table; in CSV and Excel every cell is text. Raises InputError where it cannot be read."""
    import polars as pl

    data = read_bytes(path)
    try:
        frame = _read_frame(path, data)
    except (pl.exceptions.PolarsError, ValueError, ImportError, OSError) as error:
        said = " ".join(str(error).split())[:160]
        raise InputError(f"{path}: not a readable {path.suffix} table: {said}; export it again") from None
    first_line = 1 if path.suffix == ".parquet" else 2
    rows = [Row(first_line + index, _drop_empty(cells)) for index, cells in enumerate(frame.iter_rows(named=True))]
    return [row for row in rows if row.cells]


def load_json_lines(path: Path, text: str) -> list[Row]:
    """Return one row per non-empty line of JSON; raise InputError with the line of the first that is not an object."""
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError):
            cells = None
        if not isinstance(cells, dict):
            raise InputError(f'{path}:{number}: not a JSON object; each line needs one, such as {{"text": "..."}}')
        rows.append(Row(number, _drop_empty(cells)))
    return rows


def _read_frame(path: Path, data: bytes) -> Any:
    import polars as pl

    if path.suffix == ".parquet":
        return pl.read_parquet(io.BytesIO(data))
    if path.suffix == ".xlsx":
        return pl.read_excel(io.BytesIO(data), engine="calamine", infer_schema_length=0, drop_empty_rows=False)
    text = decode_text(data, str(path))
    header = text.split("\n", 1)[0]
    separator = max(",;\t", key=header.count)
    return pl.read_csv(io.StringIO(text), separator=separator, infer_schema=False)


def _drop_empty(cells: dict[str, Any]) -> dict[str, Any]:
    """Return the cells that hold something, column names trimmed."""
    return {str(name).strip(): value for name, value in cells.items() if value is not None and value != ""}
