"""Every draft before a kind of people: how many of 100 of them would do what it asks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from toolkit.drafts.surfaces import describe_draft, find_surface
from toolkit.models import Draft, Persona, exchange, records
from toolkit.questionnaire.answers import BadReply, read_object
from toolkit.questionnaire.pairs import DEEDS
from toolkit.questionnaire.prompts import Prompts
from toolkit.questionnaire.questions import BOUNDARY, Task, find_language
from toolkit.questionnaire.reaction import Usage

HUNDRED = 100
_NUMBER = 'n ::= "100" | "0" | [1-9] [0-9]?'
_COUNT = re.compile(r"(?:^|\bV\d+)\s+(\d{1,3})\b", re.ASCII)


@dataclass(frozen=True, slots=True)
class Poll:
    """One forecast to ask for: a kind of people, and all drafts in the order shown."""

    group: str
    """What the people have in common, such as "role: seller"; empty for the whole panel."""
    weight: float
    """For how many people of the audience the kind stands."""
    people: tuple[Persona, ...]
    """Those of them who are described."""
    drafts: tuple[Draft, ...]
    wording: int
    backwards: bool
    """Whether this is the second of the two orders."""
    seat: int = 0
    """The place of the model that is asked, where several are."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the versions: they go by place, so a draft has another name in the other order."""
        return tuple(f"V{number}" for number in range(1, len(self.drafts) + 1))

    @property
    def task(self) -> Task:
        """The draft shown first as a task without a person: it carries the wording into the key of the reply."""
        return Task(None, self.drafts[0], self.wording, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollAnswer:
    """How many of 100 people would act on each draft, or why nobody said."""

    poll: Poll
    status: Literal["ok", "refused", "failed"]
    usage: Usage
    shares: Mapping[str, int] = field(default_factory=dict)
    """By draft id, people out of 100."""
    because: str | None = None
    error: str | None = None
    missing: bool = False
    """True where a replay lacked a reply."""
    unpaid: bool = False
    """True where the cost limit left no room to ask."""
    stopped: bool = False
    """True where somebody stopped the run before it was asked or answered."""
    skipped: bool = False
    """True where an earlier failure ended the run before it was asked."""


@dataclass(frozen=True, slots=True)
class SaidOf100:
    """What one reply says: a number for each version in the order shown, and why."""

    counts: tuple[int, ...]
    because: str | None = None


class ShareQuestions:
    """Writes the questions for shares of one run."""

    def __init__(self, prompts: Prompts, objective: records.Objective) -> None:
        self._prompts = prompts
        self._objective = objective

    def ask(self, poll: Poll, form: exchange.Form) -> exchange.Question:
        """Return the question in the form that the engine takes; for a base model one short completion."""
        prompt = self._prompts.render(
            "shares_completion.j2" if form == "completion" else "shares.j2",
            group=poll.group,
            people=poll.people,
            versions=[
                {"label": label, "shown": describe_draft(draft), "surface": find_surface(draft.surface)}
                for label, draft in zip(poll.labels, poll.drafts, strict=True)
            ],
            asked=self._prompts.shares[poll.wording % len(self._prompts.shares)],
            deed=DEEDS[self._objective],
            token=BOUNDARY,
        )
        if form == "completion":
            rest = "".join(f' ", {label} " n' for label in poll.labels[1:])
            grammar = f'root ::= " " n{rest} "\\n"\n{_NUMBER}'
            most = 10 * len(poll.labels)
            sampling = {"temperature": 0.7}
            return exchange.Question(kind="share", prompt=prompt, grammar=grammar, max_tokens=most, sampling=sampling)
        return exchange.Question(
            kind="share",
            system=self._prompts.render("shares_system.j2"),
            prompt=self._prompts.add_language(prompt, find_language(poll.drafts[0])),
            schema=_share_schema(poll.labels),
            max_tokens=600 + 10 * len(poll.labels),
        )


def _share_schema(labels: Sequence[str]) -> dict[str, Any]:
    """Return a strict schema in which the reason comes before the numbers."""
    count = {"type": "integer", "minimum": 0, "maximum": HUNDRED}
    of_100 = {
        "type": "object",
        "properties": dict.fromkeys(labels, count),
        "required": list(labels),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"because": {"type": "string", "pattern": r"\S"}, "of_100": of_100},
        "required": ["because", "of_100"],
        "additionalProperties": False,
    }


def read_shares(text: str, labels: Sequence[str]) -> SaidOf100:
    """Read a reply in JSON; raise BadReply for anything but a whole number from 0 to 100 for each version."""
    fields = read_object(text, ("because", "of_100"))
    counts, because = fields.get("of_100"), fields.get("because")
    if not isinstance(counts, dict) or set(counts) != set(labels):
        raise BadReply(f"of_100 does not name {', '.join(labels)}")
    if not isinstance(because, str) or not because.strip():
        raise BadReply("because is empty")
    return SaidOf100(tuple(_check_count(counts[label]) for label in labels), because.strip())


def read_counts(text: str, labels: Sequence[str]) -> SaidOf100:
    """Read a base model's completion: the number of the first version, then label and number of each other."""
    found = _COUNT.findall(text.split("\n", maxsplit=1)[0])
    if len(found) != len(labels):
        raise BadReply(f"the completion has {len(found)} numbers for {len(labels)} versions")
    return SaidOf100(tuple(_check_count(int(count)) for count in found))


def _check_count(count: Any) -> int:
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= HUNDRED:
        raise BadReply(f"{str(count)[:20]!r} is no whole number from 0 to {HUNDRED}")
    return count
