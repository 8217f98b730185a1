"""What travels between the questionnaire and an engine: a question out, a reply back."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from toolkit.models.plain_text import clean_words as clean_words  # noqa: PLC0414 - handed out with what it cleans

Form = Literal["chat", "completion"]
FormName = Literal["auto", "chat", "page"]
"""How people name the form: `page` is `completion`, after the page of worked examples; `auto` is the model's best."""
Kind = Literal[
    "glance",
    "reading",
    "reaction",
    "digit",
    "thought",
    "intent",
    "answer",
    "choice",
    "share",
    "interview",
    "follow_up",
    "rewrite",
    "other",
]
"""What a question is for.

`glance`, then `reading` for a draft that is folded, `reaction` for both at once, `digit` for one measure after it.
`thought`, then `intent` and an `answer` for each question of one's own ask a base model. `choice` is between two
drafts, `share` asks how many people would act; the others come after a run.
"""

LEAST_ROOM = 4_000
"""Tokens of an answer in a form: reasoning models were seen to spend 1,100 to 1,400 on thinking alone."""
MOST_ROOM = 32_000

Guard = Callable[[], Awaitable[None]]
_HEARS_TROUBLE: ContextVar[Callable[[str | None], None] | None] = ContextVar("hears_trouble", default=None)


@contextlib.contextmanager
def hearing_trouble(hear: Callable[[str | None], None]) -> Iterator[None]:
    """Let `hear` be told what goes wrong with calls that are tried again, and None once an answer comes.

    It holds for what is begun inside: a run tells whoever watches it why nothing comes, before any call is given up.
    """
    before = _HEARS_TROUBLE.set(hear)
    try:
        yield
    finally:
        _HEARS_TROUBLE.reset(before)


def tell_trouble(message: str | None) -> None:
    """Say in one line what went wrong with a call that is tried again; None says that an answer came."""
    hear = _HEARS_TROUBLE.get()
    if hear is not None:
        hear(message)


@dataclass(slots=True)
class Sent:
    """How many requests were sent so far."""

    calls: int = 0


COUNTS_CALLS: ContextVar[Sent | None] = ContextVar("counts_calls", default=None)
"""What the requests sent in this context are counted in, retries included: an engine may answer for several runs."""


def count_call() -> None:
    """Count a request that is about to be sent."""
    sent = COUNTS_CALLS.get()
    if sent is not None:
        sent.calls += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One call to a model."""

    prompt: str
    """The person, the task and the draft; for the completion form, the whole page."""
    system: str = ""
    """The part shared by every call of its kind; empty in the completion form."""
    schema: Mapping[str, Any] | None = None
    """Strict JSON schema of the reply, for the chat form."""
    grammar: str | None = None
    """GBNF grammar of the reply, for the completion form on llama.cpp."""
    picture: str | None = None
    """The draft's picture as a data address, for models that see; a model that does not is told its description."""
    stop: tuple[str, ...] = ()
    max_tokens: int = 2_000
    """Most tokens the reply may take; the worst case when a budget is reserved."""
    sampling: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Further sampling parameters; empty leaves the model's own defaults."""
    top_logprobs: int = 0
    """How many alternatives to the first token to report; 0 for none."""
    kind: Kind = dataclasses.field(default="other", compare=False)
    """What it is for; no part of the key of its reply."""
    room: int | None = dataclasses.field(default=None, compare=False)
    """Tokens to ask for in place of `max_tokens`, with room for what the model thinks; no part of the key."""
    key: str = dataclasses.field(default="", compare=False)
    """Under which its reply is kept; for engines that answer much later, to another process."""
    about: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """What it is about, such as "draft:plain": kept with its reply, so that it can be forgotten with the draft."""
    before_retry: Guard | None = dataclasses.field(default=None, compare=False, repr=False)
    """Awaited before the question is sent again after an attempt that may have been charged for.

    Raises BudgetReached where the cost limit leaves no room for another.
    """

    on_text: Callable[[str], None] | None = dataclasses.field(default=None, compare=False, repr=False)
    """Called with the words of the reply so far as they come, by engines that get them one by one; anew where the
    question is sent again."""

    @property
    def most_tokens(self) -> int:
        """Most tokens that are asked for, and that may be charged."""
        return self.room or self.max_tokens

    def leave_room(self, times: int = 1) -> Question:
        """Return the question with room for what a reasoning model thinks before it answers in a form."""
        return dataclasses.replace(self, room=self.find_room(times))

    def find_room(self, times: int = 1) -> int | None:
        """Return the tokens to ask for with room for what a reasoning model thinks before it answers in a form."""
        if self.schema is None:
            return self.room
        least = max(LEAST_ROOM, 3 * self.max_tokens)
        return min(MOST_ROOM, times * max(self.room or 0, least))

    @property
    def parameters(self) -> dict[str, Any]:
        """Everything besides the words that shapes the reply."""
        seen = {"picture": hashlib.sha256(self.picture.encode()).hexdigest()} if self.picture else {}
        return {
            **seen,
            "schema": self.schema,
            "grammar": self.grammar,
            "stop": list(self.stop),
            "max_tokens": self.max_tokens,
            "sampling": dict(self.sampling),
            "top_logprobs": self.top_logprobs,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model answered, with what it cost."""

    text: str
    engine: str
    model: str
    refusal: str | None = None
    """The model's own words where it declined."""
    endpoint: str = ""
    """Where it was asked: host and path, or `local`; empty for an engine of one's own."""
    question: str = ""
    """Key of its question, whatever the endpoint; replays look it up by this."""
    filtered: bool = False
    """True where the endpoint's content filter declined in the model's place: it would do so again."""
    cut: bool = False
    """True where the reply ran into `max_tokens`."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Prompt tokens that the provider took from its prefix cache."""
    reasoning_tokens: int = 0
    """Tokens of the reply that the model thought with; counted by characters if the provider only shows the thought."""
    latency_ms: float = 0.0
    cost_usd: float | None = None
    """Dollars paid when it was asked; null where the model's price was not known."""
    top: Mapping[str, float] | None = None
    """Natural log-probability of each reported alternative for the first token; null where the engine gives none."""
    about: tuple[str, ...] = ()
    """What its question was about: `kind:name` of draft, digest, persona and campaign; empty in earlier versions."""

    def __post_init__(self) -> None:
        """Clean what the model wrote: any file and any terminal takes it."""
        object.__setattr__(self, "about", tuple(self.about))
        object.__setattr__(self, "text", clean_words(self.text))
        if self.refusal:
            object.__setattr__(self, "refusal", clean_words(self.refusal))


@dataclass(frozen=True, slots=True)
class Embedded:
    """What an embedding model answered: one vector per text, and the tokens that the provider counted, 0 if none."""

    vectors: Sequence[Sequence[float]]
    tokens: int = 0
