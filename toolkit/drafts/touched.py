"""Which files of drafts does a change touch? A campaign hangs on its audience, brand and recording, too."""

from __future__ import annotations

import glob
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from toolkit.errors import InputError

YAML_SUFFIXES = frozenset({".yaml", ".yml"})
_MARKUP = YAML_SUFFIXES | {".json"}
_RECORDING = ".reactions.jsonl"
_BRAND = "brand.yaml"
_DRAFTS = re.compile(rb"^drafts\s*:", re.MULTILINE)
_POINTER = b"version https://git-lfs.github.com/spec/"


def list_files(folder: Path, suffixes: Collection[str] = YAML_SUFFIXES) -> list[str]:
    """Return the files in a folder and below with one of the suffixes, sorted; inside Git, without what it ignores."""
    listed = _ask_git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".", folder=folder)
    found = folder.rglob("*") if listed is None else (folder / name for name in listed.split("\0") if name)
    files = [path for path in sorted(set(found)) if path.suffix.lower() in suffixes and path.is_file()]
    if not _has_settings(folder):
        return [str(path) for path in files]
    from toolkit.config import load_config

    settled = load_config(folder)
    return [str(path) for path in files if not settled.is_excluded(path)]


def expand(paths: Iterable[str]) -> list[str]:
    """Return paths with each glob replaced by the files that fit it, sorted; `**` stands for any number of folders.

    Shells that know no `**` hand it on as it is. A name with such signs that exists is no glob. Raises InputError for a
    glob that nothing fits.
    """
    found: list[str] = []
    for path in paths:
        if not any(sign in path for sign in "*?[") or Path(path).exists():
            found.append(path)
            continue
        fitting = sorted(one for one in glob.glob(path, recursive=True) if Path(one).is_file())  # noqa: PTH207 - absolute, too
        if not fitting:
            raise InputError(f"{path}: no file fits this pattern; check it and the folder you are in")
        found += fitting
    return found


def _has_settings(folder: Path) -> bool:
    """Return whether a file of settings may stand upwards: only then is what reads it loaded."""
    places = (folder.resolve(), *folder.resolve().parents)
    return any((place / name).is_file() for place in places for name in ("audience.toml", "pyproject.toml"))


def find_changed(ref: str, folder: Path = Path()) -> frozenset[Path]:
    """Return the files that differ from where a branch left `ref`: committed, not yet committed, and new ones.

    Raises InputError outside a Git repository, and for a name that it does not know.
    """
    top = _ask_git("rev-parse", "--show-toplevel", folder=folder)
    if top is None:
        raise InputError(f"{folder.resolve()}: no Git repository, so that nothing can have changed since {ref}")
    root = Path(top.strip())
    changed = None if ref.startswith("-") else _ask_git("diff", "--name-only", "-z", "--merge-base", ref, folder=root)
    if changed is None:
        raise InputError(
            f"{ref}: Git knows no such commit, branch or tag here; fetch it, as with `git fetch origin main`"
        )
    fresh = _ask_git("ls-files", "-z", "--others", "--exclude-standard", folder=root) or ""
    return frozenset((root / name).resolve() for name in (changed + fresh).split("\0") if name)


def read_before(path: Path, ref: str) -> str | None:
    """Return a file's text as it was where a branch left `ref`; None if it was not there."""
    folder = path.resolve().parent
    base = None if ref.startswith("-") else _ask_git("merge-base", ref, "HEAD", folder=folder)
    return None if base is None else _ask_git("show", f"{base.strip()}:./{path.name}", folder=folder)


def choose_touched(files: Iterable[str], changed: frozenset[Path]) -> list[str]:
    """Return the files of drafts that a change touches, in their order."""
    return [file for file in files if not changed.isdisjoint(_list_parts(Path(file)))] if changed else []


def follow(changed: Sequence[str], folder: Path = Path()) -> list[str]:
    """Return the campaigns below a folder that a change of these files touches, named from there."""
    return choose_touched(list_campaigns(folder), frozenset(Path(file).resolve() for file in changed))


def list_campaigns(folder: Path) -> list[str]:
    """Return the YAML files in a folder and below that hold drafts, and those that cannot be read."""
    return [file for file in list_files(folder) if _is_campaign(Path(file))]


def _list_parts(path: Path) -> frozenset[Path]:
    """Return what the findings and outcomes of a file of drafts hang on, itself included."""
    parts = {path, path.parent / _BRAND, path.with_name(f"{path.stem}{_RECORDING}")}
    parts.add(path.with_name(f"{path.name}{_RECORDING}"))
    if path.suffix.lower() in _MARKUP:
        parts |= set(_list_named(path))
    return frozenset(part.resolve() for part in parts)


def _list_named(path: Path) -> Iterator[Path]:
    """Yield the files that a campaign names: its audience, its pictures, and the prompts of its recording."""
    value = _read(path)
    if not isinstance(value, dict):
        return
    audience = value.get("audience")
    if isinstance(audience, str):
        yield path.parent / audience
        yield from (found for name, found in _list_audiences() if name == audience)
    drafts = value.get("drafts")
    for draft in drafts if isinstance(drafts, list) else ():
        if isinstance(draft, dict) and isinstance(draft.get("image"), str):
            yield path.parent / draft["image"]
    yield from _list_prompts(path)


def _list_prompts(path: Path) -> Iterator[Path]:
    import json

    for recording in (path.with_name(f"{path.name}{_RECORDING}"), path.with_name(f"{path.stem}{_RECORDING}")):
        try:
            with recording.open(encoding="utf-8") as lines:
                header = json.loads(lines.readline())
        except (OSError, ValueError):
            continue
        folder = header.get("own_prompts") if isinstance(header, dict) else None
        if isinstance(folder, str):
            yield from (path.parent / folder).glob("*")
            # A file that was deleted there is known by its folder.
            yield path.parent / folder


def _is_campaign(path: Path) -> bool:
    """Return whether a file holds drafts; one that is no YAML counts where the word begins a line of it."""
    try:
        data = path.read_bytes()
    except OSError:
        return True
    return _DRAFTS.search(data) is not None or data.startswith(_POINTER)


def _read(path: Path) -> Any:
    """Return what a file holds, or None if it cannot be read: whoever reads it in earnest says why."""
    from toolkit.files import load_yaml, read_text

    try:
        return load_yaml(read_text(path), str(path)).value
    except InputError:
        return None


@lru_cache(maxsize=1)
def _list_audiences() -> tuple[tuple[str, Path], ...]:
    from toolkit.audiences import list_audiences

    return tuple(list_audiences())


def _ask_git(*arguments: str, folder: Path) -> str | None:
    """Return what Git prints, or None where it refuses or is not there."""
    try:
        asked = subprocess.run(  # noqa: S603 - no shell, and every argument is ours but a ref that begins with no dash
            ["git", *arguments],  # noqa: S607 - the one that the team uses
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            errors="surrogateescape",
        )
    except OSError:
        return None
    return asked.stdout if asked.returncode == 0 else None
