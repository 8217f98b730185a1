"""Frames to look at: scorecards, comparisons and reactions as tables for a notebook, with the label below.

The figures stay in the frame. Here they are rounded, shares become per cent, and the main columns come first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from toolkit.errors import A_TEXT, InputError, accept_only, needing, suggest
from toolkit.files import frames
from toolkit.models import LABEL, cards, records
from toolkit.report.names import NAMES
from toolkit.results import Run
from toolkit.results.scoring import RATES

MOST_ROWS = 60
"""Rows of a frame that a table shows; how many there are stands below."""
_TABLES = ("scorecard", "comparisons", "reactions")
_FIRST = (
    "draft_id", "draft_a", "draft_b", "segment", "value", "measure", "estimate", "difference", "low", "high", "verdict",
    "decides", "p_adjusted", "p_value", "detectable", "personas", "persona_id", "stopped", "action", "verbatim",
    "objection", "says", "reactions",
)  # fmt: skip
"""The order in which columns are looked at; others follow as they are."""
_CALLED = {
    "draft_id": "draft", "draft_a": "A", "draft_b": "B", "p_adjusted": "p (adjusted)", "p_value": "p",
    "persona_id": "persona", "personas": "people", "decides": "decides best",
}  # fmt: skip
_SHARED = ("estimate", "difference", "low", "high", "detectable", "rate", "share")
"""Columns in the unit of their row's measure: a share of people, or points of a rating."""
_HIDDEN = (
    "run_id", "campaign", "objective", "fold_text", "engine", "prompt_tokens", "completion_tokens", "latency_ms",
    "cost_usd",
)  # fmt: skip
"""Columns of reactions that nobody looks at in a table; sentences behind a rating are left out, too."""


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A frame with a title, shown by a notebook as a table: with Great Tables if it is installed, else plainly."""

    frame: pl.DataFrame
    """The rows behind it, with all columns and digits."""
    title: str

    @property
    def cells(self) -> pl.DataFrame:
        """The rows as shown: all texts, main columns first."""
        return _write_cells(self.frame.head(MOST_ROWS))

    @property
    def gt(self) -> Any:
        """The table as Great Tables has it, for looks of your own; raises InputError without the extra `notebook`."""
        with needing("notebook", "a table of Great Tables"):
            import great_tables

        cells = self.cells
        name = hashlib.sha256(repr((self.title, cells.rows(), cells.columns)).encode()).hexdigest()[:10]
        table = great_tables.GT(cells, id=f"t{name}").tab_header(self.title).tab_source_note(self._note)
        numbers = [column.name for column in cells if column.str.contains(_NUMBER).all()]
        table = table.cols_align("right", columns=numbers) if numbers else table
        return table.tab_options(table_font_size="13px", table_margin_left="0px", heading_align="left")

    @property
    def _note(self) -> str:
        more = f"The first {MOST_ROWS} of {self.frame.height:,} rows. " if self.frame.height > MOST_ROWS else ""
        return f"{more}{LABEL}"

    def __repr__(self) -> str:
        return f"{self.title}\n{self.cells}\n{self._note}"

    def _repr_html_(self) -> str:
        """Return the table with every word escaped, and dollars that start no formula."""
        try:
            table = str(self.gt.as_raw_html())
        except InputError:
            cells = self.cells
            shown = cards.CardTable(cells.columns, cells.rows())
            return cards.render_card(self.title, tables=[shown])
        return f'<div class="tex2jax_ignore mathjax_ignore">{table}</div>'


@accept_only(title=A_TEXT)
def show(frame: records.AnyRows, title: str = "") -> ShownTable:
    """Return a table of results as a notebook shows it well: rounded, shares in per cent, main columns first.

    Takes a scorecard, comparisons, reactions or any other frame, also of pandas, PyArrow or DuckDB. The extra
    `notebook` adds its looks; without it the table is plain. Its `frame` keeps all digits. Raises InputError for
    anything that is no table.

    Examples:
        >>> toolkit.show(run.compare(), "Which leads?").title
        'Which leads?'
    """
    rows = frames.take_frame(frame, "the table").lazy().collect()
    return ShownTable(rows, title)


def show_run(run: Run, what: str = "scorecard", by: Any = None, measure: str | None = None) -> ShownTable:
    """Return what `Run.show` does."""
    if what not in _TABLES:
        raise InputError(f"what={what!r}{suggest(str(what), _TABLES)}; allowed: {', '.join(_TABLES)}")
    split = "" if by is None else f" by {by if isinstance(by, str) else ', '.join(by)}"
    if what == "comparisons":
        return ShownTable(
            run.compare(by) if measure is None else run.compare(by, measure), f"Draft against draft{split}"
        )
    if what == "reactions":
        if by is not None or measure is not None:
            raise InputError("what='reactions' takes neither by nor measure; leave them out")
        return ShownTable(run.reactions, "What each person did and said")
    cards_of = run.scorecard(by)
    if measure is not None:
        known = cards_of["measure"].unique(maintain_order=True).to_list()
        if measure not in known:
            raise InputError(f"unknown measure {measure!r}{suggest(measure, known)}; allowed: {', '.join(known)}")
        cards_of = cards_of.filter(pl.col("measure") == measure)
    return ShownTable(cards_of, f"What each draft reached{split}")


def _write_cells(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns to look at, as text."""
    kind, keys = frame.schema.get("segments"), []
    if isinstance(kind, pl.Struct) and not {field.name for field in kind.fields} & set(frame.columns):
        frame, keys = frame.unnest("segments"), [field.name for field in kind.fields]
    empty = {column.name for column in frame if column.null_count() == len(column)} if frame.height else set()
    plain = [
        name
        for name, kind in frame.schema.items()
        if not kind.is_nested() and name not in {*_HIDDEN, *(empty - {"low", "high"})} and not name.startswith("says_")
    ]
    if {"segment", "value"} <= set(plain) and set(frame["segment"]) <= {"all"}:
        plain = [name for name in plain if name not in {"segment", "value"}]
    first = [name for place in _FIRST for name in ([place, *keys] if place == "persona_id" else [place])]
    ordered = [*(name for name in first if name in plain), *(name for name in plain if name not in first)]
    rows = [_write_row(row, ordered) for row in frame.select(ordered).iter_rows(named=True)]
    named = _name_columns(ordered)
    return pl.DataFrame(
        [[row[name] for name in ordered] for row in rows], schema=dict.fromkeys(named, pl.String), orient="row"
    )


def _name_columns(names: list[str]) -> list[str]:
    """Return headings; a column keeps its name where another has the heading."""
    called = [_CALLED.get(name, name.replace("_", " ")) for name in names]
    return [new if called.count(new) == 1 else old for old, new in zip(names, called, strict=True)]


def _write_row(row: Mapping[str, Any], names: list[str]) -> dict[str, str]:
    measure = row.get("measure")
    is_share = measure in RATES if measure is not None else False
    written = {}
    for name in names:
        value = row[name]
        if value is None:
            text = ""
        elif name == "measure":
            text = NAMES.get(value, str(value))
        elif isinstance(value, float):
            text = _write_number(name, value, is_share=is_share)
        elif isinstance(value, int) and not isinstance(value, bool):
            text = f"{value:,}"
        else:
            text = str(value)
        written[name] = text
    return written


def _write_number(name: str, value: float, *, is_share: bool) -> str:
    if name.startswith("p_"):
        return "< 0.001" if value < _LEAST_P else f"{value:.3f}"
    if name in _SHARED and is_share:
        signed = "+" if name == "difference" and value > 0 else ""
        return f"{signed}{value:.0%}"
    return f"{value:,.2f}"


_LEAST_P = 0.001
_NUMBER = r"^[+-]?[\d,.]*%?$|^< 0\.001$"
"""A cell that is lined up on the right, an empty one included."""
