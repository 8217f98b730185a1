"""`audience run` and `audience demo`: drafts in, a run folder, scorecard and verdict out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import REACHING, asking_options, option
from toolkit.cli.table_options import draft_options, read_campaign, say_notes
from toolkit.errors import InputError, spell_out

if TYPE_CHECKING:
    import asyncio

    from toolkit.cli.progress import ShownProgress
    from toolkit.models import Campaign
    from toolkit.results import Run

_INCOMPLETE = 3
_OVER_BUDGET = 4
_HOW_TO_ASK = (
    "model", "base_url", "embedding_model", "concurrency", "price", "max_cost", "rpm", "tpm", "fail_fast", "batch",
    "workers", *REACHING,
)  # fmt: skip
_DEMO_CAMPAIGN = "paypal-invoices.yaml"
_ESTIMATED = ("form", "embedding_model", "concurrency", "max_cost", "max_tokens", "reasoning_effort")
_SETTINGS = (
    "objective", "rating", "sample", "repeats", "seed", "prompts", "head_to_head", "forecast", "keep_weights",
    "language",
)  # fmt: skip
_RUNS = Path("runs")


@click.command()
@click.argument("drafts", nargs=-1, required=True, metavar="DRAFTS...")
@option("--surface", metavar="NAME", help="Surface of drafts that name none.")
@draft_options
@asking_options
def run(
    drafts: tuple[str, ...],
    surface: str | None,
    mapped: tuple[str, ...],
    sheet: str | None,
    where: str | None,
    **options: Any,
) -> int:
    """Test drafts on an audience. Print scorecard and verdict, write a run folder.

    DRAFTS are files (.yaml .json .jsonl .csv .xlsx .parquet .md .txt) or - for standard input.

    Example:  audience run examples/paypal-invoices.yaml --engine local
    """
    campaign = read_campaign(drafts, mapped, surface=surface, sheet=sheet, where=where)
    return _test(campaign, **options)


@click.command()
@asking_options
def demo(**options: Any) -> int:
    """Test two bundled drafts with the embedded model. Needs no key and no network.

    Example:  audience demo
    """
    from toolkit.drafts import load_drafts
    from toolkit.files import resources

    return _test(
        load_drafts(resources.find_resource("examples", _DEMO_CAMPAIGN)),
        **(options | {"engine": options["engine"] or "local"}),
    )


def _test(
    campaign: Campaign, *, dry_run: bool, out: str | None, as_json: bool, quiet: bool, verbose: bool, **options: Any
) -> int:
    from toolkit.cli.confirming import confirm, may_ask
    from toolkit.cli.progress import ShownProgress
    from toolkit.panel import api
    from toolkit.results import run_folders

    if quiet and verbose:
        raise InputError("-q and -v exclude each other; pass one of them")
    audience = list(options.pop("audience")) or None
    settings = _pick(options, _SETTINGS)
    settings["control"] = not options["no_control"]
    engine = options["engine"] or "openai"
    priced = _pick(options, ("model", "base_url", "price", "batch", "endpoint"))
    asking = api.make_asking({"engine": engine, **priced}).adopt_models(campaign)
    taken = {"engine": engine, **priced, **_pick(options, _ESTIMATED), **settings}
    if dry_run:
        return _show_estimate(api.estimate(campaign, audience, **taken), as_json=as_json)
    if out is not None:
        run_folders.check_folder(Path(out))
    else:
        run_folders.check_place(_RUNS)
    planned = api.plan(campaign, audience, **settings)
    for people in planned.audiences:
        say_notes(people.audience, people.notes)
    say_notes(campaign.campaign, [spell_out(told)] if (told := planned.say_languages()) else [])
    if may_ask(quiet=quiet, as_json=as_json):
        confirm(api.estimate(campaign, audience, **taken), yes=options["yes"])
    with ShownProgress(
        len(planned.tasks) + len(planned.pairings),
        quiet=quiet,
        verbose=verbose,
        price=asking.known_price,
    ) as progress:
        finished = _ask(campaign, audience, progress, engine=engine, **settings, **_pick(options, _HOW_TO_ASK))
    from toolkit.results import predictions

    finished = finished.with_predictions(
        predictions.find_predictions(
            finished.methods.campaign.drafts, finished.methods.settings.objective, api.default_store()
        )
    )
    folder = finished.save(out or _RUNS / finished.run_id)
    _show(finished, folder, as_json=as_json, quiet=quiet)
    return _exit_code(finished)


def _pick(options: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: options[name] for name in names}


def _ask(campaign: Campaign, audience: list[str] | None, progress: ShownProgress, **asking: Any) -> Run:
    """Return the run. After a signal, requests in flight arrive and Interrupted is raised."""
    from toolkit.cli.signals import drain_on_signals
    from toolkit.models import exchange
    from toolkit.panel import api

    async def ask(halt: asyncio.Event) -> Run:
        with exchange.hearing_trouble(progress.hear):
            return await api.arun(campaign, audience, halt=halt, **asking)

    asking |= {"on_reaction": progress.advance, "on_preference": progress.advance_pair, "on_note": progress.note}
    return drain_on_signals(
        ask,
        lambda: f"{progress.saved} of {progress.total} answers are saved",
    )


def _show_estimate(estimate: Any, *, as_json: bool) -> int:
    from toolkit.cli.show import print_estimate

    if as_json:
        click.echo(estimate.model_dump_json())
    else:
        print_estimate(estimate)
    return 0


def _show(finished: Run, folder: Path, *, as_json: bool, quiet: bool) -> None:
    from toolkit.cli.show import describe_run, print_run, print_warnings

    if as_json:
        click.echo(describe_run(finished, folder))
    else:
        print_run(finished, folder, brief=quiet)
    print_warnings(finished)


def _exit_code(finished: Run) -> int:
    if finished.methods.stopped:
        return _OVER_BUDGET
    return 0 if finished.is_complete else _INCOMPLETE
