"""From a model's reply to the fields of a reaction: strict about form, silent about nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from toolkit.models import MEASURES, records
from toolkit.questionnaire.questions import PHRASES

_HIGHEST = 5


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
    rateable: bool = False
    """Whether the reply was to speak of the measures."""


def read_glance(text: str) -> Answer:
    """Read the reply to a glance; its action is "read" where the person stopped."""
    fields = read_object(text)
    glance = _text_among(fields, "first_glance", ("stop", *records.LEAVING))
    stopped = glance == "stop"
    return Answer(action="read" if stopped else glance, verbatim=_spoken(fields, "verbatim"), stopped=stopped)


def read_reaction(text: str) -> Answer:
    """Read the reply that holds glance and reading; what a person who scrolled past would have said stays unsaid."""
    fields = read_object(text)
    glance = _text_among(fields, "first_glance", ("stop", *records.LEAVING))
    answer = _read_fields(fields)
    if glance == "stop":
        return answer
    return Answer(action=glance, verbatim=answer.verbatim, stopped=False, objection=answer.objection)


def read_reading(text: str) -> Answer:
    """Read the reply of a person who stopped and read everything."""
    return _read_fields(read_object(text))


def _read_fields(fields: dict[str, Any]) -> Answer:
    objection = fields.get("objection")
    if objection is not None and not isinstance(objection, str):
        raise BadReply("objection is neither text nor null")
    return Answer(
        action=_text_among(fields, "action", tuple(action for action in records.ACTIONS if action != "scroll_past")),
        verbatim=_spoken(fields, "verbatim"),
        stopped=True,
        objection=(objection or "").strip() or None,
        quotes=_read_quotes(fields.get("quotes")),
        says=_read_says(fields.get("says")),
        ratings=_read_ratings(fields.get("ratings")),
        rateable=True,
    )


def read_thought(text: str) -> Answer:
    """Read a base model's completion: a quoted thought, then what the person does."""
    match = re.search(r'^\s*"?(?P<thought>[^"\n]*[^"\s])"?\s*\n[^\n:]*:\s*(?P<phrase>[a-z ]+?)\s*$', text.rstrip())
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


def read_object(text: str) -> dict[str, Any]:
    """Return the JSON object of a reply, a Markdown fence around it allowed."""
    if not text.strip():
        raise BadReply("the reply is empty", "empty")
    fenced = re.fullmatch(r"\s*```(?:json)?\s*(.*?)\s*```\s*", text, re.DOTALL)
    try:
        loaded = json.loads(fenced[1] if fenced else text)
    except ValueError:
        raise BadReply("the reply is not JSON", "not JSON") from None
    if not isinstance(loaded, dict):
        raise BadReply("the reply is not a JSON object")
    return loaded


def _text_among(fields: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or value not in allowed:
        raise BadReply(f"{name} is not one of {', '.join(allowed)}")
    return value


def _spoken(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadReply(f"{name} is empty", "empty")
    return value.strip()


def _read_quotes(quotes: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(quotes, list):
        raise BadReply("quotes is not a list")
    feelings = ("liked", "confused", "disliked")
    return tuple(
        (_spoken(quote, "text"), _text_among(quote, "feeling", feelings)) for quote in quotes if isinstance(quote, dict)
    )


def _read_says(says: Any) -> dict[str, str]:
    """Return the sentences per measure; an empty sentence is left out, so its rating is unknown."""
    if says is None:
        return {}
    if not isinstance(says, dict):
        raise BadReply("says is not an object")
    return {name: says[name].strip() for name in MEASURES if isinstance(says.get(name), str) and says[name].strip()}


def _read_ratings(ratings: Any) -> dict[str, int]:
    """Return the direct ratings from 1 to 5; anything else is left out and so unknown."""
    if ratings is None:
        return {}
    if not isinstance(ratings, dict):
        raise BadReply("ratings is not an object")
    return {
        name: ratings[name] for name in MEASURES if type(ratings.get(name)) is int and 1 <= ratings[name] <= _HIGHEST
    }
