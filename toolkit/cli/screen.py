"""`audience screen`: many drafts at few people, and the shortlist as a file for `audience run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import REACHING, option, screening_options
from toolkit.cli.table_options import draft_options, read_campaign
from toolkit.errors import InputError

if TYPE_CHECKING:
    import asyncio

    from toolkit.models import Campaign
    from toolkit.panel.screening import Screening

_INCOMPLETE = 3
_OVER_BUDGET = 4
_SETTINGS = ("objective", "rating", "repeats", "seed", "prompts", "keep_weights", "language")
_HOW = ("model", "base_url", "embedding_model", "concurrency", "price", "max_cost", "rpm", "tpm", "fail_fast", "batch",
        *REACHING)  # fmt: skip
_PRICED = ("model", "base_url", "price", "batch", "endpoint", "form", "embedding_model", "concurrency", "max_cost",
           "max_tokens", "reasoning_effort")  # fmt: skip


@click.command()
@click.argument("drafts", nargs=-1, required=True, metavar="DRAFTS...")
@option("--surface", metavar="NAME", help="Surface of drafts that name none.")
@draft_options
@screening_options
def screen(
    drafts: tuple[str, ...],
    surface: str | None,
    mapped: tuple[str, ...],
    sheet: str | None,
    where: str | None,
    **options: Any,
) -> int:
    """Pick a shortlist from up to 200 drafts by asking few people. Print who leads and who was dropped.

    The shortlist is a campaign file that remembers who was asked: `audience run` then asks other people.

    Example:  audience screen drafts.csv --audience uk-social-feed --engine local --out shortlist.yaml
    """
    from toolkit.drafts import check_campaign_path

    if options["quiet"] and options["verbose"]:
        raise InputError("-q and -v exclude each other; pass one of them")
    campaign = read_campaign(drafts, mapped, surface=surface, sheet=sheet, where=where)
    out = Path(options["out"]) if options["out"] else None
    if out is not None and not options["dry_run"]:
        check_campaign_path(out)
    made = _screen(campaign, options)
    if made is None:
        return 0
    _tell(made, out, options)
    if made.stopped:
        return _OVER_BUDGET
    return 0 if all(look.is_complete for look in made.looks) else _INCOMPLETE


def _screen(campaign: Campaign, options: dict[str, Any]) -> Screening | None:
    """Return the screening; None where only its price was asked for."""
    from toolkit.cli.confirming import confirm, may_ask
    from toolkit.cli.progress import ShownProgress
    from toolkit.cli.signals import drain_on_signals
    from toolkit.models import exchange
    from toolkit.panel import api
    from toolkit.panel.screening import ascreen, looks, price_screening

    audience = list(options["audience"]) or None
    engine = options["engine"] or "openai"
    settings = {name: options[name] for name in _SETTINGS} | {"control": False}
    sizes: dict[str, Any] = {"shortlist": options["keep"], "people": options["people"], "engine": engine}
    priced = {name: options[name] for name in _PRICED}
    asking = api.make_asking({"engine": engine, **priced}).adopt_models(campaign)
    planned = looks.plan_looks(campaign, audience, options["keep"], options["people"], settings)

    def price() -> Any:
        return price_screening(campaign, audience, **sizes, **priced, **settings)

    if options["dry_run"]:
        _show_price(price(), planned, as_json=options["as_json"])
        return None
    if may_ask(quiet=options["quiet"], as_json=options["as_json"]):
        confirm(price(), yes=options["yes"])
    with ShownProgress(
        planned.reactions, quiet=options["quiet"], verbose=options["verbose"], price=asking.known_price
    ) as progress:

        async def ask(halt: asyncio.Event) -> Screening:
            with exchange.hearing_trouble(progress.hear):
                return await ascreen(
                    campaign, audience, **sizes, halt=halt, on_reaction=progress.advance,
                    on_note=progress.note, **settings, **{name: options[name] for name in _HOW},
                )  # fmt: skip

        made: Screening = drain_on_signals(ask, lambda: f"{progress.saved} of {progress.total} answers are saved")
    return made


def _show_price(estimate: Any, planned: Any, *, as_json: bool) -> None:
    from toolkit.models import LABEL
    from toolkit.panel import estimating

    cost = "unknown (give --price)" if estimate.cost_usd is None else f"${estimate.cost_usd:.4f}"
    second = f", then {planned.people} others at most {planned.second_drafts}" if planned.has_second else ""
    if as_json:
        told = {"people": planned.people, "drafts": len(planned.campaign.drafts), "keep": planned.shortlist}
        told |= {"second_look_drafts": planned.second_drafts, "estimate": estimate.model_dump(mode="json")}
        click.echo(json.dumps(told | {"label": LABEL}, ensure_ascii=False))
        return
    click.echo(
        f"{planned.people} people read {len(planned.campaign.drafts)} drafts{second}: up to {estimate.calls:,} calls, "
        f"about {estimate.prompt_tokens:,} + {estimate.completion_tokens:,} tokens, cost {cost}, "
        f"about {estimating.say_seconds(estimate.minutes * 60)}."
    )
    click.echo(LABEL)


def _tell(made: Screening, out: Path | None, options: dict[str, Any]) -> None:
    from toolkit.cli.terminal import Columns, Console, escape
    from toolkit.drafts import save_campaign
    from toolkit.models import LABEL
    from toolkit.results.scoring import deciding

    if out is not None:
        save_campaign(made.shortlist, out)
    if options["as_json"]:
        click.echo(json.dumps(made.describe() | {"out": None if out is None else str(out)}, ensure_ascii=False))
        return
    console = Console()
    if not options["quiet"]:
        table = Columns(title="Share of the simulated audience that reached the objective")
        for heading in ("draft", "rate (interval)"):
            table.add_column(heading)
        table.add_column("people", justify="right")
        table.add_column("")
        for one in made.standings:
            rate = deciding.say_estimate({"estimate": one.estimate, "low": one.low, "high": one.high})
            table.add_row(escape(one.draft_id), rate, str(one.personas), one.say())
        console.print(table)
        console.print()
    console.print(escape(made.sentence))
    console.print(LABEL, style="dim")
    if out is None:
        console.print("Keep the shortlist with --out FILE.yaml; nothing is asked twice.")
    else:
        console.print(escape(f"Next: audience run {out}"))
