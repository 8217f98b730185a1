"""Which column is which: headings compared by their letters, with the words that people and exports use for them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from toolkit.errors import InputError, name_option, suggest
from toolkit.files.atomic import write_atomically
from toolkit.files.located_yaml import load_yaml, write_yaml
from toolkit.files.resources import DATA
from toolkit.files.tables.records import Purpose
from toolkit.files.text import read_text

_FOLDER = DATA / "exports"
_WORDS = DATA / "headings.yaml"
TAGS = "tags."
"""Begins the name of a column that holds the level of a tag, such as `tags.style`."""


@dataclass(frozen=True)
class Export:
    """A layout that a platform or a survey tool writes, told by its headings; one dated file of data describes it."""

    name: str
    label: str
    """What it is called, such as "a Meta Ads export"."""
    purpose: str
    signature: tuple[tuple[str, ...], ...]
    """Sets of headings; a table that has all of one set is this export."""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Headings of each field, the likeliest first."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """What holds for each row of it."""
    bookkeeping: tuple[str, ...] = ()
    """Patterns of headings that say how a survey was run, not who answered."""
    breakdowns: tuple[str, ...] = ()
    """Headings that split one result into several rows, which are added up."""
    lacks: str = ""
    """What an export of this kind never has, and where to get it."""
    days: str | None = None
    """What comes first in its days, "day" or "month", where every export of it is alike."""
    of_one: tuple[str, ...] = ()
    """Columns that tell several rows of one person apart; such rows are put together."""
    spare: bool = False
    """Whether rows without words are usual in it, such as those of a campaign above its ads."""


def simplify(heading: str) -> str:
    """Return the letters and digits of a heading in lower case, in which two spellings of one heading are equal."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    return "".join(letter for letter in text if letter.isalnum())


def is_tag(column: str) -> bool:
    """Whether a column holds the levels of a tag: `tags.style`."""
    return column.lower().startswith(TAGS) and len(column) > len(TAGS)


def find_export(purpose: Purpose, columns: Iterable[str]) -> Export | None:
    """Return the export whose headings a table has; of several, the one with the most of them."""
    held = {simplify(column) for column in columns}
    fitting = [
        (len(names), export)
        for export in list_exports()
        if export.purpose == purpose
        for names in export.signature
        if all(simplify(name) in held for name in names)
    ]
    return max(fitting, key=lambda one: one[0])[1] if fitting else None


def find_columns(
    purpose: Purpose, columns: Sequence[str], chosen: Mapping[str, str] | None = None, export: Export | None = None
) -> dict[str, str]:
    """Return the column of each field that has one: the one chosen, known of the export, named so, or well known.

    A column is of one field only; "" chooses none. Raises KeyError with the name of a chosen column that the table
    lacks.
    """
    plain = {simplify(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    without = {name for name, column in (chosen or {}).items() if not column}
    for name, column in (chosen or {}).items():
        if not column:
            continue
        at = column if column in columns else plain.get(simplify(column))
        if at is None:
            raise KeyError(column)
        found[name] = at
    words = _load_words()[purpose]
    known = export.fields if export is not None else {}
    for source in (known, {name: (name,) for name in words}, words):
        for name, headings in source.items():
            taken = set(found.values())
            free = (plain.get(simplify(heading)) for heading in headings)
            first = next((one for one in free if one is not None and one not in taken), None)
            if name not in found and name not in without and first is not None:
                found[name] = first
    return found


def check_map(place: str, purpose: Purpose, columns: Sequence[str], chosen: Mapping[str, str]) -> None:
    """Raise InputError where the map of columns names a field that there is not, or a column that the table lacks."""
    fields = _load_words()[purpose]
    for name, column in chosen.items():
        if name not in fields and not (purpose == "drafts" and is_tag(name)):
            raise InputError(
                f"{place}: {name_option('columns', {name: column})}: no field {name!r}{suggest(name, fields)}; "
                f"fields: {', '.join(fields)}"
            )
        if column and column not in columns and simplify(column) not in {simplify(one) for one in columns}:
            raise InputError(
                f"{place}: no column {column!r} in it{suggest(column, columns)}; it has: {', '.join(columns)}"
            )


def load_map(path: str | Path, purpose: Purpose | None = None) -> dict[str, str]:
    """Return the columns that are remembered for a file, in NAME.map.yaml beside it; none where there is no such.

    One table may hold drafts and their results: for a purpose, fields that only another one has are left out.
    """
    beside = Path(path).with_suffix(".map.yaml")
    if str(path) == "-" or not beside.is_file():
        return {}
    value = load_yaml(read_text(beside), str(beside)).value
    if not isinstance(value, dict) or not all(isinstance(column, str) for column in value.values()):
        raise InputError(f"{beside}: not a mapping of fields to columns; write lines such as `draft: Post text`")
    if purpose is None:
        return value
    words = _load_words()
    others = {name for fields in words.values() for name in fields} - set(words[purpose])
    return {name: column for name, column in value.items() if name not in others}


def save_map(path: str | Path, columns: Mapping[str, str]) -> Path:
    """Write the columns of a file beside it, and return where."""
    beside = Path(path).with_suffix(".map.yaml")
    write_atomically(beside, write_yaml(columns).encode())
    return beside


def count_known(purpose: Purpose, columns: Iterable[str]) -> int:
    """Return how many headings are known of a field, or of an export, that is read for a purpose."""
    known = _list_known(purpose)
    return sum(simplify(column) in known for column in columns)


@lru_cache(maxsize=3)
def _list_known(purpose: Purpose) -> frozenset[str]:
    fields = [(name, *words) for name, words in _load_words()[purpose].items()]
    of_exports = [export for export in list_exports() if export.purpose == purpose]
    signed = [names for export in of_exports for names in export.signature]
    held = [words for export in of_exports for words in export.fields.values()]
    return frozenset(simplify(word) for words in (*fields, *signed, *held) for word in words) - {""}


@lru_cache(maxsize=1)
def list_exports() -> tuple[Export, ...]:
    """Return every export that is known, by name."""
    return tuple(_load_export(path) for path in sorted(_FOLDER.glob("*.yaml")))


def _load_export(path: Path) -> Export:
    value: dict[str, Any] = load_yaml(read_text(path), str(path)).value
    return Export(
        name=path.stem,
        label=value["label"],
        purpose=value["purpose"],
        signature=tuple(tuple(names) for names in value["signature"]),
        fields={name: tuple(headings) for name, headings in (value.get("fields") or {}).items()},
        constants=value.get("constants") or {},
        bookkeeping=tuple(value.get("bookkeeping") or ()),
        breakdowns=tuple(value.get("breakdowns") or ()),
        lacks=value.get("lacks") or "",
        days=value.get("days"),
        of_one=tuple(value.get("of_one") or ()),
        spare=bool(value.get("spare")),
    )


@lru_cache(maxsize=1)
def list_words() -> frozenset[str]:
    """Return every heading that is known of any field, simplified."""
    fields = [(name, words) for held in _load_words().values() for name, words in held.items()]
    exports = [(name, words) for export in list_exports() for name, words in export.fields.items()]
    return frozenset(simplify(word) for name, words in [*fields, *exports] for word in (name, *words)) - {""}


@lru_cache(maxsize=1)
def _load_words() -> dict[str, dict[str, tuple[str, ...]]]:
    value: dict[str, Any] = load_yaml(read_text(_WORDS), str(_WORDS)).value
    return {purpose: {name: tuple(words or ()) for name, words in fields.items()} for purpose, fields in value.items()}
