"""Audience x drafts -> run: who is asked what, in what order, and what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import importlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from toolkit.engines import Engine, budget
from toolkit.errors import BudgetReached, EngineUnavailable, StoreUnusable, ToolkitError
from toolkit.panel import polling
from toolkit.panel.asker import ask_pairing
from toolkit.panel.breaker import Breaker
from toolkit.panel.connecting import Line, make_line
from toolkit.panel.embedding import check_installed, find_embedding
from toolkit.panel.halting import find_halt, on_halt
from toolkit.panel.planning import Plan
from toolkit.panel.run_options import Asking, OnPreference, OnReaction
from toolkit.panel.sharing import Share
from toolkit.panel.splitting import TOGETHER as TOGETHER  # noqa: PLC0414 - handed out with what splits a panel
from toolkit.panel.splitting import Split, add_up, join_engines, split_plan
from toolkit.panel.splitting import split_people as split_people  # noqa: PLC0414
from toolkit.questionnaire import Preference, Reaction, Task, Usage, pairs, shares
from toolkit.store import Store

if TYPE_CHECKING:
    from toolkit.results import Run

STOPPED = "stopped before everything was answered; the answers so far are saved: run the same test again to continue"

__all__ = ["DRAIN_SECONDS", "STOPPED", "Flow", "OnPreference", "OnReaction", "Unasked", "carry_out"]
KEPT = "every reply that came before this error is in the store; the same call goes on from there"
Item = TypeVar("Item")
Answered = TypeVar("Answered", bound="_Answer")
Unasked = Literal["unpaid", "stopped", "skipped"]
DRAIN_SECONDS = 30.0
INCOMPLETE = 3
"""The exit code of a run that lacks something."""
_AT_ONCE = 4
"""Readers who meet a draft before any of them meets the next, for each question in flight."""
_NEEDED_LATER = ("toolkit.panel.methods", "toolkit.stats.plans")
"""What works out a run, Polars and NumPy with it."""
_UNTIL_SENT_SECONDS = 0.25
"""How long nothing is loaded, so that the first requests go out."""
STRAGGLERS = 0.02
"""The share of failed reactions up to which a run asks for them once more before it ends."""


async def carry_out(
    plan: Plan, engine: Engine | Sequence[Engine], store: Store, asking: Asking, share: Share | None = None
) -> Run:
    """Ask everything, rate what was said and return the run.

    Whatever the store holds is not asked again; each reply is kept as it arrives, so the same call after an
    interruption goes on from there. Where `max_cost` leaves no room, or once `stop` is set, what was not answered
    counts as failed and `methods.stopped` says so; `stop` also ends the calls in flight. With `fail_fast` nothing more
    is asked after the first reaction that fails. Nor is anything more asked once the latest calls all came to nothing:
    see `Breaker`. `engine` is the one that `asking` names, made; of several models one each, in their order. People
    are then split over them, each asked at its own pace and price, under one limit. A `share` is what this run has in
    common with others that go on at the same time, their limit of questions in flight above all.
    """
    started, clock = datetime.datetime.now(datetime.UTC), time.perf_counter()
    model = asking.embedding_model
    if plan.settings.rating == "ssr" and model is None:
        check_installed(plan.languages)
    engines = list(engine) if isinstance(engine, Sequence) else [engine]
    for one in engines:
        plan.check_form(one.form)
    voices = asking.list_models()
    names = [voice.name or one.model for voice, one in zip(voices, engines, strict=True)]
    split = split_plan(plan, names)
    async with contextlib.AsyncExitStack() as opened:
        opened.enter_context(budget.one_bill())
        for one in engines:
            await opened.enter_async_context(one)
        await opened.enter_async_context(_warming_up())
        lines = [
            make_line(
                voice.asking,
                one,
                store,
                plan.questionnaire,
                campaign=plan.campaign.campaign,
                questions=len(plan.tasks),
                breaker=None if share is None else share.breakers[number],
            )
            for number, (voice, one) in enumerate(zip(voices, engines, strict=True))
        ]
        with (
            on_halt(find_halt(asking.halt), *(line.refuse_waiting for line in lines)),
            _telling_what_is_kept(lines, store),
        ):
            flow = _make_flow(lines, split, asking, share)
            ask = _Asks(lines, split, plan)
            by_draft = any(one.reuses_prefixes for one in engines)
            reactions = await _ask_tasks(plan.tasks, flow, ask, asking, by_draft=by_draft)
            await _ask_stragglers(reactions, flow, ask)
            preferences = await flow.ask_all(plan.pairings, ask.ask_pair, fail_preference, asking.on_preference)
            polls = await flow.ask_all(split.share_out(plan.polls), ask.ask_poll, polling.fail_poll, None)
            seconds, clock = time.perf_counter() - clock, time.perf_counter()
            home = lines[[voice.name for voice in voices].index(asking.find_home().name)]
            embedding = await find_embedding(reactions, plan.prompts, home.engine, store, home.budget, model, plan.own)
            questions = {kind: question for line in reversed(lines) for kind, question in line.asker.examples.items()}
            held = add_up([line.budget for line in lines])
    from toolkit.panel import methods
    from toolkit.results import runs

    asked = methods.Asked(reactions, held, started, model, preferences, seconds=seconds, questions=questions)
    asked = replace(asked, polls=polls, split=split, engines=engines, budgets=[line.budget for line in lines])
    run = methods.make_run(plan, join_engines(engines, split), asked, embedding)
    return runs.add_rating_time(run, time.perf_counter() - clock) if plan.settings.rating == "ssr" else run


def _make_flow(lines: Sequence[Line], split: Split, asking: Asking, share: Share | None) -> Flow:
    """Return a flow in which each model has its own pace, and no more is in flight together than was asked for."""
    lanes = [Lane(line.concurrency, line.breaker) for line in lines]
    return Flow(
        sum(lane.concurrency for lane in lanes) if asking.concurrency is None else asking.concurrency,
        asking.stop,
        asking.fail_fast,
        lanes=lanes,
        find_lane=split.seat,
        together=None if share is None else share.together,
    )


@dataclass(frozen=True, slots=True)
class _Asks:
    """Asks each question of the model that answers for its persona."""

    lines: Sequence[Line]
    split: Split
    plan: Plan

    async def ask(self, task: Task) -> Reaction:
        """Return the reaction to a task."""
        return await self.lines[self.split.find(task)].asker.ask(task)

    async def ask_pair(self, pairing: pairs.Pairing) -> Preference:
        """Return the choice between two drafts."""
        asker = self.lines[self.split.find(pairing.task)].asker
        return await ask_pairing(pairing, questions=self.plan.pair_questions, asker=asker)

    async def ask_poll(self, poll: shares.Poll) -> shares.PollAnswer:
        """Return what a model forecasts of a kind of people."""
        asker = self.lines[poll.seat].asker
        return await polling.ask_poll(poll, questions=self.plan.share_questions, asker=asker)


async def _ask_tasks(
    tasks: Sequence[Task], flow: Flow, ask: _Asks, asking: Asking, *, by_draft: bool
) -> list[Reaction]:
    """Return the reactions in the order of the tasks, in whatever order they are asked for."""
    places = order_by_draft(tasks, _AT_ONCE * flow.concurrency) if by_draft else range(len(tasks))
    ordered = [tasks[place] for place in places]
    reactions = await flow.ask_all(ordered, ask.ask, fail_reaction, asking.on_reaction)
    return [reaction for _, reaction in sorted(zip(places, reactions, strict=True), key=lambda pair: pair[0])]


def order_by_draft(tasks: Sequence[Task], readers: int) -> list[int]:
    """Return the places of tasks in the order in which pages that begin alike follow each other soon, never at once.

    So many readers at a time meet the first draft, then the same ones the second, and so on: a model that keeps the
    beginnings of questions then has that of a reader at hand, and whoever stops a run has whole readers. Drafts of one
    surface follow each other, since the page has examples of the surface.
    """
    surfaces = list(dict.fromkeys(task.draft.surface for task in tasks))
    people: dict[tuple[str | None, int, int], list[int]] = {}
    for place in sorted(range(len(tasks)), key=lambda place: surfaces.index(tasks[place].draft.surface)):
        task = tasks[place]
        people.setdefault((task.persona.id if task.persona else None, task.wording, task.repeat), []).append(place)
    groups = list(people.values())
    turns = (groups[first : first + readers] for first in range(0, len(groups), readers))
    return [place for turn in turns for row in itertools.zip_longest(*turn) for place in row if place is not None]


@contextlib.contextmanager
def _telling_what_is_kept(lines: Sequence[Line], store: Store) -> Iterator[None]:
    """Let an endpoint that gives out half way end the run as an incomplete one: replies that came are kept.

    One that takes nothing more before a later hour ends it as one that cannot be asked: until then no command helps.
    A store that gives out says where the replies in flight went, whichever of its uses failed first.
    """
    try:
        yield
    except StoreUnusable as error:
        raise (store.trouble or error) from None
    except EngineUnavailable as error:
        if any(line.asker.kept for line in lines) and not error.is_pause:
            error.exit_code = INCOMPLETE
        raise


@contextlib.asynccontextmanager
async def _warming_up() -> AsyncIterator[None]:
    """Load what works out the run while the first answers are on their way: it takes half a second."""
    loading = asyncio.ensure_future(_load_later())
    try:
        yield
    finally:
        loading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await loading


async def _load_later() -> None:
    await asyncio.sleep(_UNTIL_SENT_SECONDS)
    await asyncio.to_thread(_load)


def _load() -> None:
    for name in _NEEDED_LATER:
        importlib.import_module(name)


async def _ask_stragglers(reactions: list[Reaction], flow: Flow, ask: _Asks) -> None:
    """Ask once more, at the end of a run, for the few reactions that failed where nearly all came.

    What failed then was chance; where more failed there is a reason that somebody should see first.
    """
    places = [] if flow.fail_fast or flow.is_over else find_stragglers(reactions)
    tasks = [reactions[place].task for place in places]
    replace_stragglers(reactions, places, await flow.ask_all(tasks, ask.ask, fail_reaction, None))


def find_stragglers(reactions: Sequence[Reaction]) -> list[int]:
    """Return the places of the reactions to ask for once more; none where many failed."""
    failed = [place for place, reaction in enumerate(reactions) if reaction.has_failed_by_chance]
    return failed if len(failed) <= STRAGGLERS * len(reactions) else []


def replace_stragglers(reactions: list[Reaction], places: Sequence[int], again: Sequence[Reaction]) -> None:
    """Put what was asked for once more in the place of what failed, with what both took."""
    for place, reaction in zip(places, again, strict=True):
        reaction.usage.add_earlier(reactions[place].usage)
        reactions[place] = reaction


class _Answer(Protocol):
    """What the flow reads of a reaction or a preference."""

    @property
    def status(self) -> str: ...

    @property
    def error(self) -> str | None: ...


@dataclass(slots=True)
class Lane:
    """The questions of one model: how many are in flight at most, and what ends them."""

    concurrency: int
    breaker: Breaker | None = None
    over: str | None = None
    """Why nothing more is asked, after a failure under `fail_fast` or once the breaker has tripped."""


@dataclass(slots=True)
class Flow:
    """How many questions are in flight, and what ends them.

    Questions of several models go in lanes, so that a slow one holds no other up; `concurrency` is of all together.
    """

    concurrency: int
    stop: asyncio.Event | None
    fail_fast: bool = False
    breaker: Breaker | None = None
    lanes: Sequence[Lane] = ()
    find_lane: Callable[[Any], int] = field(default=lambda _: 0)
    together: asyncio.Semaphore | None = None
    """What holds the questions of several runs together within one limit; None for a run by itself."""

    def __post_init__(self) -> None:
        """Make the only lane where none is given."""
        self.lanes = self.lanes or (Lane(self.concurrency, self.breaker),)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is asked of some model."""
        return any(lane.over is not None for lane in self.lanes)

    async def ask_all(
        self,
        items: Sequence[Item],
        ask: Callable[[Item], Awaitable[Answered]],
        fail: Callable[[Item, str, Unasked], Answered],
        on_answer: Callable[[Answered], None] | None,
    ) -> list[Answered]:
        """Return the answers in the order of the items.

        An error that ends the run, also one of the user's own engine or listener, lets what is in flight arrive, for
        half a minute at most, and is then raised as it is.
        """
        answers: list[Answered | None] = [None] * len(items)
        is_stopped = self.stop is not None and self.stop.is_set()
        of_lane = [self.find_lane(item) for item in items] if len(self.lanes) > 1 else [0] * len(items)
        together = self.together or asyncio.Semaphore(self.concurrency)
        ended: list[Exception] = []
        tell = _Listener(on_answer).tell

        async def work(lane: Lane, waiting: Iterator[int]) -> None:
            for index in waiting:
                async with together:
                    if lane.over is not None or ended:
                        return
                    try:
                        answers[index] = answer = await _ask_or_fail(items[index], ask, fail)
                        tell(answer)
                    except Exception as error:  # noqa: BLE001 - raised below, once what is in flight has arrived
                        ended.append(error)
                        drain(workers)
                        return
                    self._judge(answer, lane)

        with _draining() as drain:
            async with asyncio.TaskGroup() as group:
                workers = []
                for number, lane in enumerate(self.lanes):
                    places = [] if is_stopped else [place for place, at in enumerate(of_lane) if at == number]
                    waiting, count = iter(places), min(lane.concurrency, self.concurrency, len(places))
                    workers += [group.create_task(work(lane, waiting)) for _ in range(count)]
                with _cancel_on(self.stop, workers):
                    if workers:
                        await asyncio.wait(workers)
        if ended:
            raise add_note(ended[0])
        why: list[tuple[str, Unasked]]
        why = [(STOPPED, "stopped") if lane.over is None else (lane.over, "skipped") for lane in self.lanes]
        each = zip(items, answers, of_lane, strict=True)
        return [answer or fail(item, *why[number]) for item, answer, number in each]

    def _judge(self, answer: _Answer, lane: Lane) -> None:
        if self.fail_fast and answer.status == "failed":
            for one in self.lanes:
                one.over = one.over or (
                    f"not asked: the run was to end at the first failure, which was: {answer.error}"
                )
        if lane.over is None and lane.breaker is not None and lane.breaker.tripped is not None:
            lane.over = f"not asked: {lane.breaker.tripped}"


class _Listener(Generic[Answered]):
    """Hands answers on to whoever listens, until that fails once."""

    def __init__(self, on_answer: Callable[[Answered], None] | None) -> None:
        self._on_answer = on_answer

    def tell(self, answer: Answered) -> None:
        """Hand an answer on; what the listener raises is raised."""
        on_answer, self._on_answer = self._on_answer, None
        if on_answer is not None:
            on_answer(answer)
            self._on_answer = on_answer


async def _ask_or_fail(
    item: Item, ask: Callable[[Item], Awaitable[Answered]], fail: Callable[[Item, str, Unasked], Answered]
) -> Answered:
    try:
        return await ask(item)
    except BudgetReached as error:
        return fail(item, str(error), "unpaid")


def add_note(error: Exception) -> Exception:
    """Return an error of somebody else's code with a note that nothing is lost; our own say so themselves."""
    if not isinstance(error, ToolkitError):
        error.add_note(KEPT)
    return error


def fail_reaction(task: Task, error: str, unasked: Unasked) -> Reaction:
    """Return the reaction to a task that was not asked, or not answered."""
    why: dict[str, Any] = {unasked: True}
    return Reaction(task=task, status="failed", usage=Usage(), error=error, **why)


def fail_preference(pairing: pairs.Pairing, error: str, unasked: Unasked) -> Preference:
    """Return the preference of a pairing that was not asked, or not answered."""
    why: dict[str, Any] = {unasked: True}
    return Preference(pairing=pairing, status="failed", usage=Usage(), error=error, **why)


@contextlib.contextmanager
def _draining() -> Iterator[Callable[[Sequence[asyncio.Task[None]]], None]]:
    """Yield a function that gives tasks half a minute to end by themselves; replies in flight are paid for."""
    timers: list[asyncio.TimerHandle] = []

    def drain(workers: Sequence[asyncio.Task[None]]) -> None:
        cancel = lambda: [worker.cancel() for worker in workers]  # noqa: E731 - a callback of one line
        timers.append(asyncio.get_running_loop().call_later(DRAIN_SECONDS, cancel))

    try:
        yield drain
    finally:
        for timer in timers:
            timer.cancel()


@contextlib.contextmanager
def _cancel_on(stop: asyncio.Event | None, workers: Sequence[asyncio.Task[None]]) -> Iterator[None]:
    """Cancel the workers as soon as `stop` is set, while the block lasts."""
    if stop is None:
        yield
        return
    watch = asyncio.ensure_future(stop.wait())
    watch.add_done_callback(lambda done: done.cancelled() or [worker.cancel() for worker in workers])
    try:
        yield
    finally:
        watch.cancel()


@contextlib.contextmanager
def unwrap_group() -> Iterator[None]:
    """Raise one error out of a task group's bundle: the toolkit's own if there is one, else the first."""
    try:
        yield
    except ExceptionGroup as group:
        error = _first_leaf(group.subgroup(ToolkitError) or group)
        raise add_note(error) from None


def _first_leaf(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
