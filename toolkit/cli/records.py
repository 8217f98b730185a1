"""The record of every source, and refitted links, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from toolkit.links import Link
from toolkit.outcomes.wording import NAMES, list_sentences, say_rate

if TYPE_CHECKING:
    from toolkit.outcomes.validating import Validation


def print_validation(checked: Validation) -> None:
    """Print the record of every source as a table, then what it rests on and what is missing."""
    console = Console(highlight=False)
    table = Table(title="Right about pairs that differ", title_justify="left")
    for heading in (
        "source",
        "right",
        "pairs",
        "all pairs",
        "tau",
        "best draft first",
        "log loss",
        "calibration error",
    ):
        table.add_column(heading, justify="left" if heading == "source" else "right")
    for name, judged in checked.sources.items():
        table.add_row(
            NAMES[name],
            say_rate(judged.accuracy, judged.low, judged.high),
            str(judged.pairs),
            say_rate(judged.accuracy_all, judged.low_all, judged.high_all),
            say_rate(judged.tau, judged.tau_low, judged.tau_high, form=".2f"),
            say_rate(judged.top_1, judged.top_1_low, judged.top_1_high),
            say_rate(judged.log_loss, judged.log_loss_low, judged.log_loss_high, form=".3f"),
            say_rate(judged.calibration_error, None, None, form=".3f"),
        )
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
