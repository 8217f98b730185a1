"""Replies that came when the store could not take them: lines of JSON beside it, which the next run takes in."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = tuple[bytes, str, str, str]
"""Key, form, model and the reply as JSON: a row of the table of replies."""


class Journal:
    """Where one store puts replies that it cannot keep: a file beside it or, failing that, in the temporary folder."""

    def __init__(self, store: Path, owner: str) -> None:
        self._places = [folder / f"{prefix}{owner}.jsonl" for folder, prefix in _list_places(store)]
        self.path: Path | None = None
        """The file that took the latest reply; None before one did, and where none could."""
        self._unwritten: list[Row] = []

    def add(self, row: Row) -> None:
        """Write a reply to the disk; it stays in memory for another try where no place takes it."""
        self._unwritten.append(row)
        self.flush()

    def flush(self) -> None:
        """Write what is still in memory to the first place that takes it."""
        lines = "".join(map(_write_line, self._unwritten)).encode()
        for path in self._places if lines else ():
            with contextlib.suppress(OSError):
                _append(path, lines)
                self.path = path
                self._unwritten.clear()
                return


def find_journals(store: Path) -> list[Path]:
    """Return the files with replies that wait for a store, of this user alone."""
    found = [path for folder, prefix in _list_places(store) for path in folder.glob(f"{prefix}*.jsonl")]
    return sorted(path for path in found if _is_own(path))


def read_journal(path: Path) -> Iterator[Row]:
    """Yield the replies of a file; a line that was cut short is no reply."""
    for line in path.read_bytes().splitlines():
        try:
            fields: dict[str, Any] = json.loads(line)
            yield bytes.fromhex(fields["key"]), fields["form"], fields["model"], json.dumps(fields["reply"])
        except (ValueError, KeyError, TypeError):
            continue


def _list_places(store: Path) -> list[tuple[Path, str]]:
    name = hashlib.sha256(str(store.absolute()).encode()).hexdigest()[:16]
    return [
        (store.parent, f"{store.name}.rescued-"),
        (Path(tempfile.gettempdir()), f"audience-{name}.rescued-"),
    ]


def _append(path: Path, lines: bytes) -> None:
    """Add lines and wait for the disk; a file that could take only a part of them is put back as it was."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        size = os.fstat(descriptor).st_size
        try:
            written = os.write(descriptor, lines)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
        if written < len(lines):
            os.ftruncate(descriptor, size)
            raise OSError("only a part was written")
    finally:
        os.close(descriptor)


def _write_line(row: Row) -> str:
    key, form, model, reply = row
    return json.dumps({"key": key.hex(), "form": form, "model": model, "reply": json.loads(reply)}) + "\n"


def _is_own(path: Path) -> bool:
    """Tell whether a file is this user's own: a temporary folder is everybody's."""
    return not hasattr(os, "getuid") or (not path.is_symlink() and path.stat().st_uid == os.getuid())
