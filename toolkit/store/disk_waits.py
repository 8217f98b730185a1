"""Waiting for the disk together: one wait for everything that was written before it began."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

MOST_TOGETHER = 16
"""With so many waiting, the disk is asked at once."""
LONGEST_WAIT = 0.005
"""Seconds after which it is asked for fewer; a wait takes some 4 ms by itself, and a reply at least 200."""
Told = Callable[[OSError | None], None]


def wait_for_disk(descriptor: int) -> None:
    """Return once everything written to an open file is on the disk."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


class DiskWaits:
    """Waits for one file on behalf of many callers, on a thread, so that nobody else's work stands still meanwhile.

    SQLite's own wait (`synchronous=FULL`) holds the lock of the store, which other processes need for their claims.
    This one comes after the commit and holds nothing.
    """

    def __init__(self, path: Path, wait: Callable[[int], None] = wait_for_disk) -> None:
        self._path = path
        self._wait = wait
        self._descriptor: int | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[Told] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_busy = False

    def add(self, told: Told) -> None:
        """Have `told` called, with None or what went wrong, once all that is written by now is on the disk."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._is_busy, self._timer = loop, False, None
        self._waiting.append(told)
        if self._is_busy:
            return
        if len(self._waiting) >= MOST_TOGETHER:
            self._begin()
        elif self._timer is None:
            self._timer = loop.call_later(LONGEST_WAIT, self._begin)

    def finish(self) -> None:
        """Wait for the disk here and now, for everybody who waits; then let the file go."""
        if self._waiting:
            error = self._wait_here()
            waiting, self._waiting = self._waiting, []
            for told in waiting:
                told(error)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._is_busy or not self._waiting or self._loop is None:
            return
        self._is_busy = True
        waiting, self._waiting = self._waiting, []
        waited = self._loop.run_in_executor(None, self._wait_here)
        waited.add_done_callback(lambda done: self._end(waiting, done))

    def _end(self, waiting: list[Told], done: asyncio.Future[OSError | None]) -> None:
        self._is_busy = False
        error = OSError("the wait was broken off") if done.cancelled() else done.result()
        for told in waiting:
            told(error)
        if self._waiting:
            self._begin()

    def _wait_here(self) -> OSError | None:
        try:
            self._wait(self._open())
        except FileNotFoundError:  # no write-ahead log on this disk: SQLite waits for its own journal
            return None
        except OSError as error:
            return error
        return None

    def _open(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR)
            with contextlib.suppress(OSError):  # no file is lost with the folder's entry; some systems open no folder
                folder = os.open(self._path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        return self._descriptor
