"""Recordings: the reactions of a campaign in one file beside it, sorted, hashed, one line each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from toolkit.errors import InputError
from toolkit.files import read_text, write_atomically
from toolkit.gate.digests import Shaped, digest
from toolkit.models import LABEL, Draft, Record, records

AnyRecord = TypeVar("AnyRecord", bound=Record)
VERSION = 1
"""Of the file format."""
SUFFIX = ".reactions.jsonl"
_FIRST_SUFFIX = ".yaml"
"""Of a campaign file; one of the same name with another suffix names its recording in full."""
MERGE_MARKS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
"""How the lines begin that Git leaves where two sides of a merge differ."""
_SUM = ', "sum": "'
_SUM_LENGTH = 14
"""Twelve digits and the end of the line."""
_RESTORE = "restore it from version control, or delete the file and record it anew"


class RecordedModel(Record):
    """One of several models that answered for a recording."""

    name: str
    """As it was given, such as "groq:llama-3.3"; reactions carry it."""
    engine: str
    model: str
    form: Literal["chat", "completion"]


class Header(Record):
    """The first line: what all reactions have in common."""

    recording: int = VERSION
    """Version of the file format."""
    campaign: str
    label: str = LABEL
    synthetic_respondents: bool = True
    ai_generated: bool = True
    version: str
    """The toolkit that wrote the file."""
    engine: str
    model: str
    models: tuple[RecordedModel, ...] = ()
    """Several models over which the people are split; empty for a single one."""
    form: Literal["chat", "completion"]
    rating: records.Rating = "ssr"
    embedding_model: str | None = None
    """The endpoint's embedding model; null for the embedded one, or where nothing was embedded."""
    sample: int | None = None
    repeats: int = 1
    seed: int = 0
    keep_weights: bool = False
    """Whether weights of several audiences are added up as they are."""
    wordings: int
    """How many wordings the personas are spread over."""
    audience: tuple[str, ...] = ()
    """The audience named on the command line, where the campaign names none; paths start from the campaign's folder."""
    own_prompts: str | None = None
    """The folder of the user's own prompts, from the campaign's folder."""
    prompts: dict[str, str]
    """Short SHA-256 of every prompt file in use."""
    baseline: Draft | None = None
    """The draft that was live when it was accepted; its reactions stand under the id "baseline"."""
    reactions: int = 0
    """How many lines follow."""
    sha256: str = ""
    """Of this line without this field, and of all lines that follow."""


class Entry(Record):
    """One reaction."""

    draft: str
    persona: str
    wording: int = Field(ge=0)
    repeat: int = Field(default=0, ge=0)
    status: Literal["ok", "refused"] = "ok"
    action: str | None = None
    stopped: bool | None = None
    verbatim: str | None = None
    objection: str | None = None
    ratings: dict[str, float] = Field(default_factory=dict)
    """By measure, from 1 to 5; what is unknown is left out."""
    pmfs: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """By measure, the distribution over 1 to 5; left out where it is certain."""
    answers: dict[str, bool | float | str | tuple[str, ...]] = Field(default_factory=dict)
    """To questions of one's own, by id; what is unknown is left out."""
    unsure: tuple[str, ...] = ()
    """The questions of one's own to which the answer was: not sure."""
    unusable: tuple[str, ...] = ()
    """Those whose answer was outside the form."""
    model: str | None = None
    """Of several models, the one that answered."""
    error: str | None = None
    """The model's words where it refused."""
    tokens: tuple[int, int] = (0, 0)
    """Prompt and completion tokens."""
    cost: float | None = None
    """Dollars; null where the model's price was not known."""
    shaped: Shaped

    @property
    def name(self) -> tuple[str, str, int]:
        """Draft, persona and repeat: two reactions share them only while a merge keeps two texts of one draft."""
        return (self.draft, self.persona, self.repeat)

    @property
    def identity(self) -> tuple[str | int, ...]:
        """Name and content: no two reactions of a recording share them."""
        return (*self.name, *self.content)

    @property
    def content(self) -> tuple[str | int, ...]:
        """Everything that shaped it apart from the built-in prompts: reactions of equal content stand for each other.

        Ids do not shape a reaction, so a renamed draft keeps its reactions.
        """
        return make_content(self.shaped, self.wording, self.repeat)


_ENTRIES: TypeAdapter[tuple[Entry, ...]] = TypeAdapter(tuple[Entry, ...])


class Recording(Record):
    """A recording in memory."""

    header: Header
    entries: tuple[Entry, ...]
    """Sorted by draft, persona and repeat."""


def make_content(shaped: Shaped, wording: int, repeat: int) -> tuple[str | int, ...]:
    """Return what `Entry.content` is for a reaction of this shape."""
    parts = (shaped.text, shaped.parts, shaped.persona, shaped.prompts, shaped.model, shaped.settings)
    return (*parts, shaped.questions, wording, repeat)


def find_recording(campaign_file: str | Path) -> Path:
    """Return where the recording of a campaign file is kept: NAME.reactions.jsonl beside it.

    Beside a.yaml, the recording of a.yml is a.yml.reactions.jsonl.
    """
    path = Path(campaign_file)
    whole = path.with_name(path.name + SUFFIX)
    if path.suffix != _FIRST_SUFFIX and (whole.exists() or path.with_suffix(_FIRST_SUFFIX).exists()):
        return whole
    return path.with_name(path.stem + SUFFIX)


def load_recording(path: Path) -> Recording | None:
    """Return the recording, or None where there is none.

    Raises InputError with the line of the first that is damaged, was edited by hand, or occurs twice.
    """
    if not path.exists():
        return None
    first, *lines = read_text(path).removesuffix("\n").split("\n")
    fields = parse_line(first, path, 1)
    header = make_header(fields, path, 1)
    whole = _read_whole(header, fields, lines)
    entries = whole or tuple(read_entry(line, path, number) for number, line in enumerate(lines, 2))
    _check_distinct(entries, path)
    if whole:
        return Recording(header=header, entries=whole)
    if header.reactions != len(entries) or header.sha256 != _hash_all(fields, lines):
        where = f"{path}: {len(entries)} lines follow the first, {header.reactions} were written"
        what = where if header.reactions != len(entries) else f"{path}:1: the first line was edited by hand"
        raise InputError(f"{what}; {_RESTORE}")
    return Recording(header=header, entries=entries)


def _read_whole(header: Header, fields: Mapping[str, Any], lines: Sequence[str]) -> tuple[Entry, ...]:
    """Return the reactions of a file whose one hash says that it is as it was written; none of any other.

    What changes a line changes that hash, so the sum of each line is only looked at to name the one that changed.
    """
    bodies = [body for line in lines if (body := _find_body(line)) is not None]
    if not bodies or len(bodies) != len(lines) or header.reactions != len(lines):
        return ()
    if header.sha256 != _hash_all(fields, lines):
        return ()
    try:
        return _ENTRIES.validate_json(f"[{','.join(bodies)}]")
    except ValidationError:
        return ()


def _find_body(line: str) -> str | None:
    """Return a line without the sum at its end; None for one that does not end as lines are written."""
    body, mark, end = line.rpartition(_SUM)
    return f"{body}}}" if mark and len(end) == _SUM_LENGTH and end.endswith('"}') else None


def make_header(fields: Mapping[str, Any], path: Path, number: int) -> Header:
    """Return the first line of a recording; raise InputError for one of a later format, or a damaged one."""
    said = fields.get("recording")
    if isinstance(said, int) and said > VERSION:
        raise InputError(
            f"{path}:{number}: a recording of format {said}, and this toolkit reads up to {VERSION}; upgrade it"
        )
    return _validate(Header, fields, path, number)


def save_recording(path: Path, header: Header, entries: Iterable[Entry]) -> None:
    """Write a recording, whole or not at all; entries come out sorted."""
    lines = [_write_entry(entry) for entry in sorted(entries, key=lambda entry: (entry.name, entry.content))]
    fields = header.model_copy(update={"reactions": len(lines)}).model_dump(mode="json", exclude_defaults=True)
    # What a reader should see at once stands there even where it is the default.
    told = {"recording": VERSION, "campaign": header.campaign, "label": LABEL}
    fields = {**told, "synthetic_respondents": True, "ai_generated": True, **fields}
    fields["sha256"] = _hash_all(fields, lines)
    write_atomically(path, "".join(f"{line}\n" for line in [_write(fields), *lines]).encode())


def _write_entry(entry: Entry) -> str:
    fields = entry.model_dump(mode="json", exclude_defaults=True)
    return _write({**fields, "sum": digest(fields)})


def read_entry(line: str, path: Path, number: int) -> Entry:
    """Return the reaction on a line; raise InputError for one that was damaged or edited by hand."""
    fields = parse_line(line, path, number)
    told = fields.pop("sum", None)
    if told != digest(fields):
        raise InputError(f"{path}:{number}: this reaction was edited by hand or damaged; {_RESTORE}")
    return _validate(Entry, fields, path, number)


def parse_line(line: str, path: Path, number: int) -> dict[str, Any]:
    """Return the fields on a line; raise InputError where it holds none."""
    if line.startswith(MERGE_MARKS):
        raise InputError(
            f"{path}:{number}: not a line of a recording but what a merge left; `audience record --merge {path}` "
            "keeps both sides"
        )
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise InputError(f"{path}:{number}: not a line of a recording; {_RESTORE}")
    return fields


def _validate(kind: type[AnyRecord], fields: Mapping[str, Any], path: Path, number: int) -> AnyRecord:
    try:
        return records.validate_record(kind, fields)
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(map(str, fault["loc"]))
        raise InputError(f"{path}:{number}: {name}: {fault['msg'].lower()}; {_RESTORE}") from None


def _check_distinct(entries: Iterable[Entry], path: Path) -> None:
    entries = list(entries)
    if len({entry.name for entry in entries}) == len(entries):
        return
    seen: dict[tuple[str | int, ...], int] = {}
    for number, entry in enumerate(entries, 2):
        if entry.identity in seen:
            raise InputError(f"{path}:{number}: the same reaction as on line {seen[entry.identity]}; {_RESTORE}")
        seen[entry.identity] = number


def _hash_all(fields: Mapping[str, Any], lines: Iterable[str]) -> str:
    first = {name: value for name, value in fields.items() if name != "sha256"}
    text = "\n".join([json.dumps(first, sort_keys=True, ensure_ascii=False), *lines])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _write(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)
