"""Stores that the workers of a run keep beside its store until their replies are in it."""

from __future__ import annotations

import os
from pathlib import Path

from toolkit.store.replies import Store


def find_shards(store: Path, owner: int | None = None) -> Path:
    """Return the folder of the shards of one process's run; this process's unless another is named."""
    return store.with_name(f"{store.name}.shards") / str(os.getpid() if owner is None else owner)


def merge_shards(store: Store, folder: Path) -> None:
    """Take every reply of a folder of shards into the store, then remove the folder."""
    for shard in sorted(folder.glob("*.sqlite")):
        store.merge(shard)
        for left in folder.glob(f"{shard.name}*"):
            left.unlink()
    for empty in (folder, folder.parent):
        if empty.is_dir() and not any(empty.iterdir()):
            empty.rmdir()


def merge_left_shards(store: Store, path: Path) -> None:
    """Take in what the workers of runs that were killed left behind."""
    for folder in sorted(find_shards(path).parent.glob("[0-9]*")):
        if not _is_alive(int(folder.name)):
            merge_shards(store, folder)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
