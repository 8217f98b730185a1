"""How a run is told to ask nothing more, and what happens to questions that wait for their turn."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Literal

HALT: ContextVar[asyncio.Event | None] = ContextVar("halt", default=None)
"""The event that an interrupt of the surrounding `run_blocking` sets."""


def find_halt(given: asyncio.Event | None = None) -> asyncio.Event | None:
    """Return the event that ends the asking: the one given, else that of the surrounding `run_blocking`, if any."""
    return given or HALT.get()


@contextlib.contextmanager
def on_halt(halt: asyncio.Event | None, *ends: Callable[[], object]) -> Iterator[None]:
    """Call every one of `ends` as soon as `halt` is set, while the block lasts."""
    if halt is None:
        yield
        return

    def end(done: asyncio.Future[Literal[True]]) -> None:
        if not done.cancelled():
            for one in ends:
                one()

    watch = asyncio.ensure_future(halt.wait())
    watch.add_done_callback(end)
    try:
        yield
    finally:
        watch.cancel()
