"""A run that goes on in a thread of its own while somebody watches it, and that stops when nobody does."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from toolkit import api
from toolkit.asking import Reaction
from toolkit.errors import ToolkitError
from toolkit.estimating import say_seconds
from toolkit.models import Audience, Campaign, Record
from toolkit.planning import Plan
from toolkit.runs import Run

_SETTINGS = frozenset(inspect.signature(api.plan).parameters)


class Progress(Record):
    """How far a run has come."""

    answered: int
    """Reactions of personas that came, failed and refused ones included."""
    planned: int
    control_answered: int
    control_planned: int
    seconds_left: float | None
    """At the pace so far; null before the first reaction."""

    @property
    def share(self) -> float:
        """The part of everything that is done, from 0 to 1."""
        done = self.answered + self.control_answered
        return done / max(self.planned + self.control_planned, 1)

    def describe(self) -> str:
        """Return how far it is in words, such as "14 of 24 reactions, about 20 s left"."""
        words = f"{self.answered} of {self.planned} reactions"
        if self.control_planned:
            words += f", control reader {self.control_answered} of {self.control_planned}"
        if self.answered == 0 and self.control_answered == 0:
            return f"{words}; waiting for the first"
        return words if self.seconds_left is None else f"{words}, about {say_seconds(self.seconds_left)} left"


class LiveRun:
    """Asks in the background; what came can be read at any time, from any thread.

    Arguments as for `toolkit.arun`. Raises InputError at once for what cannot be planned. A run whose handle nobody
    holds any more, such as one of a closed browser tab, is stopped: no calls are paid for that nobody reads.
    """

    def __init__(self, campaign: Campaign, audience: Audience, **options: Any) -> None:
        settings = {name: value for name, value in options.items() if name in _SETTINGS}
        self.plan: Plan = api.plan(campaign, audience, **settings)
        self.campaign = campaign
        self.audience = audience
        self._options = options
        self._worker = _Worker(campaign, audience, options)
        weakref.finalize(self, self._worker.stop)
        threading.Thread(target=self._worker.work, name="audience-run", daemon=True).start()

    def describe(self) -> str:
        """Return what is tested on whom, in a few words."""
        drafts = ", ".join(draft.id for draft in self.campaign.drafts)
        return f"{drafts}; {len(self.plan.panel)} of {self.audience.audience}"

    @property
    def reactions(self) -> list[Reaction]:
        """The reactions that came so far, in the order of their coming."""
        return list(self._worker.reactions)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self._worker.over.is_set()

    @property
    def is_stopping(self) -> bool:
        """Whether somebody pressed stop."""
        return self._worker.stopping

    @property
    def run(self) -> Run | None:
        """The finished run, also where it was stopped half-way; None before, and where no reply could be had."""
        return self._worker.run

    @property
    def problem(self) -> str | None:
        """Why there is no run, in one line."""
        return self._worker.problem

    def stop(self) -> None:
        """End the calls in flight; what came is kept, and the run becomes one of what came."""
        self._worker.stop()

    def go_on(self) -> LiveRun:
        """Return the same run started again: what the store holds is not asked a second time."""
        return LiveRun(self.campaign, self.audience, **self._options)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the run is over, or `timeout` seconds have passed; tell whether it is over."""
        return self._worker.over.wait(timeout)

    def measure_progress(self, clock: Callable[[], float] = time.monotonic) -> Progress:
        """Return how far the run has come, by the given clock in seconds."""
        reactions = self.reactions
        control = sum(reaction.task.persona is None for reaction in reactions)
        lacking = len(self.plan.tasks) - len(reactions)
        fresh = sum(reaction.usage.fresh > 0 for reaction in reactions)
        begun = self._worker.begun
        pace = (clock() - begun) / fresh if fresh and begun is not None else None
        return Progress(
            answered=len(reactions) - control,
            planned=self.plan.persona_tasks,
            control_answered=control,
            control_planned=len(self.plan.tasks) - self.plan.persona_tasks,
            seconds_left=None if pace is None else pace * lacking,
        )


class _Worker:
    """The part of a live run that its thread holds; it knows nothing of its handle, so that the handle can go."""

    def __init__(self, campaign: Campaign, audience: Audience, options: dict[str, Any]) -> None:
        self.reactions: list[Reaction] = []
        self.over = threading.Event()
        self.run: Run | None = None
        self.problem: str | None = None
        self.begun: float | None = None
        self.stopping = False
        self._asked = (campaign, audience)
        self._options = options
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def work(self) -> None:
        """Ask everything; run once, in a thread of its own."""
        try:
            self.run = asyncio.run(self._ask())
        except ToolkitError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001 - a thread's error would be lost; the page shows it as one line
            self.problem = f"the run ended unexpectedly: {type(error).__name__}: {error}; press again to go on"
        finally:
            with self._lock:
                self._loop = None
            self.over.set()

    def stop(self) -> None:
        """Set the stop event in the thread's own loop; harmless before it started and after it ended."""
        with self._lock:
            self.stopping = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)

    async def _ask(self) -> Run:
        with self._lock:
            self._loop = asyncio.get_running_loop()
            if self.stopping:
                self._stop.set()
        self.begun = time.monotonic()
        return await api.arun(*self._asked, stop=self._stop, on_reaction=self.reactions.append, **self._options)
