"""Any OpenAI-compatible endpoint, through the official SDK on its aiohttp transport."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Protocol, Self

import httpx2
import openai
import pydantic_core

from toolkit.engines import messages as wire
from toolkit.engines import replies, token_counts
from toolkit.engines.client import SteadyClient
from toolkit.engines.complaints import Complaint, read_complaint
from toolkit.engines.concurrency import Traffic
from toolkit.engines.cut_prompts import CutWatch, advise_context
from toolkit.engines.dialect import PROMPT, STREAM, Dialect
from toolkit.engines.first_call import Door
from toolkit.engines.pacing import Pace
from toolkit.engines.reaching import name_endpoint, split_credentials, split_query
from toolkit.engines.redaction import Secrets, is_secret_name, mask_url
from toolkit.engines.retry_policy import (
    Kind,
    complain,
    describe,
    find_traffic,
    judge_complaint,
    may_be_charged,
    translate,
)
from toolkit.engines.streaming import STREAMED, gather_answer, read_events
from toolkit.errors import EngineUnavailable, Interrupted, StoreUnusable, name_option, name_step
from toolkit.models import exchange

ATTEMPTS = 10
ATTEMPTS_UNANSWERED = 5
"""Attempts that fail alike while the endpoint has not answered anything yet."""
ATTEMPTS_IN_SILENCE = 2
"""Attempts where nothing came before the timeout, and nothing ever did."""
ATTEMPTS_REFUSED = 2
"""Attempts where a request was refused for a reason that nobody understands: gateways pass on passing troubles so."""
LOADING_PAUSE = 1.0
LONGEST_LOADING_PAUSE = 5.0
"""Seconds between two looks at a server that is loading its model and does not say how long that takes."""
TIMEOUT_SECONDS = 120.0
"""How long one answer is waited for."""
DEADLINE_SECONDS = 300.0
"""After this long no call is tried again, and nobody waits longer for a limit to lift."""
_CHARACTERS_PER_TOKEN = 4
_LOOK_SECONDS = 10.0

Body = Callable[[], Mapping[str, Any]]
OnText = Callable[[str], None]
_DECLINES = re.compile(r"sorry|can(?:\W?t|not)|unable|decline|won\W?t|as an ai", re.IGNORECASE)
_FAILED = {"error", "ERROR", "failed"}
"""How a choice ends where the provider behind a gateway broke off."""


class FilteredError(Exception):  # a signal inside the engine, never shown
    """The endpoint's content filter took the question or its answer."""


@dataclass(frozen=True, slots=True)
class _EndpointAnswer:
    """What an endpoint sent, parsed, with its headers."""

    fields: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def tokens(self) -> int:
        """Tokens that the endpoint counted."""
        return wire.count_tokens(self.fields)


class LearntMemory(Protocol):
    """Where it is kept what a model at an endpoint takes: the store."""

    def remember_dialect(self, place: tuple[str, str, str], dialect: Mapping[str, Any]) -> None:
        """Keep what was learned."""

    def recall_dialect(self, place: tuple[str, str, str]) -> dict[str, Any] | None:
        """Return what was learned lately, or None."""

    def recall_capabilities(self, endpoint: str, model: str) -> dict[str, Any] | None:
        """Return what `audience doctor` found out lately, or None."""


class OpenAIEngine:
    """Asks an OpenAI-compatible endpoint.

    How many requests are in flight follows the endpoint, up to `concurrency`: see `pacing`. `rpm` and `tpm` are the
    most requests and tokens a minute; without them the endpoint's own headers say. This is the only place that tries
    again: up to ten attempts a call and five minutes, with jittered back-off. A wrong key, an unknown model, an
    exhausted quota or an address where nothing answers ends the run at once. A parameter that the model refuses is
    dropped for the rest of the run, with one warning; `memory` keeps what was learned for later runs.
    """

    claims = True
    is_batch = False
    reuses_prefixes = False

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
        timeout: float | None = None,
        header: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        on_note: Callable[[str], None] | None = None,
        memory: LearntMemory | None = None,
    ) -> None:
        self.name = name
        self.model = label or model
        self.form = form
        self.endpoint: str | None = name_endpoint(base_url)
        self.concurrency = concurrency
        self.calls = 0
        self.warnings: list[str] = []
        self._served_model = model
        plain, credentials = split_credentials(base_url)
        self._base_url, in_address = split_query(plain)
        self._query = in_address | dict(query or {})
        self._header = credentials | dict(header or {})
        self._api_key = api_key
        self._rpm, self._tpm = rpm, tpm
        self._timeout = timeout or TIMEOUT_SECONDS
        self._tell = on_note or (lambda _: None)
        self._dialect = Dialect(self.model)
        self._memory = memory
        self.ignores_form = False
        """Whether the endpoint took a schema and paid it no heed."""
        self._cut_watch: CutWatch | None = CutWatch()
        self._answered = False
        self._door = Door()
        self._client: SteadyClient | None = None
        self._pace: Pace | None = None
        self._secrets = self._list_secrets(api_key, base_url)
        self._given_url = base_url
        self._masked_logs = contextlib.ExitStack()
        known = memory.recall_capabilities(self.endpoint or "", model) if memory else None
        safe = known.get("concurrency") if known else None
        if isinstance(safe, int) and safe > 0:
            self.concurrency = min(concurrency, safe)

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
        self._secrets = self._list_secrets(self._client.api_key, self._given_url or str(self._client.base_url))
        self._masked_logs.enter_context(self._secrets.mask_logs())
        known = self._memory.recall_dialect(self._place) if self._memory else None
        if known is not None:
            self._dialect.take_over(known)
            self.warnings += self._dialect.lines
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
        kinds = _list_kinds(question)
        if self._door.is_open(kinds):
            return await self._ask(question)
        async with self._door.passing(kinds) as is_first:
            reply = await self._ask(question)
            if is_first and self.shows_ignored_form(question, reply):
                self.give_up_form()
                if question.before_retry is not None:
                    await question.before_retry()
                reply = await self._ask(question)
        return reply

    async def _ask(self, question: exchange.Question) -> exchange.Reply:
        started = time.perf_counter()
        path, write = (wire.CHAT, wire.write_chat) if self.form == "chat" else (wire.COMPLETIONS, wire.write_completion)
        try:
            answer = await self._retry(
                path,
                lambda: write(question, self._served_model, self._dialect),
                len(question.system) + len(question.prompt),
                question.before_retry,
                question.on_text,
            )
        except FilteredError as filtered:
            return exchange.Reply(
                text="", engine=self.name, model=self.model, refusal=self._secrets.mask(str(filtered)), filtered=True
            )
        reply = wire.read_answer(answer.fields, self.name, self.model, (time.perf_counter() - started) * 1000)
        self._watch_for_cuts(question, reply)
        text, refusal = self._secrets.mask(reply.text), self._secrets.mask(reply.refusal or "") or None
        is_clean = text == reply.text and refusal == reply.refusal
        return reply if is_clean else replace(reply, text=text, refusal=refusal)

    def _watch_for_cuts(self, question: exchange.Question, reply: exchange.Reply) -> None:
        """Say once that the server reads only the end of long questions."""
        sent = f"{question.system}\n{question.prompt}"
        if self._cut_watch is None or not self._cut_watch.is_cut(sent, reply.prompt_tokens):
            return
        self._cut_watch = None
        tokens = token_counts.estimate_tokens(sent)
        line = (
            f"{self.model} read only {reply.prompt_tokens:,} tokens of a question of about {tokens:,}: "
            f"the server cuts long prompts at their start and says nothing; {advise_context(tokens)}"
        )
        self.warnings.append(line)
        self._tell(line)

    @property
    def dialect(self) -> Dialect:
        """What the model at the endpoint takes, as far as it is known."""
        return self._dialect

    def learn(self, complaint: Complaint, body: Mapping[str, Any]) -> list[str]:
        """Change how requests are written by what the endpoint said of one; return a line about each change."""
        lines = list(self._dialect.learn(complaint, body))
        for line in lines:
            self._warn(line)
        return lines

    def note_down(self) -> dict[str, Any]:
        """Return what was learned about the endpoint: `refused` parameters, `step` of the ladder, `most_tokens`."""
        return self._dialect.note_down()

    def learn_anew(self) -> None:
        """Forget what an earlier run learned about the endpoint."""
        self._dialect, self.warnings = Dialect(self.model), []
        self._remember()

    def give_up_form(self) -> None:
        """Take it that the endpoint pays no heed to a schema: from now on it stands in the prompt alone."""
        self.ignores_form = True
        self._warn(self._dialect.step_down(PROMPT, is_ignored=True))

    async def look(self, address: str) -> Any:
        """Return the JSON that the server gives at an address, under its own or a whole one; None if it gives none."""
        client, _ = self._opened
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                response = await client.get(address, cast_to=httpx2.Response)
            return json.loads(response.content)
        except (openai.APIError, ValueError, TimeoutError):
            return None

    def shows_ignored_form(self, question: exchange.Question, reply: exchange.Reply) -> bool:
        """Tell whether an endpoint took a schema and paid it no heed: its reply holds no object and is no refusal."""
        if self.form != "chat" or question.schema is None or self._dialect.step == PROMPT:
            return False
        if reply.refusal or reply.cut or not reply.text.strip() or _DECLINES.search(reply.text[:80]):
            return False
        try:
            return not replies.find_object(reply.text)
        except replies.NoObjectError as error:
            return error.kind == "not JSON"

    async def embed(
        self, texts: Sequence[str], model: str, before_retry: exchange.Guard | None = None
    ) -> exchange.Embedded:
        """Return one vector per text, asked for in one request."""
        body = {"model": model, "input": list(texts), "encoding_format": "float"}
        answer = await self._retry(wire.EMBEDDINGS, lambda: body, sum(map(len, texts)), before_retry)
        return wire.read_vectors(answer.fields, len(texts))

    def _connect(self, api_key: str | None) -> SteadyClient:
        more = {"default_headers": self._header or None, "default_query": self._query or None}
        limit = openai.Timeout(self._timeout, connect=10.0)
        return SteadyClient(base_url=self._base_url, api_key=api_key, timeout=limit, **more)

    def _list_secrets(self, api_key: str | None, base_url: str | None) -> Secrets:
        pairs = [*self._header.values(), *(value for name, value in self._query.items() if is_secret_name(name))]
        return Secrets(api_key, base_url, more=pairs)

    async def _retry(
        self,
        path: str,
        write: Body,
        characters: int,
        before_retry: exchange.Guard | None = None,
        on_text: OnText | None = None,
    ) -> _EndpointAnswer:
        """Send until an answer comes; what no attempt can mend is raised in the toolkit's own words.

        `before_retry` is awaited before each attempt that follows one which may have been charged for.
        """
        client, pace = self._opened
        began = time.monotonic()
        attempt = blanks = 0
        met: Counter[Kind] = Counter()
        while True:
            slot = await pace.enter(characters / _CHARACTERS_PER_TOKEN)
            try:
                outcome = await self._send_without_refused(client, path, write, on_text, blanks)
            except BaseException:
                pace.abandon(slot)
                raise
            if isinstance(outcome, _EndpointAnswer):
                self._answered = True
                exchange.tell_trouble(None)
                pace.leave(slot, Traffic.ANSWERED, outcome.headers, tokens=outcome.tokens)
                return outcome
            kind = judge_complaint(outcome, answered=self._answered)
            traffic = find_traffic(kind, outcome)
            wait = outcome.wait if traffic is Traffic.LIMITED else None
            if kind is Kind.LOADING:
                self._tell(f"{self._where} is loading its model; waiting for it, five minutes at most")
                rest = wait if wait is not None else min(LOADING_PAUSE * (attempt + 1), LONGEST_LOADING_PAUSE)
                wait = rest
            else:
                rest = max(wait or 0.0, pace.back_off(attempt))
            self._door.knock(rest)
            attempt += 1
            met[kind] += 1
            blanks += outcome.is_hidden
            final = self._find_end(outcome, kind, met, time.monotonic() - began + rest, str(write().get("model", "")))
            pace.leave(slot, traffic, outcome.headers, wait=wait)
            if final is not None:
                raise final
            exchange.tell_trouble(f"{self._where}: {self._secrets.mask(describe(outcome))}; trying again")
            await pace.rest(rest)
            if may_be_charged(outcome) and before_retry is not None:
                await before_retry()

    def _find_end(
        self, complaint: Complaint, kind: Kind, met: Counter[Kind], seconds: float, model: str
    ) -> Exception | None:
        """Return the error to raise; None where another attempt may help. `met` counts the complaints of this call."""
        if kind is Kind.FILTERED:
            return FilteredError(complaint.words or "the endpoint's content filter")
        attempts = ATTEMPTS if self._answered or complaint.wait is not None else ATTEMPTS_UNANSWERED
        if kind is Kind.SLOW and not self._answered:
            attempts = ATTEMPTS_IN_SILENCE
        if kind is Kind.OTHER:
            attempts = ATTEMPTS_REFUSED + self._answered
        is_over = kind is not Kind.LOADING and (met[kind] >= attempts or met.total() - met[Kind.LOADING] >= ATTEMPTS)
        can_wait = find_traffic(kind, complaint) is not Traffic.OTHER or kind is Kind.OTHER
        if can_wait and not is_over and seconds <= DEADLINE_SECONDS:
            return None
        return self._give_up(complaint, kind, model)

    def _give_up(self, complaint: Complaint, kind: Kind, model: str) -> Exception:
        """Return the error to raise; one that no call can get round ends the pace for everybody."""
        complaint = replace(complaint, words=self._secrets.mask(complaint.words))
        translated = translate(
            complaint,
            kind,
            where=self._where,
            model=model or self._served_model,
            answered=self._answered,
            seconds=self._timeout,
        )
        if isinstance(translated, EngineUnavailable):
            self._opened[1].end(translated)
        return translated

    async def _send_without_refused(
        self, client: SteadyClient, path: str, write: Body, on_text: OnText | None, blanks: int
    ) -> _EndpointAnswer | Complaint:
        """Send once, and again each time that the endpoint names something about the request that it does not take.

        As many blanks as are asked for follow the body: gateways keep answers with status 200, failures too, for
        requests that are the same to the letter.
        """
        while True:
            version, body = self._dialect.version, write()
            self.calls += 1
            exchange.count_call()
            outcome = await self._exchange(client, path, body, on_text, blanks)
            if isinstance(outcome, _EndpointAnswer):
                return outcome
            streamed = self._streamed if on_text is not None and STREAM not in self._dialect.refused else {}
            if self._dialect.version == version:
                self.learn(outcome, {**body, **streamed})
            if self._dialect.version == version:
                return outcome
            self._door.knock()

    async def _exchange(
        self, client: SteadyClient, path: str, body: Mapping[str, Any], on_text: OnText | None, blanks: int
    ) -> _EndpointAnswer | Complaint:
        """Send one request; return its answer, or what stands in the place of one."""
        try:
            if on_text is None or STREAM in self._dialect.refused:
                answer = await _send(client, path, _write(body) + b" " * blanks)
            else:
                answer = await self._listen(client, path, body, on_text)
        except openai.APIError as error:
            return complain(error)
        hidden = _find_hidden_complaint(answer, path)
        return answer if hidden is None else replace(hidden, is_hidden=True)

    def _warn(self, line: str) -> None:
        self.warnings.append(line)
        self._dialect.lines.append(line)
        self._tell(line)
        self._remember()

    def _remember(self) -> None:
        if self._memory is not None:
            with contextlib.suppress(StoreUnusable):  # what cannot be written down is learned anew
                self._memory.remember_dialect(self._place, self._dialect.note_down())

    @property
    def _place(self) -> tuple[str, str, str]:
        return self.endpoint or "", self._served_model, self.form

    async def _listen(
        self, client: SteadyClient, path: str, body: Mapping[str, Any], on_text: OnText
    ) -> _EndpointAnswer:
        """Send one request to be answered word by word, and put the answer together."""
        async with client.post_for_words(path, _write({**body, **self._streamed})) as response:
            fields = await gather_answer(response, lambda text: on_text(self._secrets.mask(text)))
            return _EndpointAnswer(fields, response.headers)

    @property
    def _streamed(self) -> dict[str, Any]:
        return {name: value for name, value in STREAMED.items() if name not in self._dialect.refused}

    @property
    def _where(self) -> str:
        return mask_url(str(self._opened[0].base_url))

    @property
    def _opened(self) -> tuple[SteadyClient, Pace]:
        if self._client is None or self._pace is None:
            raise EngineUnavailable("the engine is not open; enter it with `async with` first")
        return self._client, self._pace


async def _send(client: SteadyClient, path: str, body: bytes) -> _EndpointAnswer:
    """Send one request through the SDK, key, errors and all, and read the raw answer.

    Building and checking the SDK's own records took twice the time of everything else in a call, so the raw form is
    asked for (`benchmarks/throughput.py`).
    """
    response = await client.post_json(path, body)
    try:
        fields = json.loads(response.content)
    except ValueError:
        fields = read_events(response.content)
    if not isinstance(fields, dict):
        said = f"{path} was answered with something other than a JSON object; check {name_option('base_url')}"
        whole = response if isinstance(response, httpx2.Response) else response.as_response()
        raise openai.APIResponseValidationError(whole, whole.text[:200], message=said)
    return _EndpointAnswer(fields, response.headers)


def _write(body: Mapping[str, Any]) -> bytes:
    return pydantic_core.to_json(body)


def _list_kinds(question: exchange.Question) -> set[str]:
    """Return what a question needs of an endpoint: each is tried by one question first."""
    needs = {
        "words": True,
        "schema": question.schema is not None,
        "logprobs": question.top_logprobs > 0,
        "picture": question.picture is not None,
    }
    return {name for name, is_needed in needs.items() if is_needed}


def _find_hidden_complaint(answer: _EndpointAnswer, path: str) -> Complaint | None:
    """Return what an answer with status 200 complains of: an error in its place, no choice, or one that broke off."""
    fields = answer.fields
    choice = wire.find_choice(fields)
    if path == wire.EMBEDDINGS:
        return read_complaint(200, answer.headers, fields) if fields.get("error") and not fields.get("data") else None
    if choice is None:
        found = read_complaint(200, answer.headers, fields)
        return found if found.words else replace(found, words="the endpoint answered without a choice")
    if choice.get("finish_reason") in _FAILED or (choice.get("error") and not choice.get("message")):
        found = read_complaint(200, answer.headers, {"error": choice.get("error") or fields.get("error") or {}})
        return found if found.words else replace(found, words="the provider broke off its answer")
    return None
