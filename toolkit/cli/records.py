"""The record of every source, and refitted links, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from toolkit.links import Link
from toolkit.outcomes.wording import NAMES, list_sentences, tabulate_words

if TYPE_CHECKING:
    from toolkit.outcomes.validating import Validation


def print_validation(checked: Validation) -> None:
    """Print the record of every source as a table, then what it rests on and what is missing."""
    console = Console(highlight=False)
    table = Table(title="Right about pairs that differ", title_justify="left")
    rows = tabulate_words(checked)
    for heading in rows.columns:
        table.add_column(heading, justify="left" if heading == "source" else "right")
    for row in rows.iter_rows():
        table.add_row(*map(str, row))
    console.print(table)
    for sentence in list_sentences(checked):
        console.print(escape(sentence), soft_wrap=True)
    console.print(checked.label, style="dim", soft_wrap=True)


def print_links(links: Sequence[Link], used: Link) -> None:
    """Print every version on a line, the one in use marked."""
    console = Console(highlight=False)
    for link in links:
        mark = "*" if link.version == used.version else " "
        console.print(f"{mark} {escape(describe_link(link))}", soft_wrap=True)


def describe_link(link: Link) -> str:
    """Return a link on one line: version, what it rests on, and its slopes."""
    slopes = ", ".join(f"{NAMES[name]} {slope:.2f}" for name, slope in link.slopes.items())
    made = f", {link.made[:10]}" if link.made else ", ships with the toolkit"
    return f"{link.version}{made}: {link.say()}; slopes: {slopes}"
