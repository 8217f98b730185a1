"""Which files are campaigns with checks? Answered cheaply: test collection asks it of every YAML file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from toolkit.drafts import touched
from toolkit.errors import InputError

_SUFFIXES = {".yaml", ".yml"}
_KEYS = ("campaign", "drafts", "checks")
_AT_TOP = [re.compile(rb"^%s\s*:" % key.encode(), re.MULTILINE) for key in _KEYS]
_TOP_KEY = re.compile(rb"^([A-Za-z_]+)\s*:", re.MULTILINE)
_POINTER = b"version https://git-lfs.github.com/spec/"
_ALIKE = 0.7
_MOST_BYTES = 4_000_000


def choose_campaigns(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the campaigns with checks among files and folders, and the YAML files that are none.

    A folder stands for the YAML files in it and below. A file that is named alone is a campaign, whatever stands in it,
    and so is one that is not YAML: what is wrong with it is for the reader to say. So is a campaign whose checks are
    gone or misspelt, and a file that cannot be read. Raises InputError where a folder, or a list of several files,
    holds no campaign with checks.
    """
    paths = touched.expand(paths)
    found = [file for path in paths for file in (touched.list_files(Path(path)) if Path(path).is_dir() else [path])]
    if found == list(paths) and len(found) == 1:
        return found, []
    chosen = [file for file in found if Path(file).suffix.lower() not in _SUFFIXES or _is_chosen(Path(file))]
    if not chosen:
        raise InputError(
            f"{', '.join(paths[:3])}: no campaign with checks among {len(found)} YAML files; "
            "one has campaign, drafts and checks at its top level, see docs/gate.md"
        )
    return chosen, [file for file in found if file not in chosen]


def is_meant_as_campaign(path: str | Path) -> bool:
    """Return whether a file is a campaign with checks, or would be if its YAML were whole: a fault, not a gap.

    A file that cannot be read is none: it may be anybody's.
    """
    path = Path(path)
    if path.suffix.lower() not in _SUFFIXES:
        return False
    try:
        if not path.is_file():
            return True
        data = path.read_bytes()
    except OSError:
        return False
    return all(key.search(data) for key in _AT_TOP) or is_campaign_with_checks(path)


def _is_chosen(path: Path) -> bool:
    """Return whether a file is a campaign with checks, was one, or cannot be looked into."""
    if is_meant_as_campaign(path):
        return True
    try:
        data = path.read_bytes()
    except OSError:
        return True
    if data.startswith(_POINTER):
        return True
    keys = {key.decode("ascii").lower() for key in _TOP_KEY.findall(data)}
    campaign, drafts, checks = (key in keys for key in _KEYS)
    if checks:
        return campaign or drafts
    was_checked = path.with_name(f"{path.stem}.reactions.jsonl").exists()
    return campaign and drafts and (was_checked or bool(difflib.get_close_matches(_KEYS[2], keys, cutoff=_ALIKE)))


def is_campaign_with_checks(path: str | Path) -> bool:
    """Return whether a YAML file has `campaign`, `drafts` and `checks` at its top level; False where it is no YAML.

    Costs a read of the file; it is parsed only where the three words stand in it.
    """
    path = Path(path)
    if path.suffix.lower() not in _SUFFIXES:
        return False
    try:
        if path.stat().st_size > _MOST_BYTES:
            return False
        data = path.read_bytes()
    except OSError:
        return False
    if not all(key.encode() in data for key in _KEYS):
        return False
    return _has_keys(data)


def _has_keys(data: bytes) -> bool:
    import yaml

    try:
        node = yaml.compose(data, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return False
    keys = {str(key.value) for key, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
    return keys.issuperset(_KEYS)
