"""The records that travel through the toolkit: frozen, and closed to unknown fields."""

from __future__ import annotations

import datetime
import hashlib
import math
import pkgutil
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, Self, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from toolkit.errors import InputError, spell_out, suggest
from toolkit.models.cards import rendering

if TYPE_CHECKING:
    import polars as pl

MEASURES = ("relevance", "clarity", "trust", "appeal", "intent")
ACTIONS = ("scroll_past", "read", "react", "click", "reply", "share", "save", "hide", "report")
LEAVING = ("scroll_past", "hide", "report")
NEGATIVE = ("hide", "report")
READING = ("read", "react", "click", "reply", "share", "save")
"""Actions that include reading: whoever does one of them has reached the objective "read"."""
OBJECTIVES = ("read", "react", "click", "reply", "share", "save")
CONTROL = "control"
MOST_CHARACTERS = 1_000_000
LIST_FIELDS = ("ice_breakers", "buttons", "quick_replies")
"""Parts of a draft that hold several texts."""
LABEL = rendering.LABEL

MAKERS = {
    "Audience.from_frame": "toolkit.audiences.importing:make_from_frame",
    "Campaign.from_frame": "toolkit.drafts.taking:make_campaign",
    "Run.plot": "toolkit.report.notebook:plot_run",
    "Run.show": "toolkit.report.notebook:show_run",
    "Study.plot": "toolkit.report.notebook:plot_study",
}
"""What a record makes by the hand of a room that stands above it, and is found by name when it is asked for."""

Measure = Literal["relevance", "clarity", "trust", "appeal", "intent"]
Objective = Literal["read", "react", "click", "reply", "share", "save"]
Rating = Literal["ssr", "logprob", "direct"]
Decision = Literal["best", "too close to call", "unstable", "not enough", "single draft"]


class ArrowTable(Protocol):
    """What hands its columns out in Arrow's form: a frame of Polars, pandas or narwhals, a table of PyArrow."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


class ColumnTable(Protocol):
    """What names its columns: a frame of pandas, a relation of DuckDB."""

    @property
    def columns(self) -> Any:
        """The names of its columns."""


AnyFrame: TypeAlias = "pl.DataFrame | pl.LazyFrame | ArrowTable | ColumnTable"
"""A frame of Polars (eager or lazy), pandas, PyArrow, DuckDB, or of another library that narwhals reads."""
AnyRows: TypeAlias = "AnyFrame | Sequence[Mapping[str, Any]]"
"""A frame, or a list of mappings with one row each."""

AnyModel = TypeVar("AnyModel", bound=BaseModel)
_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-[a-z0-9]{4,8})*")
_IDENTIFIER = re.compile(r"[\w][\w .@+-]{0,119}")
_FACTOR = re.compile(r"\w[\w -]{0,59}")
_LONGEST_LEVEL = 120


def say_day(when: datetime.date) -> str:
    """Return a day as every text and page writes it, such as "4 November 2026"."""
    return f"{when.day} {when:%B %Y}"


def say_moment(when: datetime.datetime) -> str:
    """Return a moment as every text and page writes it, such as "4 November 2026, 14:05 UTC"."""
    when = when.astimezone(datetime.UTC)
    return f"{say_day(when)}, {when:%H:%M} UTC"


def check_language(value: str) -> str:
    """Return a BCP 47 tag in its usual spelling, such as "pt-BR" for "pt_br"; raise ValueError for anything else."""
    tag = value.strip().replace("_", "-").lower()
    if not _TAG.fullmatch(tag):
        raise ValueError(f"{value!r} is no code of a language; give a BCP 47 tag such as de, pt-BR or zh-Hant")
    code, *others = tag.split("-")
    spelling = {2: str.upper, 4: str.title}
    return "-".join([code, *(spelling.get(len(part), str)(part) for part in others)])


Language = Annotated[str, AfterValidator(check_language)]
"""A BCP 47 tag."""


class Record(BaseModel):
    """A frozen record that refuses fields it does not know.

    Made by hand, by `model_validate` or from JSON, it raises InputError naming field and value. What reads files uses
    `validate_record`, and gets pydantic's error with the place of each fault.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise InputError(_describe_fault(type(self), error)) from None

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Return the record of a mapping or an object; raise InputError naming the first fault."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise InputError(_describe_fault(cls, error)) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Return the record of a text in JSON; raise InputError naming the first fault."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise InputError(_describe_fault(cls, error)) from None

    # Pydantic then builds nested and validated records without this method, as fast as without it.
    setattr(__init__, "__pydantic_base_init__", True)  # noqa: B010 - a function has no such attribute by type


def validate_record(kind: type[AnyModel], fields: Any) -> AnyModel:
    """Return the record of what a file holds; raise pydantic's ValidationError with the place of each fault."""
    made: AnyModel = kind.__pydantic_validator__.validate_python(fields)
    return made


def validate_json(kind: type[AnyModel], content: str | bytes) -> AnyModel:
    """Return the record of what a JSON file holds; raise pydantic's ValidationError with the place of each fault."""
    made: AnyModel = kind.__pydantic_validator__.validate_json(content)
    return made


def _identifier(value: str) -> str:
    value = value.strip()
    if not _IDENTIFIER.fullmatch(value):
        raise ValueError("an id is 1 to 120 letters, digits, spaces or . _ - @ +")
    return value


def _number_as_text(value: Any) -> Any:
    """Return a whole number as text, because JSON and Parquet may number what YAML and CSV name."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _is_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, (list, tuple)) and len(one) == len(("a", "b")) for one in value
    )


def _read_factor(factor: Any) -> str:
    name = str(factor).strip()
    if not _FACTOR.fullmatch(name):
        raise ValueError(
            f"{name[:60]!r} is no name of a tag; give 1 to 60 letters, digits, spaces, _ or -, such as style"
        )
    return name


def _read_level(factor: Any, level: Any) -> str:
    if isinstance(level, bool):
        return "yes" if level else "no"
    if isinstance(level, float) and level.is_integer():
        level = int(level)
    words = " ".join(str(level).split()) if isinstance(level, (str, int, float)) else ""
    if not 0 < len(words) <= _LONGEST_LEVEL:
        raise ValueError(
            f"the tag {factor} needs one level of at most {_LONGEST_LEVEL} characters, such as {factor}: question"
        )
    return words


QuestionKind = Literal["scale", "yes_no", "choice", "choices", "number", "text"]
"""A place on a scale, yes or no, one of several options, any of several options, a number, or free words."""
MOST_QUESTIONS = 20
"""Of a campaign together with its audiences: a longer form is filled in carelessly."""
MOST_OPTIONS = 20
UPPER = ".upper"
"""Ends the measure that is the share of answers above the middle of a scale."""
_USUAL_POINTS = 5
_QUESTION_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KIND_WORDS = {"yes/no": "yes_no", "yes or no": "yes_no", "several choices": "choices", "free text": "text"}
_FIELDS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "scale": ("points", "low", "high", "anchors"),
    "yes_no": (),
    "choice": ("options",),
    "choices": ("options",),
    "number": ("at_least", "at_most", "unit"),
    "text": (),
}
KEPT_IDS = frozenset({
    *MEASURES, "stop_rate", "objective_rate", "negative_rate", "draft", "where", "measure", "bounds", "beats", "margin",
    "not_worse_than", "no_segment_below", "max_cost", "lint", "verbatim", "objection", "quotes", "action", "answers",
})  # fmt: skip
"""Names that something else has already: a measure, a key of a check, a field of the form."""


def _list_anchor_sets(value: Any) -> Any:
    """Return anchor sentences as sets by language; a plain list is one set in English."""
    by_language = value if isinstance(value, dict) else {"en": value}
    return {
        str(tag): [sets] if isinstance(sets, (list, tuple)) and sets and isinstance(sets[0], str) else sets
        for tag, sets in by_language.items()
    }


class OwnQuestion(Record):
    """A question of one's own, asked in the same call as the reaction.

    Examples:
        >>> from toolkit.models import records
        >>> humour = records.OwnQuestion(id="humour", question="How funny is it?", low="not at all", high="very")
        >>> humour.measures
        ('humour', 'humour.upper')
    """

    id: str
    """Name of the answer: the column `answer_ID`, and the measure in scorecards and checks."""
    kind: QuestionKind = "scale"
    """scale, yes_no, choice, choices (several of them), number or text."""
    question: str = Field(min_length=1, max_length=500)
    """What people are asked, in one sentence."""
    ask: Literal["stopped", "everyone"] = "stopped"
    """Who answers: those who stopped, or everybody, from what they saw."""
    points: int | None = Field(default=None, ge=2, le=10)
    """Of a scale, how many points it has, counted from 1; 5 unless the anchors have another number."""
    low: str | None = Field(default=None, min_length=1, max_length=200)
    """Of a scale, what its lowest point means."""
    high: str | None = Field(default=None, min_length=1, max_length=200)
    """Of a scale, what its highest point means."""
    anchors: dict[str, tuple[tuple[str, ...], ...]] = Field(default_factory=dict)
    """Of a scale, sets of sentences by language, one a point, lowest first; a plain list is one set in English."""
    options: tuple[str, ...] = Field(default=(), max_length=MOST_OPTIONS)
    """Of a choice, what there is to choose from."""
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    """Of a number, the least that it may be."""
    at_most: float | None = Field(default=None, allow_inf_nan=False)
    """Of a number, the most that it may be."""
    unit: str | None = Field(default=None, min_length=1, max_length=40)
    """Of a number, what it counts, such as "pounds"."""

    @property
    def levels(self) -> int:
        """How many points the scale has."""
        sets = next(iter(self.anchors.values()), ())
        return self.points or (len(sets[0]) if sets else _USUAL_POINTS)

    @property
    def ends(self) -> tuple[str, str]:
        """What the lowest and the highest point of the scale mean."""
        sets = next(iter(self.anchors.values()), ())
        first, last = (sets[0][0], sets[0][-1]) if sets else ("not at all", "very much")
        return self.low or first, self.high or last

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that its answers make in scorecards, comparisons and checks; none for free text."""
        if self.kind in {"choice", "choices"}:
            return tuple(f"{self.id}={option}" for option in self.options)
        if self.kind == "scale":
            return (self.id, f"{self.id}{UPPER}")
        return () if self.kind == "text" else (self.id,)

    @property
    def upper(self) -> int:
        """The lowest point above the middle of the scale."""
        return (self.levels + 1) // 2 + 1

    def find_range(self, measure: str) -> tuple[float, float]:
        """Return the least and the most that one of its measures can be; infinite where a number has no bound."""
        return (0.0, 1.0) if measure.endswith(UPPER) else self.range

    @property
    def range(self) -> tuple[float, float]:
        """The least and the most that an answer can be as a number; infinite where a number has no bound."""
        if self.kind == "scale":
            return 1.0, float(self.levels)
        if self.kind == "number":
            least = -math.inf if self.at_least is None else self.at_least
            return least, math.inf if self.at_most is None else self.at_most
        return 0.0, 1.0

    @field_validator("id")
    @classmethod
    def _check_id(cls, value: str) -> str:
        value = value.strip()
        if not _QUESTION_ID.fullmatch(value):
            raise ValueError("the id of a question is 1 to 40 small letters, digits or _, a letter first")
        if value in KEPT_IDS:
            raise ValueError(f"{value!r} has a meaning already; choose another id")
        return value

    @field_validator("kind", mode="before")
    @classmethod
    def _plain_kind(cls, value: Any) -> Any:
        return _KIND_WORDS.get(value.strip().casefold(), value.strip()) if isinstance(value, str) else value

    @field_validator("question", "low", "high", "unit")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        if value is None:
            return value
        line = " ".join(value.split())
        if not line:
            raise ValueError("this is empty; write it out")
        return line

    @field_validator("anchors", mode="before")
    @classmethod
    def _sets_by_language(cls, value: Any) -> Any:
        return _list_anchor_sets(value) if value else {}

    @field_validator("anchors")
    @classmethod
    def _check_anchors(cls, value: dict[str, tuple[tuple[str, ...], ...]]) -> dict[str, tuple[tuple[str, ...], ...]]:
        lengths = {len(sentences) for sets in value.values() for sentences in sets}
        if any(not sets for sets in value.values()) or len(lengths) > 1:
            raise ValueError("each set of anchors needs one sentence a point, the same number in all")
        if not all(sentence.strip() for sets in value.values() for one in sets for sentence in one):
            raise ValueError("an anchor sentence is empty; write each one out")
        if lengths and not 2 <= min(lengths) <= 10:  # noqa: PLR2004 - as `points`
            raise ValueError("a scale has 2 to 10 points; give so many anchor sentences")
        return {check_language(tag): sets for tag, sets in value.items()}

    @field_validator("options", mode="before")
    @classmethod
    def _options_as_text(cls, value: Any) -> Any:
        return [_number_as_text(one) for one in value] if isinstance(value, (list, tuple)) else value

    @field_validator("options")
    @classmethod
    def _check_options(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        options = tuple(" ".join(option.split()) for option in value)
        if not all(options) or any(len(option) > 100 for option in options):  # noqa: PLR2004 - said below
            raise ValueError("an option is 1 to 100 characters")
        if first_repeated(option.casefold() for option in options) is not None:
            raise ValueError("two options read alike; make each one different")
        if any(option == "*" or (option.startswith("^") and option.endswith("$")) for option in options):
            raise ValueError("an option is words, not a pattern; leave out * and ^...$")
        return options

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        own = _FIELDS_OF_KIND[self.kind]
        others = (name for names in _FIELDS_OF_KIND.values() for name in names if name not in own)
        stray = next((name for name in others if getattr(self, name) not in (None, (), {})), None)
        if stray is not None:
            fits = " or ".join(kind for kind, names in _FIELDS_OF_KIND.items() if stray in names)
            raise ValueError(f"{stray} belongs to a question of kind {fits}, and {self.id!r} is of kind {self.kind}")
        if self.kind in {"choice", "choices"} and len(self.options) < 2:  # noqa: PLR2004 - a choice
            raise ValueError(f"{self.id!r} needs options, at least two, such as options: [calm, loud]")
        if self.anchors and self.points not in {None, len(next(iter(self.anchors.values()))[0])}:
            raise ValueError(f"{self.id!r} has {self.points} points and another number of anchors; leave points out")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"{self.id!r} needs both low and high, or neither")
        if self.at_least is not None and self.at_most is not None and self.at_least >= self.at_most:
            raise ValueError(f"{self.id!r}: at_least must be below at_most")
        return self


Questions = tuple[OwnQuestion, ...]


def _check_questions(value: Questions) -> Questions:
    """Return questions that each have an id of their own; raise ValueError for one that occurs twice, or too many."""
    repeated = first_repeated(question.id for question in value)
    if repeated is not None:
        raise ValueError(f"question id {repeated!r} occurs twice; give each question its own id")
    if len(value) > MOST_QUESTIONS:
        raise ValueError(f"there are {len(value)} questions; at most {MOST_QUESTIONS} are asked at once")
    return value


def join_questions(*several: Questions) -> Questions:
    """Return the questions of campaigns and audiences together; raise InputError where an id means two things."""
    joined: dict[str, OwnQuestion] = {}
    for question in (one for questions in several for one in questions):
        if joined.setdefault(question.id, question) != question:
            raise InputError(
                f"questions: {question.id!r} is asked in two ways, by campaign, audience or another file; "
                "give one of them another id"
            )
    if len(joined) > MOST_QUESTIONS:
        raise InputError(f"questions: {len(joined)} of campaign and audiences; at most {MOST_QUESTIONS} at once")
    return tuple(joined.values())


class Persona(Record):
    """One described synthetic person.

    Examples:
        >>> maya = toolkit.Persona(id="maya", name="Maya", age=24, about="Resells vintage clothes in Leeds.")
        >>> maya.weight
        1.0
    """

    id: str
    """Stable name of the persona within its audience."""
    name: str
    """What the persona is called in prompts and on screens."""
    age: int | None = Field(default=None, ge=13, le=120)
    """Age in years, None where unknown; 13 or more, because simulating younger children is refused."""
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """How many people of the audience this persona stands for, in any unit."""
    segments: dict[str, str] = Field(default_factory=dict)
    """Groups the persona belongs to, such as {"role": "seller"}."""
    about: str = Field(min_length=1, max_length=20_000)
    """Who this is, in plain sentences."""

    @property
    def called(self) -> str:
        """Name and age as they stand on screens: "Maya, 24", or "Maya" where the age is unknown."""
        return self.name if self.age is None else f"{self.name}, {self.age}"

    _id_as_text = field_validator("id", mode="before")(_number_as_text)

    @field_validator("id")
    @classmethod
    def _check_id(cls, value: str) -> str:
        value = _identifier(value)
        if value == CONTROL:
            raise ValueError(f"the id {CONTROL!r} is kept for the control reader; choose another")
        return value

    @field_validator("segments", mode="before")
    @classmethod
    def _segments_as_text(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): str(item) for key, item in value.items()}
        return value

    @field_validator("about")
    @classmethod
    def _about_says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("about must describe the person in at least a sentence")
        return value.strip()


class Cited(Record):
    """Words of somebody real that a made-up person rests on."""

    row: int
    """The line of the source that they stand on."""
    quote: str = Field(min_length=1, max_length=2_000)


class Audience(Record):
    """A named, weighted set of personas.

    Examples:
        >>> people = toolkit.load_audience("uk-small-sellers").personas[:2]
        >>> toolkit.Audience(audience="two-sellers", personas=people).personas[0].name
        'Maya'
    """

    audience: str
    """Name of the audience."""
    description: str = ""
    """Whom it stands for."""
    source: str = ""
    """Where it comes from: written by hand, or the survey and its licence."""
    language: tuple[Language, ...] = Field(default=(), exclude_if=lambda value: not value)
    """What its people speak, as BCP 47 tags, the first one first; of a bilingual audience each."""
    questions: Annotated[Questions, AfterValidator(_check_questions)] = Field(default=(), exclude_if=lambda v: not v)
    """What these people are asked besides, in every campaign."""
    personas: tuple[Persona, ...] = Field(min_length=1)
    """The people, in file order."""
    evidence: dict[str, tuple[Cited, ...]] = Field(default_factory=dict, exclude_if=lambda value: not value)
    """What each person rests on, by persona id. It stands beside the people, so that no prompt can show it."""

    _notes: tuple[str, ...] = PrivateAttr(default=())

    @property
    def notes(self) -> tuple[str, ...]:
        """What reading the file left out or looked past, one sentence each."""
        return tuple(map(spell_out, self._notes))

    @field_validator("language", mode="before")
    @classmethod
    def _languages_as_list(cls, value: Any) -> Any:
        """Take one tag, or several with commas between them."""
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value or ()

    def with_notes(self, notes: tuple[str, ...]) -> Audience:
        """Return a copy that tells what was left out."""
        told = self.model_copy()
        told._notes = notes  # noqa: SLF001 - a copy of itself
        return told

    def _repr_html_(self) -> str:
        """Return what a notebook shows: whom it stands for, its segments, and the first people."""
        weight = math.fsum(persona.weight for persona in self.personas)
        keys = [
            rendering.CardTable(
                ("value", "people", "of the weight"),
                [
                    (value, len(held), f"{math.fsum(one.weight for one in held) / weight:.0%}")
                    for value, held in self._group(key).items()
                ],
                caption=key,
            )
            for key in self.segment_keys
        ]
        people = rendering.CardTable(
            ("id", "name", "age", "weight", "about"),
            [(one.id, one.name, one.age, f"{one.weight:g}", one.about) for one in self.personas],
            caption="people",
        )
        return rendering.render_card(
            self.audience,
            text=self.description,
            facts={"people": f"{len(self.personas):,}"},
            tables=[*keys, people],
            notes=[*([f"source: {self.source}"] if self.source else []), *self.notes],
        )

    def _group(self, key: str) -> dict[str, list[Persona]]:
        """Return the people of each value of a segment key, those without one as "unknown"; most people first."""
        grouped: dict[str, list[Persona]] = {}
        for persona in self.personas:
            grouped.setdefault(persona.segments.get(key, "unknown"), []).append(persona)
        return dict(sorted(grouped.items(), key=lambda one: -len(one[1])))

    @classmethod
    def from_frame(
        cls,
        frame: AnyRows,
        *,
        id: str | None = None,  # noqa: A002 - the field of a persona
        name: str | None = None,
        age: str | None = None,
        weight: str | None = None,
        segments: Sequence[str] | None = None,
        about: str | None = None,
        template: str | Path | None = None,
        sentence: str | None = None,
        keep: Sequence[str] = (),
        audience: str = "people",
        description: str = "",
        source: str = "",
        language: str | Sequence[str] = (),
    ) -> Audience:
        """Return the audience of a frame of people, one row each; its `notes` tell what was left out.

        **Parameters**

        - `frame`: a frame of Polars, pandas, PyArrow or DuckDB, or a list of mappings.
        - `id`, `name`, `age`, `weight`: the columns that hold these; columns of these names if left out.
        - `segments`: the columns that are kept as segments. Without it, every column that is nothing else.
        - `about`: the column that describes each person; a column `about` if left out.
        - `template`: a Jinja2 template that sees every column of a row, as text or as the path of a file.
        - `sentence`: a description with columns in braces, such as "{job} in {place}".
        - `keep`: columns that a template or sentence may use though they look personal.
        - `audience`, `description`, `source`, `language`: what the audience is called, and what else is known of it.

        Without about, template and sentence, all columns make a description. Columns that look personal, such as an
        e-mail address, reach none. Raises InputError naming the row, or the column with the nearest right one.

        Examples:
            >>> people = toolkit.Audience.from_frame(
            ...     [{"who": 7, "job": "potter", "place": "Leeds", "counts": 1.5}],
            ...     id="who", weight="counts", segments=["place"], sentence="Works as a {job} in {place}.",
            ... )
            >>> people.personas[0].about, people.personas[0].segments
            ('Works as a potter in Leeds.', {'place': 'Leeds'})
        """
        make = pkgutil.resolve_name(MAKERS["Audience.from_frame"])
        made: Audience = make(
            frame,
            {"id": id, "name": name, "age": age, "weight": weight, "about": about},
            {"audience": audience, "description": description, "source": source, "language": language},
            segments=segments,
            template=template,
            sentence=sentence,
            keep=keep,
        )
        return made

    @model_validator(mode="after")
    def _distinct_ids(self) -> Audience:
        repeated = first_repeated(persona.id for persona in self.personas)
        if repeated is not None:
            raise ValueError(f"persona id {repeated!r} occurs twice; give each persona its own id")
        return self

    @property
    def segment_keys(self) -> tuple[str, ...]:
        """The segment keys that any persona carries, sorted."""
        return tuple(sorted({key for persona in self.personas for key in persona.segments}))

    @property
    def digest(self) -> str:
        """SHA-256 over the whole audience as JSON, hexadecimal; taken persona by persona: there may be 100,000."""
        whole = hashlib.sha256(f'{self.model_dump_json(exclude={"personas"})[:-1]},"personas":['.encode())
        for number, persona in enumerate(self.personas):
            whole.update(f"{',' if number else ''}{persona.model_dump_json()}".encode())
        whole.update(b"]}")
        return whole.hexdigest()


class Draft(Record):
    """The text under test, with the surface it is meant for.

    Examples:
        >>> toolkit.Draft(id="plain", text="Sell your coat today.", surface="facebook_post").surface
        'facebook_post'
    """

    id: str
    """Name of the draft within its campaign."""
    text: str = Field(min_length=1, max_length=MOST_CHARACTERS)
    """The words people will read."""
    surface: str = "messenger_message"
    """Where it will appear."""
    language: Language | None = Field(default=None, exclude_if=lambda value: value is None)
    """The language it is in, and is answered in, as a BCP 47 tag; told from its words where it is not given."""
    headline: str | None = None
    description: str | None = None
    cta: str | None = None
    """Label of the call-to-action button."""
    link: str | None = None
    image: str | None = None
    """Path or address of the picture."""
    alt: str | None = None
    """What the picture shows, in words."""
    price: str | None = None
    place: str | None = None
    greeting: str | None = None
    """First message of a chat that an advert opens."""
    ice_breakers: tuple[str, ...] = ()
    """Questions offered under the greeting."""
    buttons: tuple[str, ...] = ()
    quick_replies: tuple[str, ...] = ()
    tag: str | None = None
    """Message tag sent with a Messenger message."""
    promotional: bool | None = None
    """Whether the message sells something."""
    samples: tuple[tuple[str, str], ...] = ()
    """What people read in place of variables: {"1": "Pablo"} for {{1}}; pairs, so that a draft can be looked up.

    A name may stand several times: people see its first sample, limits count the longest.
    """
    tags: tuple[tuple[str, str], ...] = Field(default=(), exclude_if=lambda value: not value)
    """What kind of draft it is, such as {"style": "question"}: a factor and its level each, which nobody reads.

    A study compares the levels of a factor over many campaigns.
    """

    @property
    def digest(self) -> str:
        """SHA-256 over everything people see, in composed Unicode form, hexadecimal; the id is no part of it.

        Two drafts share it only where they say the same on the same surface, so what is bound to it, such as an
        approval, is void after an edit.
        """
        seen = self.model_dump_json(exclude={"id", "language", "tags"}, exclude_defaults=True)
        return hashlib.sha256(unicodedata.normalize("NFC", seen).encode()).hexdigest()

    @property
    def prose(self) -> str:
        """The sentences that people read: text, headline, description and greeting."""
        return "\n".join(filter(None, (self.text, self.headline, self.description, self.greeting)))

    _id_as_text = field_validator("id", mode="before")(_number_as_text)

    @field_validator("samples", mode="before")
    @classmethod
    def _samples_as_pairs(cls, value: Any) -> Any:
        """Take a mapping of names to a sample or to several, the one that people see first."""
        if not isinstance(value, dict):
            return value
        listed = {name: words if isinstance(words, (list, tuple)) else [words] for name, words in value.items()}
        return tuple((str(name), str(one)) for name, words in listed.items() for one in words)

    @field_validator("tags", mode="before")
    @classmethod
    def _tags_as_pairs(cls, value: Any) -> Any:
        """Take a mapping of factors to levels; yes and no, numbers and texts are levels."""
        if isinstance(value, (str, list)) and not _is_pairs(value):
            raise ValueError("tags is a mapping of factors to levels, such as {style: question, length: short}")
        pairs = value.items() if isinstance(value, Mapping) else value
        return tuple((_read_factor(factor), _read_level(factor, level)) for factor, level in pairs)

    @field_validator("tags")
    @classmethod
    def _distinct_tags(cls, value: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        repeated = first_repeated(factor for factor, _ in value)
        if repeated is not None:
            raise ValueError(f"the tag {repeated!r} stands twice; give a draft one level of each factor")
        return value

    @field_validator("id")
    @classmethod
    def _check_id(cls, value: str) -> str:
        return _identifier(value)

    @field_validator("text")
    @classmethod
    def _text_says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the text is empty; a draft needs words to react to")
        return value

    @field_validator("price", mode="before")
    @classmethod
    def _price_as_text(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return value
        if math.isnan(value):
            return None
        if math.isinf(value):
            raise ValueError("that is no price; give a number or words, such as 45 or 45 pounds")
        return str(int(value)) if value == int(value) else format(Decimal(repr(value)), "f")


class Override(Record):
    """What a campaign makes of one lint rule."""

    severity: Literal["error", "warning", "note", "off"]
    because: str = Field(min_length=3)
    """The reason, for whoever reads the file next."""


class Brief(Record):
    """What the drafts of a campaign are for; checks of copy and rewrites use it."""

    goal: str = ""
    """What the drafts are to bring about."""
    tone: str = ""
    """How they are to sound."""
    must_haves: tuple[str, ...] = ()
    """Words that every draft has to have, each looked for as it is written, in small or large letters."""
    brand: str = ""
    """Who publishes the drafts: the name that previews show."""
    avatar: str | None = None
    """The picture beside that name, a file beside the campaign."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        said = self.goal.strip() or self.tone.strip() or self.must_haves or self.brand.strip() or self.avatar
        return not said

    def describe(self) -> str:
        """Return it as sentences that a writer follows; empty for an empty brief."""
        must = "; ".join(f'"{words}"' for words in self.must_haves)
        said = (("Goal", self.goal.strip()), ("Tone", self.tone.strip()), ("Keep these words", must))
        return " ".join(f"{name}: {words.rstrip('.')}." for name, words in said if words)


class Screened(Record):
    """That drafts are the shortlist of a screening: of how many, and whom it asked."""

    tested: int = Field(ge=2)
    """Drafts that were screened."""
    people: tuple[str, ...] = Field(min_length=1)
    """The ids of all personas that the screening asked."""
    fresh: bool | None = Field(default=None, exclude_if=lambda value: value is None)
    """Whether a run asks other people alone; null before it is planned."""

    def say(self, kept: int) -> str:
        """Return in one sentence whom a run of `kept` drafts asks, and what error its verdict may spend."""
        said = (
            f"these {kept} drafts are the shortlist of a screening of {self.tested}, and the verdict speaks for them "
            "alone"
        )
        if self.fresh is False:
            return (
                f"{said}; the audience has too few other people, so the {len(self.people)} of the screening count "
                "again, each of the two looks spends half of the error, and this verdict asks for p 0.025"
            )
        return (
            f"{said}; none of the {len(self.people)} people of the screening is asked here, so this verdict spends the "
            "whole error, p 0.05"
        )


class Campaign(Record):
    """Drafts that compete, their audience, objective and checks.

    Examples:
        >>> coat = toolkit.Draft(id="plain", text="Sell your coat today.")
        >>> toolkit.Campaign(campaign="coats", objective="click", drafts=(coat,)).objective
        'click'
    """

    campaign: str
    """Name of the campaign."""
    audience: str | None = None
    """Name or path of the audience that the file asks for."""
    objective: Objective | None = None
    """The action that counts as success, declared before the run."""
    language: Language | None = Field(default=None, exclude_if=lambda value: value is None)
    """The language of all drafts that name none, as a BCP 47 tag."""
    brief: Brief | None = Field(default=None, exclude_if=lambda value: value is None)
    """What the drafts are for."""
    drafts: tuple[Draft, ...] = Field(min_length=1)
    """The competing drafts, in file order."""
    questions: Annotated[Questions, AfterValidator(_check_questions)] = Field(default=(), exclude_if=lambda v: not v)
    """What people are asked besides, in the same call as the reaction."""
    screened: Screened | None = Field(default=None, exclude_if=lambda value: value is None)
    """The screening that the drafts are the shortlist of; a run then asks other people, or halves its error."""
    checks: tuple[dict[str, Any], ...] = ()
    """What must hold for the campaign to pass."""
    lint: dict[str, Override] = Field(default_factory=dict, exclude=True)
    """Lint rules that are raised or silenced, by id."""
    target_ages: str | None = Field(default=None, exclude=True)
    """The ages the drafts are aimed at, such as 18-65."""
    models: tuple[str, ...] = Field(default=(), exclude=True)
    """The models that people are split over, each NAME or ENDPOINT:NAME; a run records whom each answered for."""
    forecast: bool = Field(default=False, exclude=True)
    """Whether a run also asks for a forecast of shares; what it asked stands in its settings."""

    _file: str | None = PrivateAttr(default=None)
    _lines: dict[tuple[str, str], int] = PrivateAttr(default_factory=dict)
    _notes: tuple[str, ...] = PrivateAttr(default=())

    def _repr_html_(self) -> str:
        """Return what a notebook shows: objective, audience and the drafts."""
        facts = {"objective": self.objective, "audience": self.audience, "language": self.language}
        headlines = any(draft.headline for draft in self.drafts)
        columns = ("id", "surface", *(["headline"] if headlines else []), "text")
        return rendering.render_card(
            self.campaign,
            facts={
                "drafts": f"{len(self.drafts)}",
                **{name: value for name, value in facts.items() if value},
                **({"checks": str(len(self.checks))} if self.checks else {}),
            },
            tables=[rendering.CardTable(columns, [[getattr(one, name) for name in columns] for one in self.drafts])],
            notes=self.notes,
        )

    @classmethod
    def from_frame(
        cls,
        frame: AnyRows,
        *,
        id: str | None = None,  # noqa: A002 - the field of a draft
        text: str | None = None,
        surface: str | None = None,
        headline: str | None = None,
        columns: Mapping[str, str] | None = None,
        campaign: str = "drafts",
        audience: str | None = None,
        objective: Objective | None = None,
        language: str | None = None,
        checks: Sequence[Mapping[str, Any]] = (),
    ) -> Campaign:
        """Return the campaign of a frame of drafts, one row each; its `notes` tell which columns were not read.

        **Parameters**

        - `frame`: a frame of Polars, pandas, PyArrow or DuckDB, or a list of mappings.
        - `id`, `text`, `surface`, `headline`: the columns that hold these; usual headings are recognised.
        - `columns`: the column of any other field of a draft, such as {"cta": "button"}.
        - `campaign`, `audience`, `objective`, `language`, `checks`: fields of the campaign, as in its file.

        Raises InputError naming the row, or the column with the nearest right one.

        Examples:
            >>> made = toolkit.Campaign.from_frame(
            ...     [{"key": "plain", "copy": "Send an invoice in the chat."}], id="key", text="copy", objective="click"
            ... )
            >>> made.drafts[0].id, made.objective
            ('plain', 'click')
        """
        make = pkgutil.resolve_name(MAKERS["Campaign.from_frame"])
        made: Campaign = make(
            frame,
            {**(columns or {}), "id": id, "text": text, "surface": surface, "headline": headline},
            {
                "campaign": campaign,
                "audience": audience,
                "objective": objective,
                "language": language,
                "checks": tuple(dict(check) for check in checks),
            },
        )
        return made

    @property
    def file(self) -> str | None:
        """The file the campaign was read from."""
        return self._file

    @property
    def notes(self) -> tuple[str, ...]:
        """What reading the file left out or looked past, one sentence each."""
        return tuple(map(spell_out, self._notes))

    def read_from(self, file: str, lines: dict[tuple[str, str], int], notes: tuple[str, ...] = ()) -> Campaign:
        """Return a copy that knows its file, its notes and the line of each part, by draft id and field, "" for all."""
        placed = self.model_copy()
        placed._file, placed._lines, placed._notes = file, lines, notes  # noqa: SLF001 - a copy of itself
        return placed

    def replace_drafts(self, drafts: tuple[Draft, ...]) -> Campaign:
        """Return a copy with other drafts, which knows its file, notes and lines."""
        return self.model_copy(update={"drafts": drafts}).read_from(self._file or "", self._lines, self._notes)

    def replace_questions(self, questions: Questions) -> Campaign:
        """Return a copy with other questions, which knows its file, notes and lines."""
        return self.model_copy(update={"questions": questions}).read_from(self._file or "", self._lines, self._notes)

    def find_line(self, draft_id: str, field: str = "") -> int | None:
        """Return the line on which a part of a draft begins, or the draft where the part has none."""
        return self._lines.get((draft_id, field)) or self._lines.get((draft_id, ""))

    def place(self, draft_id: str, field: str = "") -> str:
        """Return FILE:LINE of a part, as far as it is known."""
        line = self.find_line(draft_id, field)
        return f"{self._file or self.campaign}:{line}" if line else self._file or self.campaign

    def __iter__(self) -> Iterator[Draft]:  # type: ignore[override]
        """Go through the drafts."""
        return iter(self.drafts)

    def __len__(self) -> int:
        return len(self.drafts)

    def __getitem__(self, place: int) -> Draft:
        return self.drafts[place]

    @field_validator("models", mode="before")
    @classmethod
    def _one_model(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("models")
    @classmethod
    def _distinct_models(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        repeated = first_repeated(value)
        if repeated is not None or not all(name.strip() for name in value):
            raise ValueError("name each model once, such as [gpt-5-mini, groq:NAME]")
        return value

    @model_validator(mode="after")
    def _distinct_ids(self) -> Campaign:
        repeated = first_repeated(draft.id for draft in self.drafts)
        if repeated is not None:
            raise ValueError(f"draft id {repeated!r} occurs twice; give each draft its own id")
        return self


class Settings(Record):
    """Everything about a run that shapes its reactions, besides drafts, audience and prompts."""

    objective: Objective = "click"
    """The action that counts as success."""
    rating: Rating = "ssr"
    """How words or token probabilities become ratings."""
    sample: int | None = Field(default=None, ge=1)
    """How many personas are drawn; all when null."""
    repeats: int = Field(default=1, ge=1, le=100)
    """Independent answers per persona and draft."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """Decides the draw, the wordings and, where the model takes one, the sampling."""
    control: bool = True
    """Whether a reader with no persona answers too."""
    head_to_head: bool = False
    """Whether personas also choose between every two drafts, shown side by side in both orders."""
    forecast: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether the model is also asked how many of 100 such people would act on each draft."""
    keep_weights: bool = False
    """Whether weights of several audiences are added up as they are; else a person of each counts 1 on average."""
    language: Language | None = Field(default=None, exclude_if=lambda value: value is None)
    """The language that everybody answers in, as a BCP 47 tag; each draft's own where it is not given."""
    prompts: Path | None = Field(default=None, exclude=True)
    """A folder of templates that win over the built-in ones; a run records the hash of each instead."""


class Verdict(Record):
    """What a run lets a person decide.

    Examples:
        >>> run.verdict().decision in ("best", "too close to call", "unstable", "not enough")
        True
    """

    decision: Decision
    """best, too close to call, unstable, not enough, or single draft."""
    draft: str | None = None
    """The best draft where there is one."""
    because: str
    """The reason in one sentence, with its numbers."""
    basis: str = Field(default="", exclude=True)
    """On what a run that is not whole rests, such as "from 50 of 120 reactions"; empty for a whole one."""
    doubt: str = Field(default="", exclude=True)
    """What makes it unstable, if the headline is to name it: "the models disagree"."""

    @property
    def headline(self) -> str:
        """The decision in a few words, such as "benefit is best" or "Too close to call"."""
        decided = f"{self.draft} is best" if self.draft else self.decision.capitalize()
        decided = f"{decided}: {self.doubt}" if self.doubt else decided
        return f"{decided}, {self.basis}" if self.basis else decided

    @property
    def reason(self) -> str:
        """The reason as it follows the headline: without what the headline has said."""
        because = self.because.replace(f"; {self.basis}", "", 1) if self.basis else self.because
        return because.removeprefix(f"{self.doubt}: ") if self.doubt else because

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the decision and why."""
        return rendering.render_card(self.headline, text=self.reason)


def make_draft(fields: Mapping[str, Any]) -> Draft:
    """Return a typed-in draft; raise InputError saying which field cannot be used."""
    try:
        return validate_record(Draft, dict(fields))
    except ValidationError as error:
        raise _as_input_error(error) from None


def make_campaign(name: str, drafts: Sequence[Mapping[str, Any]], objective: str) -> Campaign:
    """Return a campaign of typed-in drafts; raise InputError saying which field of which draft cannot be used."""
    made = tuple(make_draft(fields) for fields in drafts)
    try:
        return validate_record(Campaign, {"campaign": name, "objective": objective, "drafts": made})
    except ValidationError as error:
        raise _as_input_error(error) from None


def _as_input_error(error: ValidationError) -> InputError:
    first = error.errors()[0]
    field = " ".join(str(part) for part in first["loc"])
    return InputError(f"{field + ': ' if field else ''}{first['msg'].removeprefix('Value error, ')}")


def _describe_fault(kind: type[BaseModel], error: ValidationError) -> str:
    """Return the first fault of a record made by hand: record, field, value, what is allowed."""
    faults = error.errors()
    fault = next((one for one in faults if one["type"] == "extra_forbidden"), faults[0])
    path = fault["loc"]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    said = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden" and len(path) == 1:
        allowed = list(kind.model_fields)
        return f"{kind.__name__}: {field!r} is no field{suggest(field, allowed)}; allowed: {', '.join(allowed)}"
    if fault["type"] == "missing":
        return f"{kind.__name__}: {field} is missing; add it"
    shown = f" is {repr(fault['input'])[:60]}" if path else ""
    return f"{kind.__name__}: {field}{shown}: {said[0].lower()}{said[1:]}" if path else f"{kind.__name__}: {said}"


def first_repeated(items: Any) -> Any | None:
    """Return the first item that was seen before, or None."""
    seen = set()
    for item in items:
        if item in seen:
            return item
        seen.add(item)
    return None
