"""A forecast of shares: which kinds of people a model is asked about, in what order, and what it answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from toolkit.models import Campaign, Persona, Settings
from toolkit.panel.asker import UNANSWERED, Asker, describe_failure
from toolkit.questionnaire import Prompts, Usage, shares
from toolkit.results import share_forecasts

_SHARE_OF_PANEL = 10
"""The forecast takes about one call for so many reactions of the panel."""
_ORDERS = 2
_FEWEST_WORDINGS = 2
"""However small the panel: with one wording there is no spread."""
_ENOUGH_WORDINGS = 4
"""So many come before the panel is looked at in parts."""
_MOST_DESCRIBED = 5
"""People of a kind who are described in one call; other wordings describe others."""


def list_polls(
    campaign: Campaign, panel: Sequence[Persona], settings: Settings, keys: Sequence[str], prompts: Prompts
) -> Iterator[shares.Poll]:
    """Yield what a forecast asks: every kind of people and wording, in both orders of the drafts.

    Nothing where the settings ask for no forecast, or for one draft. All drafts are shown together: the answer is read
    for the differences between them, and one call then costs the same for two drafts as for one. Each wording begins
    the list with another draft, and its second call turns the list round. So a draft stands as early as late, and
    before every other as often as after it.
    """
    drafts = sorted(campaign.drafts, key=lambda draft: draft.id)
    if not settings.forecast or len(drafts) < len(("a", "b")):
        return
    cells = settings.repeats * len(panel) * len(drafts) // (_SHARE_OF_PANEL * _ORDERS)
    groups = _split_panel(panel, keys, cells // _ENOUGH_WORDINGS)
    wordings = min(len(prompts.shares), max(_FEWEST_WORDINGS, cells // len(groups)))
    for wording in range(wordings):
        first = wording % len(drafts)
        order = (*drafts[first:], *drafts[:first])
        for name, people in groups:
            poll = shares.Poll(
                group=name,
                weight=sum(person.weight for person in people),
                people=_describe_some(people, wording),
                drafts=order,
                wording=wording,
                backwards=False,
            )
            yield poll
            yield replace(poll, drafts=order[::-1], backwards=True)


def _split_panel(panel: Sequence[Persona], keys: Sequence[str], most: int) -> list[tuple[str, list[Persona]]]:
    """Return the finest division of the panel with at most so many kinds: by all segments, by one, or none."""
    whole = [("", list(panel))]
    divided = [_divide(panel, some) for some in ([list(keys)] if len(keys) > 1 else []) + [[key] for key in keys]]
    fitting = [groups for groups in divided if len(groups) <= most]
    return max(fitting, key=len, default=whole)


def _divide(panel: Sequence[Persona], keys: Sequence[str]) -> list[tuple[str, list[Persona]]]:
    groups: dict[str, list[Persona]] = {}
    for person in panel:
        name = ", ".join(f"{key}: {person.segments[key]}" for key in keys if key in person.segments)
        groups.setdefault(name, []).append(person)
    return sorted(groups.items())


def _describe_some(people: Sequence[Persona], wording: int) -> tuple[Persona, ...]:
    """Return the people who stand for their kind under a wording, going round."""
    count = min(_MOST_DESCRIBED, len(people))
    return tuple(people[(wording * count + place) % len(people)] for place in range(count))


async def ask_poll(poll: shares.Poll, questions: shares.ShareQuestions, asker: Asker) -> shares.PollAnswer:
    """Return the shares; only BudgetReached, EngineUnavailable, StoreUnusable and Interrupted escape."""
    usage = Usage()
    parse = partial(shares.read_counts if asker.form == "completion" else shares.read_shares, labels=poll.labels)
    about = [("persona", person.id) for person in poll.people]
    about += [named for draft in poll.drafts for named in (("draft", draft.id), ("digest", draft.digest))]
    try:
        question = replace(questions.ask(poll, asker.form), about=tuple(f"{kind}:{name}" for kind, name in about))
        reply = await asker.find_reply(poll.task, question, parse, usage)
        said = parse(reply.text)
    except UNANSWERED as error:
        return shares.PollAnswer(poll=poll, usage=usage, **describe_failure(error))
    of_draft = {draft.id: count for draft, count in zip(poll.drafts, said.counts, strict=True)}
    return shares.PollAnswer(poll=poll, status="ok", usage=usage, shares=of_draft, because=said.because)


def fail_poll(poll: shares.Poll, error: str, unasked: str) -> shares.PollAnswer:
    """Return the answer to a poll that was not asked, or not answered."""
    why: dict[str, Any] = {unasked: True}
    return shares.PollAnswer(poll=poll, status="failed", usage=Usage(), error=error, **why)


def make_forecast(answers: Sequence[shares.PollAnswer], names: Sequence[str]) -> share_forecasts.ShareForecast:
    """Return what a run records of its forecast; `names` are those of the models by their place."""
    return share_forecasts.ShareForecast(
        said=tuple(
            share_forecasts.SaidShares(
                model=names[one.poll.seat],
                group=one.poll.group,
                weight=one.poll.weight,
                wording=one.poll.wording,
                backwards=one.poll.backwards,
                status=one.status,
                of_100=dict(one.shares),
                because=one.because,
                error=one.error,
            )
            for one in answers
        )
    )


def say_order(polls: Sequence[shares.Poll]) -> str:
    """Return how a forecast was asked, for the methods statement."""
    groups, wordings = len({one.group for one in polls}), len({one.wording for one in polls})
    kinds = f"{groups} kinds of people" if groups > 1 else "the whole audience"
    return (
        f"forecast of shares: all drafts per call, in both orders, about {kinds}, up to {_MOST_DESCRIBED} people "
        f"described, {wordings} wordings"
    )
