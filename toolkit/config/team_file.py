"""The team's settings: read from the nearest file upwards, refused with the nearest right name, never with a key."""

from __future__ import annotations

import fnmatch
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from toolkit.errors import InputError, suggest
from toolkit.models import Record, records

FILE = "audience.toml"
PROJECT = "pyproject.toml"
_SECRETS = ("key", "token", "secret", "password")


class TeamSettings(Record):
    """What may stand in the file; everything has a default."""

    paths: tuple[str, ...] = ()
    """What `lint` and `check` look at where nothing is named, from the folder of the file."""
    exclude: tuple[str, ...] = ()
    """Patterns of files that folders do not stand for, such as "drafts/old/*"."""
    brand: str | None = None
    """The brand file of every folder that has none, from the folder of the file."""
    surfaces: str | None = None
    """A folder of surfaces of the team's own, from the folder of the file."""
    rules: dict[str, records.Override] = Field(default_factory=dict)
    """Lint rules that are raised, lowered or silenced, by id; a campaign's own `lint:` wins."""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    max_warnings: int | None = Field(default=None, ge=0)
    model: str | None = None
    base_url: str | None = None
    on_stale: Literal["fail", "warn"] = "fail"
    on_inconclusive: Literal["fail", "warn", "pass"] = "warn"


@dataclass(frozen=True)
class Configuration:
    """The settings that hold, and where they come from."""

    settings: TeamSettings
    file: Path | None = None
    """The file they were read from; None where there is none."""

    @property
    def folder(self) -> Path:
        """The folder from which the file's paths start."""
        return self.file.parent if self.file else Path()

    @property
    def named(self) -> frozenset[str]:
        """The settings that the file names."""
        return frozenset(self.settings.model_fields_set)

    def find_brand(self) -> Path | None:
        """Return the brand file that folders inherit."""
        return self.folder / self.settings.brand if self.settings.brand else None

    def list_paths(self) -> tuple[str, ...]:
        """Return the paths to look at where nothing is named, as paths from here."""
        return tuple(str(self.folder / path) for path in self.settings.paths)

    def is_excluded(self, path: str | Path) -> bool:
        """Return whether a file is one that folders do not stand for."""
        if not self.settings.exclude:
            return False
        try:
            name = Path(path).resolve().relative_to(self.folder.resolve()).as_posix()
        except ValueError:
            return False
        return any(fnmatch.fnmatchcase(name, pattern.replace("**/", "*")) for pattern in self.settings.exclude)


def load_config(folder: str | Path = ".") -> Configuration:
    """Return the settings that hold in a folder: of the nearest `audience.toml` or `[tool.audience]` upwards.

    Raises InputError with the file for bad TOML, a setting that nobody knows, and anything that looks like a key.
    """
    start = Path(folder).resolve()
    for path in (place / name for place in (start, *start.parents) for name in (FILE, PROJECT)):
        try:
            state = path.stat()
        except OSError:
            continue
        found = _load(path, state.st_mtime_ns, state.st_size)
        if found is not None:
            return Configuration(found, _shorten(path))
    return Configuration(TeamSettings())


@lru_cache(maxsize=64)
def _load(path: Path, _changed: int, _size: int) -> TeamSettings | None:
    """Return the settings of a file as it is now, or None for a project that holds none of ours."""
    table = _parse(path)
    if path.name == FILE:
        return _read(table, path)
    tools = table.get("tool")
    own = tools.get("audience") if isinstance(tools, dict) else None
    return None if own is None else _read(own, path)


def _shorten(path: Path) -> Path:
    """Return the file from the working folder where it lies there: findings name files so."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        said = str(error)
        raise InputError(f"{path}: not TOML: {said[:1].lower()}{said[1:]}; correct it and run again") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; check its permissions") from None


def _read(table: Any, path: Path) -> TeamSettings:
    if not isinstance(table, dict):
        raise InputError(f"{path}: tool.audience is no table; write settings below [tool.audience]")
    written = {name.replace("-", "_"): value for name, value in table.items()}
    known = sorted(TeamSettings.model_fields)
    for name in written:
        if any(name == secret or name.endswith(f"_{secret}") for secret in _SECRETS):
            raise InputError(f"{path}: {name}: a key never stands in a file; set OPENAI_API_KEY in the environment")
        if name not in known:
            allowed = ", ".join(one.replace("_", "-") for one in known)
            raise InputError(f"{path}: unknown setting {name!r}{suggest(name, known)}; allowed: {allowed}")
    try:
        return records.validate_record(TeamSettings, written)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part).replace("_", "-") for part in fault["loc"])
        said = str(fault["msg"])
        raise InputError(f"{path}: {place}: {said[:1].lower()}{said[1:]}; correct it and run again") from None
