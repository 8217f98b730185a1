"""From a model's reply to the fields of a reaction: strict about form, silent about nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from toolkit.engines import replies
from toolkit.models import MEASURES, records
from toolkit.questionnaire.own_answers import (
    AskedQuestion,
    read_field,
)
from toolkit.questionnaire.own_answers import (
    OwnAnswer as OwnAnswer,  # noqa: PLC0414 - handed out with what it is part of
)
from toolkit.questionnaire.own_answers import (
    find_anchors as find_anchors,  # noqa: PLC0414 - handed out with what they rate
)
from toolkit.questionnaire.questions import PHRASES

_HIGHEST = 5
_GLANCE_FIELDS = ("first_glance", "verbatim")
_READING_FIELDS = ("action", "verbatim", "objection", "quotes", "says", "ratings")
_THOUGHT = re.compile(r'\s*"?(?P<thought>[^"\n]*[^"\s])"?\s*\n[^\n:]*:\s*(?P<phrase>[a-z ]+?)[ \t.]*(?:\n|\Z)')
_NO_DEEDS: Mapping[str, str] = MappingProxyType({})
_NOTHING = {"", "-", "null", "none", "nil", "n/a", "na"}
"""What models write for an objection where the person has none."""


class BadReply(Exception):  # a signal inside the asking, never shown
    """The reply cannot be used; `kind` is the reason in a word or two, to count by."""

    def __init__(self, message: str, kind: str = "wrong form") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one reply says. `ratings` holds direct ratings, `says` the sentences that will be rated."""

    action: str
    verbatim: str
    stopped: bool
    objection: str | None = None
    quotes: tuple[tuple[str, str], ...] = ()
    says: dict[str, str] = field(default_factory=dict)
    ratings: dict[str, int] = field(default_factory=dict)
    label: str | None = None
    """What it was called where the surface has words of its own for it, such as "add_to_basket"."""
    own: dict[str, OwnAnswer] = field(default_factory=dict)
    """Answers to questions of one's own, by id; none of a question that was not put to the person."""
    rateable: bool = False
    """Whether the reply was to speak of the measures."""


def read_glance(text: str, asked: Sequence[AskedQuestion] = ()) -> Answer:
    """Read the reply to a glance; its action is "read" where the person stopped."""
    fields = read_object(text, _GLANCE_FIELDS)
    glance = _text_among(fields, "first_glance", ("stop", *records.LEAVING))
    stopped = glance == "stop"
    said, own = _read_own(fields, asked)
    action = "read" if stopped else glance
    return Answer(action=action, verbatim=_spoken(fields, "verbatim"), stopped=stopped, says=said, own=own)


def read_reaction(text: str, asked: Sequence[AskedQuestion] = (), deeds: Mapping[str, str] = _NO_DEEDS) -> Answer:
    """Read the reply that holds glance and reading; what a person who scrolled past would have said stays unsaid."""
    fields = read_object(text, ("first_glance", *_READING_FIELDS))
    glance = _text_among(fields, "first_glance", ("stop", *records.LEAVING))
    answer = _read_fields(fields, asked, deeds)
    if glance == "stop":
        return answer
    kept = {one.id for one in asked if one.question.ask == "everyone"}
    return Answer(
        action=glance,
        verbatim=answer.verbatim,
        stopped=False,
        objection=answer.objection,
        says={name: said for name, said in answer.says.items() if name in kept},
        own={name: one for name, one in answer.own.items() if name in kept},
    )


def read_reading(text: str, asked: Sequence[AskedQuestion] = (), deeds: Mapping[str, str] = _NO_DEEDS) -> Answer:
    """Read the reply of a person who stopped and read everything; `deeds` are a surface's own words for actions."""
    return _read_fields(read_object(text, _READING_FIELDS), asked, deeds)


def _read_own(fields: dict[str, Any], asked: Sequence[AskedQuestion]) -> tuple[dict[str, str], dict[str, OwnAnswer]]:
    """Return the sentences that are still to be rated, and all answers, to questions of one's own."""
    own = read_field(fields, asked, read_object) if asked else {}
    by_sentence = {one.id for one in asked if one.by_sentence}
    said = {name: str(one.value) for name, one in own.items() if name in by_sentence and one.value is not None}
    return said, {name: OwnAnswer(one.state) if name in said else one for name, one in own.items()}


def _read_fields(fields: dict[str, Any], asked: Sequence[AskedQuestion], deeds: Mapping[str, str]) -> Answer:
    objection = fields.get("objection")
    if objection is not None and not isinstance(objection, str):
        raise BadReply("objection is neither text nor null")
    said, own = _read_own(fields, asked)
    done = _text_among(fields, "action", (*(one for one in records.ACTIONS if one != "scroll_past"), *deeds))
    return Answer(
        action=deeds.get(done, done),
        label=done if done in deeds else None,
        verbatim=_spoken(fields, "verbatim"),
        stopped=True,
        objection=_read_objection(objection or ""),
        quotes=_read_quotes(fields.get("quotes", "")),
        says={**_read_says(_gather(fields, "says")), **said},
        own=own,
        ratings=_read_ratings(_gather(fields, "ratings")),
        rateable=True,
    )


def read_thought(text: str) -> Answer:
    """Read a base model's completion: a quoted thought, then what the person does.

    Where no grammar ends it, the model goes on with the next person, who is left out.
    """
    match = _THOUGHT.match(text)
    if match is None or match["phrase"] not in PHRASES:
        raise BadReply("the completion holds no thought and action")
    action = PHRASES[match["phrase"]]
    stopped = action not in records.LEAVING
    thought = match["thought"].strip()
    return Answer(action=action, verbatim=thought, stopped=stopped, says={"intent": thought} if stopped else {})


def read_digit(text: str) -> int:
    """Read a reply of one digit from 1 to 5."""
    match = re.fullmatch(r"\s*([1-5])\s*", text)
    if match is None:
        raise BadReply("the reply is not one digit from 1 to 5")
    return int(match[1])


def read_object(text: str, names: Sequence[str] = ()) -> dict[str, Any]:
    """Return the JSON object of a reply, whatever stands around it; `names` are the fields that it should have."""
    try:
        return replies.find_object(text, names)
    except replies.NoObjectError as error:
        raise BadReply(str(error), error.kind) from None


def _text_among(fields: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    """Return a field that is one of the allowed words, in any case and with any mark between its parts."""
    value = fields.get(name)
    word = re.sub(r"[\s_-]+", "_", value.strip().rstrip(".")).casefold() if isinstance(value, str) else None
    if word not in allowed:
        raise BadReply(f"{name} is not one of {', '.join(allowed)}")
    return word


def _read_objection(said: str) -> str | None:
    """Return an objection; none where the model only says that there is none."""
    return None if said.strip().rstrip(".").casefold() in _NOTHING else said.strip()


def _gather(fields: dict[str, Any], name: str) -> Any:
    """Return a nested object of the measures, also where it came as text or was written out among the other fields."""
    value = fields.get(name)
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return read_object(value, MEASURES)
    if value is not None:
        return value
    kind = str if name == "says" else int
    flat = {
        measure: fields[key]
        for measure in MEASURES
        for key in (f"{name}_{measure}", f"{name}.{measure}", f"{name}/{measure}", measure)
        if isinstance(fields.get(key), kind)
    }
    return flat or None


def _spoken(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadReply(f"{name} is empty", "empty")
    return value.strip()


def _read_quotes(quotes: Any) -> tuple[tuple[str, str], ...]:
    if quotes is None:
        return ()
    if not isinstance(quotes, (list, tuple)):
        raise BadReply("quotes is not a list")
    feelings = ("liked", "confused", "disliked")
    return tuple(
        (_spoken(quote, "text"), _text_among(quote, "feeling", feelings)) for quote in quotes if isinstance(quote, dict)
    )


def _read_says(says: Any) -> dict[str, str]:
    """Return the sentences per measure; an empty sentence is left out, so its rating is unknown."""
    said = _name_measures(says, "says")
    return {name: said[name].strip() for name in MEASURES if isinstance(said.get(name), str) and said[name].strip()}


def _read_ratings(ratings: Any) -> dict[str, int]:
    """Return the direct ratings from 1 to 5; anything else is left out and so unknown."""
    given = _name_measures(ratings, "ratings")
    return {name: given[name] for name in MEASURES if type(given.get(name)) is int and 1 <= given[name] <= _HIGHEST}


def _name_measures(given: Any, name: str) -> dict[str, Any]:
    """Return a nested object with the names of measures as ours are written; an empty one for null."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadReply(f"{name} is not an object")
    return {str(measure).strip().casefold(): value for measure, value in given.items()}
