"""The two planned looks of a screening: few people read all drafts, as many others read those that lead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Unpack

from toolkit.engines import budget
from toolkit.errors import InputError, check_options, name_option
from toolkit.models import Audience, Campaign
from toolkit.panel import api, background, planning
from toolkit.panel.estimating import Estimate, say_seconds
from toolkit.panel.resolving import AudienceLike, DraftsLike, resolve
from toolkit.panel.run_options import EstimateOptions, RunOptions, pick_settings
from toolkit.panel.screening.standings import MOST_DRAFTS, Screening, join_looks, keep_best, rank_standings
from toolkit.questionnaire import Reaction
from toolkit.results import Run

PEOPLE, SHORTLIST = 12, 6
"""How many people a look asks and how many drafts are kept, unless somebody says otherwise."""
_LEAST_PEOPLE = 8
_FEWEST = 2
_MOST_REASONS = 3
_WIDER = 3
"""The second look reads so many times the drafts of the shortlist."""
_LEFT_OUT = ("sample", "head_to_head", "forecast")


@dataclass(frozen=True, slots=True)
class Looks:
    """Who will be asked about how many drafts, before anybody is."""

    campaign: Campaign
    audiences: tuple[Audience, ...]
    shortlist: int
    people: int
    there: int
    """People of the audience."""

    @property
    def has_second(self) -> bool:
        """Whether a second look is planned: it has to leave half the audience for the full test."""
        return len(self.campaign.drafts) > self.shortlist and 4 * self.people <= self.there

    @property
    def second_drafts(self) -> int:
        """Most drafts of the second look."""
        return min(_WIDER * self.shortlist, len(self.campaign.drafts)) if self.has_second else 0

    @property
    def reactions(self) -> int:
        """Most reactions of both looks."""
        return self.people * (len(self.campaign.drafts) + self.second_drafts)


def plan_looks(drafts: DraftsLike, audience: AudienceLike, shortlist: int, people: int, options: Any) -> Looks:
    """Return whom a screening asks; raise InputError for anything that cannot be used."""
    for name in _LEFT_OUT:
        if options.get(name):
            instead = "say how many people a look asks" if name == "sample" else "the full test can ask it"
            raise InputError(f"{name_option(name)}: a screening takes no such option; {instead}; leave it out")
    found = resolve(drafts, audience, pick_settings(options))
    bare = found.campaign.model_copy(update={"forecast": False, "questions": (), "screened": None})
    count = len(bare.drafts)
    if count > MOST_DRAFTS:
        raise InputError(f"{count:,} drafts: a screening takes at most {MOST_DRAFTS}; leave some out")
    if count <= _FEWEST:
        raise InputError(f"{count} drafts: a screening takes {_FEWEST + 1} to {MOST_DRAFTS}; test so few at once")
    if not (isinstance(shortlist, int) and _FEWEST <= shortlist < count):
        raise InputError(
            f"{name_option('shortlist', shortlist)}: of {count} drafts keep {_FEWEST} to {count - 1}; "
            "test them at once where you would keep all"
        )
    there = sum(len(one.personas) for one in found.audiences)
    if not (isinstance(people, int) and _LEAST_PEOPLE <= people <= there):
        raise InputError(
            f"{name_option('people', people)}: the audience has {there} personas and a look needs "
            f"{_LEAST_PEOPLE}; choose {_LEAST_PEOPLE} to {there}"
        )
    return Looks(bare, tuple(found.audiences), shortlist, people, there)


async def ascreen(
    drafts: DraftsLike,
    audience: AudienceLike = None,
    *,
    shortlist: int = SHORTLIST,
    people: int = PEOPLE,
    **options: Unpack[RunOptions],
) -> Screening:
    """Screen drafts and return the shortlist; the form of `screen` for async code, with the same options.

    Examples:
        >>> import asyncio
        >>> asyncio.run(ascreen("examples/paypal-invoices.yaml", "uk-small-sellers", shortlist=2))
        Traceback (most recent call last):
        toolkit.errors.InputError: 2 drafts: a screening takes 3 to 200; test so few at once
    """
    check_options(options, RunOptions.__annotations__, "screen")
    planned = plan_looks(drafts, audience, shortlist, people, options)
    with budget.one_bill():  # a limit holds for both looks together
        return await _look(planned, {"control": False, **options, "sample": people})


async def _look(planned: Looks, asked: dict[str, Any]) -> Screening:
    shortlist = planned.shortlist
    names = [draft.id for draft in planned.campaign.drafts]
    first = await api.arun(planned.campaign, list(planned.audiences), **asked)
    standings = rank_standings(first.reactions, names)
    leading = [one.draft_id for one in standings if one.why == "no room"]
    looks: tuple[Run, ...] = (first,)
    if planned.has_second and len(leading) > shortlist and first.methods.stopped is None:
        chosen = set(leading[: planned.second_drafts])
        narrowed = planned.campaign.replace_drafts(tuple(one for one in planned.campaign.drafts if one.id in chosen))
        others = _leave_out(planned.audiences, set(first.reactions["persona_id"]))
        second = await api.arun(narrowed, list(others), **asked)
        looks = (first, second)
        standings = join_looks(first.reactions, second.reactions, second.drafts, standings)
    return Screening(planned.campaign, planned.audiences, looks, keep_best(standings, shortlist))


def count_coming(reactions: Sequence[Reaction], planned: int) -> background.Coming:
    """Return how many people answered so far, and why others did not; a failure is no progress."""
    if not reactions:
        return background.Coming(0, 0.0, ("Waiting for the endpoint. No reply has come yet.",))
    failed = Counter(one.error or "no answer that could be used" for one in reactions if one.status == "failed")
    counted = len(reactions) - failed.total()
    notes = tuple(f"{count:,} failed: {why}" for why, count in failed.most_common(_MOST_REASONS))
    return background.Coming(counted, min(counted / max(planned, 1), 1.0), notes)


def screen(
    drafts: DraftsLike,
    audience: AudienceLike = None,
    *,
    shortlist: int = SHORTLIST,
    people: int = PEOPLE,
    **options: Unpack[RunOptions],
) -> Screening:
    """Pick a shortlist from many drafts by asking few people, and return it with the standing of every draft.

    **Parameters**

    - `drafts`, `audience` and options as for `run`; 3 to 200 drafts. No `sample`, `head_to_head` or `forecast`, and no
      control reader unless you ask for one.
    - `shortlist`: how many drafts are kept, 2 or more.
    - `people`: how many people a look asks, 8 or more.

    There are at most two planned looks. First `people` read all drafts. Drafts that are surely behind the best go. Then
    as many other people read the best of the rest, three times the shortlist, if that leaves half the audience. The
    shortlist is those with the highest rates over both looks. Each look spends 2.5 % on dropping the truly best as
    surely behind; `Screening.sentence` says how many were dropped for a lower rate alone.

    `Screening.shortlist` is a campaign that remembers who was asked. A run of it asks other people. If the audience has
    too few of them it asks the same people again, at half the error, and says so in its warnings.

    Examples:
        >>> import json, tempfile
        >>> from toolkit.engines import EngineBase
        >>> from toolkit.models.exchange import Reply
        >>> class Fan(EngineBase):
        ...     model = "fan-3"
        ...     async def ask(self, question):
        ...         ratings = dict.fromkeys(["relevance", "clarity", "trust", "appeal", "intent"], 4)
        ...         action = "click" if "Offer 0" in question.prompt else "read"
        ...         said = {"first_glance": "stop", "action": action, "verbatim": "I see.", "objection": None}
        ...         text = json.dumps(said | {"quotes": [], "ratings": ratings})
        ...         return Reply(text=text, engine=self.name, model=self.model)
        >>> drafts = [toolkit.Draft(id=f"d{number}", text=f"Offer {number}") for number in range(4)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = toolkit.screen(drafts, "uk-small-sellers", shortlist=2, engine=Fan(), rating="direct",
        ...                            store=f"{folder}/replies.sqlite")
        >>> found.kept
        ('d0', 'd1')
    """
    check_options(options, RunOptions.__annotations__, "screen")
    made: Screening = background.run_blocking(
        lambda: ascreen(drafts, audience, shortlist=shortlist, people=people, **options)
    )
    return made


def price_screening(
    drafts: DraftsLike,
    audience: AudienceLike = None,
    *,
    shortlist: int = SHORTLIST,
    people: int = PEOPLE,
    **options: Unpack[EstimateOptions],
) -> Estimate:
    """Return what both looks would take at most, with nothing asked; options as for `estimate`.

    The drafts of the second look are not known yet: the first of the file stand for them.
    """
    check_options(options, EstimateOptions.__annotations__, "price_screening")
    planned = plan_looks(drafts, audience, shortlist, people, options)
    asked: dict[str, Any] = {"control": False, **options, "sample": people}
    first = api.estimate(planned.campaign, list(planned.audiences), **asked)
    if not planned.has_second:
        return first
    few = planned.campaign.replace_drafts(planned.campaign.drafts[: planned.second_drafts])
    second = api.estimate(few, list(planned.audiences), **{**asked, "seed": int(asked.get("seed") or 0) + 1})
    counted = ("reactions", "stored", "calls", "prompt_tokens", "completion_tokens", "embedding_tokens")
    sums: dict[str, Any] = {name: getattr(first, name) + getattr(second, name) for name in counted}
    costs = (first.cost_usd, second.cost_usd)
    sums["cost_usd"] = None if None in costs else round(sum(cost for cost in costs if cost is not None), 4)
    sums["personas"], sums["minutes"] = 2 * people, first.minutes + second.minutes
    return first.model_copy(update=sums)


def count_keepable(drafts: int, most: int) -> int:
    """Return how many of some drafts a shortlist can keep, at most so many."""
    return max(min(most, drafts - 1), _FEWEST)


def say_price(takes: Estimate, drafts: int) -> str:
    """Return what a screening takes, such as "Screen 40 drafts, about $0.31, 2 min"."""
    cost = "cost unknown" if takes.cost_usd is None else f"about ${takes.cost_usd:.2f}" if takes.cost_usd else "free"
    return f"Screen {drafts} drafts, {cost}, {say_seconds(takes.minutes * 60)}"


def _leave_out(audiences: Sequence[Audience], asked: set[str]) -> list[Audience]:
    """Return the audiences without those who were asked, by the ids that a run gives them."""
    left = []
    for one in audiences:
        others = tuple(who for who in one.personas if planning.name_persona(one, who, audiences) not in asked)
        left.append(one.model_copy(update={"personas": others}))
    return [one for one in left if one.personas] or list(audiences)
