"""What a few real people said of a run's drafts, beside the panel: rates, differences, and how many more decide."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from toolkit.models import Campaign, Record, records
from toolkit.results.scoring import deciding
from toolkit.stats import intervals, plans
from toolkit.store import outcome_log
from toolkit.validity.people.answering import match_answers

MANY = 10_000
"""More people than this are as good as none to be had."""


class PeopleShare(Record):
    """What people did with one draft."""

    draft_id: str
    people: int
    """Who were shown it."""
    stopped: float
    """Share who stopped to read it."""
    reached: float
    """Share who reached the objective."""
    low: float
    high: float
    negative: float
    """Share who hid or reported it."""


class PeopleGap(Record):
    """Two drafts, by the people who answered about both."""

    draft_a: str
    draft_b: str
    people: int
    difference: float
    """The share that reached the objective, B minus A."""
    low: float
    high: float
    panel: float | None = None
    """The panel's difference of the same two."""
    more: int | None = None
    """How many further people would decide, if the difference is what it seems; 0 where they have decided, null where
    no number of people that can be had would."""

    def say(self) -> str:
        """Return the difference in a sentence, beside the panel's, and how many more people would decide."""
        is_ahead = self.difference >= 0.0
        best, rival = (self.draft_b, self.draft_a) if is_ahead else (self.draft_a, self.draft_b)
        low, high = (self.low, self.high) if is_ahead else (-self.high, -self.low)
        spread = f"{deciding.say_points(low)} to {deciding.say_points(high)} points"
        points = deciding.name_points(abs(self.difference))
        said = (
            f"chose {best} over {rival} by {points} ({spread})"
            if self.difference
            else (f"chose {best} and {rival} equally often ({spread})")
        )
        who = "The one real person" if self.people == 1 else f"The {self.people:,} real people"
        panel = "" if self.panel is None else f"; {self._say_panel(self.panel)}"
        return f"{who} who answered about both {said}{panel}. {_say_more(self.more, best)}"

    def _say_panel(self, panel: float) -> str:
        """Return the panel's lead beside that of the people, with the draft it is for where theirs is for another."""
        points = deciding.say_points(abs(panel))
        if points == "0":
            return "the panel sees no difference"
        if self.difference and (panel > 0) == (self.difference > 0):
            return f"the panel, by {points}"
        ahead, behind = (self.draft_b, self.draft_a) if panel > 0 else (self.draft_a, self.draft_b)
        return f"the panel, {ahead} over {behind} by {points}"


class PeopleBeside(Record):
    """Real people beside a panel; never mixed with it."""

    label: str
    """Stands in the place of the panel's own label where people are shown."""
    people: int
    answers: int
    shares: tuple[PeopleShare, ...]
    gaps: tuple[PeopleGap, ...]
    sentences: tuple[str, ...]


def find_people(
    store: Path, campaign: Campaign, objective: str, differences: Mapping[tuple[str, str], float | None] | None = None
) -> PeopleBeside | None:
    """Return what real people said of a campaign's drafts as they stand; None where nobody did.

    `differences` are the panel's, B minus A, by pairs of draft ids in file order. Raises StoreUnusable.
    """
    if not store.is_file():
        return None
    with outcome_log.Outcomes(store) as kept:
        standing = kept.list_answers()
    answers = match_answers(standing, [draft.digest for draft in campaign.drafts], objective)
    if not answers:
        return None
    people = len({one.person for one in answers})
    acted = {
        draft.id: {one.person: _has_reached(one, objective) for one in answers if one.draft_hash == draft.digest}
        for draft in campaign.drafts
    }
    said = {
        draft.id: _sum_up(draft.id, [one for one in answers if one.draft_hash == draft.digest], acted[draft.id])
        for draft in campaign.drafts
        if acted[draft.id]
    }
    panel = differences or {}
    gaps = [
        _compare(a, b, acted[a], acted[b], panel.get((a, b)))
        for a, b in itertools.combinations(said, 2)
        if set(acted[a]) & set(acted[b])
    ]
    return PeopleBeside(
        label=say_label(people),
        people=people,
        answers=len(answers),
        shares=tuple(said.values()),
        gaps=tuple(gaps),
        sentences=tuple(_say(people, list(said.values()), gaps)),
    )


def say_label(people: int) -> str:
    """Return what stands on whatever shows people beside a panel."""
    who = "1 real person" if people == 1 else f"{people:,} real people"
    return f"Simulated reactions from AI personas, beside the answers of {who}. Directional only."


def _has_reached(answer: outcome_log.PersonAnswer, objective: str) -> bool:
    return answer.action == objective or (objective == "read" and answer.action in records.READING)


def _sum_up(draft_id: str, answers: Sequence[outcome_log.PersonAnswer], acted: Mapping[str, bool]) -> PeopleShare:
    count = len(answers)
    reached = sum(acted.values()) / count
    low, high = intervals.exact_interval(reached, count)
    return PeopleShare(
        draft_id=draft_id,
        people=count,
        stopped=sum(one.stopped for one in answers) / count,
        reached=reached,
        low=low,
        high=high,
        negative=sum(one.action in records.NEGATIVE for one in answers) / count,
    )


def _compare(
    a: str, b: str, acted_a: Mapping[str, bool], acted_b: Mapping[str, bool], panel: float | None
) -> PeopleGap:
    both = sorted(set(acted_a) & set(acted_b))
    ahead = sum(acted_b[one] and not acted_a[one] for one in both)
    behind = sum(acted_a[one] and not acted_b[one] for one in both)
    count = len(both)
    low, high = intervals.score_interval(ahead / count, behind / count, count)
    difference = (ahead - behind) / count
    is_decided = low > 0.0 or high < 0.0
    needed = plans.people_needed(ahead, behind, count)
    return PeopleGap(
        draft_a=a,
        draft_b=b,
        people=count,
        difference=difference,
        low=low,
        high=high,
        panel=panel,
        more=0 if is_decided else None if needed is None or needed > MANY else max(needed - count, 1),
    )


def _say_more(more: int | None, best: str) -> str:
    if more == 0:
        return f"That decides for {best}."
    if more is None:
        return "No number of people that can be had decides a difference this small."
    return f"About {more:,} more would decide, if the difference is what it seems."


def _say(people: int, shares: Sequence[PeopleShare], gaps: Sequence[PeopleGap]) -> Iterator[str]:
    yield f"{people:,} real {'person' if people == 1 else 'people'} answered the panel's questions."
    for one in shares:
        yield (
            f"{one.draft_id}: {one.reached:.0%} ({one.low:.0%} to {one.high:.0%}) of {one.people:,} reached the "
            f"objective, {one.stopped:.0%} stopped, {one.negative:.0%} hid or reported it."
        )
    yield from (gap.say() for gap in gaps)
