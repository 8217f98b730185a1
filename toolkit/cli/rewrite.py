"""`audience rewrite`: objections to a draft, a new version, both linted and tested again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import REACHING, option, rewriting_options
from toolkit.cli.table_options import draft_options, read_campaign
from toolkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from toolkit.improve import Objection, retesting, rewriting
    from toolkit.models import Audience, Campaign, Draft
    from toolkit.panel import connecting
    from toolkit.results import Run

_INCOMPLETE = 3
_OVER_BUDGET = 4
_CONNECTING = ("model", "base_url", "concurrency", "price", "prompts", "rpm", "tpm", *REACHING)
_ASKING = ("model", "base_url", "embedding_model", "concurrency", "price", "rpm", "tpm", "fail_fast", *REACHING)
_PRICED = (
    "model", "base_url", "embedding_model", "price", "concurrency", "endpoint", "max_tokens", "reasoning_effort",
    "form",
)  # fmt: skip
_SETTINGS = (
    "objective",
    "rating",
    "repeats",
    "seed",
    "head_to_head",
    "forecast",
    "keep_weights",
    "prompts",
    "language",
)


@click.command()
@click.argument("draft", metavar="DRAFT")
@option("--draft", "draft_id", metavar="ID", help="Draft to rewrite, if the file has several.")
@option("--surface", metavar="NAME", help="Surface of the draft, if it names none.")
@option(
    "--objection", "numbers", type=click.IntRange(min=1), multiple=True, metavar="N",
    help="Number of an objection to answer; repeatable.  [default: all]",
)  # fmt: skip
@option("--wish", default="", metavar="TEXT", help="What else the new version should do.")
@option("--fresh", is_flag=True, help="Retest on personas who raised no objections. Needs --sample.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write both drafts as a campaign file.")
@draft_options
@rewriting_options
def rewrite(draft: str, **options: Any) -> int:
    """Rewrite a draft to answer its objections. Lint and test both versions.

    The retest uses the same personas, wordings and seed, so only the new version costs calls. These personas make a
    rewrite look better than it is; --fresh retests on others. Facts must stay: a version that loses or invents a
    link, price, number or name is refused, and the command exits 3.

    Example:  audience rewrite draft.txt --audience uk-small-sellers --sample 6 --fresh --engine local
    """
    from toolkit.engines import budget

    with budget.one_bill():
        return _rewrite(_Asked(draft, options), options)


def _rewrite(asked: _Asked, options: Mapping[str, Any]) -> int:
    """Collect objections, ask for a new version, test both; all of it on one bill."""
    from toolkit.cli.rewriting import Retested, print_listed, print_retest, print_rewrite
    from toolkit.improve import choose_objections, interviews, list_objections

    quiet = options["as_json"] or options["quiet"]
    asked.confirm()
    with asked.progress(drafts=1) as advance:
        first = asked.run(advance)
    if first.methods.stopped or not first.counts.ok:
        return asked.give_up(first, None)
    listed = list_objections(first, asked.draft.id, interviews.find_people(asked.audiences))
    if not quiet:
        print_listed(listed)
    chosen = choose_objections(listed, _ask_numbers(listed, options))
    written = asked.rewrite(first, chosen)
    if written.draft is None:
        return asked.give_up(first, written)
    if not quiet:
        print_rewrite(asked.draft, written, asked.audiences)
    if _is_asked(options) and not click.confirm("Test both versions?", default=True, err=True):
        return 0
    with asked.progress(drafts=2) as advance:
        again = asked.retest(first, written.draft, advance)
    return print_retest(Retested(asked, listed, chosen, written, first, again))


class _Asked:
    """One call of the command: what it works on and with."""

    def __init__(self, source: str, options: Mapping[str, Any]) -> None:
        from toolkit.drafts import check_campaign_path

        if options["quiet"] and options["verbose"]:
            raise InputError("-q and -v exclude each other; pass one of them")
        if options["batch"]:
            raise InputError("--batch: a rewrite needs the objections before it continues; leave --batch out")
        if options["out"] is not None:
            check_campaign_path(options["out"])
        self.options = options
        self.campaign, self.draft = _pick_draft(source, options)
        self.audiences = _load_audiences(options, self.campaign)
        self.engine: str = options["engine"] or "openai"
        _check_single(source, self.campaign, self.engine, options)
        self.spent = 0.0
        self.is_price_unknown = False
        people = sum(len(audience.personas) for audience in self.audiences)
        if options["fresh"] and (options["sample"] or people) >= people:
            raise InputError(
                f"--fresh: all {people} personas of the audience would be asked for objections; "
                f"leave some for the retest with --sample, such as --sample {max(people // 2, 1)}"
            )

    @property
    def cost(self) -> float | None:
        """Dollars spent so far; None if a price is unknown."""
        return None if self.is_price_unknown else round(self.spent, 6)

    @property
    def connection(self) -> connecting.Connection:
        """What answers, and what it may cost."""
        from toolkit.panel import connecting

        known = {name: self.options[name] for name in _CONNECTING}
        return connecting.make_connection({"engine": self.engine, **known, "max_cost": self.options["max_cost"]})

    def progress(self, *, drafts: int) -> Any:
        """Return a context that shows a progress bar and yields the function to count each reaction with."""
        from toolkit.cli.progress import ShownProgress

        return _Counted(ShownProgress, self, drafts)

    def confirm(self) -> None:
        """Show what the first run takes. Ask for confirmation if that is much and you are at a terminal."""
        from toolkit.cli.confirming import confirm, may_ask
        from toolkit.panel import api

        if may_ask(quiet=self.options["quiet"], as_json=self.options["as_json"]):
            known = {name: self.options[name] for name in _PRICED}
            settings = {name: self.options[name] for name in _SETTINGS}
            about = {**settings, "sample": self.options["sample"], "control": not self.options["no_control"]}
            about |= {"engine": self.engine, **known, "max_cost": self.options["max_cost"]}
            takes = api.estimate(self.campaign, self.audiences, **about)
            confirm(takes, yes=self.options["yes"])

    def run(self, advance: Any) -> Run:
        """Ask the audience about the draft as it is."""
        from toolkit.panel import api

        settings = {name: self.options[name] for name in _SETTINGS}
        return self._count(api.run(
            self.campaign, self.audiences, sample=self.options["sample"], control=not self.options["no_control"],
            on_reaction=advance, **settings, **self._asking(),
        ))  # fmt: skip

    def rewrite(self, first: Run, chosen: Sequence[Objection]) -> rewriting.Rewrite:
        """Ask for a new version of the draft and keep it."""
        from toolkit.improve import retesting, rewriting
        from toolkit.panel import background
        from toolkit.store import version_log

        connection = self.connection
        written: rewriting.Rewrite = background.run_blocking(
            lambda: rewriting.ask_rewrite(self.draft, chosen, self.options["wish"], connection)
        )
        self._add(written.cost_usd)
        if written.draft is None:
            return written
        with version_log.Versions(connection.store_path) as versions:
            reasons = [objection.text for objection in chosen]
            version = retesting.keep_version(
                versions, self.draft, written.draft, answers=reasons, wish=self.options["wish"], note=written.note
            )
        self.number = version.number
        self._write_out(first, version.draft)
        return written.model_copy(update={"draft": version.draft})

    def choose(self, first: Run) -> retesting.Choice:
        """Return whom to retest on."""
        from toolkit.improve import retesting

        fresh = retesting.choose_fresh([first], self.audiences) if self.options["fresh"] else None
        return fresh or retesting.choose_same(first, self.audiences)

    def retest(self, first: Run, after: Draft, advance: Any) -> Run:
        """Test both drafts and note the outcome with the version."""
        from toolkit.improve import retesting
        from toolkit.panel import background
        from toolkit.store import version_log

        choice = self.choose(first)
        options = {**self._asking(), "prompts": self.options["prompts"]}
        again: Run = background.run_blocking(
            lambda: retesting.retest(first, self.draft, after, choice, options, on_reaction=advance)
        )
        with version_log.Versions(self.connection.store_path) as versions:
            versions.keep_test(self.draft, self.number, retesting.sum_up(again, fresh=choice.fresh))
        return self._count(again)

    def give_up(self, first: Run, written: rewriting.Rewrite | None) -> int:
        """Print why there is no version, and return the exit code."""
        from toolkit.cli.rewriting import print_failure

        print_failure(self, first, written)
        over = first.methods.stopped if written is None else written.over_budget
        return _OVER_BUDGET if over else _INCOMPLETE

    def _asking(self) -> dict[str, Any]:
        known = {name: self.options[name] for name in _ASKING}
        return {"engine": self.engine, **known, "max_cost": self.options["max_cost"]}

    def _count(self, run: Run) -> Run:
        self._add(run.methods.cost_usd)
        return run

    def _add(self, cost: float | None) -> None:
        self.spent += cost or 0.0
        self.is_price_unknown |= cost is None

    def _write_out(self, first: Run, after: Draft) -> None:
        from toolkit.drafts import save_campaign
        from toolkit.improve import retesting

        if self.options["out"] is not None:
            save_campaign(retesting.plan_retest(first, self.draft, after), self.options["out"])


class _Counted:
    """A progress bar of one run, removed at its end."""

    def __init__(self, bar: Any, asked: _Asked, drafts: int) -> None:
        from toolkit.panel import api

        options = asked.options
        price = api.find_price(
            asked.engine, **{name: options[name] for name in ("model", "base_url", "price", "endpoint")}
        )
        settings = {name: options[name] for name in _SETTINGS}
        control = not options["no_control"]
        plan = api.plan(asked.campaign, asked.audiences, sample=options["sample"], control=control, **settings)
        self._bar = bar(drafts * len(plan.tasks), quiet=options["quiet"], verbose=options["verbose"], price=price)

    def __enter__(self) -> Any:
        return self._bar.__enter__().advance

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(*error)


def _pick_draft(source: str, options: Mapping[str, Any]) -> tuple[Campaign, Draft]:
    """Return the campaign of the one draft to rewrite."""
    from toolkit.errors import suggest

    campaign = read_campaign(
        [source],
        options["mapped"],
        surface=options["surface"],
        sheet=options["sheet"],
        where=options["where"],
    )
    ids = [draft.id for draft in campaign.drafts]
    wanted = options["draft_id"] or (ids[0] if len(ids) == 1 else None)
    if wanted is None:
        raise InputError(f"{source}: {len(ids)} drafts; choose one with --draft, such as --draft {ids[0]!r}")
    if wanted not in ids:
        raise InputError(
            f"--draft {wanted}: {source} has no such draft{suggest(wanted, ids)}; it has: {', '.join(ids)}"
        )
    draft = campaign.drafts[ids.index(wanted)]
    return campaign.model_copy(update={"drafts": (draft,)}), draft


def _check_single(source: str, campaign: Campaign, engine: str, options: Mapping[str, Any]) -> None:
    """Raise InputError, before anything is paid, where the campaign would split the people over its own models."""
    if campaign.models and engine != "local" and options["model"] is None:
        such = campaign.models[0].partition(":")[2] or campaign.models[0]
        raise InputError(
            f"{source}: models: a rewrite is done by one model, and the campaign names {len(campaign.models)}; "
            f"choose one with --model, such as --model {such}"
        )


def _load_audiences(options: Mapping[str, Any], campaign: Campaign) -> list[Audience]:
    from toolkit.audiences import load_audience

    named = list(options["audience"]) or ([campaign.audience] if campaign.audience else [])
    if not named:
        raise InputError("no audience given; name one with --audience (`audience personas list` shows them)")
    return [load_audience(name) for name in named]


def _is_asked(options: Mapping[str, Any]) -> bool:
    return sys.stdin.isatty() and not options["yes"] and not options["as_json"]


def _ask_numbers(listed: Sequence[Objection], options: Mapping[str, Any]) -> list[int]:
    """Return the numbers passed, or those typed on a terminal. None of them means all."""
    if options["numbers"] or not listed or not _is_asked(options):
        return list(options["numbers"])
    typed = click.prompt(
        "Which objections to answer (numbers, or Enter for all)", default="", show_default=False, err=True
    )
    try:
        return [int(part) for part in typed.replace(",", " ").split()]
    except ValueError:
        raise InputError(f"{typed!r}: type numbers of objections, such as 1 3") from None
