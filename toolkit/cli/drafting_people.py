"""`audience personas draft`: people made up from evidence, three shown before the others are asked for."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.importing import print_cited, print_persona
from toolkit.cli.options import check_free, one_model_options, option, shared_parameters
from toolkit.cli.table_options import people_options, read_map, remember_map, say_notes
from toolkit.errors import Interrupted, spell_out

if TYPE_CHECKING:
    import asyncio

    from toolkit.improve import drafting
    from toolkit.panel import connecting

_INCOMPLETE = 3
_SHARED = (
    "engine", "base_url", "endpoint", "timeout", "header", "query", "max_tokens", "reasoning_effort", "form",
    "concurrency", "rpm", "tpm", "max_cost", "prompts",
)  # fmt: skip
_ASKING = ("engine", "model", "price", *_SHARED[1:])
_LONGEST_NAME = 40


def _add_shared(command: Any) -> Any:
    """Add the options that say what answers, as other commands have them."""
    vars(command).setdefault("__click_params__", []).extend(reversed(shared_parameters(*_SHARED)))
    return command


@click.command("draft")
@click.argument("who", metavar="WHO")
@option("--from", "rows", required=True, type=click.Path(), metavar="FILE", help="Rows that people rest on: reviews.")
@option("--size", type=click.IntRange(3, 500), default=40, show_default=True, metavar="N", help="Draft N people.")
@option("--margins", type=click.Path(), metavar="FILE", help="Shares of ages, sexes or regions to fill and weight to.")
@option(
    "--empty", type=click.Choice(["merge", "refuse"]), default="merge", show_default=True,
    help="What becomes of a level of --margins that nobody is in.",
)  # fmt: skip
@option("--out", "-o", type=click.Path(), metavar="FILE", help="Audience file to write.  [default: personas/WHO.yaml]")
@people_options
@option("--where", metavar="EXPRESSION", help="Rows to read, such as 'stars <= 2'.")
@option("--keep", multiple=True, metavar="COLUMN", help="Column to show though it looks personal; repeatable.")
@option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, metavar="N",
    help="Number that decides which rows and quotas meet.",
)  # fmt: skip
@option("--force", is_flag=True, help="Replace FILE if it exists.")
@option("--dry-run", is_flag=True, help="Show quotas, rows and price. Ask nothing.")
@option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@one_model_options
@_add_shared
def draft_command(who: str, **options: Any) -> int:
    """Make people up from rows that real people wrote, each with the rows it rests on.

    WHO names the group they are to be from. Every quote must be in its row word for word. A person with a made-up quote
    is asked for once more, then left out. The command shows three people before it asks for the others. Without a
    terminal, --yes goes on. The people are simulated: none of them wrote a row.

    Example:  audience personas draft "people who resell clothes in Leeds" --from reviews.csv --size 40
    """
    from toolkit.audiences import editing
    from toolkit.audiences.sources import margins, source_rows
    from toolkit.improve import drafting

    rows, out = Path(options["rows"]), Path(options["out"] or f"personas/{_name_file(who)}.yaml")
    check_free(out, force=options["force"])
    source = source_rows.read_rows(
        rows,
        columns={
            name: column for name, column in read_map(rows, options["mapped"], "drafts").items() if name == "text"
        },
        **{name: options[name] for name in ("sheet", "where", "keep")},
    )
    say_notes(rows, [spell_out(note) for note in source.notes])
    wanted = margins.load_margins(options["margins"]) if options["margins"] else None
    plan = drafting.plan_people(
        who, source, options["size"], margins=wanted, seed=options["seed"], on_empty=options["empty"]
    )
    connection = _connect(options)
    _say_plan(plan, connection)
    if options["dry_run"]:
        return 0
    drafted = _ask(plan, connection, out.stem, yes=options["yes"])
    if drafted is None:
        raise Interrupted("nothing was written; the people so far are kept, and --yes goes on without a question")
    say_notes(out, [*(drafted.margins.notes if drafted.margins else ()), *drafted.dropped])
    if drafted.raked is not None:
        click.echo(drafted.say_raking())
    for doubt in drafted.doubts:
        click.echo(f"  {doubt.kind}: {doubt.message}")
    out.parent.mkdir(parents=True, exist_ok=True)
    editing.save_import(drafted.audience, out, overwrite=options["force"])
    remember_map(rows, options["mapped"])
    cost = "" if drafted.cost_usd is None else f" for ${drafted.cost_usd:.4f}"
    click.echo(
        f"{out}: {len(drafted.audience.personas)} of {len(plan.commissions)} people written{cost}; "
        f"`audience personas show {out}` shows them with their rows"
    )
    return 0 if len(drafted.audience.personas) == len(plan.commissions) else _INCOMPLETE


def _name_file(who: str) -> str:
    """Return a file name for whom an audience stands for."""
    plain = re.sub(r"[^a-z0-9]+", "-", who.casefold()).strip("-")
    return plain[:_LONGEST_NAME].rstrip("-") or "drafted"


def _connect(options: dict[str, Any]) -> connecting.Connection:
    from toolkit.panel import connecting

    known = {name: options[name] for name in _ASKING if options[name] is not None}
    return connecting.make_connection({"engine": "openai", **known})


def _say_plan(plan: drafting.PeoplePlan, connection: connecting.Connection) -> None:
    """Print quotas and price, before anything is asked."""
    from toolkit.models import LABEL

    click.echo(f"{len(plan.commissions)} people from {len(plan.source.rows):,} rows of {plan.source.name}. {LABEL}")
    if plan.margins is not None:
        for key, counts in plan.margins.count_people(len(plan.commissions)).items():
            click.echo(f"  {key}: " + ", ".join(f"{level} {count}" for level, count in counts.items()))
        say_notes("margins", plan.margins.notes)
    cost = plan.price(connection.asking.known_price, connection.load_prompts())
    price = "at an unknown price (add --price IN,OUT)" if cost is None else f"about ${cost:.2f}" if cost else "free"
    click.echo(f"{len(plan.commissions)} calls, {price}.")


def _ask(
    plan: drafting.PeoplePlan, connection: connecting.Connection, name: str, *, yes: bool
) -> drafting.DraftedPeople | None:
    """Return the people; None if the first three were not to anybody's liking."""
    from dataclasses import replace

    from toolkit.cli.confirming import ASK_ABOVE_USD, may_ask
    from toolkit.cli.signals import drain_on_signals
    from toolkit.improve import drafting

    come: list[drafting.DraftedPerson] = []
    cost = plan.price(connection.asking.known_price, connection.load_prompts())
    if (cost or 0) > ASK_ABOVE_USD and not yes and may_ask(quiet=False, as_json=False):
        click.confirm("Ask for the first three?", abort=True, err=True)

    def show(first: tuple[drafting.DraftedPerson, ...]) -> bool:
        _print_first(first)
        return yes or _is_wanted(len(plan.commissions) - len(first))

    async def ask(halt: asyncio.Event) -> drafting.DraftedPeople | None:
        halting = replace(connection, asking=replace(connection.asking, halt=halt))
        return await drafting.ask_people(plan, halting, name, show, come.append)

    return drain_on_signals(ask, lambda: f"{len(come)} of {len(plan.commissions)} people are saved")


def _print_first(first: tuple[drafting.DraftedPerson, ...]) -> None:
    click.echo(f"The first {len(first)}:")
    for one in first:
        if one.persona is None:
            click.echo(f"\n(nobody: {one.error})")
        else:
            print_persona(one.persona)
            print_cited(one.cited)
    click.echo("")


def _is_wanted(others: int) -> bool:
    """Ask whether the others are to follow; without a terminal nobody can say so."""
    question = f"Draft the other {others}?" if others else "Write these three?"
    return sys.stdin.isatty() and click.confirm(question, default=True, err=True)
