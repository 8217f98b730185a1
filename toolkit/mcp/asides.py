"""Work in a thread of its own: the server goes on hearing its clients, tells how far it is, and can end it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

import anyio
import anyio.to_thread

Outcome = TypeVar("Outcome")


class ReportProgress(Protocol):
    """Told how far a call is."""

    async def __call__(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Pass on how much of how much is done."""


class Counter:
    """Counts what came, in the thread that does the work; the newest number is passed on, never a queue of them."""

    def __init__(self) -> None:
        self.done = 0
        self.total: int | None = None
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def expect(self, total: int) -> None:
        """Say how many will come."""
        self.total = total

    def advance(self, *_: object) -> None:
        """Count one more."""
        self.done += 1
        self._loop.call_soon_threadsafe(self._changed.set)

    async def tell(self, report: ReportProgress) -> None:
        """Pass on each change until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            done, total = self.done, self.total
            with contextlib.suppress(Exception):  # a client that is gone takes nothing from the work
                await report(done, total, f"{done} of {total} answers" if total else f"{done} answers")


_RUNNING: set[_Aside[Any]] = set()
"""The work that goes on in this process."""


class _Aside(Generic[Outcome]):
    """A coroutine in another thread's loop, and the event that asks it to end."""

    def __init__(self, work: Callable[[asyncio.Event], Awaitable[Outcome]]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._is_stopped = False
        self.is_over = threading.Event()

    def run(self) -> Outcome:
        """Do the work; called in the other thread."""
        _RUNNING.add(self)
        try:
            return asyncio.run(self._begin())
        finally:
            _RUNNING.discard(self)
            self.is_over.set()

    def stop(self) -> None:
        """Ask the work to end; harmless before it began and after its end."""
        with self._lock:
            self._is_stopped = True
            if self._loop is not None and self._stop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._stop.set)

    async def _begin(self) -> Outcome:
        with self._lock:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            if self._is_stopped:
                self._stop.set()
        try:
            return await self._work(self._stop)
        finally:
            with self._lock:
                self._loop = None


async def do_aside(
    work: Callable[[asyncio.Event], Awaitable[Outcome]],
    counter: Counter | None = None,
    report: ReportProgress | None = None,
) -> Outcome:
    """Return what the work comes to. If the caller is cancelled, the work is asked to end and left to itself.

    The work runs in a copy of the caller's context, so words and purse hold there, too.
    """
    aside: _Aside[Outcome] = _Aside(work)
    telling = asyncio.create_task(counter.tell(report)) if counter is not None and report is not None else None
    try:
        return await anyio.to_thread.run_sync(aside.run, abandon_on_cancel=True)
    finally:
        aside.stop()
        if telling is not None:
            telling.cancel()


async def read_aside(work: Callable[[], Outcome]) -> Outcome:
    """Return what plain work comes to, done in another thread."""

    async def begin(_: asyncio.Event) -> Outcome:
        return work()

    return await do_aside(begin)


async def end_all(seconds: float) -> None:
    """Ask all work to end, and wait for each until it has, but no longer than so many seconds."""
    running = list(_RUNNING)
    for aside in running:
        aside.stop()
    for aside in running:
        await anyio.to_thread.run_sync(aside.is_over.wait, seconds)
