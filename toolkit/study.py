"""Audience x drafts -> run: who is asked what, in what order, and what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from toolkit.asking import Asker, Reaction, Usage
from toolkit.budget import Budget, Price
from toolkit.engines import embedder
from toolkit.engines.base import Engine
from toolkit.errors import BudgetReached, ToolkitError
from toolkit.planning import Plan
from toolkit.prompts import Prompts
from toolkit.questions import Questionnaire, Task
from toolkit.reactions import Embed
from toolkit.recording import Asked, make_run
from toolkit.runs import Run
from toolkit.store import Store, make_key

STOPPED = "stopped before everything was answered; what came is saved: run the same test again to go on"

OnReaction = Callable[[Reaction], None]
Result = TypeVar("Result")


async def carry_out(
    plan: Plan,
    engine: Engine,
    store: Store,
    *,
    price: Price | None = None,
    max_cost: float | None = None,
    concurrency: int | None = None,
    embedding_model: str | None = None,
    on_reaction: OnReaction | None = None,
    stop: asyncio.Event | None = None,
) -> Run:
    """Ask everything, rate what was said and return the run.

    Whatever the store holds is not asked again; each reply is kept as it arrives, so the same call after an
    interruption goes on from there. Where `max_cost` leaves no room, or once `stop` is set, what was not answered
    counts as failed and `methods.stopped` says so; `stop` also ends the calls in flight.
    """
    started = datetime.datetime.now(datetime.UTC)
    if plan.settings.rating == "ssr" and embedding_model is None:
        embedder.check_installed()
    budget = Budget(price, max_cost)
    questionnaire = Questionnaire(plan.prompts, plan.settings.rating, plan.pictures)
    async with engine:
        asker = Asker(questionnaire, engine, store, budget, secrets.token_hex(6))
        reactions = await _ask_all(plan.tasks, asker, concurrency or engine.concurrency, on_reaction, stop)
        embed = await _find_embed(reactions, plan.prompts, engine, store, embedding_model)
    return make_run(plan, engine, Asked(reactions, budget, started, embedding_model), embed)


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


async def _ask_all(
    tasks: Sequence[Task],
    asker: Asker,
    concurrency: int,
    on_reaction: OnReaction | None,
    stop: asyncio.Event | None,
) -> list[Reaction]:
    """Return the reactions in the order of the tasks; the first error that ends a run cancels the rest."""
    reactions: list[Reaction | None] = [None] * len(tasks)
    waiting = iter(enumerate(tasks))

    async def work() -> None:
        for index, task in waiting:
            try:
                reaction = await asker.ask(task)
            except BudgetReached as error:
                reaction = Reaction(task=task, status="failed", usage=Usage(), error=str(error), unpaid=True)
            reactions[index] = reaction
            if on_reaction is not None:
                on_reaction(reaction)

    with _unwrap_group():
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(work()) for _ in range(min(concurrency, len(tasks)))]
            with _cancel_on(stop, workers):
                await asyncio.wait(workers)
    return [reaction or _leave_unasked(task) for task, reaction in zip(tasks, reactions, strict=True)]


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


def _leave_unasked(task: Task) -> Reaction:
    return Reaction(task=task, status="failed", usage=Usage(), error=STOPPED, stopped=True)


@contextlib.contextmanager
def _unwrap_group() -> Iterator[None]:
    """Raise the toolkit's own error out of a task group's bundle."""
    try:
        yield
    except BaseExceptionGroup as group:
        expected = group.subgroup(ToolkitError)
        if expected is None:
            raise
        raise _first_leaf(expected) from None


def _first_leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _find_embed(
    reactions: Sequence[Reaction], prompts: Prompts, engine: Engine, store: Store, model: str | None
) -> Embed:
    """Return the embedding function of the run; vectors of an endpoint's model are fetched and kept beforehand."""
    if model is None:
        return embedder.embed_texts
    texts = {said for reaction in reactions if reaction.answer for said in reaction.answer.says.values()}
    texts |= {sentence for sets in prompts.anchors.values() for sentences in sets for sentence in sentences}
    keys = {text: make_key("vector", model, text) for text in sorted(texts)}
    known = store.find_vectors(keys.values())
    lacking = [text for text, key in keys.items() if key not in known]
    if lacking:
        vectors = await engine.embed(lacking, model)
        store.keep_vectors([keys[text] for text in lacking], vectors)
        known |= {keys[text]: np.asarray(vector) for text, vector in zip(lacking, vectors, strict=True)}
    return lambda wanted: np.stack([known[keys[text]] for text in wanted])
