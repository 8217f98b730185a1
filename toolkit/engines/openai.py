"""Any OpenAI-compatible endpoint, through the official SDK on its aiohttp transport."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import openai
import stamina

from toolkit.engines.base import Form, Question, Reply
from toolkit.errors import CallFailed, EngineError, EngineUnavailable

ATTEMPTS = 5
LONGEST_WAIT_SECONDS = 60.0
EMBEDDING_BATCH = 256
_PICTURE = "pictures"
_NEXT_STEP: dict[type[openai.APIError], str] = {
    openai.AuthenticationError: "the key was refused; set OPENAI_API_KEY to one that this endpoint accepts",
    openai.PermissionDeniedError: "the key may not use this model; choose another with --model or another key",
    openai.NotFoundError: "choose a model that the endpoint serves with --model, and check --base-url",
}


class OpenAIEngine:
    """Asks an OpenAI-compatible endpoint.

    Five attempts a call with jittered back-off, `Retry-After` honoured; a wrong key, an unknown model, an exhausted
    quota or an address where nothing answers ends the run at once. A parameter that the model refuses is dropped for
    the rest of the run, with one warning.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        form: Form = "chat",
        name: str = "openai",
        label: str | None = None,
        concurrency: int = 32,
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
        self._refused: set[str] = set()
        self._answered = False
        self._client: openai.AsyncOpenAI | None = None

    async def __aenter__(self) -> Self:
        """Open one client for the run; raise EngineUnavailable where there is no key."""
        try:
            self._client = self._connect(self._api_key)
        except openai.OpenAIError:
            if self._base_url is None:
                raise EngineUnavailable(
                    "no API key: set OPENAI_API_KEY, or pass --engine local, or --base-url for a server of your own"
                ) from None
            self._client = self._connect("none")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client and its connections."""
        if self._client is not None:
            await self._client.close()

    async def ask(self, question: Question) -> Reply:
        """Return the reply; raise CallFailed after the last attempt, EngineUnavailable where none can help."""
        started = time.perf_counter()
        send = self._send_chat if self.form == "chat" else self._send_completion
        answer = await self._retry(send, question, before_retry=question.before_retry)
        return _read_answer(answer, self.name, self.model, (time.perf_counter() - started) * 1000)

    async def embed(self, texts: Sequence[str], model: str) -> list[list[float]]:
        """Return one vector per text, asked for in batches of 256."""
        vectors: list[list[float]] = []
        for start in range(0, len(texts), EMBEDDING_BATCH):
            batch = list(texts[start : start + EMBEDDING_BATCH])
            answer = await self._retry(self._send_embedding, batch, model)
            vectors += [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
        return vectors

    def _connect(self, api_key: str | None) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(
            base_url=self._base_url,
            api_key=api_key,
            max_retries=0,
            timeout=openai.Timeout(120.0, connect=10.0),
            http_client=openai.DefaultAioHttpClient(),
        )

    async def _retry(
        self, send: Any, *arguments: Any, before_retry: Callable[[], Awaitable[None]] | None = None
    ) -> Any:
        """Send until an answer comes; translate what the SDK raises at the end.

        `before_retry` is awaited before each attempt that follows one which may have been charged for.
        """
        may_be_charged = False
        try:
            async for attempt in stamina.retry_context(
                on=self._wait_for, attempts=ATTEMPTS, timeout=None, wait_max=20.0
            ):
                with attempt:
                    if may_be_charged and before_retry is not None:
                        await before_retry()
                    may_be_charged = True
                    try:
                        answer = await self._send_without_refused(send, *arguments)
                    except openai.APIError as error:
                        may_be_charged = _may_be_charged(error)
                        raise
                    self._answered = True
                    return answer
        except openai.APIError as error:
            raise self._translate(error) from None
        raise CallFailed("no attempt was made")

    async def _send_without_refused(self, send: Any, *arguments: Any) -> Any:
        """Send once, and again for each optional parameter that the model turns out to refuse."""
        while True:
            known = frozenset(self._refused)
            try:
                self.calls += 1
                return await send(*arguments)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                parameter = _refused_parameter(error)
                if parameter is None or parameter in known:
                    raise
                if parameter not in self._refused:
                    self._refused.add(parameter)
                    self.warnings.append(f"{self.model} refuses {parameter}; it was dropped for this run")

    def _wait_for(self, error: Exception) -> bool | float:
        """Tell whether to try again, or after how many seconds."""
        if isinstance(error, openai.RateLimitError):
            return not _is_quota(error) and (_retry_after(error) or True)
        if isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError):
            return self._answered
        return isinstance(error, (openai.InternalServerError, openai.APITimeoutError, openai.ConflictError))

    def _translate(self, error: openai.APIError) -> EngineError:
        """Turn the SDK's error into the toolkit's; the one place where that happens."""
        said = " ".join(str(getattr(error, "message", error)).split())[:200]
        where = self._client.base_url if self._client else self._base_url
        if type(error) in _NEXT_STEP:
            return EngineUnavailable(f"{where} refused model {self._served_model!r}: {said}; {_NEXT_STEP[type(error)]}")
        if isinstance(error, openai.RateLimitError) and _is_quota(error):
            return EngineUnavailable(f"{where}: the quota is exhausted: {said}; add credit or use another key")
        if isinstance(error, openai.APIConnectionError) and not self._answered:
            return EngineUnavailable(f"nothing answers at {where}; start the server or correct --base-url")
        return CallFailed(f"{type(error).__name__}: {said}", free=not _may_be_charged(error))

    def _drop_refused(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in parameters.items() if name not in self._refused}

    async def _send_chat(self, question: Question) -> Any:
        prompt = question.prompt
        parameters: dict[str, Any] = {"max_completion_tokens": question.max_tokens, **question.sampling}
        if question.schema is not None:
            parameters["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "reaction", "strict": True, "schema": question.schema},
            }
            if "response_format" in self._refused:
                prompt += f"\n\nAnswer with one JSON object that fits this schema:\n{json.dumps(question.schema)}"
        if question.top_logprobs:
            parameters |= {"logprobs": True, "top_logprobs": question.top_logprobs}
        if "max_completion_tokens" in self._refused:
            parameters["max_tokens"] = question.max_tokens
        messages: list[Any] = [
            {"role": "system", "content": question.system},
            {"role": "user", "content": self._add_picture(prompt, question.picture)},
        ]
        return await self._open_client.chat.completions.create(
            model=self._served_model, messages=messages, **self._drop_refused(parameters)
        )

    def _add_picture(self, prompt: str, picture: str | None) -> Any:
        if picture is None or _PICTURE in self._refused:
            return prompt
        return [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": picture}}]

    async def _send_completion(self, question: Question) -> Any:
        parameters: dict[str, Any] = {"max_tokens": question.max_tokens, **question.sampling}
        if question.stop:
            parameters["stop"] = list(question.stop)
        if question.top_logprobs:
            parameters["logprobs"] = question.top_logprobs
        if question.grammar and "grammar" not in self._refused:
            parameters["extra_body"] = {"grammar": question.grammar} | parameters.pop("extra_body", {})
        return await self._open_client.completions.create(
            model=self._served_model, prompt=question.prompt, **self._drop_refused(parameters)
        )

    async def _send_embedding(self, batch: list[str], model: str) -> Any:
        return await self._open_client.embeddings.create(model=model, input=batch)

    @property
    def _open_client(self) -> openai.AsyncOpenAI:
        if self._client is None:
            raise EngineUnavailable("the engine is not open; enter it with `async with` first")
        return self._client


def _may_be_charged(error: openai.APIError) -> bool:
    """Tell whether the provider may have answered a call, and charged for it, before the error came."""
    if not isinstance(error, openai.APIStatusError):
        return True
    unsure = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT}
    return error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.status_code in unsure


def _is_quota(error: openai.APIError) -> bool:
    return error.code == "insufficient_quota" or error.type == "insufficient_quota"


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(max(seconds, 0.05), LONGEST_WAIT_SECONDS)


def _refused_parameter(error: openai.APIStatusError) -> str | None:
    """Return the optional parameter that a 400 or 422 complains of, or None."""
    optional = ("response_format", "max_completion_tokens", "top_logprobs", "logprobs", "temperature", "top_p", "seed")
    named = str(error.param or "").split(".")[0]
    if named in optional:
        return named
    said = str(error.message)
    if "image" in said.lower():
        return _PICTURE
    return next((name for name in optional if name in said), None)


def _read_answer(answer: Any, engine: str, model: str, latency_ms: float) -> Reply:
    """Turn the SDK's answer, of either form, into a reply."""
    if not answer.choices:
        raise CallFailed("the endpoint answered without a choice")
    choice = answer.choices[0]
    message = getattr(choice, "message", None)
    usage = answer.usage
    details = getattr(usage, "prompt_tokens_details", None)
    return Reply(
        text=(message.content if message is not None else choice.text) or "",
        refusal=getattr(message, "refusal", None) or (_FILTERED if choice.finish_reason == "content_filter" else None),
        cut=choice.finish_reason == "length",
        engine=engine,
        model=model,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
        cached_tokens=(details.cached_tokens or 0) if details else 0,
        latency_ms=round(latency_ms, 1),
        top=_read_logprobs(choice),
    )


_FILTERED = "stopped by the endpoint's content filter"


def _read_logprobs(choice: Any) -> dict[str, float] | None:
    """Return the log-probability of each alternative for the first token, or None where there are none."""
    logprobs = getattr(choice, "logprobs", None)
    if logprobs is None:
        return None
    fields = logprobs.model_dump()
    if fields.get("content"):
        return {item["token"]: item["logprob"] for item in fields["content"][0]["top_logprobs"]}
    top = fields.get("top_logprobs")
    return dict(top[0]) if top else None
