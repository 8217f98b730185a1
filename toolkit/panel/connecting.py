"""What answers a question outside a run: engine, store and limits, opened for as long as they are needed."""

from __future__ import annotations

import contextlib
import datetime
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from toolkit.engines import Budget, Engine, Price, make_engine
from toolkit.panel.api import check_cost_limit, default_store, find_price
from toolkit.panel.asker import Asker
from toolkit.questionnaire import Prompts, Questionnaire
from toolkit.store import Store


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How to reach whoever answers; options as for `toolkit.run`."""

    engine: str | Engine = "openai"
    model: str | None = None
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    price: tuple[float, float] | None = None
    max_cost: float | None = None
    concurrency: int | None = None
    rpm: float | None = None
    tpm: float | None = None
    store: str | Path | None = None
    prompts: str | Path | None = None

    @property
    def store_path(self) -> Path:
        """The file that keeps replies, conversations and versions."""
        return Path(self.store) if self.store else default_store()

    @property
    def known_price(self) -> Price | None:
        """The price of a token, where it is known."""
        return find_price(self.engine, self.model, self.base_url, self.price)

    def load_prompts(self) -> Prompts:
        """Return the templates in use."""
        return Prompts(Path(self.prompts) if self.prompts else None)


@dataclass(frozen=True, slots=True)
class Line:
    """An open connection."""

    asker: Asker
    engine: Engine
    budget: Budget
    prompts: Prompts
    concurrency: int
    store_path: Path


def make_connection(options: Mapping[str, Any]) -> Connection:
    """Return the connection that a run's options describe; whatever else they hold is left aside."""
    names = {one.name for one in fields(Connection)}
    return Connection(**{name: value for name, value in options.items() if name in names and value is not None})


@contextlib.asynccontextmanager
async def open_line(connection: Connection) -> AsyncIterator[Line]:
    """Open engine and store; raise InputError or EngineUnavailable where nothing can be asked."""
    price = connection.known_price
    check_cost_limit(connection.max_cost, price)
    prompts = connection.load_prompts()
    budget = Budget(price, connection.max_cost)
    with Store(connection.store_path) as store:
        named = connection.engine
        engine = (
            make_engine(
                named,
                model=connection.model,
                base_url=connection.base_url,
                api_key=connection.api_key,
                store=store,
                rpm=connection.rpm,
                tpm=connection.tpm,
            )
            if isinstance(named, str)
            else named
        )
        async with engine:
            asker = Asker(Questionnaire(prompts, "ssr"), engine, store, budget, secrets.token_hex(6))
            concurrency = connection.concurrency or engine.concurrency
            yield Line(asker, engine, budget, prompts, concurrency, connection.store_path)


def read_clock() -> str:
    """Return the time in ISO 8601, UTC, to the millisecond."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
