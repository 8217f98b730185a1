"""From a persona and a draft to the exact words a model is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from toolkit.drafts.surfaces import cut_at_fold, describe_draft, find_surface
from toolkit.files import languages, templating
from toolkit.models import MEASURES, Draft, Persona, exchange, records
from toolkit.questionnaire.own_answers import AskedQuestion, list_asked, write_field
from toolkit.questionnaire.prompts import QUESTION_FILES, Prompts

BOUNDARY = "\x00"
"""Stands for the run's random token until a question is sent; cleaned text cannot contain it."""

PHRASES: Mapping[str, str] = {
    "scrolls past": "scroll_past",
    "reads it": "read",
    "reacts to it": "react",
    "taps it": "click",
    "replies": "reply",
    "shares it": "share",
    "saves it": "save",
    "hides it": "hide",
    "reports it": "report",
}
"""What a base model writes for each action."""

_COMPLETION_SAMPLING = {"temperature": 0.7, "top_p": 0.9}
_GLANCE = ("stop", *records.LEAVING)
_SPOKEN = {"type": "string", "pattern": r"\S"}
_THOUGHT_TOKENS, _ANY_TOKENS = 90, 200
"""Of a thought in English, and in a language where a character may be a token or two."""
_DIGIT = {"type": "integer", "enum": [1, 2, 3, 4, 5]}


@dataclass(frozen=True, slots=True)
class Task:
    """One reaction to ask for. `persona` is None for the control reader; `wording` and `repeat` count from 0."""

    persona: Persona | None
    draft: Draft
    wording: int
    repeat: int
    languages: tuple[str, ...] = ()
    """What the audience speaks besides, as BCP 47 tags; answers in these are fine, too."""

    @property
    def language(self) -> str:
        """The language to answer in, as a BCP 47 tag: the draft's."""
        return find_language(self.draft)


def find_language(draft: Draft) -> str:
    """Return the language a draft is answered in: the one it names, else what it surely is, else English."""
    return _choose_language(draft.language, draft.prose)


@lru_cache(maxsize=4096)
def _choose_language(declared: str | None, prose: str) -> str:
    return languages.choose_language(declared, prose)


@dataclass(frozen=True)
class Reader:
    """The control reader as the few-shot page shows it."""

    name: str
    age: int | None
    about: str


class Questionnaire:
    """Writes the questions of one run."""

    def __init__(
        self,
        prompts: Prompts,
        rating: records.Rating,
        pictures: Mapping[str, str] = MappingProxyType({}),
        own: Sequence[records.OwnQuestion] = (),
    ) -> None:
        self.prompts = prompts
        self.rating = rating
        self.pictures = pictures
        self.own = tuple(own)
        """Questions of one's own, asked besides."""
        self._schemas: dict[tuple[exchange.Kind, tuple[str, ...], str], Mapping[str, Any]] = {}
        self._asked: dict[tuple[str, bool, bool], tuple[AskedQuestion, ...]] = {}

    def ask_glance(self, task: Task) -> exchange.Question:
        """Ask what the person does with what stands above the fold."""
        schema = self._write_schema("glance", task)
        return self._chat("glance", "glance.j2", task, cut_at_fold(task.draft), schema, max_tokens=600)

    def ask_reaction(self, task: Task) -> exchange.Question:
        """Ask for glance and reading in one call, for a draft with nothing folded away."""
        schema = self._write_schema("reaction", task)
        return self._chat("reaction", "react.j2", task, describe_draft(task.draft), schema)

    def ask_reading(self, task: Task) -> exchange.Question:
        """Ask a person who stopped what they do and think once they have read everything."""
        schema = self._write_schema("reading", task)
        return self._chat("reading", "read.j2", task, describe_draft(task.draft), schema)

    def list_own(self, task: Task, *, glance: bool = False, page: bool = False) -> tuple[AskedQuestion, ...]:
        """Return the questions of one's own as a task asks them; at the first glance those for everybody alone.

        A base model, which goes on with a `page`, places itself on every scale by a number.
        """
        place = (task.language if self.own else "", glance, page)
        known = self._asked.get(place)
        if known is None:
            own = [one for one in self.own if one.ask == "everyone" or not glance]
            known = self._asked[place] = (
                list_asked(own, "direct" if page else self.rating, task.language) if own else ()
            )
        return known

    def ask_own(self, task: Task, thought: str, asked: AskedQuestion) -> exchange.Question:
        """Ask a base model, after its thought, one question of one's own."""
        name = templating.flatten_text(task.persona.name) if task.persona else "Sam"
        page = f"{self.ask_thought(task).prompt}{thought.rstrip()}"
        return exchange.Question(
            kind="answer",
            prompt=self.prompts.render(QUESTION_FILES[1], page=page, asked=asked, called=name),
            grammar=asked.write_grammar(),
            max_tokens=60 if asked.question.kind == "text" else 12,
            sampling=_COMPLETION_SAMPLING,
        )

    def ask_digit(self, task: Task, measure: str, verbatim: str) -> exchange.Question:
        """Ask for one measure as a single digit, with the probabilities of its alternatives."""
        context = self._context(task, describe_draft(task.draft)) | {"measure": measure, "verbatim": verbatim}
        return exchange.Question(
            kind="digit",
            system="Answer with one digit from 1 to 5 and nothing else.",
            prompt=self.prompts.render("rate.j2", **context),
            max_tokens=1,
            top_logprobs=20,
        )

    def ask_thought(self, task: Task) -> exchange.Question:
        """Ask a base model to go on with a page of worked examples: a thought, then what the person does."""
        person = _tell_language(task, task.persona or Reader("Sam", 40, self._wording(task)["control_reader"]))
        possible = _allowed(task.draft.surface, *records.LEAVING)
        allowed = [phrase for phrase, action in PHRASES.items() if action in possible]
        prompt = self.prompts.render(
            "completion.j2",
            wording=self._wording(task),
            person=person,
            surface=find_surface(task.draft.surface),
            post=describe_draft(task.draft),
            actions=allowed,
        )
        return exchange.Question(
            kind="thought",
            prompt=prompt,
            grammar=_thought_grammar(
                templating.flatten_text(person.name), self._wording(task)["does"], allowed, task.language
            ),
            max_tokens=_THOUGHT_TOKENS if languages.is_english(task.language) else _ANY_TOKENS,
            sampling=_COMPLETION_SAMPLING,
        )

    def ask_intent(self, task: Task, thought: str, *, digits_only: bool) -> exchange.Question:
        """Ask a base model, after its thought, how likely the person is to act, as one digit."""
        name = templating.flatten_text(task.persona.name) if task.persona else "Sam"
        prompt = f"{self.ask_thought(task).prompt}{thought.rstrip()}\n"
        prompt += f"From 1 (never) to 5 (right now), {name} would do what it asks:"
        if digits_only:
            return exchange.Question(
                kind="intent", prompt=prompt, grammar='root ::= " " [1-5]', max_tokens=2, sampling=_COMPLETION_SAMPLING
            )
        return exchange.Question(kind="intent", prompt=prompt + " ", max_tokens=1, top_logprobs=20)

    @cached_property
    def _system(self) -> str:
        return self.prompts.render("system.j2")

    def _chat(
        self,
        kind: exchange.Kind,
        template: str,
        task: Task,
        shown: str,
        schema: Mapping[str, Any],
        max_tokens: int = 2_000,
    ) -> exchange.Question:
        asked = self.prompts.fill(template, self._context(task, shown) | {"ratings": self.rating})
        asked = self.prompts.add_questions(asked, self.list_own(task, glance=kind == "glance"), BOUNDARY)
        prompt = self.prompts.add_language(asked, task.language, task.languages)
        return exchange.Question(
            kind=kind,
            system=self._system,
            prompt=prompt,
            schema=schema,
            picture=self.pictures.get(task.draft.id),
            max_tokens=max_tokens,
        )

    def _context(self, task: Task, shown: str) -> dict[str, Any]:
        return {
            "persona": task.persona,
            "wording": self._wording(task),
            "surface": find_surface(task.draft.surface),
            "shown": shown,
            "token": BOUNDARY,
        }

    def _wording(self, task: Task) -> Mapping[str, str]:
        return self.prompts.wordings[task.wording]

    def _write_schema(self, kind: exchange.Kind, task: Task) -> Mapping[str, Any]:
        """Return the schema of a reply, one and the same for all questions of a kind about drafts of a surface."""
        own = self.list_own(task, glance=kind == "glance")
        if kind == "glance" and not own:
            return _GLANCE_SCHEMA
        deeds = (*_allowed(task.draft.surface, *records.NEGATIVE), *find_surface(task.draft.surface).deeds)
        place = (kind, deeds, task.language if own else "")
        known = self._schemas.get(place)
        if known is None:
            glance = {"first_glance": _one_of(_GLANCE)} if kind == "reaction" else {}
            fields = _GLANCE_FIELDS if kind == "glance" else {**glance, **self._reading_fields(place[1])}
            known = self._schemas[place] = _object({**fields, **write_field(own)})
        return known

    def _reading_fields(self, actions: Sequence[str]) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "action": _one_of(actions),
            "verbatim": _SPOKEN,
            "objection": {"type": ["string", "null"]},
            "quotes": {
                "type": "array",
                "items": _object({"text": _SPOKEN, "feeling": _one_of(("liked", "confused", "disliked"))}),
            },
        }
        if self.rating == "direct":
            return fields | {"ratings": _object(dict.fromkeys(MEASURES, _DIGIT))}
        return fields | {"says": _object(dict.fromkeys(MEASURES, _SPOKEN))}


def _allowed(surface: str, *more: str) -> list[str]:
    possible = {*find_surface(surface).actions, *more}
    return [action for action in records.ACTIONS if action in possible]


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a strict object schema: every property required, none besides."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _one_of(values: Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


_GLANCE_FIELDS = {"first_glance": _one_of(_GLANCE), "verbatim": _SPOKEN}
_GLANCE_SCHEMA = _object(_GLANCE_FIELDS)


def _tell_language(task: Task, person: Persona | Reader) -> Persona | Reader:
    """Return the person with the language they think in at the end of the description; in English it goes unsaid."""
    if languages.is_english(task.language):
        return person
    about = f"{person.about} Thinks and speaks in {languages.name_language(task.language)}."
    return Reader(person.name, person.age, about)


def _thought_grammar(name: str, does: str, phrases: Sequence[str], language: str) -> str:
    """Return the GBNF grammar of ` "Thought."`, a line break, and `NAME DOES: PHRASE`.

    An English thought begins with a capital; in other languages any letter or mark of any script may begin it.
    """
    ending = json.dumps(f'"\n{name} {does}: ', ensure_ascii=False)
    choices = " | ".join(json.dumps(phrase) for phrase in phrases)
    thought = r'[A-Z] [^"\n]{20,90} [.!?]'
    if not languages.is_english(language):
        thought = rf'[^"\n .,;:] [^"\n]{{7,90}} [{languages.SENTENCE_ENDS}]'
    return f'root ::= " \\"" {thought} {ending} ({choices}) "\\n"'
