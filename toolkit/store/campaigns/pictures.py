"""Pictures of the drafts that the page keeps: files beside the store, each named by what is in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def find_folder(store: Path) -> Path:
    """Return where the pictures of a store's campaigns are."""
    return store.with_name(f"{store.stem}-pictures")


def drop_unused(folder: Path, contents: Iterable[str]) -> int:
    """Delete the pictures that no kept campaign and no round names; return how many there were."""
    unused = {path.name: path for path in folder.glob("*") if path.is_file()}
    for content in contents if unused else ():
        unused = {name: path for name, path in unused.items() if name not in content}
    for path in unused.values():
        path.unlink(missing_ok=True)
    return len(unused)
