"""Audiences: from YAML, or from the rows of a table and a template that turns a row into a person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.audiences import persona_sets, privacy
from toolkit.audiences.importing import OWN, Making, make_people, make_rows_of, make_set
from toolkit.errors import A_PATH, InputError, accept_only, name_step, suggest
from toolkit.files import Located, located_yaml, make_record, read_text, resources, tables, write_atomically
from toolkit.models import Audience

if TYPE_CHECKING:
    from toolkit.audiences.streaming import Draw

FORMATS = (".yaml", ".yml", ".json", *tables.SUFFIXES, ".jsonl")
_MOST_NAMED = 3
_ROWS = (*tables.SUFFIXES, ".jsonl")
_OF_ROWS = (
    "audience", "description", "source", "language", "rows", "template", "segments", "columns", "keep", "sentence",
    "where", "sheet",
)  # fmt: skip
"""Fields of an audience file that names rows instead of personas."""


@accept_only(source=A_PATH)
def load_audience(
    source: str | Path,
    *,
    folder: str | Path | None = None,
    template: str | Path | None = None,
    segments: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    draw: Draw | None = None,
    sheet: str | None = None,
    where: str | None = None,
    keep: Sequence[str] = (),
    sentence: str | None = None,
    strict: bool = False,
    allow_outside: bool = False,
    encoding: str | None = None,
) -> Audience:
    """Return an audience by name or path; its `notes` tell what was left out of a table.

    A name is looked for as NAME.yaml in `folder`, then in ./personas, then among the bundled audiences. Rows (`.csv`,
    `.xlsx`, `.parquet`, `.jsonl` and others) become people through `template`, a Jinja2 file that sees every column of
    a row; without one, a file of the same name ending in .j2 is used, or plain "column: value" sentences. Persona sets
    as TinyTroupe, EDSL and Character Cards keep them are read as they are.

    `segments` names the columns that are kept as segments, and `columns` which column holds a persona's id, name, age
    or weight where it is called something else; what looks like one is taken where it is not named, and "" takes none.
    Without `columns`, those remembered beside the file in NAME.map.yaml hold.
    What looks personal, such as an e-mail address, reaches no description unless `keep` names its column. `sentence`
    makes the description without a template ("{job} in {place}"), `where` is a condition on rows ("age >= 18"), and
    `sheet` one of a workbook's. A row that cannot be used is left out, or with `strict` refuses the file. With `draw`,
    a Parquet file of any size is streamed past and only those drawn are read; it says nothing to other files. What an
    audience file names as rows or template lies in its folder, unless `allow_outside` lets your own file name others.
    `encoding` is for a file that is neither UTF-8 nor UTF-16.
    Raises InputError naming file, line, what is allowed and the next step.

    Examples:
        >>> toolkit.load_audience("uk-small-sellers").segment_keys
        ('age', 'role')
    """
    path = _find(source, Path(folder) if folder is not None else None)
    if columns is None:
        columns = _recall_columns(path) if path.suffix.lower() in _ROWS else {}
    making = Making(
        template=Path(template) if template else None, sentence=sentence, segments=segments, columns=columns, keep=keep,
        where=where, strict=strict, sheet=sheet,
    )  # fmt: skip
    with resources.allowing_outside(allowed=allow_outside), resources.reading_as(encoding):
        return _load(path, making, draw)


def _load(path: Path, making: Making, draw: Draw | None) -> Audience:
    if path.suffix.lower() in _ROWS:
        return _turn_rows(path, making, {}, draw)
    text = read_text(path)
    document = (
        located_yaml.load_document(text, str(path), path.suffix.lower()) if text.strip() else Located(None, str(path))
    )
    if document.value is None:
        raise InputError(f"{path}: the file is empty; {name_step('form')}")
    if persona_sets.find_people(document.value):
        dropped: set[str] = set()
        people = persona_sets.find_people(privacy.drop_contacts(document.value, dropped)) or []
        return make_set(people, path, dropped)
    if _is_rows(document.value):
        return make_people(path, making, {}, make_rows_of(document.value, path))
    if not isinstance(document.value, dict):
        raise InputError(f"{path}: an audience is a mapping with audience and personas; see docs/files.md")
    if "rows" in document.value:
        return _make_from_description(document, path, draw)
    _check_people(document)
    return _tell_personal(make_record(Audience, document, {"audience": path.stem, **document.value}))


def _recall_columns(path: Path) -> dict[str, str]:
    """Return the columns that are remembered beside a table, in NAME.map.yaml."""
    return {own: column for own, column in tables.headings.load_map(path).items() if own in OWN}


def _is_rows(value: Any) -> bool:
    """Whether a document is a list of plain objects, as many tools write a table in JSON."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) for one in value)
        and not any(isinstance(cell, dict) for one in value for cell in one.values())
    )


def list_audiences(folder: str | Path | None = None) -> list[tuple[str, Path]]:
    """Return name and path of every audience that can be asked for by name; the first of a name wins."""
    found: dict[str, Path] = {}
    for place in _places(Path(folder) if folder is not None else None):
        for path in sorted(place.glob("*.yaml")):
            found.setdefault(path.stem, path)
    return sorted(found.items())


def save_audience(audience: Audience, path: str | Path, *, overwrite: bool = False) -> None:
    """Write an audience file, whole or not at all; raise InputError where it exists, unless `overwrite`."""
    path = Path(path)
    if path.suffix not in {".yaml", ".yml"}:
        raise InputError(f"{path}: an audience is written as .yaml; name the file so")
    if path.exists() and not overwrite:
        raise InputError(f"{path}: the file exists; choose another name, or {name_step('replace')}")
    write_atomically(path, write_audience(audience).encode())


def write_audience(audience: Audience) -> str:
    """Return an audience as the YAML of its file."""
    return located_yaml.write_yaml(json.loads(audience.model_dump_json()))


def _find(source: str | Path, folder: Path | None) -> Path:
    path = Path(source)
    if path.suffix.lower() in FORMATS or path.exists():
        if path.is_file() and path.suffix.lower() not in FORMATS:
            way = tables.telling.say_way_out(path)
            said = f"{path.suffix}; {way}" if way else path.suffix or "this"
            raise InputError(f"{path}: an audience cannot be read from {said}; allowed: {', '.join(FORMATS)}")
        return path
    for place in _places(folder):
        if (place / f"{source}.yaml").is_file():
            return place / f"{source}.yaml"
    names = [name for name, _ in list_audiences(folder)]
    raise InputError(
        f"unknown audience {str(source)!r}{suggest(str(source), names)}; {name_step('audiences')}, or give a path"
    )


def _places(folder: Path | None) -> list[Path]:
    return [
        place
        for place in (folder, Path("personas"), resources.find_resource("personas"))
        if place is not None and place.is_dir()
    ]


def _check_people(document: Located) -> None:
    people = document.value.get("personas")
    if isinstance(people, list):
        named = [(person.get("id"), index) for index, person in enumerate(people) if isinstance(person, dict)]
        located_yaml.check_distinct("persona", [(one, document.place(("personas", index))) for one, index in named])


def _tell_personal(audience: Audience) -> Audience:
    """Return an audience as it was written, with a note where a description holds a contact."""
    found = privacy.list_personal(audience)
    if not found:
        return audience
    shown = "; ".join(f"{one}: {', '.join(kinds)}" for one, kinds in list(found.items())[:_MOST_NAMED])
    more = f"; and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    said = f"{len(found)} of {len(audience.personas)} people hold contacts, which a run sends to the model"
    advice = "take them out; `audience personas validate` lists them"
    return audience.with_notes((*audience.notes, f"{said} ({shown}{more}); {advice}"))


def _turn_rows(path: Path, making: Making, fields: Mapping[str, Any], draw: Draw | None) -> Audience:
    if draw is None or path.suffix.lower() != ".parquet":
        return make_people(path, making, fields)
    from toolkit.audiences.streaming import count_rows, draw_people

    if count_rows(path) < draw.only_from:
        return make_people(path, making, fields)
    return draw_people(path, making, fields, draw)


def _make_from_description(document: Located, path: Path, draw: Draw | None) -> Audience:
    """Read an audience file that names rows and a template instead of personas."""
    fields = dict(document.value)
    unknown = [name for name in fields if name not in _OF_ROWS]
    if unknown:
        place = document.place((unknown[0],))
        raise InputError(
            f"{place}: {unknown[0]} is not a known field{suggest(unknown[0], _OF_ROWS)}; allowed: {', '.join(_OF_ROWS)}"
        )
    rows, template, segments = fields.pop("rows"), fields.pop("template", None), fields.pop("segments", None) or []
    if not isinstance(segments, list):
        raise InputError(f"{document.place(('segments',))}: segments is a list of columns, such as [age, role]")
    columns, keep = fields.pop("columns", None) or {}, fields.pop("keep", None) or []
    if not isinstance(columns, dict):
        raise InputError(f"{document.place(('columns',))}: columns is a mapping, such as {{age: How old are you?}}")
    if not isinstance(keep, list):
        raise InputError(f"{document.place(('keep',))}: keep is a list of columns, such as [First name]")
    words = {name: fields.pop(name, None) for name in ("sentence", "where", "sheet")}
    making = Making(
        template=_find_named(document, "template", template) if template else None, segments=segments, keep=keep,
        **words, columns={own: column or "" for own, column in columns.items()},
    )  # fmt: skip
    return _turn_rows(_find_named(document, "rows", rows), making, {"audience": path.stem, **fields}, draw)


def _find_named(document: Located, field: str, name: object) -> Path:
    """Return the path of a file that an audience file names."""
    return resources.find_named(str(name), Path(document.source).parent, f"{document.place((field,))}: {field}")
