"""The seam between engines and the rest: a question goes in, a reply comes out."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from toolkit.models import exchange


class Engine(Protocol):
    """Turns a question into a reply. Entered once per run; a fourth engine needs no more than this.

    An engine with `claims = False` costs nothing to ask twice, or sees to it itself: its questions are not marked in
    the store as in hand.
    """

    name: str
    model: str
    form: exchange.Form
    concurrency: int
    """How many questions to keep in flight unless the user says otherwise."""

    @property
    def calls(self) -> int:
        """Requests sent so far, retries and embeddings included."""

    @property
    def warnings(self) -> list[str]:
        """What the user should know about how the engine answered."""

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
