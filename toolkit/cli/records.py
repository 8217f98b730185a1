"""The record of every source, and refitted links, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.cli.terminal import Columns, Console, escape
from toolkit.models import chance_link
from toolkit.validity.outcomes import wording

if TYPE_CHECKING:
    from toolkit.validity.outcomes import validating

_TABLES = {
    "Pairs that differ beyond chance": ("right", "pairs", "log loss", "calibration error"),
    "All pairs": ("right, of all pairs", "all pairs", "tau", "best draft first"),
}
_BROKEN = {
    "calibration error": "calibration\nerror",
    "right, of all pairs": "right,\nof all pairs",
    "all pairs": "all\npairs",
    "best draft first": "best draft\nfirst",
}
"""Headings on two lines, so that a table fits a terminal of 80 columns."""


def print_validation(checked: validating.Validation) -> None:
    """Print how often each source was right, the record as a table, its basis and what is missing."""
    console = Console()
    for sentence in wording.list_findings(checked):
        console.print(escape(sentence))
    rows = wording.tabulate_words(checked)
    for title, columns in _TABLES.items() if checked.pairs else ():
        table = Columns(title=title, lines=False)
        table.add_column("source")
        for heading in columns:
            table.add_column(_BROKEN.get(heading, heading), no_wrap=True, justify="right")
        for row in rows.select("source", *columns).iter_rows():
            table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
        console.print()
        console.print(table)
    places = list(wording.list_places(checked.places))
    if places:
        console.print("\nBy surface and objective")
    for sentence in places:
        console.print(escape(sentence))
    console.print()
    for sentence in wording.list_sentences(checked):
        console.print(escape(sentence))
    console.print(checked.label, style="dim")


def print_links(links: Sequence[chance_link.Link], used: chance_link.Link) -> None:
    """Print one version a line, with a star at the one in use."""
    console = Console()
    for link in links:
        mark = "*" if link.version == used.version else " "
        console.print(f"{mark} {escape(describe_link(link))}")


def describe_link(link: chance_link.Link) -> str:
    """Return a link on one line: its version, basis and slopes."""
    slopes = ", ".join(f"{wording.NAMES[name]} {slope:.2f}" for name, slope in link.slopes.items())
    made = f", {link.made[:10]}" if link.made else ", ships with the toolkit"
    return f"{link.version}{made}: {link.say()}; slopes: {slopes}"
