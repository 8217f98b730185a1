"""Is a file a campaign with checks? Answered without reading more than it takes: test collection asks of every file."""

from __future__ import annotations

from pathlib import Path

_SUFFIXES = {".yaml", ".yml"}
_KEYS = ("campaign", "drafts", "checks")
_MOST_BYTES = 4_000_000


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
