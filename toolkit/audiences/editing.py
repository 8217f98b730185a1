"""An audience on a desk: changed a step at a time, each step undone, saved beside the originals."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from toolkit.audiences.loading import load_audience, save_audience
from toolkit.errors import InputError
from toolkit.files import resources, write_atomically
from toolkit.models import Audience, Persona, records

FOLDER = Path("personas")
"""Where audiences of one's own are saved, from the folder the program was started in."""
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_MOST_STEPS = 50
_SEEN = 400
_LONGEST_WORD = 30
"""Characters; a text without spaces is cut inside."""


@dataclasses.dataclass(frozen=True)
class Desk:
    """An audience being edited, with every step so far."""

    name: str
    """What it was opened as."""
    bundled: bool
    """Whether its file came with the program and is not written to."""
    steps: tuple[Audience, ...]
    opened: str
    """SHA-256 of the audience as it was last read or saved."""

    @property
    def audience(self) -> Audience:
        """The audience as it stands."""
        return self.steps[-1]

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return self.audience.digest != self.opened

    def change(self, audience: Audience) -> Desk:
        """Return the desk one step further; the last fifty are kept."""
        return dataclasses.replace(self, steps=(*self.steps, audience)[-_MOST_STEPS:])

    def undo(self) -> Desk:
        """Return the desk one step back, as it was opened at most."""
        return dataclasses.replace(self, steps=self.steps[:-1] or self.steps)

    def mark_saved(self, name: str) -> Desk:
        """Return the desk of what was just saved under a name."""
        return dataclasses.replace(self, name=name, bundled=False, opened=self.audience.digest)


def open_desk(name: str, path: Path, audience: Audience | None = None) -> Desk:
    """Return an audience file on a desk; `audience` is what it holds, where that was read already.

    Raises InputError where it cannot be read.
    """
    audience = audience or load_audience(path)
    return Desk(name, is_bundled(path), (audience,), audience.digest)


def is_bundled(path: Path) -> bool:
    """Return whether a file came with the program; where its folder is ./personas itself, the files are one's own."""
    bundled = resources.find_resource("personas").resolve()
    return path.resolve().parent == bundled and bundled != FOLDER.resolve()


def make_persona(fields: Mapping[str, Any], taken: Sequence[str] = ()) -> tuple[Persona | None, dict[str, str]]:
    """Return the persona that the fields make, or None and what is wrong with each field, in one line.

    `segments` is text, one "key: value" a line; `taken` are the ids of the others.
    """
    segments, faults = read_segments(str(fields.get("segments", "")))
    try:
        persona = records.validate_record(Persona, {**fields, "segments": segments})
    except ValidationError as error:
        for one in error.errors():
            faults.setdefault(str(one["loc"][0]) if one["loc"] else "about", _say_fault(one))
        return None, faults
    if not persona.name.strip():
        faults["name"] = "a name is needed, in any letters"
    if persona.id in taken:
        faults["id"] = f"the id {persona.id!r} is taken; give each persona its own"
    return (None, faults) if faults else (persona, {})


def read_segments(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the segments of lines such as "role: seller", and what is wrong with them."""
    segments: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        key, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not key or not value:
            return segments, {"segments": f"{line[:60]!r}: write one segment a line, such as role: seller"}
        if key in segments:
            return segments, {"segments": f"{key!r} stands twice; keep one"}
        segments[key] = value
    return segments, {}


def write_segments(persona: Persona) -> str:
    """Return a persona's segments, one "key: value" a line."""
    return "\n".join(f"{key}: {value}" for key, value in persona.segments.items())


def put_persona(audience: Audience, persona: Persona, instead_of: str | None = None) -> Audience:
    """Return the audience with a persona in the place of another, or at the end where that is not there."""
    if all(one.id != instead_of for one in audience.personas):
        return _with(audience, (*audience.personas, persona))
    return _with(audience, tuple(persona if one.id == instead_of else one for one in audience.personas))


def duplicate_persona(audience: Audience, persona_id: str) -> tuple[Audience, Persona]:
    """Return the audience with a copy after the persona, and the copy, under an id of its own."""
    people = list(audience.personas)
    place = next(place for place, one in enumerate(people) if one.id == persona_id)
    taken = {one.id for one in people}
    stem = persona_id[:100]
    new_id = next(name for name in (f"{stem}-{number}" for number in range(2, len(people) + 3)) if name not in taken)
    copy = people[place].model_copy(update={"id": new_id})
    return _with(audience, (*people[: place + 1], copy, *people[place + 1 :])), copy


def remove_persona(audience: Audience, persona_id: str) -> Audience:
    """Return the audience without a persona; raise InputError for the last one."""
    left = tuple(one for one in audience.personas if one.id != persona_id)
    if not left:
        raise InputError("an audience needs somebody in it; add another persona first")
    return _with(audience, left)


def find_personas(
    audience: Audience, words: str = "", wanted: Mapping[str, Sequence[str]] | None = None
) -> list[Persona]:
    """Return the personas that have every word somewhere and one of the wanted values of each segment key."""
    sought = words.casefold().split()
    return [
        persona
        for persona in audience.personas
        if all(persona.segments.get(key) in values for key, values in (wanted or {}).items() if values)
        and all(word in _describe(persona) for word in sought)
    ]


def shorten(text: str, most: int = _SEEN) -> str:
    """Return text as a card shows it."""
    if len(text) <= most:
        return text
    kept, _, cut = text[:most].rpartition(" ")
    return f"{(kept if len(cut) < _LONGEST_WORD and kept else text[: most - 1]).rstrip(' ,;:.')}…"


def suggest_id(audience: Audience) -> str:
    """Return an id that nobody has yet, such as "p13"."""
    taken = {persona.id for persona in audience.personas}
    start = len(audience.personas) + 1
    return next(name for name in (f"p{number:02}" for number in range(start, 2 * start + 1)) if name not in taken)


def count_pages(personas: Sequence[Persona], size: int) -> int:
    """Return how many pages of `size` cards there are, at least one."""
    return max(-(-len(personas) // size), 1)


def take_page(personas: Sequence[Persona], size: int, page: int) -> list[Persona]:
    """Return the cards of a page, counted from 1."""
    return list(personas[(page - 1) * size : page * size])


def split_rows(personas: Sequence[Persona], columns: int) -> list[list[Persona]]:
    """Return cards in rows of that many."""
    return [list(personas[start : start + columns]) for start in range(0, len(personas), columns)]


def check_name(name: str) -> Path:
    """Return the file that an audience of this name is saved in; raise InputError for what is no name of a file."""
    name = name.strip()
    if not _FILE_NAME.fullmatch(name):
        raise InputError(f"{name[:40]!r}: a name is small letters, digits, - and _, such as uk-small-sellers-2")
    path = FOLDER / f"{name}.yaml"
    bundled = resources.find_resource("personas") / path.name
    if bundled.exists() and is_bundled(bundled):
        raise InputError(f"{name!r} comes with the program and stays as it is; save under another name")
    return path


def save_desk(desk: Desk, name: str, *, overwrite: bool = False) -> tuple[Desk, Path]:
    """Write the audience to ./personas under a name; raise InputError where the file exists, unless `overwrite`."""
    path = check_name(name)
    named = desk.audience.model_copy(update={"audience": path.stem})
    save_audience(named, path, overwrite=overwrite)
    return desk.change(named).mark_saved(path.stem), path


def save_import(audience: Audience, path: Path, *, overwrite: bool = False) -> None:
    """Write an imported audience; what stood there before is kept beside it, for `undo_import`.

    Raises InputError as `save_audience` does.
    """
    former = path.read_bytes() if path.is_file() else b""
    save_audience(audience, path, overwrite=overwrite)
    write_atomically(_name_former(path), former)


def undo_import(path: Path) -> bool:
    """Put back what stood in a file before the last import, and return whether that was an audience.

    What is taken away is kept in turn: the same call again brings it back. Raises InputError where nothing was
    imported into the file.
    """
    beside = _name_former(path)
    if not beside.is_file():
        raise InputError(f"{path}: no import into this file is known; name a file that `personas import` wrote")
    former, standing = beside.read_bytes(), path.read_bytes() if path.is_file() else b""
    if former:
        write_atomically(path, former)
    else:
        path.unlink(missing_ok=True)
    write_atomically(beside, standing)
    return bool(former)


def _name_former(path: Path) -> Path:
    return path.with_name(f".{path.name}.before")


def _with(audience: Audience, personas: tuple[Persona, ...]) -> Audience:
    return audience.model_copy(update={"personas": personas})


def _describe(persona: Persona) -> str:
    held = " ".join(f"{key} {value}" for key, value in persona.segments.items())
    return f"{persona.id} {persona.name} {persona.age} {held} {persona.about}".casefold()


def _say_fault(error: Any) -> str:
    said = str(error["msg"]).removeprefix("Value error, ")
    if error["loc"] and error["loc"][0] == "age":
        return "an age is a whole number from 13 to 120: younger children are not simulated"
    if error["loc"] and error["loc"][0] == "weight":
        return "a weight is a number above 0"
    return said[:1].lower() + said[1:]
