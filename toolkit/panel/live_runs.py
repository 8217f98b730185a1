"""Runs that go on in threads of their own, whether somebody watches or not, and can be found again by their link."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import polars as pl

from toolkit.errors import InputError, ToolkitError, check_options
from toolkit.models import Audience, Campaign, Record, exchange
from toolkit.panel import api
from toolkit.panel.background import Worker
from toolkit.panel.estimating import say_seconds
from toolkit.panel.frame import make_reactions
from toolkit.panel.planning import Plan
from toolkit.panel.run_options import RunOptions, make_asking, pick_settings
from toolkit.panel.turns import Ticket, Turns
from toolkit.questionnaire import Reaction
from toolkit.results import Run, predictions, runs
from toolkit.results.scoring import RATES, columns, scorecard

MOST_RUNNING = 8
"""Runs that go on at once in one process; others wait in a line."""
MOST_WAITING = 200
"""Runs that may wait in that line."""
MOST_WAITING_EACH = 10
"""Runs of one person that may."""
MOST_KEPT = 40
"""Finished runs that stay at hand; older ones are on disk only."""
LIMITS = ("max_cost", "concurrency", "price")
"""Options that a run may be continued with others of."""
SILENCE_SECONDS = 20.0
"""From when a run in which nothing comes says so instead of a time that is left."""
_SCORE_PAUSE = 1.0
_IDLE_SHARE = 9


class Progress(Record):
    """How far a run has come."""

    answered: int
    """Reactions of personas that came, refused ones included; one that failed has not come."""
    planned: int
    control_answered: int
    control_planned: int
    seconds_left: float | None
    """At the pace so far; null before the first reaction."""
    failed: int = 0
    """Reactions that were given up, the control reader's included."""
    trouble: str | None = None
    """What goes wrong with the calls that are tried again, else with the last that was given up."""
    silence: float = 0.0
    """Seconds since anything came."""
    place: int | None = None
    """Which in the line it is, 1 for the next; None for one that has begun."""

    @property
    def share(self) -> float:
        """The part of everything that is done, from 0 to 1."""
        done = self.answered + self.control_answered
        return done / max(self.planned + self.control_planned, 1)

    def describe(self) -> str:
        """Return how far it is in words, such as "14 of 24 reactions, about 20 s left"."""
        if self.place is not None:
            return f"waiting for other runs to end: number {self.place} in the line"
        words = f"{self.answered} of {self.planned} reactions"
        if self.control_planned:
            words += f", control reader {self.control_answered} of {self.control_planned}"
        if self.failed:
            words += f", {self.failed} failed"
        if self.answered + self.control_answered + self.failed >= self.planned + self.control_planned:
            return f"{words}; working out what it comes to"
        if self.trouble or self.silence >= SILENCE_SECONDS:
            return f"{words}; waiting for the endpoint for {say_seconds(self.silence)}"
        if self.answered == 0 and self.control_answered == 0:
            return f"{words}; waiting for the first"
        return words if self.seconds_left is None else f"{words}, about {say_seconds(self.seconds_left)} left"


class LiveRun:
    """Asks in the background; what came can be read at any time, from any thread.

    Arguments as for `toolkit.arun`; where `folder` is given, the run is saved inside it as soon as it is over, and
    `on_kept` hears of it. Raises InputError at once for what cannot be planned. It goes on to its end though nobody
    holds it: what was begun is paid for, and is there when somebody comes back. Where there are `turns`, it waits for
    one of its `owner`'s.
    """

    def __init__(
        self,
        campaign: Campaign,
        audience: Audience,
        *,
        folder: Path | None = None,
        turns: Turns | None = None,
        owner: str = "",
        on_kept: Callable[[Run], None] | None = None,
        **options: Unpack[RunOptions],
    ) -> None:
        check_options(options, RunOptions.__annotations__, "a run")
        make_asking(options)
        self.plan: Plan = api.plan(campaign, audience, **pick_settings(options))
        self.campaign = campaign
        self.audience = audience
        self._folder = folder
        self._turns = turns or Turns(1, most_waiting=0, most_each=0)
        self._options: dict[str, Any] = {name: value for name, value in options.items() if name != "api_key"}
        self._scored = _Scored(pl.DataFrame(schema=columns.SCORECARD_SCHEMA), 0, 0.0)
        self._scoring = threading.Lock()
        self._on_kept = on_kept
        self._errand = _Errand(campaign, audience, dict(options), folder, on_kept)
        self._worker: Worker[Reaction, Run] = Worker(self._errand.work, "the run", then=self._leave)
        self._ticket = Ticket(owner, self._begin)
        self._turns.enter(self._ticket)

    @property
    def engine(self) -> str:
        """What answers, by name."""
        return str(self._options.get("engine") or "")

    @property
    def base_url(self) -> str:
        """The address that is asked; "" for the machine's own."""
        return str(self._options.get("base_url") or "")

    def describe(self) -> str:
        """Return what is tested on whom, in a few words."""
        drafts = ", ".join(draft.id for draft in self.campaign.drafts)
        return f"{drafts}; {len(self.plan.panel)} of {self.audience.audience}"

    @property
    def reactions(self) -> list[Reaction]:
        """The reactions that came so far, in the order of their coming."""
        return list(self._worker.items)

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
        """The finished run, also where it was stopped half-way; None before, and where no reply could be had.

        It is there before `is_over`: saving it may take a while longer.
        """
        return self._errand.run

    @property
    def problem(self) -> str | None:
        """Why there is no run, in one line."""
        return self._worker.problem

    @property
    def error(self) -> ToolkitError | None:
        """The error behind `problem` if it was an expected one, for who says it in other words."""
        return self._worker.error

    @property
    def unsaved(self) -> str | None:
        """Why the finished run is in memory only, in one line; None where it was saved or nobody asked for it."""
        return self._errand.unsaved

    def stop(self) -> None:
        """End the calls in flight; what came is kept, and the run becomes one of what came.

        One that waits for its turn waits no more: nothing is asked, and what the store holds is what came.
        """
        self._worker.stop()
        if self._turns.leave(self._ticket):
            self._begin()

    def _begin(self) -> None:
        self._worker.start("audience-run")

    def _leave(self) -> None:
        self._turns.leave(self._ticket)

    def go_on(
        self,
        api_key: str | None = None,
        limits: Mapping[str, Any] | None = None,
        *,
        turns: Turns | None = None,
        owner: str = "",
    ) -> LiveRun:
        """Return the same run started again: what the store holds is not asked a second time.

        The key that the run was started with is not kept after its end; pass one where the endpoint wants it. `limits`
        hold instead of those of the start: `max_cost`, `concurrency` and `price`, of which one left out is none.
        """
        options = {name: value for name, value in self._options.items() if limits is None or name not in LIMITS}
        options |= limits or {}
        return LiveRun(
            self.campaign, self.audience, folder=self._folder, turns=turns, owner=owner, on_kept=self._on_kept,
            api_key=api_key, **options,
        )  # fmt: skip

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the run is over, or `timeout` seconds have passed; tell whether it is over."""
        return self._worker.over.wait(timeout)

    def score(self, clock: Callable[[], float] = time.monotonic) -> pl.DataFrame:
        """Return the scorecard of what came so far, with its intervals; at most a tenth of the time goes into it.

        What was worked out last is returned while nothing new came or that would cost more.
        """
        with self._scoring:
            count, now = len(self._worker.items), clock()
            if count != self._scored.count and now >= self._scored.due:
                card = _score(self.plan, self.reactions[:count])
                self._scored = _Scored(card, count, now + max(_SCORE_PAUSE, _IDLE_SHARE * (clock() - now)))
            return self._scored.card

    def measure_progress(self, clock: Callable[[], float] = time.monotonic) -> Progress:
        """Return how far the run has come, by the given clock in seconds."""
        reactions = self.reactions
        failed = [reaction for reaction in reactions if reaction.status == "failed"]
        control = sum(reaction.task.persona is None and reaction.status != "failed" for reaction in reactions)
        lacking = len(self.plan.tasks) - len(reactions)
        fresh = sum(reaction.usage.fresh > 0 for reaction in reactions)
        begun = self._errand.begun
        pace = (clock() - begun) / fresh if fresh and begun is not None else None
        return Progress(
            answered=len(reactions) - control - len(failed),
            planned=self.plan.persona_tasks,
            control_answered=control,
            control_planned=len(self.plan.tasks) - self.plan.persona_tasks,
            seconds_left=None if pace is None else pace * lacking,
            failed=len(failed),
            trouble=self._errand.trouble or (failed[-1].error if failed else None),
            silence=clock() - self._errand.last if self._errand.last is not None else 0.0,
            place=self._turns.find_place(self._ticket),
        )


@dataclass(frozen=True, slots=True)
class _Scored:
    card: pl.DataFrame
    count: int
    """Reactions that the card is made of."""
    due: float
    """When it may be worked out anew."""


def _score(plan: Plan, reactions: list[Reaction]) -> pl.DataFrame:
    rows = make_reactions(
        reactions,
        run_id="so-far",
        campaign=plan.campaign,
        objective=plan.settings.objective,
        segment_keys=plan.segment_keys,
        model="",
    )
    answered = {reaction.task.draft.id for reaction in reactions}
    return scorecard(rows, drafts=[draft.id for draft in plan.campaign.drafts if draft.id in answered])


class LiveRuns:
    """The runs of this process that go on or have lately ended, each found by a link that cannot be guessed.

    Of many, a few go on at once and the others wait in a line, see `Turns`.
    """

    def __init__(self, folder: Path = runs.RUNS) -> None:
        self._folder = folder
        self._runs: dict[str, LiveRun] = {}
        self._lock = threading.Lock()
        self._turns = Turns(MOST_RUNNING, most_waiting=MOST_WAITING, most_each=MOST_WAITING_EACH)

    def start(
        self,
        campaign: Campaign,
        audience: Audience,
        *,
        owner: str = "",
        on_kept: Callable[[Run], None] | None = None,
        **options: Unpack[RunOptions],
    ) -> str:
        """Start a run that is saved when it is over; return its link. Raises InputError as `LiveRun` does.

        `owner` tells whose it is: in the line each owner's first run comes before anybody's second.
        """
        live = LiveRun(
            campaign, audience, folder=self._folder, turns=self._turns, owner=owner, on_kept=on_kept, **options
        )
        return self._add(live)

    def go_on(
        self, link: str, api_key: str | None = None, limits: Mapping[str, Any] | None = None, *, owner: str = ""
    ) -> str:
        """Start a run that is over once more, under a link of its own; raise InputError where there is none."""
        earlier = self.find(link)
        if earlier is None:
            raise InputError("this run is not at hand any more; test the drafts again, nothing is paid for twice")
        return self._add(earlier.go_on(api_key, limits, turns=self._turns, owner=owner))

    def find(self, link: str | None) -> LiveRun | None:
        """Return the run behind a link, or None."""
        return self._runs.get(link) if link else None

    def _add(self, live: LiveRun) -> str:
        link = secrets.token_urlsafe(18)
        with self._lock:
            over = [earlier for earlier, one in self._runs.items() if one.is_over]
            for earlier in over[: max(len(over) - MOST_KEPT + 1, 0)]:
                del self._runs[earlier]
            self._runs[link] = live
        return link


class _Errand:
    """What a live run does, and what came of it."""

    def __init__(
        self,
        campaign: Campaign,
        audience: Audience,
        options: dict[str, Any],
        folder: Path | None,
        on_kept: Callable[[Run], None] | None,
    ) -> None:
        self._on_kept = on_kept
        self.run: Run | None = None
        self.unsaved: str | None = None
        self.begun: float | None = None
        self.last: float | None = None
        self.trouble: str | None = None
        self._asked = (campaign, audience)
        self._options: dict[str, Any] = options
        self._folder = folder

    async def work(self, stop: asyncio.Event, tell: Callable[[Reaction], None]) -> Run:
        """Ask everything and save the run; the key is forgotten with the other options."""
        self.begun = self.last = time.monotonic()
        store = Path(self._options.get("store") or api.default_store())
        try:
            with exchange.hearing_trouble(self._hear):
                asked = await api.arun(*self._asked, stop=stop, on_reaction=self._note(tell), **self._options)
        finally:
            self._options = {}
        drafts, objective = asked.methods.campaign.drafts, asked.methods.settings.objective
        known = await asyncio.to_thread(predictions.find_predictions, drafts, objective, store)
        finished = asked.with_predictions(known)
        finished.verdict()
        for measure in RATES:  # whoever watches finds the tables of the decision ready
            finished.tables.explain(None, measure)
        self.run = finished
        self._save(finished)
        return finished

    def _hear(self, trouble: str | None) -> None:
        self.trouble = trouble

    def _note(self, tell: Callable[[Reaction], None]) -> Callable[[Reaction], None]:
        """Return `tell`, noting when something came."""

        def note(reaction: Reaction) -> None:
            if reaction.status != "failed":
                self.last = time.monotonic()
            tell(reaction)

        return note

    def _save(self, run: Run) -> None:
        if self._folder is None:
            return
        try:
            runs.keep_run(run, self._folder)
            if self._on_kept is not None:
                self._on_kept(run)
        except (ToolkitError, OSError) as error:
            self.unsaved = f"this run could not be saved: {error}; download it before you leave"
