"""Workbooks: which sheet holds the table, and what is hidden, merged or not computed in it."""

from __future__ import annotations

import contextlib
import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.errors import InputError, needing, suggest
from toolkit.files.tables.layout import Grid
from toolkit.files.tables.telling import count_noun, say_lines

MOST_UNPACKED = 512 * 2**20
"""Bytes that a workbook may unpack to: far more than a table of copy or a survey takes."""
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_FORMULA = re.compile(rb"<f[ >/]")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_UNSEEN = {
    ".xls": "hidden rows cannot be told in .xls",
    ".ods": "hidden rows and merged cells cannot be told in .ods",
}
_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<table|<\?xml)", re.IGNORECASE)


@dataclass
class BookSheet:
    """One sheet, read."""

    name: str
    grid: Grid = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def load_sheets(data: bytes, source: str, wanted: str | None) -> tuple[list[BookSheet], list[str]]:
    """Return the visible sheets that hold anything, or the one that is wanted, and notes on the hidden ones.

    Raises InputError where the bytes are no workbook, it has a password, unpacks to too much, lacks the sheet, or holds
    a formula whose value nobody stored.
    """
    _check_bytes(data, source)
    if data.startswith(_ZIP) and _is_excel(data, source):
        return _load_excel(data, source, wanted)
    return _load_with_calamine(data, source, wanted)


def _check_bytes(data: bytes, source: str) -> None:
    if data.startswith(_OLE) and _LOCKED in data:
        raise InputError(f"{source}: the workbook has a password; save a copy without one and name that")
    if _PAGE.match(data):
        raise InputError(f"{source}: this is a web page, not a workbook; open it in a spreadsheet and save it as .xlsx")


def _is_excel(data: bytes, source: str) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
            if unpacked > MOST_UNPACKED:
                raise InputError(
                    f"{source}: unpacks to {unpacked / 2**20:,.0f} MB, at most {MOST_UNPACKED // 2**20} MB are read; "
                    "save the table as .csv or .parquet"
                )
            return "xl/workbook.xml" in parts.namelist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise InputError(f"{source}: not a readable .xlsx table: {error}; save it again") from None


def _load_excel(data: bytes, source: str, wanted: str | None) -> tuple[list[BookSheet], list[str]]:
    with needing("excel", source):
        import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and validations that the reader does not know say nothing of values
        with _tell_faults(source):
            book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
            has_formulas = _FORMULA.search(b"".join(_read_parts(data)))
            formulas = openpyxl.load_workbook(io.BytesIO(data)) if has_formulas else None
    sheets = list(book.worksheets)
    hidden = [sheet.title for sheet in sheets if sheet.sheet_state != "visible"]
    chosen = _choose([sheet.title for sheet in sheets], hidden, wanted, source)
    read = [
        _read_excel_sheet(sheet, formulas[sheet.title] if formulas else None, source)
        for sheet in sheets
        if sheet.title in chosen
    ]
    return [one for one in read if one.grid or one.name == wanted], _say_hidden(hidden, wanted)


def _read_parts(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                yield parts.read(name)


def _read_excel_sheet(sheet: Any, formulas: Any, source: str) -> BookSheet:
    import openpyxl

    merged = _find_merged(sheet)
    found = BookSheet(sheet.title)
    left_out = []
    hidden = {place for place, row in sheet.row_dimensions.items() if row.hidden}
    unseen = _list_hidden_columns(sheet)
    for cells in sheet.iter_rows():
        line = cells[0].row
        values = [None if cell.column in unseen else merged.get((line, cell.column), cell.value) for cell in cells]
        if formulas is not None and line not in hidden:
            _check_formulas([cell for cell in cells if cell.column not in unseen], formulas, source)
        if line in hidden:
            if any(value is not None for value in values):
                left_out.append(line)
            continue
        found.grid.append((line, [write_cell(value) for value in values]))
    if left_out:
        found.notes.append(
            f"{count_noun(len(left_out), 'row')} hidden or filtered away left out ({say_lines(left_out, 'row')})"
        )
    if unseen:
        letters = ", ".join(openpyxl.utils.get_column_letter(place) for place in sorted(unseen))
        found.notes.append(f"hidden columns left out: {letters}; show them to have them read")
    if merged:
        found.notes.append(f"merged cells filled: {', '.join(_name_merged(sheet))}")
    found.grid = trim_grid(found.grid)
    return found


def _list_hidden_columns(sheet: Any) -> set[int]:
    """Return the numbers of hidden columns that hold something; a group of columns is one entry of several."""
    hidden = {
        place
        for size in sheet.column_dimensions.values()
        if size.hidden and size.min and size.max
        for place in range(size.min, min(size.max, sheet.max_column) + 1)
    }
    return {
        place
        for place in hidden
        if any(cell.value is not None for (cell,) in sheet.iter_rows(min_col=place, max_col=place))
    }


def _find_merged(sheet: Any) -> dict[tuple[int, int], Any]:
    """Return what cells merged downwards hold; a merge along one row is a title and stays one cell."""
    filled = {}
    for area in sheet.merged_cells.ranges:
        value = sheet.cell(area.min_row, area.min_col).value
        for line in range(area.min_row + 1, area.max_row + 1):
            filled[line, area.min_col] = value
    return filled


def _name_merged(sheet: Any) -> list[str]:
    return [str(area) for area in sheet.merged_cells.ranges if area.max_row > area.min_row][:10]


def _check_formulas(cells: Any, formulas: Any, source: str) -> None:
    for cell in cells:
        if cell.value is None and formulas[cell.coordinate].data_type == "f":
            raise InputError(
                f"{source}: sheet {formulas.title!r}, cell {cell.coordinate}: a formula without a stored value; "
                "open and save the file in a spreadsheet, or paste values"
            )


def write_cell(value: Any) -> str | None:
    """Return a cell as text: whole numbers without a point, days as 2026-11-24."""
    if value is None:
        return None
    if isinstance(value, str):
        return unescape(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - 15 digits
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else str(value)


def unescape(text: str) -> str:
    """Return text with _x000D_ and its kind as the characters they stand for (ECMA-376, ST_Xstring)."""
    if "_x" not in text:
        return text
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def trim_grid(grid: Grid) -> Grid:
    """Return the rows without empty columns on the left and empty rows at the end."""
    held = [place for _, cells in grid for place, cell in enumerate(cells) if cell and not cell.isspace()]
    first = min(held, default=0)
    grid = [(line, cells[first:]) for line, cells in grid]
    while grid and not any(grid[-1][1]):
        grid.pop()
    return grid


def _load_with_calamine(data: bytes, source: str, wanted: str | None) -> tuple[list[BookSheet], list[str]]:
    with needing("excel", source):
        import python_calamine

    with _tell_faults(source):
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = python_calamine.SheetVisibleEnum.Visible
        hidden = [one.name for one in book.sheets_metadata if one.visible != shown]
        chosen = _choose(book.sheet_names, hidden, wanted, source)
        read = []
        for name in chosen:
            sheet = book.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False)
            merged = _fill_merged(rows, sheet.merged_cell_ranges or [])
            lines = [(at, [write_cell(None if cell == "" else cell) for cell in row]) for at, row in enumerate(rows, 1)]
            read.append(BookSheet(name, trim_grid(lines), merged))
    unseen = _UNSEEN.get(Path(source).suffix.lower())
    caution = [f"{unseen}; save it as .xlsx if it has some"] if unseen else []
    return [one for one in read if one.grid or one.name == wanted], [*_say_hidden(hidden, wanted), *caution]


def _fill_merged(rows: list[list[Any]], areas: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> list[str]:
    """Fill cells that are merged downwards in place, and return a note on them."""
    filled = []
    for (top, left), (bottom, _) in areas:
        if bottom > top and bottom < len(rows) and left < len(rows[top]):
            for line in range(top + 1, bottom + 1):
                rows[line][left] = rows[top][left]
            filled.append(f"row {top + 1} to {bottom + 1}")
    return [f"merged cells filled: {', '.join(filled[:10])}"] if filled else []


def _choose(names: list[str], hidden: list[str], wanted: str | None, source: str) -> list[str]:
    if wanted is None:
        return [name for name in names if name not in hidden] or names
    found = [name for name in names if name.strip().casefold() == wanted.strip().casefold()]
    if not found:
        raise InputError(f"{source}: no sheet {wanted!r}{suggest(wanted, names)}; it has: {', '.join(names)}")
    return found[:1]


def _say_hidden(hidden: list[str], wanted: str | None) -> list[str]:
    names = [name for name in hidden if name != wanted]
    return [f"hidden sheets left out: {', '.join(names)}"] if names else []


@contextlib.contextmanager
def _tell_faults(source: str) -> Iterator[None]:
    """Say in one line what either library found wrong; they raise whatever their parsers raise."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - both libraries pass on the errors of zip, XML and their own code
        said = " ".join(str(error).split())[:160] or type(error).__name__
        if "password" in said.lower() or "encrypt" in said.lower():
            raise InputError(f"{source}: the workbook has a password; save a copy without one and name that") from None
        suffix = Path(source).suffix.lower()
        raise InputError(f"{source}: not a readable {suffix} table: {said}; save or export it again") from None
