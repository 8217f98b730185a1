"""The driver: hands out the grid, takes in shares, starts dead workers again, and makes the run."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import importlib.util
import logging
import math
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from toolkit.engines import Price, budget
from toolkit.errors import InputError, Interrupted, ToolkitError, name_option, name_step
from toolkit.panel.connecting import make_tuning, open_engine
from toolkit.panel.embedding import Embedding, check_installed, find_embedding
from toolkit.panel.halting import find_halt, on_halt
from toolkit.panel.methods import Asked, find_item, make_run
from toolkit.panel.planning import Plan
from toolkit.panel.ray.jobs import Chunk, Crew, GridJob, GridVoice, find_node, make_rows
from toolkit.panel.ray.shared_budget import BudgetKeeper
from toolkit.panel.ray.worker import GridWorker
from toolkit.panel.run_options import Asking
from toolkit.panel.session import find_stragglers, replace_stragglers, unwrap_group
from toolkit.panel.splitting import Split, join_engines, split_plan
from toolkit.questionnaire import Reaction
from toolkit.results import Run
from toolkit.store import Store, shards

INSTALL = "install it with: pip install 'audience-toolkit[ray]'"
MOST_LIVES = 5
"""How often a worker that died is started again before the run gives up."""
_CHUNKS_PER_WORKER = 8
_LARGEST_CHUNK = 256
_TOGETHER = 32
"""Questions that all workers keep in flight together unless the user says otherwise."""


async def carry_out_on_workers(plan: Plan, store: Store, asking: Asking) -> Run:
    """Ask everything on Ray workers, rate what was said and return the run; as `carry_out` does.

    A cluster that RAY_ADDRESS names is used, else one is started here. `concurrency` and the limits a minute are shared
    out equally; one budget holds `max_cost`. A worker that dies is started again; its shard has what it paid.
    """
    started = datetime.datetime.now(datetime.UTC)
    home = asking.find_home().asking
    prices = [one.asking.known_price for one in asking.list_models()]
    price = prices[0] if len(prices) == 1 else None if None in prices else Price(0.0, 0.0)
    held = budget.Budget(price, asking.max_cost, home.known_embedding_price)
    job = await asyncio.to_thread(_make_job, plan, asking, held.bill.find_left(asking.max_cost))
    embeds = plan.settings.rating == "ssr" and asking.embedding_model is None
    ray = _start_ray(job.workers, embedded=plan.languages if embeds else ())
    job = replace(job, node=find_node())
    with tempfile.TemporaryDirectory(prefix="audience-shards-") as folder:
        grid = _Grid(ray, job, store, Path(folder))
        try:
            with on_halt(find_halt(asking.halt), grid.halt):
                reactions = await grid.ask_all("ask_reactions", plan.tasks, asking.on_reaction)
                places = find_stragglers(reactions)
                late = [reactions[place].task for place in places]
                again = await grid.ask_all("ask_reactions", late, None, keep=False)
                replace_stragglers(reactions, places, again)
                preferences = await grid.ask_all("ask_preferences", plan.pairings, asking.on_preference)
                polls = await grid.ask_all("ask_polls", job.split.share_out(plan.polls), None)
        finally:
            await grid.settle(held)
            grid.dismiss()
            shards.merge_shards(store, job.shards)  # also after an interrupt: what was paid for is kept
        rows = pl.read_parquet(Path(folder) / "*.parquet")
    rows = rows[np.argsort(order_by_model(plan.tasks, job.split), kind="stable")] if len(job.voices) > 1 else rows
    embedding = await _find_embedding(reactions, job, store, home, grid.crews[0], held)
    rows = _replace_rows(rows, places, make_rows(job, grid.crews[0], again))
    asked = Asked(
        reactions, held, started, asking.embedding_model, preferences, rows=rows, split=job.split, engines=grid.crews
    )
    asked = replace(asked, polls=polls)
    asked = replace(asked, budgets=_share_out(job, asked))
    return make_run(plan, join_engines(grid.crews, job.split), asked, embedding)


def _share_out(job: GridJob, asked: Asked) -> list[budget.Budget]:
    """Return what each model took, by the usage of its replies: the workers' budget adds up all of them."""
    found = [budget.Budget(voice.price, None) for voice in job.voices]
    for one in asked.answers:
        number, usage = job.split.seat(find_item(one)), one.usage
        price = job.voices[number].price
        if price is not None:
            tokens = (usage.fresh_prompt_tokens, usage.fresh_completion_tokens, usage.fresh_cached_tokens)
            found[number].spent += price.cost(*tokens)
    return found


def _make_job(plan: Plan, asking: Asking, limit: float | None) -> GridJob:
    """Return what every worker needs, its share of what is allowed a minute included."""
    workers, path = asking.workers or 1, asking.store_path.absolute()
    voices = asking.list_models()
    return GridJob(
        plan=plan,
        voices=tuple(_make_voice(one.asking, workers) for one in voices),
        split=split_plan(plan, [one.name for one in voices]),
        store=path,
        node="",
        limit=limit,
        concurrency=max(1, (asking.concurrency or _TOGETHER) // workers),
        embedding_model=asking.embedding_model,
        shards=shards.find_shards(path),
        workers=workers,
    )


def _make_voice(asking: Asking, workers: int) -> GridVoice:
    """Return how each worker asks one model."""
    limits = {name: getattr(asking, name) for name in ("rpm", "tpm")}
    shared: dict[str, Any] = {name: limit / workers for name, limit in limits.items() if limit is not None}
    how = {name: getattr(asking, name) for name in ("timeout", "header", "query", "form")}
    shared |= {name: value for name, value in how.items() if value is not None}
    return GridVoice(
        engine={"name": asking.engine_name, "model": asking.model, "base_url": asking.base_url, **shared},
        endpoint=asking.endpoint,
        tuning=make_tuning(asking),
        price=asking.known_price,
    )


def order_by_model(items: Sequence[Any], split: Split) -> list[int]:
    """Return the places of tasks or choices, those of one model after another."""
    return sorted(range(len(items)), key=lambda at: split.seat(items[at]))


def _replace_rows(rows: pl.DataFrame, places: Sequence[int], again: pl.DataFrame) -> pl.DataFrame:
    """Return the table with the rows at `places` replaced."""
    if not places:
        return rows
    number = pl.Series("place", places, dtype=pl.UInt32)
    kept = rows.with_row_index("place").filter(~pl.col("place").is_in(number.implode()))
    return pl.concat([kept, again.select(number, pl.all())]).sort("place").drop("place")


async def _find_embedding(
    reactions: Sequence[Reaction], job: GridJob, store: Store, asking: Asking, crew: Crew, held: budget.Budget
) -> Embedding:
    """Return the embedding of the run; an endpoint's model is asked from here, for all shares at once."""
    engine = open_engine(asking, store)
    find = partial(find_embedding, reactions, job.plan.prompts, engine, store, held, job.embedding_model, job.plan.own)
    if job.embedding_model is None:
        return await find()
    async with engine:
        embedding = await find()
    crew.calls += engine.calls
    return embedding


class _Grid:
    """The driver's side: hands out chunks, takes in shares, and starts dead workers again."""

    def __init__(self, ray: Any, job: GridJob, store: Store, folder: Path) -> None:
        self._folder = folder
        self._ray = ray
        self._split = job.split
        self._job = ray.put(job)
        self._workers = job.workers
        self._store = store
        self._lives = 0
        self.crews = [Crew(model=name) for name in job.split.names]
        self.keeper = ray.remote(BudgetKeeper).options(num_cpus=0).remote(None, job.limit)
        self._hired = [self._hire(number) for number in range(job.workers)]
        self._is_ready = [False] * job.workers

    def _hire(self, number: int) -> Any:
        return self._ray.remote(GridWorker).options(num_cpus=1).remote(self._job, self.keeper, number)

    async def ask_all(
        self, ask: str, items: Sequence[Any], on_answer: Callable[[Any], None] | None, *, keep: bool = True
    ) -> list[Any]:
        """Return the answers in the order of the items; unless `keep` is false, their shards go to the folder."""
        size = min(_LARGEST_CHUNK, max(1, math.ceil(len(items) / (self._workers * _CHUNKS_PER_WORKER))))
        order = order_by_model(items, self._split)
        of_model: dict[int, list[Any]] = {}
        for at in order:
            of_model.setdefault(self._split.seat(items[at]), []).append(items[at])
        chunks = [some[start : start + size] for some in of_model.values() for start in range(0, len(some), size)]
        answers: list[list[Any]] = [[] for _ in chunks]
        waiting = iter(enumerate(chunks))

        halted: list[Interrupted] = []

        async def work(number: int) -> None:
            for chunk, share in waiting:
                try:
                    done = await self._ask(ask, number, share)
                except Interrupted as error:  # the others end by themselves, once their calls in flight are over
                    halted.append(error)
                    return
                answers[chunk] = done.answers
                if done.rows and keep:
                    await asyncio.to_thread((self._folder / f"{chunk:06}.parquet").write_bytes, done.rows)
                if on_answer is not None:
                    for answer in done.answers:
                        on_answer(answer)

        with unwrap_group():
            async with asyncio.TaskGroup() as group:
                for number in range(self._workers):
                    group.create_task(work(number))
        if halted:
            raise halted[0]
        came = zip(order, (answer for some in answers for answer in some), strict=True)
        return [answer for _, answer in sorted(came, key=lambda pair: pair[0])]

    async def _ask(self, ask: str, number: int, items: Sequence[Any]) -> Chunk:
        while True:
            try:
                await self._make_ready(number)
                share: Chunk = await getattr(self._hired[number], ask).remote(items)
            except self._ray.exceptions.RayActorError:
                self._lives += 1
                if self._lives > MOST_LIVES * self._workers:
                    raise ToolkitError(
                        "workers die again and again; what came is saved: "
                        f"{name_step('again')}, with fewer {name_option('workers')}"
                    ) from None
                await self.keeper.bury.remote(number)
                self._hired[number], self._is_ready[number] = self._hire(number), False
                continue
            except self._ray.exceptions.RayTaskError as error:
                raise error.cause from None
            for key, form, reply in share.replies:
                self._store.keep(key, form, reply)
            self._note(share.crew, share.voice)
            return share

    async def _make_ready(self, number: int) -> None:
        """Send what is known to a worker on another machine, once in its life."""
        if not self._is_ready[number] and await self._hired[number].is_apart.remote():
            await self._hired[number].take_in.remote(list(self._store.list_replies()))
        self._is_ready[number] = True

    def _note(self, crew: Crew, voice: int) -> None:
        known = self.crews[voice]
        warnings = list(dict.fromkeys([*known.warnings, *crew.warnings]))
        self.crews[voice] = replace(crew, calls=known.calls + crew.calls, warnings=warnings)

    def halt(self) -> None:
        """Have no worker ask anything more; calls in flight may finish."""
        for worker in self._hired:
            worker.halt.remote()

    async def settle(self, held: budget.Budget) -> None:
        """Count everything that the workers spent and lost in the budget; a keeper that died has nothing to say."""
        with contextlib.suppress(self._ray.exceptions.RayError):
            spent, lost, lost_calls = await self.keeper.report.remote()
            held.count(spent=spent, lost=lost, lost_calls=lost_calls)

    def dismiss(self) -> None:
        """End the workers and the budget's keeper."""
        for actor in (*self._hired, self.keeper):
            self._ray.kill(actor)


def _start_ray(workers: int, *, embedded: Sequence[str]) -> Any:
    """Return Ray, connected to the cluster of RAY_ADDRESS or to one of its own; nothing is reported anywhere."""
    if importlib.util.find_spec("ray") is None:
        raise InputError(f"{name_option('workers', workers)}: Ray is not installed; {INSTALL}")
    check_installed(embedded)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    ray._private.worker._worker_logs_enabled = False  # noqa: SLF001 - Ray prints deaths of workers on standard output
    if not ray.is_initialized():
        own: dict[str, Any] = {"num_cpus": workers, "_node_ip_address": "127.0.0.1"}
        own = {} if os.environ.get("RAY_ADDRESS") else own
        ray.init(
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            job_config=_name_places(),
            **own,
        )
    return ray


def _name_places() -> Any:
    """Return where workers look for modules first: where this package stands, and not in the folder it was started in.

    Ray would have them search that folder before all others, and it may hold a package of the same name.
    """
    from ray.job_config import JobConfig

    place = str(Path(__file__).parents[3])
    return JobConfig(_py_driver_sys_path=[place], _client_job=True)  # the latter says only: no further folder
