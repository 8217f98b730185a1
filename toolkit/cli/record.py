"""`audience record`: fetches what a campaign's recording lacks, for checks without a network."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from toolkit.cli.options import REACHING, option, shared_parameters
from toolkit.errors import InputError
from toolkit.models import LABEL

if TYPE_CHECKING:
    from toolkit.engines import budget
    from toolkit.gate import Shelf, results
    from toolkit.panel import planning
    from toolkit.questionnaire import Reaction

Command = TypeVar("Command", bound=Callable[..., Any])

_BAD_INPUT, _INCOMPLETE, _OVER_BUDGET = 2, 3, 4
ASKING = (
    "model", "base_url", *REACHING, "embedding_model", "concurrency", "rpm", "tpm", "max_cost", "price", "prompts",
)  # fmt: skip
_REMEMBERED = (
    option(
        "--sample", type=click.IntRange(min=1), metavar="N", help="Draw N personas.  [default: as recorded, or all]"
    ),
    option(
        "--repeats",
        type=click.IntRange(1, 100),
        metavar="N",
        help="Ask each persona N times.  [default: as recorded, or 1]",
    ),
    option(
        "--seed",
        type=click.IntRange(0, 2**31 - 1),
        metavar="N",
        help="Number that decides the draw.  [default: as recorded, or 0]",
    ),
    option(
        "--rating",
        type=click.Choice(["ssr", "logprob", "direct"]),
        help="How words become ratings.  [default: as recorded, or ssr]",
    ),
    option(
        "--keep-weights",
        is_flag=True,
        default=None,
        help="Add up the weights of several audiences as they are.  [default: as recorded, or no]",
    ),
)


def remembered_options(command: Command) -> Command:
    """Add the options that a recording remembers. An option left out keeps its recorded value."""
    for decorate in reversed(_REMEMBERED):
        command = decorate(command)
    return command


@click.command(
    params=shared_parameters(
        "audience", "engine", *ASKING, "surfaces", "allow_outside", "encoding", "as_json", "quiet", "verbose"
    )
)
@click.argument("campaigns", nargs=-1, required=True, metavar="CAMPAIGN...")
@click.option("--baseline", metavar="DRAFT", help="Record this draft as the live one until you name another.")
@click.option("--renew", is_flag=True, help="Keep nothing of the old recording. Stored replies still answer.")
@click.option("--merge", is_flag=True, help="Treat CAMPAIGN... as recordings. Put their reactions into the first.")
@click.option("--dry-run", is_flag=True, help="Show what the recording lacks and what asking would take. Ask nothing.")
@remembered_options
def record(campaigns: tuple[str, ...], *, as_json: bool, dry_run: bool, merge: bool, **options: Any) -> int:
    """Ask for the reactions that recordings lack. Write NAME.reactions.jsonl next to each campaign.

    Commit the files: `audience check` replays them with no network and no key. Reactions that are up to date are not
    asked for again. One limit, --max-cost, holds for all campaigns together.

    Example:  audience record examples/paypal-invoices.yaml --engine local
    """
    from toolkit.engines import budget
    from toolkit.gate import Shelf

    if merge:
        return _merge(campaigns, as_json=as_json)
    shelf = Shelf()
    if dry_run:
        asking = {name: value for name, value in options.items() if name not in {"quiet", "verbose"}}
        return _preview(campaigns, shelf, as_json=as_json, **asking)
    if len(set(campaigns)) < len(campaigns):
        raise InputError("a campaign is named twice; name each file once")
    with budget.one_bill() as bill:
        done = _Done(len(campaigns), bill, options["max_cost"])
        try:
            _record_all(campaigns, shelf, done, **options)
        finally:
            done.show(as_json=as_json)
    return done.exit_code


def _record_all(campaigns: tuple[str, ...], shelf: Shelf, done: _Done, **options: Any) -> None:
    """Record one campaign after the other; what is wrong with one file does not stop the rest."""
    from toolkit.errors import StoreUnusable

    for path in campaigns:
        try:
            done.outcomes.append(record_one(path, shelf, **options))
        except InputError as error:
            if len(campaigns) == 1 or isinstance(error, StoreUnusable):
                raise
            click.echo(f"audience: {error}", err=True)
            done.faults.append({"file": path, "message": str(error)})


@dataclass
class _Done:
    """What became of each campaign, and what that cost."""

    campaigns: int
    bill: budget.Bill
    limit: float | None
    outcomes: list[results.RecordingOutcome] = field(default_factory=list)
    faults: list[dict[str, str]] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The gravest of all campaigns."""
        from toolkit.gate import results

        return results.choose_exit_code([*map(find_exit_code, self.outcomes), *([_BAD_INPUT] if self.faults else [])])

    @property
    def spent(self) -> float | None:
        """Dollars spent; None if the price of a call is not known."""
        return None if any(one.cost_usd is None for one in self.outcomes) else round(self.bill.spent, 6)

    def show(self, *, as_json: bool) -> None:
        """Print what was recorded, then what is done, spent and left. Nothing, if nothing was recorded."""
        if not self.outcomes and not self.faults:
            return
        if as_json:
            click.echo(json.dumps(self._describe(), ensure_ascii=False))
            return
        for outcome in self.outcomes:
            click.echo(_describe(outcome))
        if self.campaigns > 1:
            click.echo(self._summarise())
        click.echo(click.style(LABEL, dim=True))

    def _describe(self) -> dict[str, Any]:
        told = [outcome.model_dump(exclude={"label"}) for outcome in self.outcomes]
        left = self.bill.find_left(self.limit)
        more = {"spent_usd": self.spent, "left_usd": None if left is None else round(left, 6)}
        return {"recordings": told, "errors": self.faults, **more, "label": LABEL}

    def _summarise(self) -> str:
        """Return how many campaigns are complete, and what is spent and left."""
        whole = sum(find_exit_code(outcome) == 0 for outcome in self.outcomes)
        parts = [f"{whole} of {self.campaigns} campaigns complete"]
        cut = [outcome for outcome in self.outcomes if find_exit_code(outcome)]
        parts += [f"{len(cut)} incomplete"] if cut else []
        parts += [f"{len(self.faults)} with an error"] if self.faults else []
        skipped = self.campaigns - len(self.outcomes) - len(self.faults)
        parts += [f"{skipped} not begun or cut short"] if skipped else []
        return f"{', '.join(parts)}; {say_spent(self.bill, self.limit, known=self.spent is not None)}."


def say_spent(bill: budget.Bill, limit: float | None, *, known: bool = True) -> str:
    """Return what a command spent and what is left of its limit, such as "$0.3100 spent, $0.1900 left"."""
    spent = f"${bill.spent:.4f} spent" if known else "cost unknown (add --price IN,OUT)"
    lost = f", up to ${bill.lost:.4f} for calls without an answer" if bill.lost else ""
    left = bill.find_left(limit)
    return f"{spent}{lost}" + ("" if left is None else f", ${left:.4f} left of --max-cost {limit:g}")


def _merge(recordings: tuple[str, ...], *, as_json: bool) -> int:
    from toolkit.gate import merging

    outcome = merging.merge_recordings(*recordings)
    told = f"{outcome.recording}: {outcome.reactions} reactions, {outcome.added} added"
    click.echo(json.dumps(outcome.model_dump(), ensure_ascii=False) if as_json else told)
    return 0


def _preview(campaigns: tuple[str, ...], shelf: Shelf, *, as_json: bool, **options: Any) -> int:
    from toolkit.gate import preview_recording
    from toolkit.panel import estimating

    previews = [preview_recording(path, shelf=shelf, **options) for path in campaigns]
    if as_json:
        click.echo(json.dumps({"recordings": [one.model_dump() for one in previews]}, ensure_ascii=False))
        return 0
    for one in previews:
        lacking = "none missing" if one.estimate is None else f"{one.estimate.reactions} missing"
        click.echo(f"{one.recording}: {one.kept} reactions kept, {lacking}")
        for line in one.lacking:
            click.echo(f"  {line}")
        if one.estimate is not None:
            click.echo(f"  {estimating.say_estimate(one.estimate)[0]}")
            room = estimating.say_room(one.estimate)
            if room is not None:
                click.echo(f"  {room}.")
    return 0


def record_one(
    path: str, shelf: Shelf, *, quiet: bool = False, verbose: bool = False, **options: Any
) -> results.RecordingOutcome:
    """Bring the recording of one campaign up to date, with progress on standard error."""
    from toolkit.cli.progress import ShownProgress
    from toolkit.gate import record_campaign
    from toolkit.panel import api

    priced = {name: options[name] for name in ("model", "base_url", "price", "endpoint")}
    price = api.make_asking({"engine": options["engine"] or "replay", **priced}).known_price
    with contextlib.ExitStack() as stack:
        bars: list[ShownProgress] = []

        def begin(plan: planning.Plan) -> None:
            bars.append(ShownProgress(len(plan.tasks), quiet=quiet, verbose=verbose, price=price))
            stack.enter_context(bars[0])

        def advance(reaction: Reaction) -> None:
            bars[0].advance(reaction)

        return record_campaign(path, shelf=shelf, on_plan=begin, on_reaction=advance, **options)


def find_exit_code(outcome: results.RecordingOutcome) -> int:
    """Return 0, 3 if reactions are missing, or 4 if the cost limit stopped the recording."""
    if outcome.stopped:
        return _OVER_BUDGET
    return _INCOMPLETE if outcome.failed else 0


def _describe(outcome: results.RecordingOutcome) -> str:
    counts = [("kept", outcome.kept), ("asked for", outcome.asked), ("refused", outcome.refused)]
    counts += [("failed", outcome.failed), ("dropped", outcome.dropped)]
    told = ", ".join(f"{count} {word}" for word, count in counts if count or word in {"kept", "asked for"})
    cost = "cost unknown" if outcome.cost_usd is None else f"${outcome.cost_usd:.4f}"
    lines = [f"{outcome.recording}: {outcome.reactions} reactions ({told}), {cost}"]
    lines += [f"  warning: {warning}" for warning in outcome.warnings]
    lines += [f"  stopped: {outcome.stopped}"] if outcome.stopped and outcome.stopped not in outcome.warnings else []
    return "\n".join(lines)
