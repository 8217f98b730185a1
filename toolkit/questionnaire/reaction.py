"""One persona's answer to one draft, and what the asking of it took."""

from __future__ import annotations

from dataclasses import dataclass, field

from toolkit.models import exchange, records
from toolkit.questionnaire.answers import (
    Answer,
)
from toolkit.questionnaire.questions import Task


@dataclass(slots=True)
class Usage:
    """What the replies behind one reaction took, whenever they were asked for."""

    engine: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    latency_ms: float = 0.0
    cost_usd: float | None = 0.0
    """Dollars; null where one reply's price was not known."""
    fresh: int = 0
    """How many replies had to be asked for in this run."""
    fresh_prompt_tokens: int = 0
    fresh_completion_tokens: int = 0
    fresh_cached_tokens: int = 0
    """Of the fresh prompt tokens, those that the provider took from its prefix cache."""
    bad: tuple[str, ...] = ()
    """Why replies could not be used, one reason each."""

    def take(self, reply: exchange.Reply) -> None:
        """Count a reply that stands behind the reaction."""
        self.engine = reply.engine
        self.prompt_tokens += reply.prompt_tokens
        self.completion_tokens += reply.completion_tokens
        self.latency_ms += reply.latency_ms
        known = self.cost_usd is not None and reply.cost_usd is not None
        self.cost_usd = (self.cost_usd or 0.0) + (reply.cost_usd or 0.0) if known else None

    def bill(self, reply: exchange.Reply) -> None:
        """Count a reply that this run asked for, of use or not."""
        self.fresh += 1
        self.fresh_prompt_tokens += reply.prompt_tokens
        self.fresh_completion_tokens += reply.completion_tokens
        self.fresh_cached_tokens += reply.cached_tokens

    def add_earlier(self, earlier: Usage) -> None:
        """Count what an earlier, failed asking of the same took: in this run's bill, for no reply of it was kept."""
        self.fresh += earlier.fresh
        self.fresh_prompt_tokens += earlier.fresh_prompt_tokens
        self.fresh_completion_tokens += earlier.fresh_completion_tokens
        self.fresh_cached_tokens += earlier.fresh_cached_tokens
        self.bad = earlier.bad + self.bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """One persona's answer to one draft under one wording, one repeat."""

    task: Task
    status: str
    """ok, refused or failed."""
    usage: Usage
    answer: Answer | None = None
    pmfs: dict[str, list[float]] = field(default_factory=dict)
    """Distributions over 1 to 5 that were read from token probabilities, by measure."""
    error: str | None = None
    missing: bool = False
    """True where a replay lacked a reply."""
    unpaid: bool = False
    """True where the cost limit left no room to ask."""
    stopped: bool = False
    """True where somebody stopped the run before it was asked or answered."""
    skipped: bool = False
    """True where an earlier failure ended the run before it was asked."""

    @property
    def persona_id(self) -> str:
        """The persona's id, or "control"."""
        return self.task.persona.id if self.task.persona else records.CONTROL

    @property
    def has_failed_by_chance(self) -> bool:
        """Whether it was asked and failed for no reason that outlasts the run."""
        return self.status == "failed" and not (self.missing or self.unpaid or self.stopped or self.skipped)

    @property
    def name(self) -> str:
        """What to call the reader on a screen."""
        return self.task.persona.name if self.task.persona else "Control reader"
