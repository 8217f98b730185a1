"""Ctrl-C and SIGTERM: requests in flight are paid for, so they may finish. A second signal does not wait."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import click

from toolkit.errors import Interrupted

Outcome = TypeVar("Outcome")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def drain_on_signals(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, Outcome]], say_saved: Callable[[], str]
) -> Outcome:
    """Return what the work returns. Raise Interrupted, with the number of saved answers, if a signal ended it.

    The first signal sets the event that `work` gets: it asks nothing new. The second signal cancels it.
    """
    try:
        return asyncio.run(_listen(work))
    except (asyncio.CancelledError, KeyboardInterrupt, Interrupted) as error:
        more = f"; {error}" if isinstance(error, Interrupted) and str(error) else ""
        raise Interrupted(f"interrupted; {say_saved()}, and the same command continues{more}") from None


async def _listen(work: Callable[[asyncio.Event], Coroutine[Any, Any, Outcome]]) -> Outcome:
    halt = asyncio.Event()
    task = asyncio.current_task()

    def hear() -> None:
        if halt.is_set() and task is not None:
            task.cancel()
        elif not halt.is_set():
            halt.set()
            click.echo(
                "waiting for the requests in flight, which are paid for; press Ctrl-C again to leave at once", err=True
            )

    with _hearing(hear):
        return await work(halt)


@contextmanager
def _hearing(hear: Callable[[], None]) -> Iterator[None]:
    """Have the loop call `hear` at each signal, where the system and the thread allow it."""
    loop = asyncio.get_running_loop()
    heard = []
    for number in _SIGNALS:
        with suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, hear)
            heard.append(number)
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
