"""Both versions of a draft tested again: on the people whose objections were answered, or on others of the audience."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.drafts.kept import content
from toolkit.models import Audience, Campaign, Draft, Record
from toolkit.panel import api, planning, session
from toolkit.results import Run
from toolkit.results.scoring import PRIMARY
from toolkit.store import version_log

LEAST_FRESH = 8
"""Personas under which a run gives no verdict."""
CAUTION = (
    "The rewrite answers what these same personas objected to, so on them it looks better than it is: it was fitted to "
    "their words, and whoever objected most by chance moves back towards the middle (regression to the mean). "
    "Before deciding, test both on personas who had no part in the objections."
)
FRESH = "These personas had no part in the objections, so the comparison does not favour the rewrite by its making."


class Choice(Record):
    """Whom to test both versions on."""

    audiences: tuple[Audience, ...]
    sample: int | None
    """How many of them are drawn; all when null."""
    personas: int
    fresh: bool
    """Whether they had no part in the objections."""

    @property
    def note(self) -> str:
        """What to know about a comparison on them."""
        few = f" Fewer than {LEAST_FRESH} give no verdict." if self.personas < LEAST_FRESH else ""
        return f"{FRESH if self.fresh else CAUTION}{few}"


def choose_same(run: Run, audiences: Sequence[Audience]) -> Choice:
    """Return the very personas that a run asked."""
    people = run.methods.personas
    return Choice(audiences=tuple(audiences), sample=run.methods.settings.sample, personas=people, fresh=False)


def choose_fresh(runs: Sequence[Run], audiences: Sequence[Audience]) -> Choice | None:
    """Return personas whom none of the runs asked, as many as the first run asked; None where nobody is left."""
    asked = {persona for run in runs for persona in run.reactions["persona_id"].unique()}
    rest = [
        audience.model_copy(update={"personas": left})
        for audience in audiences
        if (left := tuple(
            persona for persona in audience.personas
            if planning.name_persona(audience, persona, audiences) not in asked
        ))
    ]  # fmt: skip
    left_over = sum(len(audience.personas) for audience in rest)
    if not left_over:
        return None
    count = min(left_over, runs[0].methods.personas)
    return Choice(audiences=tuple(rest), sample=count, personas=count, fresh=True)


def count_planned(run: Run, choice: Choice) -> int:
    """Return how many reactions a retest takes at most, the control reader's included."""
    settings = run.methods.settings
    control = min(run.methods.wordings, choice.personas) if settings.control else 0
    return 2 * settings.repeats * (choice.personas + control)


def plan_retest(run: Run, before: Draft, after: Draft) -> Campaign:
    """Return the campaign of both versions, under the objective of the run."""
    tested = run.methods.campaign
    name = (
        tested.campaign if tested.campaign.startswith(content.OF_REWRITE) else f"{content.OF_REWRITE}{tested.campaign}"
    )
    return Campaign(
        campaign=name[:200],
        objective=run.methods.settings.objective,
        drafts=(before, after),
        questions=tested.questions,  # asked as before, so that the stored replies to the first version hold
    )


async def retest(
    run: Run,
    before: Draft,
    after: Draft,
    choice: Choice,
    options: Mapping[str, Any],
    *,
    stop: asyncio.Event | None = None,
    on_reaction: session.OnReaction | None = None,
) -> Run:
    """Test both versions under the wordings, seed and settings of a run.

    On the same personas the earlier version's replies come from the store; only the new one is asked about. `options`
    say what answers, as for `toolkit.run`; settings among them give way to the run's own.
    """
    settings = run.methods.settings.model_dump(exclude={"sample", "objective"})
    given = {name: value for name, value in options.items() if name not in {*settings, "sample", "objective"}}
    return await api.arun(
        plan_retest(run, before, after),
        list(choice.audiences),
        objective=run.methods.settings.objective,
        sample=choice.sample,
        stop=stop,
        on_reaction=on_reaction,
        **settings,
        **given,
    )


def sum_up(run: Run, *, fresh: bool) -> version_log.Retest:
    """Return what a retest came to: the later version minus the earlier, on the objective rate."""
    row = run.compare(measure=PRIMARY).row(0, named=True)
    return version_log.Retest(
        run_id=run.run_id, personas=run.methods.personas, fresh=fresh, verdict=run.verdict(),
        difference=row["difference"], low=row["low"], high=row["high"],
    )  # fmt: skip


def say_difference(tested: version_log.Retest) -> str:
    """Return the difference in words, such as "+17 points (6 to 28), 24 personas asked before"."""
    who = f"{tested.personas} personas, {'not asked before' if tested.fresh else 'the same as before'}"
    if tested.difference is None or tested.low is None or tested.high is None:
        return f"no difference known; {who}"
    return f"{tested.difference * 100:+.0f} points ({tested.low * 100:+.0f} to {tested.high * 100:+.0f}); {who}"


def keep_version(
    versions: version_log.Versions,
    before: Draft,
    after: Draft,
    *,
    origin: str = "rewritten",
    answers: Sequence[str] = (),
    wish: str = "",
    note: str = "",
) -> version_log.Version:
    """Keep a new version under the time of now; see `Versions.add_version`."""
    now = datetime.datetime.now(datetime.UTC)
    return versions.add_version(before, after, made=now, origin=origin, answers=answers, wish=wish, note=note)
