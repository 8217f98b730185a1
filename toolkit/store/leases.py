"""How long a question stays in the hands of a process that nobody hears of, by no clock but one's own.

A clock may be set, and two machines have two of them. So a process that has questions in hand counts up a number in
the store every few seconds. Who waits for one of those questions watches the number, and takes the question over once
it has stood still for a minute of its own time.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from toolkit.store.owners import is_alive, is_here

LEASE_SECONDS = 600.0
"""How long a question stays in one process's hands at most: longer than any call is tried."""
SILENCE_SECONDS = 60.0
"""How long an owner that counts may be silent."""
BEAT_SECONDS = 10.0
"""How often an owner counts."""

_BEAT = "INSERT INTO beats VALUES (?, 1) ON CONFLICT (owner) DO UPDATE SET count = count + 1"


class Watch:
    """What one open store saw of the owners of questions that it waits for; `clock` never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._claims: dict[bytes, tuple[str, float]] = {}
        self._beats: dict[str, tuple[int | None, float]] = {}

    def is_over(self, key: bytes, owner: str, beat: int | None, left: float) -> bool:
        """Tell whether an owner's claim on a question is over.

        `beat` is the number that the owner counts, None for one that does not: one of an earlier version, which wrote
        down until when it holds the question, `left` seconds from now by the clock on the wall.
        """
        now = self._clock()
        holder, since = self._claims.get(key, ("", now))
        if holder != owner:
            self._claims[key] = (owner, since := now)
        known, heard = self._beats.get(owner, (-1, now))
        if known != beat:
            self._beats[owner] = (beat, heard := now)
        if not is_alive(owner):
            return True
        if beat is None and left < 0:
            return True
        is_silent = now - heard > SILENCE_SECONDS and not is_here(owner)
        counts = beat is not None or left > LEASE_SECONDS  # no version holds a question for longer than that
        return (counts and is_silent) or now - since > LEASE_SECONDS

    def forget(self, key: bytes) -> None:
        """Let go of a question that is settled."""
        self._claims.pop(key, None)


class Heart:
    """Counts up an owner's number in the background, over a connection of its own."""

    def __init__(self, path: Path, owner: str) -> None:
        self._path = path
        self._owner = owner
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to count, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="audience-store", daemon=True)
            self._thread.start()

    def stop(self) -> bool:
        """End counting; tell whether it had begun."""
        self._over.set()
        if self._thread is None:
            return False
        self._thread.join()
        return True

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            with (
                contextlib.suppress(sqlite3.Error),
                contextlib.closing(sqlite3.connect(self._path, isolation_level=None)) as connection,
            ):
                connection.execute(_BEAT, (self._owner,))
