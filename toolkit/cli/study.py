"""`audience study`: many campaigns, audiences and models as one piece of work that the same command continues."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import study_options
from toolkit.errors import InputError, Interrupted, name_option

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from toolkit.cli.progress import ShownProgress
    from toolkit.study import CellRecord, Study

_INCOMPLETE = 3
_OVER_BUDGET = 4
_LEFT_OUT = (
    "no_control",
    "dry_run",
    "as_json",
    "quiet",
    "verbose",
    "yes",
    "out",
    "audience",
    "model",
    "compare",
    "agreement",
)
_READING = ("paths", "compare", "agreement", "as_json", "quiet", "verbose")
"""What the command takes for a study that was made."""
_PROBLEMS = 10
"""Problems that are told one by one."""


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...")
@study_options
def study(paths: tuple[str, ...], **options: Any) -> int:
    """Test many campaigns on each audience with each model. Print a table of verdicts, write one folder.

    PATHS are campaign files, patterns such as 'campaigns/*.yaml', or folders. The same command goes on after a crash.
    The folder of a study that was made is read and printed; nothing is asked.

    Example:  audience study examples/paypal-invoices.yaml --audience uk-small-sellers --engine local --out studies/one
    """
    from toolkit.cli import study_tables
    from toolkit.cli.progress import ShownProgress
    from toolkit.study import plan_study

    quiet, verbose, as_json = options["quiet"], options["verbose"], options["as_json"]
    if quiet and verbose:
        raise InputError("-q and -v exclude each other; pass one of them")
    if len(paths) == 1 and (Path(paths[0]) / "study.json").is_file():
        return _tell(_open_kept(paths[0]), options)
    model = options["model"]
    given = {name: value for name, value in options.items() if name not in _LEFT_OUT and value is not None}
    work = plan_study(
        list(paths),
        **given,
        control=not options["no_control"],
        audiences=list(options["audience"]) or None,
        models=None if model is None else [model] if isinstance(model, str) else list(model),
        **({"folder": options["out"]} if options["out"] else {}),
    )
    study_tables.check_comparisons(work, options["compare"], options["agreement"])
    if options["dry_run"]:
        return _show_price(work, as_json=as_json)
    _confirm(work, options)
    with ShownProgress(work.count_questions(), quiet=quiet, verbose=verbose, price=None) as progress:
        finished = _ask(work, progress)
    return _tell(finished, options)


def _open_kept(folder: str) -> Study:
    """Return a study that was made; InputError if the command has an option that would ask something."""
    from click.core import ParameterSource

    from toolkit.study import load_study

    context = click.get_current_context()
    for name in context.params:
        if name not in _READING and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise InputError(
                f"{name_option(name)}: {folder} is a study, which is only read; leave the option out, or name the "
                "campaigns to ask"
            )
    return load_study(folder)


def _tell(finished: Study, options: dict[str, Any]) -> int:
    """Print a study and what was to be compared; return the exit code."""
    from toolkit.cli import study_tables

    wanted = (options["compare"], options["agreement"]) if len(finished) else ((), ())
    if options["as_json"]:
        told = _describe(finished) | study_tables.describe_comparisons(finished, *wanted)
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _print_study(finished, brief=options["quiet"])
        study_tables.print_comparisons(finished, *wanted, brief=options["quiet"])
    _print_problems(finished)
    if finished.stopped is not None:
        return _OVER_BUDGET
    return 0 if finished.is_complete else _INCOMPLETE


def _ask(work: Any, progress: ShownProgress) -> Study:
    """Return the study. After a signal, requests in flight arrive and Interrupted is raised."""
    from toolkit.cli.signals import drain_on_signals
    from toolkit.models import exchange
    from toolkit.study import carry_out_study

    made: list[CellRecord] = []
    cells = len(work.cells)

    def tell(cell: CellRecord) -> None:
        made.append(cell)
        said = "made" if cell.state == "done" else "lacks answers" if cell.folder else "has no run"
        progress.note(f"run {len(made)} of {cells} ({cell.name}): {said}")

    async def ask(halt: asyncio.Event) -> Study:
        with exchange.hearing_trouble(progress.hear):
            return await carry_out_study(
                work.hearing(
                    tell,
                    halt=halt,
                    on_reaction=progress.advance,
                    on_preference=progress.advance_pair,
                    on_note=progress.note,
                )
            )

    return drain_on_signals(
        ask, lambda: f"{progress.saved} of {progress.total} answers and {len(made)} of {cells} runs are saved"
    )


@dataclass(frozen=True, slots=True)
class _Price:
    """What a study takes in all."""

    runs: int
    made: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    minutes: float


def _price(work: Any) -> tuple[list[dict[str, Any]], _Price]:
    """Return a row a cell, and what all of them take."""
    from toolkit.study import price_study

    rows, estimates = [], []
    for one in price_study(work):
        campaign, audience, model = one.cell.names
        found = one.estimate
        rows.append(
            {"campaign": campaign, "audience": audience, "model": model, "is_made": found is None}
            | {"estimate": None if found is None else found.model_dump(mode="json")}
        )
        estimates += [] if found is None else [found]
    costs = [found.cost_usd for found in estimates]
    known = [cost for cost in costs if cost is not None]
    return rows, _Price(
        runs=len(rows),
        made=len(rows) - len(estimates),
        calls=sum(found.calls for found in estimates),
        prompt_tokens=sum(found.prompt_tokens for found in estimates),
        completion_tokens=sum(found.completion_tokens for found in estimates),
        cost_usd=sum(known) if len(known) == len(costs) else None,
        minutes=sum(found.minutes for found in estimates),
    )


def _say_price(price: _Price) -> str:
    from toolkit.panel import estimating

    cost = "unknown (give --price)" if price.cost_usd is None else f"${price.cost_usd:.4f}"
    return (
        f"{price.runs} runs, {price.made} of them made already. The others take up to {price.calls:,} calls, about "
        f"{price.prompt_tokens:,} + {price.completion_tokens:,} tokens, cost {cost}, "
        f"about {estimating.say_seconds(price.minutes * 60)}."
    )


def _show_price(work: Any, *, as_json: bool) -> int:
    """Print what each run would take, and what all of them."""
    from toolkit.cli.terminal import Columns, Console, escape
    from toolkit.models import LABEL

    rows, price = _price(work)
    if as_json:
        total = {name: getattr(price, name) for name in _Price.__slots__}
        click.echo(json.dumps({"out": str(work.folder), "cells": rows, "total": total, "label": LABEL}))
        return 0
    table = Columns(title="What each run would take")
    for heading in ("campaign", "audience", "model"):
        table.add_column(heading)
    for heading in ("people", "calls", "cost"):
        table.add_column(heading, justify="right")
    for row in rows:
        found = row["estimate"]
        names = [escape(row[name]) for name in ("campaign", "audience", "model")]
        if found is None:
            table.add_row(*names, "", "made", "")
            continue
        cost = "unknown" if found["cost_usd"] is None else f"${found['cost_usd']:.4f}"
        table.add_row(*names, str(found["personas"]), f"{found['calls']:,}", cost)
    console = Console()
    console.print(table)
    console.print(f"\n{_say_price(price)}")
    console.print(LABEL, style="dim")
    return 0


def _confirm(work: Any, options: dict[str, Any]) -> None:
    """At a terminal, show what the study takes, and ask above a dollar."""
    from toolkit.cli.confirming import ASK_ABOVE_USD, may_ask

    if not may_ask(quiet=options["quiet"], as_json=options["as_json"]):
        return
    _, price = _price(work)
    click.echo(_say_price(price), err=True)
    if options["yes"] or (price.cost_usd or 0.0) <= ASK_ABOVE_USD or click.confirm("Go on?", err=True):
        return
    raise Interrupted("nothing was asked; --yes skips this question, --max-cost sets a limit")


def _describe(made: Study) -> dict[str, Any]:
    """Return the study as one JSON object."""
    cells = made.cells
    names = ("planned", "ok", "refused", "failed", "calls")
    return {
        "out": str(made.folder),
        "counts": {"runs": len(cells), "done": sum(cell.state == "done" for cell in cells)}
        | {name: sum(getattr(cell, name) for cell in cells) for name in names},
        "cost_usd": made.cost_usd,
        "stopped": made.stopped,
        "cells": [cell.model_dump(mode="json") for cell in cells],
        "label": made.label,
    }


def _print_study(made: Study, *, brief: bool) -> None:
    """Print the table of verdicts, counts, folder and what to do next."""
    from toolkit.cli.terminal import Console, escape

    console = Console()
    cells = made.cells
    done = sum(cell.state == "done" for cell in cells)
    best = sum(cell.decision == "best" for cell in cells)
    cost = "unknown" if made.cost_usd is None else f"${made.cost_usd:.4f}"
    if not brief:
        console.print(_tabulate(cells))
        console.print()
    console.print(f"[bold]{done} of {len(cells)} runs are made; {best} have a best draft.[/bold] Cost so far: {cost}.")
    console.print(made.label, style="dim")
    if not brief:
        console.print(f"Study folder: {escape(str(made.folder))}")
        console.print(f"Next: {escape(_say_next(made))}")


def _say_next(made: Study) -> str:
    if made.stopped is not None:
        return "raise --max-cost and run the same command again; it asks for what is lacking"
    if not made.is_complete:
        return "run the same command again; it asks for what is lacking"
    first = next((cell for cell in made.cells if cell.decision == "best"), made.cells[0])
    return f"audience report {made.folder}/{first.folder} -o report.html"


def _tabulate(cells: Sequence[CellRecord]) -> Any:
    """Return one row a run: its verdict, and the leading draft's objective rate with its interval."""
    from toolkit.cli.terminal import Columns, escape

    table = Columns(title="Verdicts (the rate is the leading draft's, with its 95 % interval)")
    shown = [name for name in ("campaign", "audience", "model") if len({getattr(one, name) for one in cells}) > 1]
    shown = shown or ["campaign"]
    for heading in (*shown, "verdict", "leading draft"):
        table.add_column(heading)
    for heading in ("rate", "people", "cost"):
        table.add_column(heading, justify="right")
    for one in cells:
        names = [escape(getattr(one, name)) for name in shown]
        if one.decision is None:
            table.add_row(*names, one.state, "", "", "", "")
            continue
        decided = f"{one.decision}: {one.draft}" if one.draft else one.decision
        cost = "" if one.cost_usd is None else f"${one.cost_usd:.4f}"
        table.add_row(*names, escape(decided), escape(one.leader or ""), _say_rate(one), str(one.people), cost)
    return table


def _say_rate(one: CellRecord) -> str:
    if one.objective_rate is None:
        return "unknown"
    reach = "" if one.low is None or one.high is None else f" ({one.low:.0%} to {one.high:.0%})"
    return f"{one.objective_rate:.0%}{reach}"


def _print_problems(made: Study) -> None:
    """Say on standard error what lacks something, and why."""
    from toolkit.cli.terminal import Console, escape

    console = Console(stderr=True)
    problems = made.problems()
    for cell in problems[:_PROBLEMS]:
        said = cell.problem or "not asked yet"
        console.print(f"warning: {escape(cell.name)}: {cell.state}: {escape(said)}", style="yellow")
    if len(problems) > _PROBLEMS:
        console.print(
            f"warning: {len(problems) - _PROBLEMS} more runs lack something; study.json names each", style="yellow"
        )
