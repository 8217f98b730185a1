"""The five calls of a provider's batch interface: upload, create, look, list, download."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn

import openai

from toolkit.engines.batch_files import Failure, read_lines
from toolkit.engines.openai import OpenAIEngine
from toolkit.engines.redaction import Secrets, mask_url
from toolkit.errors import EngineUnavailable
from toolkit.models import exchange

_OVER = {"completed", "expired", "cancelled", "failed"}
_TICKET = "audience_ticket"
_RETRIES = 2
"""Of the SDK itself, with its own back-off: the calls are few, and looks are repeated anyway."""
_PAGES = 100
_MOST_SAID = 200


@dataclass(frozen=True, slots=True)
class State:
    """How far a batch is."""

    status: str
    total: int
    completed: int
    files: tuple[str, ...] = ()
    """Output and error file, as far as there are any."""
    refusal: str | None = None
    """Why the provider took none of it."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in _OVER

    def describe(self) -> str:
        """Return how far it is, such as "in progress, 120 of 300"."""
        return f"{self.status.replace('_', ' ')}, {self.completed} of {self.total}"


class Unreachable(EngineUnavailable):
    """The provider did not answer; a batch that is on its way goes on without us."""


class BatchService:
    """One model at one endpoint."""

    def __init__(self, model: str, *, base_url: str | None = None, api_key: str | None = None) -> None:
        self.model = model
        self._base_url = base_url
        self._api_key = api_key
        self._calls = 0
        self._inner = OpenAIEngine(model, base_url=base_url, api_key=api_key)
        self.place = f"{mask_url(base_url or 'openai')} {model}"

    async def open(self) -> None:
        """Connect; raise EngineUnavailable where there is no key."""
        await self._inner.__aenter__()
        key = (self._api_key or os.environ.get("OPENAI_API_KEY") or "none").strip()
        self._secrets = Secrets(key, self._base_url)
        self._client = openai.AsyncOpenAI(
            base_url=self._base_url, api_key=key, max_retries=_RETRIES, http_client=openai.DefaultAioHttpClient()
        )

    async def close(self) -> None:
        """Disconnect."""
        await self._client.close()
        await self._inner.__aexit__(None, None, None)

    @property
    def calls(self) -> int:
        """Requests made so far."""
        return self._calls + self._inner.calls

    async def embed(
        self, texts: Sequence[str], model: str, before_retry: exchange.Guard | None = None
    ) -> exchange.Embedded:
        """Return one vector per text, not in a batch."""
        return await self._inner.embed(texts, model, before_retry)

    async def upload(self, lines: bytes) -> str:
        """Upload an input file and return its id."""
        self._calls += 1
        try:
            made = await self._client.files.create(file=("questions.jsonl", lines), purpose="batch")
        except openai.APIError as error:
            self._refuse(error)
        return made.id

    async def create(self, file: str, ticket: str) -> str:
        """Create a batch of an uploaded file and return its id."""
        self._calls += 1
        try:
            made = await self._client.batches.create(
                input_file_id=file, endpoint="/v1/chat/completions", completion_window="24h", metadata={_TICKET: ticket}
            )
        except openai.APIError as error:
            self._refuse(error)
        return made.id

    async def look(self, identity: str) -> State:
        """Return how far a batch is."""
        self._calls += 1
        try:
            batch = await self._client.batches.retrieve(identity)
        except openai.NotFoundError:
            raise EngineUnavailable(
                f"{self._where} knows no batch {identity}; use the key that sent it, or leave out --batch to ask anew"
            ) from None
        except openai.APIError as error:
            self._refuse(error)
        counts = batch.request_counts
        return State(
            status=batch.status,
            total=counts.total if counts else 0,
            completed=counts.completed if counts else 0,
            files=tuple(name for name in (batch.output_file_id, batch.error_file_id) if name),
            refusal=self._say_refusal(batch) if batch.status == "failed" else None,
        )

    async def download(self, state: State) -> tuple[dict[str, exchange.Reply], dict[str, Failure]]:
        """Return the replies and failures of a batch that is over, by key."""
        contents = []
        for name in state.files:
            self._calls += 1
            try:
                content = (await self._client.files.content(name)).content
            except openai.APIError as error:
                self._refuse(error)
            contents.append(self._secrets.mask(content.decode(errors="replace")).encode())
        return read_lines(contents, self._inner.name, self.model)

    async def find_tickets(self) -> dict[str, str]:
        """Return the ids of the latest batches by the ticket written into them."""
        self._calls += 1
        try:
            page = await self._client.batches.list(limit=_PAGES)
        except openai.APIError as error:
            self._refuse(error)
        return {
            batch.metadata[_TICKET]: batch.id for batch in page.data if batch.metadata and _TICKET in batch.metadata
        }

    @property
    def _where(self) -> str:
        return mask_url(str(self._client.base_url))

    def _shorten(self, said: str) -> str:
        return " ".join(self._secrets.mask(said).split())[:_MOST_SAID]

    def _say_refusal(self, batch: Any) -> str:
        errors = (batch.errors.data if batch.errors else None) or []
        said = self._shorten(str(errors[0].message if errors else "no reason given"))
        return f"{self._where} refused batch {batch.id}: {said}; what came is saved: mend that, or leave out --batch"

    def _refuse(self, error: openai.APIError) -> NoReturn:
        said = self._shorten(error.message)
        if (
            isinstance(error, openai.NotFoundError)
            or getattr(error, "status_code", None) == HTTPStatus.METHOD_NOT_ALLOWED
        ):
            raise EngineUnavailable(f"{self._where} has no batch interface; leave out --batch") from None
        if isinstance(error, (openai.AuthenticationError, openai.PermissionDeniedError)):
            raise EngineUnavailable(
                f"{self._where}: the key was refused: {said}; set OPENAI_API_KEY to one that may send batches"
            ) from None
        if isinstance(error, (openai.APIConnectionError, openai.InternalServerError)):
            raise Unreachable(f"nothing answers at {self._where}; the same command goes on later") from None
        raise EngineUnavailable(
            f"{self._where} did not take the batch: {said}; the same command goes on later"
        ) from None
