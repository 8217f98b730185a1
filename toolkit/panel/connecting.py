"""What answers a question outside a run: engine, store and limits, opened for as long as they are needed."""

from __future__ import annotations

import contextlib
import datetime
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.engines import Engine, base, budget, make_engine
from toolkit.errors import Interrupted, check_options
from toolkit.models import exchange
from toolkit.panel.asker import UNANSWERED, Asker, Refused, Tuning
from toolkit.panel.breaker import Breaker, choose_calls
from toolkit.panel.halting import find_halt, on_halt
from toolkit.panel.run_options import Asking, RunOptions, make_asking
from toolkit.questionnaire import Prompts, Questionnaire, Task, Usage
from toolkit.store import Store


@dataclass(frozen=True)
class Connection:
    """Who answers, and with which templates they are asked."""

    asking: Asking
    prompts: Path | None = None

    @property
    def store_path(self) -> Path:
        """The file that keeps replies, conversations and versions."""
        return self.asking.store_path

    def load_prompts(self) -> Prompts:
        """Return the templates in use."""
        return Prompts(self.prompts)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why a question has no answer, though others may have."""

    refused: bool
    """Whether the model declined."""
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """An open connection."""

    asker: Asker
    engine: Engine
    budget: budget.Budget
    breaker: Breaker
    prompts: Prompts
    concurrency: int
    store_path: Path

    def refuse_waiting(self) -> None:
        """Send nothing more: what waits for its turn or for room is interrupted."""
        self.engine.halt()
        self.budget.bill.refuse_waiting(Interrupted())

    async def find_reply(
        self, task: Task, question: exchange.Question, parse: Callable[[str], Any], usage: Usage
    ) -> exchange.Reply | Unanswered:
        """Return the stored reply or a fresh one; what ends everything, such as BudgetReached, is raised."""
        try:
            return await self.asker.find_reply(task, question, parse, usage)
        except UNANSWERED as error:
            return Unanswered(isinstance(error, Refused), str(error))


def make_connection(options: Mapping[str, Any]) -> Connection:
    """Return the connection that a run's options describe.

    Options that say nothing about it are left aside; one that no run has is an InputError.
    """
    check_options(options, RunOptions.__annotations__, "a connection")
    given = {name: value for name, value in options.items() if value is not None}
    prompts = given.get("prompts")
    return Connection(make_asking(given).settle_model(), Path(prompts) if prompts else None)


def make_tuning(asking: Asking) -> Tuning:
    """Return how questions are put to the model, beside their words."""
    return Tuning(asking.max_tokens, asking.reasoning_effort)


def open_engine(asking: Asking, store: Store) -> Engine:
    """Return the engine that is asked, not yet entered; raise InputError if several models are named."""
    asking.check_single("this")
    if not isinstance(asking.engine, str):
        return base.adapt_engine(asking.engine)
    return make_engine(
        asking.engine,
        model=asking.model,
        base_url=asking.base_url,
        api_key=asking.api_key,
        store=store,
        rpm=asking.rpm,
        tpm=asking.tpm,
        timeout=asking.timeout,
        header=asking.header,
        query=asking.query,
        on_note=asking.on_note,
        form=asking.form,
    )


def make_breaker(in_flight: int, engine: Engine) -> Breaker:
    """Return what ends the asking of an engine with so many questions in flight."""
    return Breaker(choose_calls(in_flight, is_batch=engine.is_batch))


def make_line(
    asking: Asking,
    engine: Engine,
    store: Store,
    questionnaire: Questionnaire,
    *,
    campaign: str = "",
    questions: int | None = None,
    breaker: Breaker | None = None,
) -> Line:
    """Return the connection to an engine that was entered; `questions` is how many it is to answer, if that is known.

    `breaker` is that of other runs which ask the same engine meanwhile: what one of them learns holds for all.
    Raises InputError where a cost limit has no price to hold it by.
    """
    asking.check_affordable()
    held = budget.Budget(asking.known_price, asking.max_cost, asking.known_embedding_price)
    concurrency = asking.concurrency or engine.concurrency
    in_flight = concurrency if questions is None else min(concurrency, questions)
    breaker = breaker or make_breaker(in_flight, engine)
    asker = Asker(
        questionnaire,
        engine,
        store,
        held,
        secrets.token_hex(6),
        find_halt(asking.halt),
        breaker,
        make_tuning(asking),
        campaign,
    )
    return Line(asker, engine, held, breaker, questionnaire.prompts, concurrency, asking.store_path)


@contextlib.asynccontextmanager
async def open_line(connection: Connection) -> AsyncIterator[Line]:
    """Open engine and store; raise InputError or EngineUnavailable where nothing can be asked."""
    asking = connection.asking
    asking.check_affordable()
    questionnaire = Questionnaire(connection.load_prompts(), "ssr")
    with Store(asking.store_path) as store:
        async with open_engine(asking, store) as engine:
            line = make_line(asking, engine, store, questionnaire)
            with on_halt(find_halt(asking.halt), line.refuse_waiting):
                yield line


def read_clock() -> str:
    """Return the time in ISO 8601, UTC, to the millisecond."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
