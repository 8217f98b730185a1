"""The five calls of a provider's batch interface: upload, create, look, list, download."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn

import openai

from toolkit.engines.batch_files import Failure, read_lines
from toolkit.engines.client import load_certificates
from toolkit.engines.complaints import Complaint
from toolkit.engines.dialect import Dialect
from toolkit.engines.openai import LearntMemory, OpenAIEngine
from toolkit.engines.reaching import split_credentials, split_query
from toolkit.engines.redaction import Secrets, mask_url
from toolkit.errors import EngineUnavailable, name_option, name_step
from toolkit.models import exchange

_OVER = {"completed", "expired", "cancelled", "failed"}
_FULL_CODE, _FULL_WORDS = "token_limit_exceeded", "enqueued token limit"
"""How a provider says that its queue has no room for a batch (OpenAI, Batch API guide, 2026)."""
_LIMIT = re.compile(r"limit:?\s*([\d,]*\d)", re.IGNORECASE)
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
    full: Full | None = None
    """Set if it was refused because the provider's queue was full."""
    unnamed: bool = False
    """Whether it is done, and the provider has not named the files yet that hold its results."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in _OVER and not self.unnamed

    def describe(self) -> str:
        """Return how far it is, such as "in progress, 120 of 300"."""
        waits = ", waiting for its output file" if self.unnamed else ""
        return f"{self.status.replace('_', ' ')}, {self.completed} of {self.total}{waits}"


@dataclass(frozen=True, slots=True)
class Full:
    """What a provider says of its full queue."""

    said: str
    limit: int | None
    """The most tokens that may wait in it; None if it does not say."""


class QueueFull(EngineUnavailable):
    """The provider's queue has no room for a batch now; it may have for a smaller one, or later."""

    def __init__(self, full: Full) -> None:
        super().__init__(full.said)
        self.full = full


class Unreachable(EngineUnavailable):
    """The provider did not answer; a batch that is on its way goes on without us."""


class BatchService:
    """One model at one endpoint."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | None = None,
        header: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        memory: LearntMemory | None = None,
    ) -> None:
        self.model = model
        self._base_url = base_url
        self._api_key = api_key
        self._calls = 0
        self._inner = OpenAIEngine(
            model, base_url=base_url, api_key=api_key, timeout=timeout, header=header, query=query, memory=memory
        )
        plain, credentials = split_credentials(base_url)
        self._address, in_address = split_query(plain)
        self._header, self._query = credentials | dict(header or {}), in_address | dict(query or {})
        self.endpoint = self._inner.endpoint
        self.place = f"{mask_url(base_url or 'openai')} {model}"

    async def open(self) -> None:
        """Connect; raise EngineUnavailable where there is no key."""
        await self._inner.__aenter__()
        self.dialect.leaps = True
        key = (self._api_key or os.environ.get("OPENAI_API_KEY") or "none").strip()
        self._secrets = Secrets(key, self._base_url)
        self._client = openai.AsyncOpenAI(
            base_url=self._address,
            api_key=key,
            max_retries=_RETRIES,
            http_client=openai.DefaultAioHttpClient(verify=load_certificates()),
            default_headers=self._header or None,
            default_query=self._query or None,
        )

    async def close(self) -> None:
        """Disconnect."""
        await self._client.close()
        await self._inner.__aexit__(None, None, None)

    @property
    def dialect(self) -> Dialect:
        """What the model at the endpoint takes, as far as it is known."""
        return self._inner.dialect

    def learn(self, complaint: Complaint, body: Mapping[str, Any]) -> list[str]:
        """Change the dialect by what the endpoint said of a request; return a line about each change."""
        return self._inner.learn(complaint, body)

    def learn_from_reply(self, question: exchange.Question, reply: exchange.Reply) -> list[str]:
        """Change the dialect if a reply shows that the endpoint pays no heed to a schema."""
        if not self._inner.shows_ignored_form(question, reply):
            return []
        self._inner.give_up_form()
        return self._inner.dialect.lines[-1:]

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
            if _is_full(error.code, error.message):
                raise QueueFull(self._describe_full(error.message)) from None
            self._refuse(error)
        return made.id

    async def look(self, identity: str) -> State:
        """Return how far a batch is."""
        self._calls += 1
        try:
            batch = await self._client.batches.retrieve(identity)
        except openai.NotFoundError:
            raise EngineUnavailable(
                f"{self._where} knows no batch {identity}; use the key that sent it, or leave {name_option('batch')} "
                "out to ask anew"
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
            full=self._find_full(batch) if batch.status == "failed" else None,
            unnamed=_is_unnamed(batch),
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
        errors = _list_errors(batch)
        said = self._shorten(str(errors[0].message if errors else "no reason given"))
        return (
            f"{self._where} refused batch {batch.id}: {said}; the answers so far are saved: "
            f"correct that, or leave {name_option('batch')} out"
        )

    def _find_full(self, batch: Any) -> Full | None:
        found = [error for error in _list_errors(batch) if _is_full(error.code, error.message)]
        return self._describe_full(str(found[0].message)) if found else None

    def _describe_full(self, said: str) -> Full:
        limit = _LIMIT.search(said)
        return Full(self._shorten(said), int(limit[1].replace(",", "")) if limit else None)

    def _refuse(self, error: openai.APIError) -> NoReturn:
        said = self._shorten(error.message)
        if (
            isinstance(error, openai.NotFoundError)
            or getattr(error, "status_code", None) == HTTPStatus.METHOD_NOT_ALLOWED
        ):
            raise EngineUnavailable(f"{self._where} has no batch interface; leave {name_option('batch')} out") from None
        if isinstance(error, (openai.AuthenticationError, openai.PermissionDeniedError)):
            raise EngineUnavailable(
                f"{self._where}: the key was refused: {said}; set OPENAI_API_KEY to one that may send batches"
            ) from None
        if isinstance(error, (openai.APIConnectionError, openai.InternalServerError)):
            raise Unreachable(f"nothing answers at {self._where}; later, {name_step('again')}") from None
        raise EngineUnavailable(
            f"{self._where} did not take the batch: {said}; correct that, or later, {name_step('again')}"
        ) from None


def _list_errors(batch: Any) -> list[Any]:
    return (batch.errors.data if batch.errors else None) or []


def _is_full(code: str | None, said: str | None) -> bool:
    return code == _FULL_CODE or _FULL_WORDS in (said or "").lower()


def _is_unnamed(batch: Any) -> bool:
    """Tell whether a batch that is done has results in files that are not named yet."""
    if batch.status not in _OVER or batch.status == "failed":
        return False
    counts = batch.request_counts
    lacks_output = bool(counts and counts.completed) and not batch.output_file_id
    lacks_errors = bool(counts and counts.failed) and not batch.error_file_id
    lacks_all = batch.status == "completed" and not (batch.output_file_id or batch.error_file_id)
    return lacks_output or lacks_errors or lacks_all
