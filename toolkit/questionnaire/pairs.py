"""Two drafts before one persona, in both orders: which one they would rather respond to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from toolkit.drafts.surfaces import describe_draft, find_surface
from toolkit.models import Draft, Persona, exchange, records
from toolkit.questionnaire.answers import BadReply, read_object
from toolkit.questionnaire.prompts import Prompts
from toolkit.questionnaire.questions import BOUNDARY, Task, find_language
from toolkit.questionnaire.reaction import Usage

LABELS = (("A", "B"), ("1", "2"), ("X", "Y"), ("P", "Q"), ("K", "L"))
"""Names of the versions; they go round, so that no name keeps company with one draft, one place or one wording."""
NEITHER = "neither"
DEEDS: Mapping[records.Objective, str] = {
    "read": "read it to the end",
    "react": "react to it",
    "click": "tap it",
    "reply": "answer it",
    "share": "share it",
    "save": "save it",
}
"""What each objective asks for."""


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
class PairChoice:
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


class PairQuestions:
    """Writes the head-to-head questions of one run."""

    def __init__(self, prompts: Prompts, objective: records.Objective) -> None:
        self._prompts = prompts
        self._objective = objective

    def ask(self, pairing: Pairing, form: exchange.Form) -> exchange.Question:
        """Return the question in the form that the engine takes; for a base model one short completion."""
        template = "pair_completion.j2" if form == "completion" else "pair.j2"
        prompt = self._prompts.render(
            template,
            persona=pairing.persona,
            wording=self._prompts.wordings[pairing.wording],
            surface=find_surface(pairing.first.surface),
            asked=self._prompts.pairs[pairing.wording % len(self._prompts.pairs)],
            deed=DEEDS[self._objective],
            labels=pairing.labels,
            shown=(describe_draft(pairing.first), describe_draft(pairing.second)),
            token=BOUNDARY,
        )
        prompt = self._prompts.add_language(prompt, find_language(pairing.first)) if form == "chat" else prompt
        if form == "completion":
            one, other = pairing.labels
            grammar = f'root ::= " " ("{one}" | "{other}")'
            sampling = {"temperature": 0.7}
            return exchange.Question(kind="choice", prompt=prompt, grammar=grammar, max_tokens=2, sampling=sampling)
        return exchange.Question(
            kind="choice",
            system=self._prompts.render("system.j2"),
            prompt=prompt,
            schema=_choice_schema(pairing.labels),
            max_tokens=600,
        )


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


def read_choice(text: str, labels: tuple[str, str]) -> PairChoice:
    """Read a reply in JSON."""
    fields = read_object(text, ("because", "sooner"))
    chosen, because = fields.get("sooner"), fields.get("because")
    if isinstance(chosen, str):
        named = {label.casefold(): label for label in (*labels, NEITHER)}
        chosen = named.get(chosen.strip().rstrip(".").casefold(), chosen)
    if chosen not in (*labels, NEITHER):
        raise BadReply(f"sooner is not one of {', '.join(labels)}, {NEITHER}")
    if not isinstance(because, str) or not because.strip():
        raise BadReply("because is empty")
    return PairChoice(None if chosen == NEITHER else labels.index(str(chosen)), because.strip())


def read_label(text: str, labels: tuple[str, str]) -> PairChoice:
    """Read a base model's completion: the version's name alone."""
    if text.strip() not in labels:
        raise BadReply(f"the completion is neither {labels[0]} nor {labels[1]}")
    return PairChoice(labels.index(text.strip()))
