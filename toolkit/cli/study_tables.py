"""What `audience study` prints besides its verdicts: tags compared over campaigns, and how far models agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.errors import InputError, name_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from toolkit.cli.terminal import Console
    from toolkit.study import Study


def check_comparisons(work: Any, factors: Sequence[str], between: Sequence[str]) -> None:
    """Raise InputError before anything is asked if the drafts lack a tag, or if there is only one that could agree."""
    from toolkit.study import factors as comparing

    tags = comparing.list_tags([cell.campaign for cell in work.cells])
    for factor in factors:
        comparing.choose_levels(tags, factor)
    counts = {
        "model": len({cell.model for cell in work.cells}),
        "audience": len({cell.audience.audience for cell in work.cells}),
        "repeat": max(cell.settings.repeats for cell in work.cells),
    }
    for raters in between:
        if counts[raters] == 1:
            option = name_option("repeats" if raters == "repeat" else raters)
            raise InputError(f"{name_option('agreement', raters)}: the study has one {raters}; see {option}")


def describe_comparisons(made: Study, factors: Sequence[str], between: Sequence[str]) -> dict[str, Any]:
    """Return the comparisons that were asked for as parts of one JSON object."""
    told: dict[str, Any] = {}
    if factors:
        told["comparisons"] = {factor: made.compare(factor).to_dicts() for factor in factors}
    if between:
        told["agreement"] = {raters: made.agreement(raters).to_dicts() for raters in between}  # type: ignore[arg-type]
    return told


def print_comparisons(made: Study, factors: Sequence[str], between: Sequence[str], *, brief: bool) -> None:
    """Print each comparison that was asked for: a table unless `brief`, and sentences."""
    from toolkit.cli.terminal import Console, escape
    from toolkit.study import agreement
    from toolkit.study import factors as comparing

    console = Console()
    for factor in factors:
        compared = made.compare(factor)
        if not brief:
            _print_factor(console, factor, compared)
        for row in compared.iter_rows(named=True):
            console.print(escape(f"{factor}: {comparing.say_factor(row)}"))
        console.print()
    for raters in between:
        for one in agreement.list_reliabilities(made.agreement(raters)):  # type: ignore[arg-type]
            console.print(escape(one.sentence))
        console.print()


def _print_factor(console: Console, factor: str, compared: pl.DataFrame) -> None:
    from toolkit.cli.terminal import Columns, escape

    table = Columns(title=f"{escape(factor)} over campaigns, in points, with 95 % intervals")
    for heading in ("levels", "better"):
        table.add_column(heading)
    for heading in ("difference", "varies by", "campaigns", "left out", "people"):
        table.add_column(heading, justify="right")
    for row in compared.iter_rows(named=True):
        difference = "unknown" if row["difference"] is None else f"{row['difference'] * 100.0:+.1f}"
        ends = _say_ends(row["low"], row["high"])
        better = {"A": row["level_a"], "B": row["level_b"]}.get(row["verdict"], row["verdict"])
        table.add_row(
            escape(f"{row['level_b']} - {row['level_a']}"),
            escape(better),
            f"{difference} ({ends})" if ends else difference,
            "" if row["tau"] is None else f"{row['tau'] * 100.0:.1f}",
            *(str(row[name]) for name in ("campaigns", "campaigns_left_out", "personas")),
        )
    console.print(table)


def _say_ends(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low * 100.0:+.1f} to {high * 100.0:+.1f}"
