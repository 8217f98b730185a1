"""The reactions of a study on disk: hive-partitioned Parquet, one part a cell, people apart from the control reader."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from toolkit.errors import InputError
from toolkit.models import LABEL
from toolkit.results import Run
from toolkit.results.scoring import columns

PEOPLE, CONTROL = "reactions", "control_reactions"
KEYS = ("campaign", "audience", "model")
_FILE = "reactions.parquet"
_HIVE = pl.Schema(dict.fromkeys(KEYS, pl.String))
_LABELS = {"label": LABEL, "synthetic_respondents": "true", "ai_generated": "true"}
_UNSAFE = frozenset('%/\\:=*?"<>|[]{}#') | {chr(code) for code in range(32)}
_MOST_BYTES = 240
"""Bytes of the name of a folder that every file system takes."""


def find_part(folder: Path, kind: str, names: Sequence[str]) -> Path:
    """Return the file of a cell: reactions/campaign=coats/audience=sellers/model=gpt-5-mini/reactions.parquet."""
    steps = [f"{key}={_write_name(key, name)}" for key, name in zip(KEYS, names, strict=True)]
    return folder.joinpath(kind, *steps, _FILE)


def _write_name(key: str, name: str) -> str:
    """Return a name as it stands in a path; what would be read as something else is written %XX, as in an address."""
    written = "".join(f"%{ord(one):02X}" if one in _UNSAFE else one for one in name)
    if len(f"{key}={written}".encode()) > _MOST_BYTES:
        raise InputError(f"{key} {name[:40]!r}...: the name is too long for a folder; give it a shorter one")
    return written


def check_names(names: Sequence[str]) -> None:
    """Raise InputError for a cell whose names no folder can have."""
    find_part(Path(), PEOPLE, names)


def write_parts(folder: Path, names: Sequence[str], run: Run) -> None:
    """Put the reactions of a cell in place of those that it had."""
    for kind, rows in ((PEOPLE, run.reactions), (CONTROL, run.control_reactions)):
        place = find_part(folder, kind, names)
        if rows.is_empty():
            place.unlink(missing_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        staging = place.with_name(f".{_FILE}")
        rows.drop("campaign", "model").write_parquet(staging, metadata=_LABELS)
        staging.replace(place)


def drop_other_parts(folder: Path, wanted: Iterable[Sequence[str]]) -> None:
    """Remove the parts of cells that the study no longer has; their runs stay."""
    kept = {find_part(folder, kind, names) for names in wanted for kind in (PEOPLE, CONTROL)}
    for kind in (PEOPLE, CONTROL):
        for place in (folder / kind).glob(f"*/*/*/{_FILE}"):
            if place not in kept:
                shutil.rmtree(place.parent)
                for parent in (place.parent.parent, place.parent.parent.parent):
                    if not any(parent.iterdir()):
                        parent.rmdir()


def scan_parts(folder: Path, kind: str, cells: Iterable[Sequence[str]]) -> pl.LazyFrame:
    """Return the rows of all cells without reading them, with the columns campaign, audience and model in front.

    Cells may have different segments and columns: what one lacks is null there.
    """
    places = [place for place in (find_part(folder, kind, names) for names in cells) if place.is_file()]
    if not places:
        empty = columns.reactions_schema(())
        return pl.LazyFrame(schema={**_HIVE, **{name: of for name, of in empty.items() if name not in _HIVE}})
    schema = _join_schemas([pl.read_parquet_schema(place) for place in places])
    rows = pl.scan_parquet(
        places,
        schema=pl.Schema({**schema, **_HIVE}),
        glob=False,
        hive_partitioning=True,
        hive_schema=_HIVE,
        cast_options=pl.ScanCastOptions(missing_struct_fields="insert", extra_struct_fields="ignore"),
        missing_columns="insert",
        extra_columns="ignore",
    )
    return rows.select(*KEYS, *schema)


def _join_schemas(schemas: Iterable[dict[str, pl.DataType]]) -> dict[str, pl.DataType]:
    """Return the columns of all files, of structs the fields of all."""
    joined: dict[str, pl.DataType] = {}
    for schema in schemas:
        for name, kind in schema.items():
            known = joined.setdefault(name, kind)
            if isinstance(known, pl.Struct) and isinstance(kind, pl.Struct) and known != kind:
                fields = {field.name: field.dtype for one in (known, kind) for field in one.fields}
                joined[name] = pl.Struct(dict(sorted(fields.items())))
    return joined
