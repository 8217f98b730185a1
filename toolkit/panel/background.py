"""Work that goes on in a thread of its own while somebody looks at the page, and that can be stopped."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from toolkit.errors import ToolkitError

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Work = Callable[[asyncio.Event, Callable[[Item], None]], Awaitable[Outcome]]
"""Gets an event that asks it to end, and a function to call with each item as it comes."""


class Job(Generic[Item, Outcome]):
    """Runs `work` in the background; what came can be read at any time, from any thread.

    `planned` says how many items will come. A job whose handle nobody holds any more is stopped.
    """

    def __init__(self, work: Work[Item, Outcome], *, about: str, planned: int = 1) -> None:
        self.about = about
        self.planned = planned
        self._worker: Worker[Item, Outcome] = Worker(work)
        weakref.finalize(self, self._worker.stop)
        self._worker.start("audience-job")

    @property
    def items(self) -> list[Item]:
        """What came so far, in the order of its coming."""
        return list(self._worker.items)

    @property
    def share(self) -> float:
        """The part that is done, from 0 to 1."""
        return min(len(self._worker.items) / max(self.planned, 1), 1.0)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self._worker.over.is_set()

    @property
    def outcome(self) -> Outcome | None:
        """What the work returned; None before its end and where it failed."""
        return self._worker.outcome

    @property
    def problem(self) -> str | None:
        """Why there is no outcome, in one line."""
        return self._worker.problem

    @property
    def error(self) -> ToolkitError | None:
        """The error behind `problem` if it was an expected one, for who says it in other words."""
        return self._worker.error

    def stop(self) -> None:
        """Ask the work to end; what came is kept."""
        self._worker.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job is over, or `timeout` seconds have passed; tell whether it is over."""
        return self._worker.over.wait(timeout)


class Worker(Generic[Item, Outcome]):
    """What a thread holds of its work; it knows nothing of the handle, so that the handle can go.

    `what` is what the work is called where it ends unexpectedly.
    """

    def __init__(self, work: Work[Item, Outcome], what: str = "it") -> None:
        self.items: list[Item] = []
        self.over = threading.Event()
        self.outcome: Outcome | None = None
        self.problem: str | None = None
        self.error: ToolkitError | None = None
        self.stopping = False
        self._what = what
        self._work = work
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def start(self, name: str) -> None:
        """Begin the work, in a thread of its own; call it once."""
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def stop(self) -> None:
        """Set the stop event in the thread's own loop; harmless before it started and after it ended."""
        with self._lock:
            self.stopping = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)

    def _run(self) -> None:
        try:
            self.outcome = asyncio.run(self._begin())
        except ToolkitError as error:
            self.problem, self.error = str(error), error
        except Exception as error:  # noqa: BLE001 - a thread's error would be lost; the page shows it as one line
            self.problem = f"{self._what} ended unexpectedly: {type(error).__name__}: {error}; press again to go on"
        finally:
            with self._lock:
                self._loop = None
            self.over.set()

    async def _begin(self) -> Outcome:
        with self._lock:
            self._loop = asyncio.get_running_loop()
            if self.stopping:
                self._stop.set()
        return await self._work(self._stop, self.items.append)


def run_blocking(work: Callable[[], Any]) -> Any:
    """Run a coroutine to its end, from plain code or from inside a running loop such as a notebook's."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    outcome: list[Any] = []
    thread = threading.Thread(target=lambda: outcome.append(_catch(work)), daemon=True)
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _catch(work: Callable[[], Any]) -> Any:
    try:
        return asyncio.run(work())
    except BaseException as error:  # noqa: BLE001 - carried over to the waiting thread, which raises it
        return error
