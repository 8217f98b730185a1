"""Questions of one's own: their place in the form and the schema, and what is made of an answer, nothing forced.

An answer is `answered`, `not sure` (the person does not know, which is never "no"), or `unusable`: outside the scale,
the options or the bounds. An unusable one is asked for once more, and then counted.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from toolkit.files import languages
from toolkit.models import records

State = Literal["answered", "not sure", "unusable"]
Value = float | bool | str | tuple[str, ...]
NOT_SURE_WORDS = frozenset({
    "not sure", "unsure", "i am not sure", "i m not sure", "don t know", "i don t know", "i do not know", "do not know",
    "dont know", "i dont know", "no idea", "can t say", "cannot say", "hard to say", "no opinion", "undecided", "null",
    "none", "n a", "na", "unknown", "",
})  # fmt: skip
"""What people and models write where they have no answer, in small letters, marks as blanks."""
_YES, _NO = {"yes", "true"}, {"no", "false"}
_FRACTION = re.compile(
    r"(?P<number>[-+]?\d+(?:[.,]\d+)?)\s*(?:/|out of|of)\s*(?P<whole>\d+(?:[.,]\d+)?)", re.IGNORECASE
)
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_CURRENCIES = "£$€¥"
_FIELD = "answers"
_MOST_LISTED = 200
"""Whole numbers that a grammar lists one by one; beyond, a base model may write any number."""


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What somebody said to one question of one's own."""

    state: State
    value: Value | None = None
    """A number, a truth value, words or several options; None where there is none, or before a sentence is rated."""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question as it is put to one person."""

    question: records.OwnQuestion
    by_sentence: bool = False
    """Whether a scale is answered in a sentence, which is rated by the question's own anchors."""

    @property
    def id(self) -> str:
        """Its name."""
        return self.question.id

    def describe_answer(self) -> str:
        """Return what the form says is to be filled in."""
        own = self.question
        if self.by_sentence:
            return "one short sentence, as you would say it aloud, about this question only"
        if own.kind == "scale":
            low, high = own.ends
            return f"a whole number from 1 ({low}) to {own.levels} ({high})"
        if own.kind == "yes_no":
            return "true for yes, false for no"
        if own.kind in {"choice", "choices"}:
            listed = ", ".join(json.dumps(option, ensure_ascii=False) for option in own.options)
            several = "a list of all that apply, empty for none of them, from"
            return f"{'one of' if own.kind == 'choice' else several} {listed}"
        if own.kind == "number":
            return f"a number{_say_bounds(own)}{f', in {own.unit}' if own.unit else ''}"
        return "one or two sentences of your own"

    def write_schema(self) -> dict[str, Any]:
        """Return the strict schema of an answer; null says that the person is not sure."""
        own = self.question
        if own.kind == "text" or self.by_sentence:
            return {"type": ["string", "null"]}
        if own.kind == "scale":
            return {"type": ["integer", "null"], "enum": [*range(1, own.levels + 1), None]}
        if own.kind == "yes_no":
            return {"type": ["boolean", "null"]}
        if own.kind == "choice":
            return {"type": ["string", "null"], "enum": [*own.options, None]}
        if own.kind == "choices":
            return {"type": ["array", "null"], "items": {"type": "string", "enum": list(own.options)}}
        bounds = {"minimum": own.at_least, "maximum": own.at_most}
        return {"type": ["number", "null"], **{name: bound for name, bound in bounds.items() if bound is not None}}

    def read(self, given: Any) -> OwnAnswer:
        """Return what was answered, in whatever form a model wrote it; what is outside is unusable, never moved in."""
        own = self.question
        if given is None:
            return OwnAnswer("not sure")
        if own.kind in {"choice", "choices"}:
            return _read_options(own, given)
        if isinstance(given, str) and _plain(given) in NOT_SURE_WORDS:
            return OwnAnswer("not sure")
        if own.kind == "text" or self.by_sentence:
            return OwnAnswer("answered", given.strip()) if isinstance(given, str) else OwnAnswer("unusable")
        if own.kind == "yes_no":
            return _read_truth(given)
        return _read_level(own, given) if own.kind == "scale" else _read_amount(own, given)

    def write_grammar(self) -> str:
        """Return the GBNF grammar of a base model's answer, after a blank."""
        own = self.question
        if own.kind == "text":
            return r'root ::= " \"" [^"\n .,;:] [^"\n]{4,90} [.!?] "\"\n"'
        counted = _list_whole(own)
        if own.kind == "number" and not counted:
            return 'root ::= " " ("not sure" | "-"? [0-9] [0-9]? [0-9]? [0-9]? [0-9]? ("." [0-9] [0-9]?)?) "\\n"'
        words = [*map(str, range(1, own.levels + 1))] if own.kind == "scale" else counted or [*own.options]
        words = words or ["yes", "no"]
        listed = " | ".join(json.dumps(word, ensure_ascii=False) for word in [*words, "not sure"])
        return f'root ::= " " ({listed}) "\\n"'

    def read_completion(self, text: str) -> OwnAnswer:
        """Read what a base model wrote after the question: the first line of it."""
        line = text.strip().split("\n", maxsplit=1)[0].strip().strip('"').strip()
        return self.read(line)


def list_asked(
    questions: Iterable[records.OwnQuestion], rating: records.Rating, language: str
) -> tuple[AskedQuestion, ...]:
    """Return the questions as they are put to somebody who answers in a language, its BCP 47 tag given.

    A scale is answered in a sentence if sentences are rated and the question has anchors in that language.
    """
    return tuple(
        AskedQuestion(one, rating == "ssr" and one.kind == "scale" and find_anchors(one, language) is not None)
        for one in questions
    )


def find_anchors(question: records.OwnQuestion, language: str) -> Sequence[Sequence[str]] | None:
    """Return the question's own anchor sentences in a language; None where it has none."""
    code = languages.reduce_language(language)
    return next((sets for tag, sets in question.anchors.items() if languages.reduce_language(tag) == code), None)


def write_field(asked: Sequence[AskedQuestion]) -> dict[str, Any]:
    """Return the property of a schema that holds the answers; none without questions."""
    if not asked:
        return {}
    properties = {one.id: one.write_schema() for one in asked}
    closed = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {_FIELD: closed}


def read_field(
    fields: Mapping[str, Any], asked: Sequence[AskedQuestion], parse: Callable[[str], Any]
) -> dict[str, OwnAnswer]:
    """Return the answers of a reply; a question that was passed over is unusable, not unsure.

    `parse` reads an object that came as text.
    """
    given = fields.get(_FIELD)
    if isinstance(given, str) and given.lstrip().startswith("{"):
        given = parse(given)
    if not isinstance(given, Mapping):
        given = {one.id: fields[one.id] for one in asked if one.id in fields}
    named = {str(name).strip().casefold(): value for name, value in given.items()}
    return {one.id: one.read(named[one.id]) if one.id in named else OwnAnswer("unusable") for one in asked}


def say_unusable(answers: Mapping[str, OwnAnswer]) -> str | None:
    """Return which answers cannot be used, for a model that is asked again; None if all can."""
    names = [name for name, answer in answers.items() if answer.state == "unusable"]
    return f"the answer to {', '.join(names)} is missing or not one that the form allows" if names else None


def _list_whole(own: records.OwnQuestion) -> list[str]:
    """Return the whole numbers between the bounds of a number, where they are few enough to be listed."""
    if own.kind != "number" or own.at_least is None or own.at_most is None:
        return []
    least, most = math.ceil(own.at_least), math.floor(own.at_most)
    return [*map(str, range(least, most + 1))] if most - least <= _MOST_LISTED else []


def _say_bounds(own: records.OwnQuestion) -> str:
    if own.at_least is not None and own.at_most is not None:
        return f" from {own.at_least:g} to {own.at_most:g}"
    if own.at_least is not None:
        return f" of {own.at_least:g} or more"
    return "" if own.at_most is None else f" of {own.at_most:g} or less"


def _plain(text: str) -> str:
    """Return words in small letters with single blanks for everything between them."""
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())


def _read_truth(given: Any) -> OwnAnswer:
    if isinstance(given, bool):
        return OwnAnswer("answered", given)
    word = _plain(given) if isinstance(given, str) else ""
    return OwnAnswer("answered", word in _YES) if word in _YES | _NO else OwnAnswer("unusable")


def _read_options(own: records.OwnQuestion, given: Any) -> OwnAnswer:
    """Read one option or several; an option that reads "not sure" is an option."""
    named = {option.casefold(): option for option in own.options}
    named = {_plain(option): option for option in own.options if _plain(option)} | named
    several = given if isinstance(given, (list, tuple)) else [given]
    if isinstance(given, (list, tuple)) and own.kind == "choice":
        return OwnAnswer("unusable")
    words = [str(one) for one in several if isinstance(one, (str, int, float)) and not isinstance(one, bool)]
    found = [named.get(" ".join(word.casefold().split())) or named.get(_plain(word)) for word in words]
    if len(words) < len(several) or None in found:
        is_unsure = len(several) == 1 and bool(words) and _plain(words[0]) in NOT_SURE_WORDS
        return OwnAnswer("not sure" if is_unsure else "unusable")
    chosen = tuple(option for option in own.options if option in found)
    return OwnAnswer("answered", chosen if own.kind == "choices" else chosen[0])


def _read_level(own: records.OwnQuestion, given: Any) -> OwnAnswer:
    number = _read_number(given, own.levels)
    usable = number is not None and number == int(number) and 1 <= number <= own.levels
    return OwnAnswer("answered", float(number)) if usable and number is not None else OwnAnswer("unusable")


def _read_amount(own: records.OwnQuestion, given: Any) -> OwnAnswer:
    number = _read_number(_drop_unit(given, own.unit), own.at_most)
    least, most = own.range
    usable = number is not None and least <= number <= most
    return OwnAnswer("answered", float(number)) if usable and number is not None else OwnAnswer("unusable")


def _drop_unit(given: Any, unit: str | None) -> Any:
    """Return a number without the sign of a currency before it, or its unit behind it."""
    if not isinstance(given, str):
        return given
    bare = given.strip().lstrip(_CURRENCIES).strip()
    if unit and bare.casefold().endswith(unit.casefold()):
        bare = bare[: -len(unit)]
    return bare.strip().rstrip("%" if unit in {"%", "percent", "per cent"} else "").strip()


def _read_number(given: Any, whole: float | None) -> float | None:
    """Return a number; of "7 out of 10" the 7 where the scale ends at 10, of any other fraction nothing."""
    if isinstance(given, bool):
        return None
    if isinstance(given, (int, float)):
        return float(given) if math.isfinite(given) else None
    text = given.strip().rstrip(".").strip() if isinstance(given, str) else ""
    if fraction := _FRACTION.fullmatch(text):
        is_own = whole is not None and float(fraction["whole"].replace(",", ".")) == whole
        return float(fraction["number"].replace(",", ".")) if is_own else None
    return float(text.replace(",", "")) if _NUMBER.fullmatch(text) else None
