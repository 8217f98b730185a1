"""The seam between engines and the rest: a question goes in, a reply comes out."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Protocol, Self, cast

from toolkit.errors import InputError
from toolkit.models import exchange


class CanAsk(Protocol):
    """The least that an engine of your own has: a way to ask. What else `Engine` names has the defaults below."""

    async def ask(self, question: exchange.Question, /) -> exchange.Reply:
        """Return the reply; raise CallFailed, EngineUnavailable or MissingReply."""


class Answerer(Protocol):
    """What a run records of the engine that answered."""

    @property
    def name(self) -> str:
        """What it is called: `openai`, `local`, `replay`, or the name of your own."""

    @property
    def model(self) -> str:
        """Which model answers; part of the key of each reply."""

    @property
    def form(self) -> exchange.Form:
        """How it takes questions: `chat`, or `completion` for a base model."""

    @property
    def calls(self) -> int:
        """Requests sent so far, retries and embeddings included."""

    @property
    def warnings(self) -> Sequence[str]:
        """What the user should know about how the engine answered."""

    @property
    def is_batch(self) -> bool:
        """Whether questions go through a provider's batch interface."""


class Engine(Answerer, Protocol):
    """Turns a question into a reply. Entered once per run; a fourth engine needs no more than this."""

    @property
    def concurrency(self) -> int:
        """How many questions to keep in flight unless the user says otherwise."""

    @property
    def endpoint(self) -> str | None:
        """Where questions go; part of what a reply is kept under. Empty for one's own engine, None for any place."""

    @property
    def claims(self) -> bool:
        """Whether its questions are marked in the store as in hand.

        False for an engine that costs nothing to ask twice, or that sees to it itself.
        """

    @property
    def reuses_prefixes(self) -> bool:
        """Whether a question is answered sooner if one with the same beginning was answered shortly before."""

    def halt(self) -> None:
        """Send nothing more: questions that wait for their turn raise Interrupted; those sent may be answered."""

    async def __aenter__(self) -> Self:
        """Connect; raise EngineUnavailable where no call can succeed."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of everything opened."""

    async def ask(self, question: exchange.Question) -> exchange.Reply:
        """Return the reply; raise CallFailed, EngineUnavailable or MissingReply."""

    async def embed(
        self, texts: Sequence[str], model: str, before_retry: exchange.Guard | None = None
    ) -> exchange.Embedded:
        """Return one vector per text from the endpoint's embedding model, asked for in one request.

        `before_retry` is awaited as that of a question is.
        """


class EngineBase:
    """What an engine of your own need not write: inherit, and define `ask`.

    Replies are kept in the store under `model`, so name it anew when it would answer otherwise.

    Examples:
        >>> import asyncio
        >>> class Parrot(EngineBase):
        ...     model = "parrot-1"
        ...     async def ask(self, question):
        ...         return exchange.Reply(text=question.prompt, engine=self.name, model=self.model)
        >>> asyncio.run(Parrot().ask(exchange.Question(prompt="Hello"))).text
        'Hello'
    """

    name: str = "own"
    model: str = "own"
    form: exchange.Form = "chat"
    concurrency: int = 8
    endpoint: str | None = ""
    claims: bool = True
    is_batch: bool = False
    reuses_prefixes: bool = False
    calls: int = 0
    warnings: Sequence[str] = ()

    def halt(self) -> None:
        """Do nothing: questions do not wait here before they are sent."""

    async def __aenter__(self) -> Self:
        """Open nothing."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close nothing."""

    async def ask(self, question: exchange.Question) -> exchange.Reply:
        """Return the reply to a question."""
        raise NotImplementedError

    async def embed(
        self,
        texts: Sequence[str],  # noqa: ARG002 - the signature of the seam
        model: str,
        before_retry: exchange.Guard | None = None,  # noqa: ARG002
    ) -> exchange.Embedded:
        """Refuse: this engine has no embedding model."""
        raise InputError(f"the engine {self.name} embeds nothing, with {model} neither; leave embedding_model out")


class _Adapted:
    """An engine of somebody's own, with the defaults of `EngineBase` for what it lacks."""

    def __init__(self, inner: CanAsk) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        inner = self.__dict__["_inner"]
        if hasattr(inner, name) or name not in _MEMBERS:
            return getattr(inner, name)
        return getattr(EngineBase(), name)

    async def __aenter__(self) -> Self:
        await self.__getattr__("__aenter__")()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.__getattr__("__aexit__")(*error)


_MEMBERS = (
    "name", "model", "form", "concurrency", "endpoint", "claims", "is_batch", "reuses_prefixes", "calls", "warnings",
    "halt", "ask", "embed", "__aenter__", "__aexit__",
)  # fmt: skip


def adapt_engine(engine: CanAsk) -> Engine:
    """Return an object as an engine: as it is if it lacks nothing, else with the defaults of `EngineBase`."""
    if all(hasattr(engine, name) for name in _MEMBERS):
        return cast("Engine", engine)
    return cast("Engine", _Adapted(engine))
