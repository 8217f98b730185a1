"""Work that goes on in a thread of its own while somebody looks at the page, and that can be stopped."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import signal
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from toolkit.engines import budget
from toolkit.errors import Interrupted, ToolkitError
from toolkit.panel import halting

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Work = Callable[[asyncio.Event, Callable[[Item], None]], Awaitable[Outcome]]
"""Gets an event that asks it to end, and a function to call with each item as it comes."""
GRACE_SECONDS = 5.0
"""How long calls in flight may take to finish after an interrupt."""
_PATIENT_INTERRUPTS = 2
"""Interrupts after which a further one is raised at once, whatever the work does."""
_LISTEN_SECONDS = 0.5
"""How long a waiting thread may be deaf: on some systems a wait cannot be interrupted."""


class Coming(NamedTuple):
    """How far a job is."""

    counted: int
    """Items that came and count."""
    share: float
    """The part that is done, from 0 to 1."""
    notes: tuple[str, ...] = ()
    """What failed and why, and what else there is to know meanwhile."""


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

    `what` is what the work is called where it ends unexpectedly; `then` is called at its end.
    """

    def __init__(self, work: Work[Item, Outcome], what: str = "it", then: Callable[[], None] | None = None) -> None:
        self.items: list[Item] = []
        self.over = threading.Event()
        self.outcome: Outcome | None = None
        self.problem: str | None = None
        self.error: ToolkitError | None = None
        self.stopping = False
        self._what = what
        self._work = work
        self._then = then
        self._purse = budget.find_purse()
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
            try:
                if self._then is not None:
                    self._then()
            finally:
                self.over.set()

    async def _begin(self) -> Outcome:
        with self._lock:
            self._loop = asyncio.get_running_loop()
            if self.stopping:
                self._stop.set()
        with budget.paid_from(self._purse):
            return await self._work(self._stop, self.items.append)


def run_blocking(work: Callable[[], Any]) -> Any:
    """Run a coroutine to its end, from plain code or from inside a running loop such as a notebook's.

    Ctrl-C, or the notebook's button, ends the asking: no new call is made, calls in flight have a few seconds to
    finish and their replies are kept, then KeyboardInterrupt is raised. A second interrupt does not wait for them.
    """
    running = _Interruptible(work)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return running.run_here()
    return running.run_in_thread()


class _Interruptible:
    """A coroutine that an interrupt ends in order."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._interrupts = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._halt: asyncio.Event | None = None

    def run_here(self) -> Any:
        """Run in this thread; only the main thread hears signals."""
        with self._hearing():
            try:
                outcome = asyncio.run(self._begin())
            except BaseException as error:
                if self._interrupts:
                    raise _describe_interrupt(error) from None
                raise
        if self._interrupts:
            raise _describe_interrupt(None)
        return outcome

    def run_in_thread(self) -> Any:
        """Run beside the loop of this thread, which waits."""
        ended: list[tuple[Any, BaseException | None]] = []
        over = threading.Event()  # a join that is interrupted takes the thread for ended (Python 3.11, issue 45274)
        context = contextvars.copy_context()

        def run() -> None:
            ended.append(context.run(self._catch))
            over.set()

        threading.Thread(target=run, name="audience-run", daemon=True).start()
        while not over.is_set():
            try:
                over.wait(_LISTEN_SECONDS)
            except KeyboardInterrupt:
                self.interrupt()
                if self._interrupts > _PATIENT_INTERRUPTS:
                    raise
        outcome, error = ended[0]
        if self._interrupts:
            raise _describe_interrupt(error) from None
        if error is not None:
            raise error
        return outcome

    def interrupt(self) -> None:
        """End the asking; from any thread, and from a signal handler."""
        self._interrupts += 1
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nothing is asked any more
                self._loop.call_soon_threadsafe(self._hear)

    def _catch(self) -> tuple[Any, BaseException | None]:
        try:
            return asyncio.run(self._begin()), None
        except BaseException as error:  # noqa: BLE001 - carried over to the waiting thread, which raises it
            return None, error

    async def _begin(self) -> Any:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._halt = asyncio.Event()
        halting.HALT.set(self._halt)
        if self._interrupts:
            self._hear()
        return await self._work()

    def _hear(self) -> None:
        """Let calls in flight finish for a while, upon the first interrupt; cancel them upon a further one."""
        if self._loop is None or self._task is None or self._halt is None:
            return
        if self._halt.is_set():
            self._task.cancel()
        else:
            self._halt.set()
            self._loop.call_later(GRACE_SECONDS, self._task.cancel)

    @contextlib.contextmanager
    def _hearing(self) -> Iterator[None]:
        """Hear Ctrl-C in place of Python's own handler, in the main thread, unless the program has its own."""
        is_main = threading.current_thread() is threading.main_thread()
        before = signal.getsignal(signal.SIGINT)
        if not is_main or before is not signal.default_int_handler:
            yield
            return

        def hear(number: int, frame: Any) -> None:
            self.interrupt()
            if self._interrupts > _PATIENT_INTERRUPTS:
                signal.default_int_handler(number, frame)

        signal.signal(signal.SIGINT, hear)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def _describe_interrupt(error: BaseException | None) -> KeyboardInterrupt:
    """Return the interrupt to raise, with what the work said of its end."""
    said = f"; {error}" if isinstance(error, Interrupted) and str(error) else ""
    return KeyboardInterrupt(f"every reply so far is saved, and the same call goes on from there{said}")
