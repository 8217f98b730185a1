"""What goes to a worker and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.engines import Price
from toolkit.models import exchange
from toolkit.panel.asker import Tuning
from toolkit.panel.frame import make_reactions
from toolkit.panel.methods import make_run_id
from toolkit.panel.planning import Plan
from toolkit.panel.splitting import Split
from toolkit.questionnaire import Reaction


@dataclass(frozen=True, slots=True, kw_only=True)
class GridVoice:
    """How a worker asks one model."""

    engine: dict[str, Any] = field(repr=False)
    """Name, model, address and headers, as `make_engine` takes them."""
    endpoint: str | None
    """The named endpoint, whose key each worker finds in its own environment."""
    tuning: Tuning
    """How the model is asked, beside the words of the question."""
    price: Price | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridJob:
    """Everything a worker needs besides its share: the same for all of a run. Keys are the workers' own."""

    plan: Plan
    voices: tuple[GridVoice, ...]
    """How each model is asked, in the order of the split."""
    split: Split
    """Which model answers for whom."""
    store: Path
    node: str
    """The machine of the cluster on which the store lies."""
    limit: float | None
    concurrency: int
    embedding_model: str | None
    shards: Path
    """The folder in which workers keep replies, beside the store."""
    workers: int
    """How many share the work."""


@dataclass(slots=True)
class Crew:
    """What a run records of an engine that many workers opened."""

    name: str = ""
    model: str = ""
    form: exchange.Form = "chat"
    calls: int = 0
    warnings: list[str] = field(default_factory=list)
    is_batch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What a worker hands over for one chunk of the grid."""

    answers: list[Any]
    """Reactions or preferences, in the order asked."""
    replies: list[tuple[bytes, exchange.Form, exchange.Reply]]
    """The replies behind them that the run's own store may lack."""
    crew: Crew
    voice: int = 0
    """The place of the model that was asked."""
    rows: bytes = b""
    """The reactions as a Parquet file."""


def make_rows(job: GridJob, crew: Crew, reactions: Sequence[Reaction]) -> pl.DataFrame:
    """Return reactions as rows of the run's table."""
    return make_reactions(
        reactions,
        run_id=make_run_id(job.plan, job.split.joined if len(job.voices) > 1 else crew.model, job.embedding_model),
        campaign=job.plan.campaign,
        objective=job.plan.settings.objective,
        segment_keys=job.plan.segment_keys,
        model=job.split.name if len(job.voices) > 1 else crew.model,
    )


def find_node() -> str:
    """Return the id of this machine in the cluster."""
    import ray

    return str(ray.get_runtime_context().get_node_id())
