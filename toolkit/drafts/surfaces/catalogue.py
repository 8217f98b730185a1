"""The surfaces that ship with the toolkit, and those of a folder of one's own."""

from __future__ import annotations

import os
import time
from functools import lru_cache
from pathlib import Path

from toolkit.config import load_config
from toolkit.drafts.surfaces.records import Surface
from toolkit.errors import InputError, suggest
from toolkit.files import load_yaml, located_yaml, make_record, read_text, resources

VARIABLE = "AUDIENCE_SURFACES"
"""The environment variable that names a folder of further surfaces; a file of the same name wins.

Without it, `surfaces` of the team's file does.
"""
_LOOK_AGAIN = 2.0
"""Seconds after which the team's file is looked at again."""

_DATA = resources.DATA / "surfaces"


def surface_names() -> tuple[str, ...]:
    """Return the name of every surface, sorted."""
    return tuple(_find_files(_own_folder()))


def find_surface(name: str) -> Surface:
    """Return the surface called `name`; raise InputError with the nearest names otherwise."""
    files = _find_files(_own_folder())
    if name not in files:
        raise InputError(f"unknown surface {name!r}{suggest(name, files)}; allowed: {', '.join(files)}")
    return _load_surface(files[name])


# Surfaces are looked up from every floor, so the folder is read here and not handed through all of them.
def _own_folder() -> str | None:
    named = os.environ.get(VARIABLE)
    return named or _find_team_folder(os.getcwd(), int(time.monotonic() / _LOOK_AGAIN))  # noqa: PTH109 - a text, quickly


@lru_cache(maxsize=8)
def _find_team_folder(_working: str, _when: int) -> str | None:
    """Return the folder of the team's file: a draft is looked up thousands of times a run, its settings are not."""
    found = load_config()
    return str(found.folder / found.settings.surfaces) if found.settings.surfaces else None


@lru_cache(maxsize=8)
def _find_files(folder: str | None) -> dict[str, Path]:
    files = {path.stem: path for path in _DATA.glob("*.yaml")}
    if folder is not None:
        if not Path(folder).is_dir():
            raise InputError(
                f"{VARIABLE}: {folder}: no such folder; name one that holds a YAML file for each surface, there or as "
                "surfaces in audience.toml"
            )
        files |= {path.stem: path for path in Path(folder).glob("*.yaml")}
    return dict(sorted(files.items()))


@lru_cache(maxsize=256)
def _load_surface(path: Path) -> Surface:
    located = load_yaml(read_text(path), str(path))
    value = located_yaml.read_numbers(located.value)
    if not isinstance(value, dict):
        raise InputError(f"{path}: a surface is a mapping with a label, a layout and limits; see docs/surfaces.md")
    return make_record(Surface, located, {"name": path.stem, **value})
