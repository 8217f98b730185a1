"""A file to its table: which format it is, by name and by content, and which sheet of it is meant."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

from toolkit.errors import InputError, name_option
from toolkit.files.located_yaml import parse_json
from toolkit.files.tables import headings, telling
from toolkit.files.tables.columnar import load_parquet, load_statistics
from toolkit.files.tables.layout import find_table
from toolkit.files.tables.records import LoadedTable, Purpose, Row, drop_empty
from toolkit.files.tables.separated import judge_separator, read_separated
from toolkit.files.tables.workbooks import load_sheets
from toolkit.files.text import MOST_BYTES, decode_text, read_bytes

SUFFIXES = (".csv", ".xlsx", ".parquet", ".tsv", ".xlsm", ".xls", ".ods", ".sav", ".zsav", ".dta")
_BOOKS = {".xlsx", ".xlsm", ".xls", ".ods"}
_STATISTICS = {".sav", ".zsav", ".dta"}
_TEXT_START = re.compile(rb"[\x20-\x7e\t\r\n\xef\xbb\xbf]{8}")


def load_table(
    path: Path,
    purpose: Purpose = "drafts",
    *,
    sheet: str | None = None,
    fits: Callable[[LoadedTable], bool] | None = None,
) -> LoadedTable:
    """Return the table of a file; in text and workbooks every cell is text.

    `sheet` names one of a workbook's sheets; without it, the first visible one that `fits` is taken, else the first
    with rows, and the others are named in the notes. Raises InputError in one line where nothing can be read for
    certain.
    """
    found = load_tables(path, purpose, sheet=sheet)
    chosen = next((one for one in found if fits is not None and fits(one)), None)
    chosen = chosen or next((one for one in found if len(one.rows) > 0), found[0])
    others = [str(one.sheet) for one in found if one is not chosen]
    if not others:
        return chosen
    note = f"sheet {chosen.sheet!r} read; not read: {', '.join(others)} ({name_option('sheet')} names one)"
    return dataclasses.replace(chosen, notes=(note, *chosen.notes))


def load_tables(path: Path, purpose: Purpose = "drafts", *, sheet: str | None = None) -> list[LoadedTable]:
    """Return every table of a file, at least one: a workbook has one a visible sheet, other files have one."""
    suffix = path.suffix.lower()
    if suffix == ".parquet" and path.is_file() and path.stat().st_size > MOST_BYTES:
        raise InputError(
            f"{path}: larger than 64 MB; draw from it with {name_option('sample')}, or import it with "
            f"{name_option('quotas')} first"
        )
    data = read_bytes(path)
    if suffix not in (*SUFFIXES, ".txt"):
        way = telling.say_way_out(path)
        allowed = f"allowed: {', '.join(SUFFIXES)}"
        raise InputError(f"{path}: rows cannot be read from {suffix or 'this'}; {f'{way}; ' if way else ''}{allowed}")
    if not data.strip():
        raise InputError(f"{path}: the file is empty; write a row of column names and at least one row below it")
    if sheet is not None and suffix not in _BOOKS:
        raise InputError(f"{path}: {name_option('sheet', sheet)} is for workbooks; leave it out for {suffix}")
    if suffix == ".parquet":
        return [load_parquet(path, data)]
    if suffix in _STATISTICS:
        return [load_statistics(path)]
    if suffix in _BOOKS and not (suffix == ".xls" and _is_text(data)):
        return _load_book(path, data, purpose, sheet)
    return [read_table(decode_text(data, str(path)), str(path), purpose)]


def read_table(text: str, source: str, purpose: Purpose) -> LoadedTable:
    """Return the table that a text is, its separator judged from it."""
    grid, separator = read_separated(text, source)
    return find_table(grid, source, purpose, separator=separator)


def is_table_text(text: str) -> bool:
    """Whether the text of a .txt file is a table of drafts: every row is as wide as its headings, one of them known."""
    for separator in ("\t", ";", ",", "|"):
        share, width, first = judge_separator(text, separator)
        names = [name.strip('"') for name in text.split("\n", 1)[0].split(separator)]
        known = headings.find_columns("drafts", names)
        is_prose = separator != "\t" and (len(known) == 1 or any(name != name.strip() for name in names))
        if share == 1 and width > 1 and first == width and "text" in known and not is_prose:
            return text.strip().count("\n") > 0
    return False


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


def _load_book(path: Path, data: bytes, purpose: Purpose, sheet: str | None) -> list[LoadedTable]:
    sheets, notes = load_sheets(data, str(path), sheet)
    if not sheets:
        raise InputError(f"{path}: no visible sheet holds anything; write headings and at least one row below them")
    found = []
    for one in sheets:
        table = find_table(one.grid, str(path), purpose, sheet=one.name)
        found.append(dataclasses.replace(table, notes=(*notes, *one.notes, *table.notes)))
    return found


def _is_text(data: bytes) -> bool:
    """Whether an .xls is a text table under another name, as many sites export it."""
    return bool(_TEXT_START.match(data)) and not data.lstrip().startswith(b"<")
