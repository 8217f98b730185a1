"""Tables of text: CSV, Excel, Parquet and JSON Lines, one mapping a row."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import InputError, name_option
from toolkit.files.located_yaml import parse_json
from toolkit.files.text import MOST_BYTES, decode_text, read_bytes
from toolkit.models import records

SUFFIXES = (".csv", ".xlsx", ".parquet")


@dataclass(frozen=True)
class Row:
    """One row: its line in the file, counting from 1, and its non-empty cells."""

    line: int
    cells: dict[str, Any]


def load_rows(path: Path) -> list[Row]:
    """Return the rows of a table; in CSV and Excel every cell is text. Raises InputError where it cannot be read."""
    suffix = path.suffix.lower()
    if suffix == ".parquet" and path.is_file() and path.stat().st_size > MOST_BYTES:
        raise InputError(
            f"{path}: larger than 64 MB; draw from it with {name_option('sample')}, or import it with "
            f"{name_option('quotas')} first"
        )
    data = read_bytes(path)
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: rows cannot be read from {suffix or 'this'}; allowed: {', '.join(SUFFIXES)}")
    if not data.strip():
        raise InputError(f"{path}: the file is empty; write a row of column names and at least one row below it")
    rows = _read_csv(path, decode_text(data, str(path))) if suffix == ".csv" else _read_binary(path, suffix, data)
    return [row for row in rows if row.cells]


def load_json_lines(path: Path, text: str) -> list[Row]:
    """Return one row per non-empty line of JSON; raise InputError with the line of the first that is not an object."""
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            cells = parse_json(line)
        except KeyError as error:
            raise InputError(f"{path}:{number}: the key {error.args[0]!r} occurs twice; keep one") from None
        except (ValueError, RecursionError):
            cells = None
        if not isinstance(cells, dict):
            raise InputError(f'{path}:{number}: not a JSON object; each line needs one, such as {{"text": "..."}}')
        rows.append(Row(number, drop_empty(cells)))
    return rows


def _read_csv(path: Path, text: str) -> list[Row]:
    """Return the rows with the line each begins on, which a cell of several lines moves."""
    csv.field_size_limit(MOST_BYTES)  # the file's own limit; the module's is 128 kB
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    columns: list[str] = []
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if not columns:
                columns = _check_columns(path, cells)
            elif len(cells) > len(columns):
                raise InputError(
                    f"{path}:{line}: {len(cells)} cells under {len(columns)} columns; "
                    f"put double quotes around a text that contains {separator!r}"
                )
            else:
                rows.append(Row(line, drop_empty(dict(zip(columns, cells, strict=False)))))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}:{line}: not CSV: {error}; check the quotes of this row") from None
    return rows


def _check_columns(path: Path, names: list[str]) -> list[str]:
    names = [name.strip() for name in names]
    repeated = records.first_repeated(name for name in names if name)
    if repeated is not None:
        raise InputError(f"{path}:1: the column {repeated!r} occurs twice; rename or remove one")
    return names


def _read_binary(path: Path, suffix: str, data: bytes) -> list[Row]:
    import fastexcel
    import polars as pl

    stream = io.BytesIO(data)
    try:
        if suffix == ".parquet":
            frame, first_line = pl.read_parquet(stream), 1
        else:
            frame = pl.read_excel(stream, engine="calamine", infer_schema_length=0, drop_empty_rows=False)
            first_line = 2
    except (pl.exceptions.PolarsError, fastexcel.FastExcelError, ValueError, OSError) as error:
        said = " ".join(str(error).split())[:160]
        raise InputError(f"{path}: not a readable {suffix} table: {said}; export it again") from None
    return [Row(first_line + index, drop_empty(cells)) for index, cells in enumerate(frame.iter_rows(named=True))]


def drop_empty(cells: dict[str, Any]) -> dict[str, Any]:
    """Return the cells that hold something, column names trimmed."""
    return {str(name).strip(): value for name, value in cells.items() if value is not None and value != ""}
