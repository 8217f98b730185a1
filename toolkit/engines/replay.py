"""Answers from the store alone: no network, no key, no cost."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from toolkit.errors import MissingReply, name_option
from toolkit.models import exchange


class ReplayEngine:
    """Stands behind the store and answers nothing itself: what the store lacks is missing.

    `model` and `form` are those under which the replies were stored, so that the same questions are looked up.
    """

    name = "replay"
    concurrency = 1
    endpoint: str | None = None
    claims = False
    is_batch = False
    reuses_prefixes = False

    def __init__(self, model: str, form: exchange.Form) -> None:
        self.model = model
        self.form = form
        self.calls = 0
        self.warnings: list[str] = []

    def halt(self) -> None:
        """Do nothing: nothing is sent."""

    async def __aenter__(self) -> Self:
        """Open nothing."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close nothing."""

    async def ask(self, question: exchange.Question) -> exchange.Reply:  # noqa: ARG002 - the seam's signature
        """Raise MissingReply: whatever is asked of the engine itself was not in the store."""
        raise MissingReply("the store holds no reply to this question; run it once with the engine that should answer")

    async def embed(
        self,
        texts: Sequence[str],
        model: str,
        before_retry: exchange.Guard | None = None,  # noqa: ARG002 - the signature of the seam
    ) -> exchange.Embedded:
        """Raise MissingReply for the vectors that the store lacks."""
        raise MissingReply(
            f"the store lacks {len(texts)} vectors of {model}; "
            f"run once with the engine, or leave out {name_option('embedding_model')}"
        )
