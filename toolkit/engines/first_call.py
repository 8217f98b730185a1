"""One question goes ahead of the crowd: what an endpoint refuses is learned once, and nobody else pays for it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Collection

PATIENCE_SECONDS = 2.0
"""How long the crowd waits for a first answer in silence; whoever refuses does so sooner."""


class Door:
    """Lets one question of each kind through until one came back; then everybody may go."""

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._proven: set[str] = set()
        self._ahead = False
        self._changed = asyncio.Event()
        self._patient_until = 0.0

    @contextlib.asynccontextmanager
    async def passing(self, kinds: Collection[str]) -> AsyncIterator[bool]:
        """Wait for leave to ask a question of these kinds; yields whether it goes ahead of the others.

        What the block does without an error proves the kinds.
        """
        while not self._proven.issuperset(kinds) and self._ahead:
            if not await self._wait():
                break
        is_first = not self._proven.issuperset(kinds) and not self._ahead
        self._ahead |= is_first
        try:
            yield is_first
            self._proven.update(kinds)
        finally:
            if is_first:
                self._ahead = False
            self._tell()

    def is_open(self, kinds: Collection[str]) -> bool:
        """Tell whether questions of these kinds need no leave any more."""
        return self._proven.issuperset(kinds)

    def knock(self, rest: float = 0.0) -> None:
        """Say that the endpoint answered something and is asked again in so many seconds: the crowd goes on waiting."""
        self._patient_until = time.monotonic() + rest + self._patience

    def prove(self, kinds: Collection[str]) -> None:
        """Take kinds as proven, for what an earlier run learned."""
        self._proven.update(kinds)

    async def _wait(self) -> bool:
        """Wait until something changes; False where nobody said anything for as long as patience lasts."""
        try:
            await asyncio.wait_for(self._changed.wait(), self._patience)
        except TimeoutError:
            return time.monotonic() < self._patient_until
        return True

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
