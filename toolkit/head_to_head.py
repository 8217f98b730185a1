"""Two drafts before one persona, in both orders: which one they would rather respond to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import polars as pl

from toolkit.asking import UNANSWERED, Asker, Usage, describe_failure
from toolkit.engines.base import Form, Question
from toolkit.models import Draft, Objective, Persona
from toolkit.planning import Plan
from toolkit.prompts import Prompts
from toolkit.questions import BOUNDARY, Task
from toolkit.replies import BadReply, read_object
from toolkit.surfaces import describe_draft, find_surface

LABELS = (("A", "B"), ("1", "2"), ("X", "Y"), ("P", "Q"), ("K", "L"))
"""Names of the versions; they go round, so that no name keeps company with one draft, one place or one wording."""
NEITHER = "neither"
PREFERENCES_SCHEMA = {
    "run_id": pl.String,
    "persona_id": pl.String,
    "weight": pl.Float64,
    "wording": pl.Int64,
    "repeat": pl.Int64,
    "first": pl.String,
    "second": pl.String,
    "label_first": pl.String,
    "label_second": pl.String,
    "chosen": pl.String,
    "because": pl.String,
    "status": pl.String,
    "error": pl.String,
}
"""`first` and `second` are draft ids as shown; `chosen` is one of them, or null for neither and for no answer."""
_DEEDS: Mapping[Objective, str] = {
    "read": "read it to the end",
    "react": "react to it",
    "click": "tap it",
    "reply": "answer it",
    "share": "share it",
    "save": "save it",
}


@dataclass(frozen=True, slots=True)
class Pairing:
    """One choice to ask for: two drafts in the order shown, each under its label."""

    persona: Persona
    first: Draft
    second: Draft
    labels: tuple[str, str]
    wording: int
    repeat: int

    @property
    def task(self) -> Task:
        """The draft shown first as a task: it carries wording and repeat into the key of the reply."""
        return Task(self.persona, self.first, self.wording, self.repeat)


@dataclass(frozen=True, slots=True)
class Choice:
    """What one reply says: the place of the version chosen, 0 or 1, None for neither, and why."""

    place: int | None
    because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One persona's choice between two drafts in one order, or why there is none."""

    pairing: Pairing
    status: Literal["ok", "refused", "failed"]
    usage: Usage
    chosen: str | None = None
    """A draft id; None for neither and for no answer."""
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


def list_pairings(plan: Plan) -> list[Pairing]:
    """Return every pair of drafts for every persona and repeat, in both orders, under the persona's own wording.

    None where the settings ask for no head-to-head. Labels follow from the persona's rank and the repeat, whatever the
    order of the drafts: a draft has the one name when shown first and the other when shown second.
    """
    if not plan.settings.head_to_head:
        return []
    wordings = len(plan.prompts.wordings)
    drafts = sorted(plan.campaign.drafts, key=lambda draft: draft.id)
    found = []
    for repeat, (rank, persona) in itertools.product(range(plan.settings.repeats), enumerate(plan.panel)):
        turn, wording = divmod(rank, wordings)
        labels = _choose_labels(turn + repeat, wording)
        pairs = itertools.permutations(drafts, 2)
        found += [Pairing(persona, first, second, labels, wording, repeat) for first, second in pairs]
    return found


def _choose_labels(turn: int, wording: int) -> tuple[str, str]:
    """Return the labels of a persona: within each wording, ten turns go through all of them, either way round."""
    one, other = LABELS[(turn + wording) % len(LABELS)]
    return (one, other) if (turn + wording // len(LABELS)) % 2 == 0 else (other, one)


class PairQuestions:
    """Writes the head-to-head questions of one run."""

    def __init__(self, prompts: Prompts, objective: Objective) -> None:
        self._prompts = prompts
        self._objective = objective

    def ask(self, pairing: Pairing, form: Form) -> Question:
        """Return the question in the form that the engine takes; for a base model one short completion."""
        template = "pair_completion.j2" if form == "completion" else "pair.j2"
        prompt = self._prompts.render(
            template,
            persona=pairing.persona,
            wording=self._prompts.wordings[pairing.wording],
            surface=find_surface(pairing.first.surface),
            asked=self._prompts.pairs[pairing.wording % len(self._prompts.pairs)],
            deed=_DEEDS[self._objective],
            labels=pairing.labels,
            shown=(describe_draft(pairing.first), describe_draft(pairing.second)),
            token=BOUNDARY,
        )
        if form == "completion":
            one, other = pairing.labels
            grammar = f'root ::= " " ("{one}" | "{other}")'
            return Question(prompt=prompt, grammar=grammar, max_tokens=2, sampling={"temperature": 0.7})
        system = self._prompts.render("system.j2")
        return Question(system=system, prompt=prompt, schema=_choice_schema(pairing.labels), max_tokens=600)


def _choice_schema(labels: tuple[str, str]) -> dict[str, object]:
    """Return a strict schema in which the reason comes before the choice."""
    return {
        "type": "object",
        "properties": {
            "because": {"type": "string", "pattern": r"\S"},
            "sooner": {"type": "string", "enum": [*labels, NEITHER]},
        },
        "required": ["because", "sooner"],
        "additionalProperties": False,
    }


def read_choice(text: str, labels: tuple[str, str]) -> Choice:
    """Read a reply in JSON."""
    fields = read_object(text)
    chosen, because = fields.get("sooner"), fields.get("because")
    if chosen not in (*labels, NEITHER):
        raise BadReply(f"sooner is not one of {', '.join(labels)}, {NEITHER}")
    if not isinstance(because, str) or not because.strip():
        raise BadReply("because is empty")
    return Choice(None if chosen == NEITHER else labels.index(str(chosen)), because.strip())


def read_label(text: str, labels: tuple[str, str]) -> Choice:
    """Read a base model's completion: the version's name alone."""
    if text.strip() not in labels:
        raise BadReply(f"the completion is neither {labels[0]} nor {labels[1]}")
    return Choice(labels.index(text.strip()))


async def ask_pairing(pairing: Pairing, questions: PairQuestions, asker: Asker) -> Preference:
    """Return the preference; only BudgetReached and EngineUnavailable escape."""
    usage = Usage()
    parse = partial(read_label if asker.form == "completion" else read_choice, labels=pairing.labels)
    try:
        reply = await asker.find_reply(pairing.task, questions.ask(pairing, asker.form), parse, usage)
        choice = parse(reply.text)
    except UNANSWERED as error:
        return Preference(pairing=pairing, usage=usage, **describe_failure(error))
    chosen = None if choice.place is None else (pairing.first.id, pairing.second.id)[choice.place]
    return Preference(pairing=pairing, status="ok", usage=usage, chosen=chosen, because=choice.because)


def make_preferences(preferences: Sequence[Preference], run_id: str) -> pl.DataFrame:
    """Return one row per choice asked for, with the columns of PREFERENCES_SCHEMA."""
    return pl.DataFrame(list(_list_rows(preferences, run_id)), schema=PREFERENCES_SCHEMA, orient="row")


def _list_rows(preferences: Sequence[Preference], run_id: str) -> Iterator[tuple[object, ...]]:
    for one in preferences:
        pairing = one.pairing
        yield (
            run_id, pairing.persona.id, pairing.persona.weight, pairing.wording, pairing.repeat, pairing.first.id,
            pairing.second.id, *pairing.labels, one.chosen, one.because, one.status, one.error,
        )  # fmt: skip
