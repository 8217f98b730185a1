"""A worker: asks one share of the grid after another, and keeps what it was paid for."""

from __future__ import annotations

import asyncio
import io
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from toolkit.engines import make_engine, reaching
from toolkit.errors import StoreUnusable
from toolkit.models import exchange
from toolkit.panel import polling
from toolkit.panel.asker import Asker, ask_pairing
from toolkit.panel.breaker import Breaker, choose_calls
from toolkit.panel.halting import on_halt
from toolkit.panel.ray.jobs import Chunk, Crew, GridJob, find_node, make_rows
from toolkit.panel.ray.shared_budget import SharedBudget
from toolkit.panel.session import Flow, fail_preference, fail_reaction
from toolkit.store import Store


class ShardStore:
    """A worker's store: looks in its own file and in the run's, keeps in its own, and hands over what is new."""

    own: Store
    """The worker's own file."""

    def __init__(self, job: GridJob, worker: int) -> None:
        self.own = Store(job.shards / f"{worker:04}.sqlite")
        self._shared = Store(job.store) if find_node() == job.node else None
        self.handed: list[tuple[bytes, exchange.Form, exchange.Reply]] = []
        self.form: exchange.Form = "chat"

    def find(self, key: bytes) -> exchange.Reply | None:
        """Return the reply kept under the key, wherever it is."""
        reply = self._shared.find(key) if self._shared else None
        if reply is None:
            reply = self.own.find(key)
            if reply is not None:
                self.handed.append((key, self.form, reply))
        return reply

    def find_anywhere(self, question: bytes) -> exchange.Reply | None:
        """Return the reply to a question, whichever endpoint gave it, or None."""
        found = self._shared.find_anywhere(question) if self._shared else None
        return found or self.own.find_anywhere(question)

    def take_in(self, replies: Sequence[tuple[bytes, exchange.Form, exchange.Reply]]) -> None:
        """Commit what the run's own store holds, with nothing to hand over."""
        for key, form, reply in replies:
            self.own.keep(key, form, reply)

    @property
    def trouble(self) -> StoreUnusable | None:
        """Why the worker's own file takes no more replies; None while it does."""
        return self.own.trouble

    async def claim_together(self, key: bytes) -> bool:
        """Take a question in hand, with others; False where another living process of this machine has it."""
        return await (self._shared or self.own).claim_together(key)

    def release(self, key: bytes) -> None:
        """Give a question back that got no reply worth keeping."""
        (self._shared or self.own).release(key)

    def keep_subjects(self, key: bytes, about: Iterable[str]) -> None:
        """Note that a kept reply is about more than it says."""
        (self._shared or self.own).keep_subjects(key, about)

    async def keep_together(self, key: bytes, form: exchange.Form, reply: exchange.Reply) -> exchange.Reply:
        """Keep a reply in the worker's own file, with others, and return the one that stands."""
        kept = await self.own.keep_together(key, form, reply)
        self.handed.append((key, form, kept))
        return kept


class GridWorker:
    """Asks one share of the grid after another, in a process of its own, on any machine of the cluster."""

    def __init__(self, job: GridJob, keeper: Any, worker: int) -> None:
        self._job = job
        self._worker = worker
        self._budgets = [SharedBudget(one.price, job.limit, keeper, worker) for one in job.voices]
        self._store = ShardStore(job, worker)
        self._halt = asyncio.Event()
        self._breakers = [Breaker(choose_calls(job.concurrency, is_batch=False)) for _ in job.voices]

    async def halt(self) -> None:
        """Ask nothing more; calls in flight may finish."""
        self._halt.set()

    async def is_apart(self) -> bool:
        """Tell whether this is another machine than the driver's, which cannot read the run's own store."""
        return find_node() != self._job.node

    async def take_in(self, replies: Sequence[tuple[bytes, exchange.Form, exchange.Reply]]) -> None:
        """Keep replies that the run's own store holds, so that none is asked for again."""
        self._store.take_in(replies)

    async def ask_reactions(self, tasks: Sequence[Any]) -> Chunk:
        """Return the reactions of a chunk, and their shard of the run's table."""
        share = await self._ask(tasks, lambda asker: asker.ask, fail_reaction)
        buffer = io.BytesIO()
        make_rows(self._job, share.crew, share.answers).write_parquet(buffer)
        return replace(share, rows=buffer.getvalue())

    async def ask_preferences(self, pairings: Sequence[Any]) -> Chunk:
        """Return the preferences of a chunk of a head-to-head."""
        questions = self._job.plan.pair_questions
        return await self._ask(
            pairings,
            lambda asker: partial(ask_pairing, questions=questions, asker=asker),
            fail_preference,
        )

    async def ask_polls(self, polls: Sequence[Any]) -> Chunk:
        """Return what a model forecasts in a chunk."""
        questions = self._job.plan.share_questions
        ask = lambda asker: partial(polling.ask_poll, questions=questions, asker=asker)  # noqa: E731 - of one line
        return await self._ask(polls, ask, polling.fail_poll)

    async def _ask(self, items: Sequence[Any], find_ask: Callable[[Asker], Any], fail: Any) -> Chunk:
        """Ask a chunk, all of which one model answers."""
        plan, store = self._job.plan, self._store
        number = self._job.split.seat(items[0])
        voice = self._job.voices[number]
        named = voice.endpoint
        key = reaching.find_preset(named).find_key(None) if named is not None else None
        engine = make_engine(**voice.engine, api_key=key, store=store.own)
        async with engine:
            store.form = engine.form
            token, breaker = secrets.token_hex(6), self._breakers[number]
            asker = Asker(
                plan.questionnaire,
                engine,
                store,
                self._budgets[number],
                token,
                self._halt,
                breaker,
                voice.tuning,
                campaign=plan.campaign.campaign,
            )
            with on_halt(self._halt, engine.halt):
                flow = Flow(self._job.concurrency, None, breaker=breaker)
                answers = await flow.ask_all(items, find_ask(asker), fail, None)
        handed, store.handed = store.handed, []
        crew = Crew(engine.name, engine.model, engine.form, engine.calls, list(engine.warnings))
        return Chunk(answers=answers, replies=handed, crew=crew, voice=number)
