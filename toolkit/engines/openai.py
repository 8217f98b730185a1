"""Any OpenAI-compatible endpoint, through the official SDK on its aiohttp transport."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

import openai

from toolkit.engines import messages as wire
from toolkit.engines.client import SteadyClient
from toolkit.engines.concurrency import Traffic
from toolkit.engines.headers import read_wait
from toolkit.engines.pacing import Pace
from toolkit.engines.redaction import Secrets, mask_url
from toolkit.engines.retry_policy import (
    describe_error,
    find_headers,
    find_refused_parameter,
    judge_error,
    may_be_charged,
    translate_error,
)
from toolkit.engines.streaming import STREAMED, gather_answer
from toolkit.errors import EngineUnavailable, Interrupted, name_option, name_step
from toolkit.models import exchange

ATTEMPTS = 10
ATTEMPTS_UNANSWERED = 5
"""Attempts while the endpoint has not answered anything yet."""
DEADLINE_SECONDS = 300.0
"""After this long no call is tried again, and nobody waits longer for a limit to lift."""
_CHARACTERS_PER_TOKEN = 4

Body = Callable[[], Mapping[str, Any]]
OnText = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _EndpointAnswer:
    """What an endpoint sent, parsed, with its headers."""

    fields: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def tokens(self) -> int:
        """Tokens that the endpoint counted."""
        return (self.fields.get("usage") or {}).get("total_tokens") or 0


class OpenAIEngine:
    """Asks an OpenAI-compatible endpoint.

    How many requests are in flight follows the endpoint, up to `concurrency`: see `pacing`. `rpm` and `tpm` are the
    most requests and tokens a minute; without them the endpoint's own headers say. This is the only place that tries
    again: up to ten attempts a call and five minutes, with jittered back-off. A wrong key, an unknown model, an
    exhausted quota or an address where nothing answers ends the run at once. A parameter that the model refuses is
    dropped for the rest of the run, with one warning.
    """

    claims = True
    is_batch = False

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        form: exchange.Form = "chat",
        name: str = "openai",
        label: str | None = None,
        concurrency: int = 32,
        rpm: float | None = None,
        tpm: float | None = None,
    ) -> None:
        self.name = name
        self.model = label or model
        self.form = form
        self.concurrency = concurrency
        self.calls = 0
        self.warnings: list[str] = []
        self._served_model = model
        self._base_url = base_url
        self._api_key = api_key
        self._rpm, self._tpm = rpm, tpm
        self._refused: set[str] = set()
        self._answered = False
        self._client: SteadyClient | None = None
        self._pace: Pace | None = None
        self._secrets = Secrets(api_key, base_url)
        self._masked_logs = contextlib.ExitStack()

    def halt(self) -> None:
        """Send nothing more: requests that wait for their turn raise Interrupted; those sent may be answered."""
        if self._pace is not None:
            self._pace.end(Interrupted())

    async def __aenter__(self) -> Self:
        """Open one client for the run; raise EngineUnavailable where there is no key, or none that could be sent."""
        try:
            self._client = self._connect(self._api_key)
        except openai.OpenAIError:
            if self._base_url is None:
                raise EngineUnavailable(f"no API key: {name_step('key')}") from None
            self._client = self._connect("none")
        self._client.api_key = self._client.api_key.strip()
        if not (self._client.api_key.isascii() and self._client.api_key.isprintable()):
            raise EngineUnavailable("the API key holds characters that no key has; copy it again into OPENAI_API_KEY")
        self._secrets = Secrets(self._client.api_key, str(self._client.base_url))
        self._masked_logs.enter_context(self._secrets.mask_logs())
        self._pace = Pace(rpm=self._rpm, tpm=self._tpm, clock=asyncio.get_running_loop().time)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client and its connections."""
        if self._client is not None:
            await self._client.close()
        self._masked_logs.close()

    async def ask(self, question: exchange.Question) -> exchange.Reply:
        """Return the reply; raise CallFailed after the last attempt, EngineUnavailable where none can help."""
        started = time.perf_counter()
        if self.form == "chat":
            path, write = wire.CHAT, wire.write_chat
        else:
            path, write = wire.COMPLETIONS, wire.write_completion
        answer = await self._retry(
            path,
            lambda: write(question, self._served_model, self._refused),
            len(question.system) + len(question.prompt),
            question.before_retry,
            question.on_text,
        )
        reply = wire.read_answer(answer.fields, self.name, self.model, (time.perf_counter() - started) * 1000)
        text, refusal = self._secrets.mask(reply.text), self._secrets.mask(reply.refusal or "") or None
        is_clean = text == reply.text and refusal == reply.refusal
        return reply if is_clean else replace(reply, text=text, refusal=refusal)

    async def embed(
        self, texts: Sequence[str], model: str, before_retry: exchange.Guard | None = None
    ) -> exchange.Embedded:
        """Return one vector per text, asked for in one request."""
        body = {"model": model, "input": list(texts), "encoding_format": "float"}
        answer = await self._retry(wire.EMBEDDINGS, lambda: body, sum(map(len, texts)), before_retry)
        return wire.read_vectors(answer.fields, len(texts))

    def _connect(self, api_key: str | None) -> SteadyClient:
        return SteadyClient(base_url=self._base_url, api_key=api_key, timeout=openai.Timeout(120.0, connect=10.0))

    async def _retry(
        self,
        path: str,
        write: Body,
        characters: int,
        before_retry: exchange.Guard | None = None,
        on_text: OnText | None = None,
    ) -> _EndpointAnswer:
        """Send until an answer comes; what the SDK raises at the end is translated.

        `before_retry` is awaited before each attempt that follows one which may have been charged for.
        """
        client, pace = self._opened
        began = time.monotonic()
        attempt = 0
        while True:
            slot = await pace.enter(characters / _CHARACTERS_PER_TOKEN)
            try:
                answer = await self._send_without_refused(client, path, write, on_text)
            except openai.APIError as error:
                failure = error
                outcome, headers = judge_error(error, answered=self._answered), find_headers(error)
                wait = read_wait(headers, time.time()) if outcome is Traffic.LIMITED else None
                rest, charged = max(wait or 0.0, pace.back_off(attempt)), may_be_charged(error)
                attempt += 1
                final = None
                if outcome is Traffic.OTHER or attempt >= self._attempts:
                    final = self._give_up(error)
                elif time.monotonic() - began + rest > DEADLINE_SECONDS:
                    final = self._give_up_waiting(error, wait)
                pace.leave(slot, outcome, headers, wait=wait)
                if final is not None:
                    raise final from None
            except BaseException:
                pace.abandon(slot)
                raise
            else:
                self._answered = True
                exchange.tell_trouble(None)
                pace.leave(slot, Traffic.ANSWERED, answer.headers, tokens=answer.tokens)
                return answer
            exchange.tell_trouble(f"{self._where}: {self._secrets.mask(describe_error(failure))}; trying again")
            await pace.rest(rest)
            if charged and before_retry is not None:
                await before_retry()

    @property
    def _attempts(self) -> int:
        return ATTEMPTS if self._answered else ATTEMPTS_UNANSWERED

    def _give_up(self, error: openai.APIError) -> Exception:
        """Return the error to raise; one that no call can get round ends the pace for everybody."""
        pace = self._opened[1]
        error.message = self._secrets.mask(error.message)
        translated = translate_error(error, where=self._where, model=self._served_model, answered=self._answered)
        if isinstance(translated, EngineUnavailable):
            pace.end(translated)
        return translated

    def _give_up_waiting(self, error: openai.APIError, wait: float | None) -> Exception:
        if wait is None or wait <= DEADLINE_SECONDS:
            return self._give_up(error)
        pace = self._opened[1]
        refusal = EngineUnavailable(
            f"{self._where} takes nothing more for {wait:,.0f} s; what came is saved: run the same command then"
        )
        pace.end(refusal)
        return refusal

    async def _send_without_refused(
        self, client: SteadyClient, path: str, write: Body, on_text: OnText | None
    ) -> _EndpointAnswer:
        """Send once, and again for each optional parameter that the model turns out to refuse."""
        while True:
            known = frozenset(self._refused)
            try:
                self.calls += 1
                if on_text is None or "stream" in known:
                    return await _send(client, path, write())
                return await self._listen(client, path, write(), on_text)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                parameter = find_refused_parameter(error)
                if parameter is None or parameter in known:
                    raise
                if parameter not in self._refused:
                    self._refused.add(parameter)
                    self.warnings.append(f"{self.model} refuses {parameter}; it was dropped for this run")

    async def _listen(
        self, client: SteadyClient, path: str, body: Mapping[str, Any], on_text: OnText
    ) -> _EndpointAnswer:
        """Send one request to be answered word by word, and put the answer together."""
        extra = {name: value for name, value in STREAMED.items() if name not in self._refused}
        async with client.post_for_words(path, _write({**body, **extra})) as response:
            fields = await gather_answer(response, lambda text: on_text(self._secrets.mask(text)))
            return _EndpointAnswer(fields, response.headers)

    @property
    def _where(self) -> str:
        return mask_url(str(self._opened[0].base_url))

    @property
    def _opened(self) -> tuple[SteadyClient, Pace]:
        if self._client is None or self._pace is None:
            raise EngineUnavailable("the engine is not open; enter it with `async with` first")
        return self._client, self._pace


async def _send(client: SteadyClient, path: str, body: Mapping[str, Any]) -> _EndpointAnswer:
    """Send one request through the SDK, key, errors and all, and read the raw answer.

    Building and checking the SDK's own records took twice the time of everything else in a call, so the raw form is
    asked for (`benchmarks/throughput.py`).
    """
    response = await client.post_json(path, _write(body))
    try:
        fields = json.loads(response.content)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        said = f"{path} was answered with something other than a JSON object; check {name_option('base_url')}"
        raise openai.APIResponseValidationError(response, response.text[:200], message=said)
    return _EndpointAnswer(fields, response.headers)


def _write(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
