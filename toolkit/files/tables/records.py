"""What a table is once it is read: columns, rows with their place in the file, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Purpose = Literal["drafts", "people", "results"]
"""What a table is read for; a survey's headings are joined, a report's totals are left out."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file or on the sheet, counting from 1, and its non-empty cells."""

    line: int
    cells: dict[str, Any]


@dataclass(frozen=True)
class LoadedTable:
    """A table as it was found in a file."""

    source: str
    """The file, as messages name it."""
    columns: tuple[str, ...]
    """Headings in the order of the file."""
    rows: list[Row] = field(repr=False)
    notes: tuple[str, ...] = ()
    """What was left out or looked past, one sentence each."""
    questions: dict[str, str] = field(default_factory=dict)
    """The question behind a column, where the file has one: a second header row, or the label of a variable."""
    sheet: str | None = None
    """The sheet of a workbook."""
    titles: tuple[str, ...] = ()
    """What stands above the headings, such as the days that a report covers."""

    @property
    def cell_count(self) -> int:
        """Rows times columns."""
        return len(self.rows) * len(self.columns)


def drop_empty(cells: dict[str, Any]) -> dict[str, Any]:
    """Return the cells that hold something, column names trimmed."""
    return {str(name).strip(): value for name, value in cells.items() if value is not None and value != ""}
