"""A loopback server that plays an OpenAI-compatible provider: models, chat, completions and embeddings.

It answers by script or, by default, from a hash of what it was asked; refuses and fails as `Faults` says; and keeps
every request, so that a test can count and read them. `python tests/openai_server.py --port N` serves by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import concurrent.futures
import contextlib
import dataclasses
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from provider_batches import BATCHES, FILES, Desk
from provider_replies import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    MODELS,
    Ask,
    asks_logprobs,
    count_tokens,
    embed_inputs,
    read_ask,
    remove_random_tokens,
    report_logprobs,
    shorten,
    write_reply,
)
from provider_rules import Faults, Rejection, check_request, spoil
from provider_streams import list_events

__all__ = [
    "CHAT",
    "COMPLETIONS",
    "EMBEDDINGS",
    "EVERYTHING",
    "MODELS",
    "PATIENCE",
    "Ask",
    "Faults",
    "OpenAIServer",
    "Script",
]

Script = Callable[[Ask], str | dict[str, Any] | None]
EVERYTHING = frozenset({MODELS, CHAT, COMPLETIONS, EMBEDDINGS, BATCHES, "logprobs", "usage"})
PATIENCE = 240.0
"""Seconds to wait for what should come at once: a busy machine takes its time, and what came costs no waiting."""
_LARGEST_BODY = 64 * 1024**2
_REFUSAL = "I'm sorry, I can't help with that."


class OpenAIServer:
    """Plays the provider on a loopback port, in a thread with its own event loop.

    `script` returns the raw content, fields that override the generated object, or None for the default reply;
    where log-probabilities are asked without a schema, its dict holds the probability of each first token. `faults`
    and `script` may be replaced at any time; `keys` lists the key of each request. `key=None` takes every key.
    `support` names the paths that exist, and "logprobs" and "usage", which are left out of replies without it. An
    exception in the script is raised again on leaving.
    """

    def __init__(
        self,
        *,
        script: Script | None = None,
        faults: Faults | None = None,
        latency: float = 0.0,
        models: tuple[str, ...] = ("m",),
        key: str | None = "test-key",
        support: Collection[str] = EVERYTHING,
        port: int = 0,
    ) -> None:
        self.faults = faults or Faults()
        self.requests: list[Ask] = []
        self.billed_tokens = 0
        self.refused = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.base_url = ""
        self.script = script
        self.keys: list[str] = []
        self.words_before_hold: int | None = None
        self.replies_before_hold: int | None = None
        self._let_go = 0
        self.words_before_break: int | None = None
        self.desk = Desk(self._answer_line)
        self._latency, self._models, self._key = latency, models, key
        self._support, self._port = frozenset(support), port
        self._changed = threading.Condition()
        self._attempts: Counter[str] = Counter()
        self._script_error: Exception | None = None

    def __enter__(self) -> Self:
        """Start listening; raise OSError where the port is taken."""
        ready: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{ready.result()}/v1"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop what is in flight and stop."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._script_error is not None and error is None:
            raise self._script_error

    def count(self, path: str | None = None) -> int:
        """Return how many requests arrived, at one path (with or without /v1) or at all."""
        with self._changed:
            paths = [ask.path.removeprefix("/v1") for ask in self.requests]
        return len(paths) if path is None else paths.count(path.removeprefix("/v1"))

    def wait_for(self, count: int, timeout: float = PATIENCE) -> None:
        """Block until `count` requests have arrived; raise TimeoutError after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, timeout):
                raise TimeoutError(f"{len(self.requests)} of {count} requests arrived within {timeout} seconds")

    def wait_until_idle(self, timeout: float = PATIENCE) -> None:
        """Block until no request is in flight; raise TimeoutError after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.in_flight == 0, timeout):
                raise TimeoutError(f"{self.in_flight} requests are still in flight after {timeout} seconds")

    def hold_after(self, count: int) -> None:
        """Let so many more replies go and keep the others back; call it while no request is in flight."""
        self.replies_before_hold = self._let_go + count
        self.release()

    def wait_until_held(self, timeout: float = PATIENCE) -> None:
        """Block until the last reply that `hold_after` lets go is on its way; raise TimeoutError after `timeout`."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._let_go == self.replies_before_hold, timeout):
                raise TimeoutError(f"{self._let_go} of {self.replies_before_hold} went within {timeout} seconds")

    def hold(self) -> None:
        """Keep replies back, also of requests that wait already, until `release`."""
        asyncio.run_coroutine_threadsafe(self._turn_gate(is_open=False), self._loop).result()

    def release(self) -> None:
        """Let the replies go that `hold` kept back."""
        asyncio.run_coroutine_threadsafe(self._turn_gate(is_open=True), self._loop).result()

    async def _turn_gate(self, *, is_open: bool) -> None:
        if is_open:
            self._gate.set()
        else:
            self._gate.clear()

    async def _serve(self, ready: concurrent.futures.Future[int]) -> None:
        self._loop, self._stop, self._gate = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        self._gate.set()
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05, handler_cancellation=True)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self._port).start()
            ready.set_result(runner.addresses[0][1])
            await self._stop.wait()
        except OSError as error:
            ready.set_exception(error)
        finally:
            await runner.cleanup()

    async def _speak(self, request: web.Request, ask: Ask, answer: dict[str, Any]) -> web.StreamResponse:
        """Send an answer word by word; after `words_before_hold` of them the rest waits for `release`.

        After `words_before_break` the connection breaks, once.
        """
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number, event in enumerate(list_events(answer, ask.body.get("stream_options") or {})):
            if number == self.words_before_hold:
                self._gate.clear()
                await self._gate.wait()
            if number == self.words_before_break:
                assert request.transport is not None
                self.words_before_break = None
                request.transport.abort()
            await response.write(event.encode())
        return response

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith((FILES, BATCHES)) and BATCHES in self._support:
            self.keys.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
            return await self.desk.handle(request)
        raw = await request.text()
        identity = remove_random_tokens(request.path + raw)
        with self._arrival(request.path, raw, identity) as (ask, attempt):
            faults = self.faults
            struck = faults.draw(identity, attempt)
            await asyncio.sleep(self._latency + faults.stall_seconds * ("stall" in struck))
            await self._gate.wait()
            self._count_reply()
            try:
                self._admit(ask, request, faults)
                if ask.path == MODELS:
                    return web.json_response(self._list_models())
                if faults.charge_500 and "rate_500" in struck:
                    self._answer(ask, struck)
                check_request(ask, faults, struck, self._models)
                if "page" in struck:
                    return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
                answer = self._answer(ask, struck)
                if "drop" in struck and request.transport is not None:
                    request.transport.abort()
                if ask.body.get("stream"):
                    return await self._speak(request, ask, answer)
                return web.json_response(answer)
            except Rejection as rejection:
                self.refused += 1
                return web.json_response({"error": rejection.error}, status=rejection.status, headers=rejection.headers)

    def _count_reply(self) -> None:
        with self._changed:
            self._let_go += 1
            if self._let_go == self.replies_before_hold:
                self._gate.clear()
            self._changed.notify_all()

    def _answer_line(self, ask: Ask, attempt: int) -> tuple[int, dict[str, Any]]:
        """Answer one line of a batch as it would be answered alone."""
        struck = self.faults.draw(remove_random_tokens(ask.text), attempt)
        try:
            check_request(ask, self.faults, struck, self._models)
            return 200, self._answer(ask, struck)
        except Rejection as rejection:
            return rejection.status, {"error": rejection.error}

    @contextlib.contextmanager
    def _arrival(self, path: str, raw: str, identity: str) -> Iterator[tuple[Ask, int]]:
        """Keep the request and count it as in flight; yields it with its attempt number."""
        with self._changed:
            ask = read_ask(path, raw, len(self.requests) + 1)
            self.requests.append(ask)
            self._attempts[identity] += 1
            attempt = self._attempts[identity]
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            self._changed.notify_all()
        try:
            yield ask, attempt
        finally:
            with self._changed:
                self.in_flight -= 1
                self._changed.notify_all()

    def _admit(self, ask: Ask, request: web.Request, faults: Faults) -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.keys.append(given)
        if faults.wrong_key or (self._key is not None and given != self._key):
            raise Rejection(401, "Incorrect API key provided.", "invalid_api_key")
        if ask.path not in self._support or request.method != ("GET" if ask.path == MODELS else "POST"):
            raise Rejection(404, f"Invalid URL ({request.method} {ask.path})", "unknown_url")

    def _list_models(self) -> dict[str, Any]:
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in self._models]
        return {"object": "list", "data": models}

    def _answer(self, ask: Ask, struck: frozenset[str]) -> dict[str, Any]:
        if ask.path == EMBEDDINGS:
            data, usage = embed_inputs(ask.body), self._bill(ask)
            return {"object": "list", "data": data, "model": ask.model, "usage": usage}
        prompts = ask.body["prompt"] if isinstance(ask.body.get("prompt"), list) else [ask.text]
        contents, choices = [], []
        for index, prompt in enumerate(prompts):
            content, choice = self._choose(dataclasses.replace(ask, text=prompt), struck)
            contents.append(content)
            choices.append({"index": index} | choice)
        usage = self._bill(ask, *contents)
        kind = "chat.completion" if ask.path == CHAT else "text_completion"
        answer = {"id": f"reply-{ask.number}", "object": kind, "created": 0, "model": ask.model, "choices": choices}
        return answer | ({"usage": usage} if "usage" in self._support else {})

    def _choose(self, ask: Ask, struck: frozenset[str]) -> tuple[str, dict[str, Any]]:
        """Return the text to bill and the choice."""
        try:
            content, first = write_reply(ask, self._ask_script(ask))
        except ValueError as error:
            raise Rejection(400, str(error), None, "response_format") from error
        if "refusal" in struck and ask.path == CHAT:
            message = {"role": "assistant", "content": None, "refusal": _REFUSAL}
            return _REFUSAL, {"message": message, "finish_reason": "stop", "logprobs": None}
        content, reason = shorten(*spoil(content, struck), ask.body)
        has_logprobs = asks_logprobs(ask.body) and "logprobs" in self._support
        logprobs = report_logprobs(ask, content, first) if has_logprobs else None
        choice = {"finish_reason": reason, "logprobs": logprobs}
        if ask.path == COMPLETIONS:
            return content, choice | {"text": content}
        return content, choice | {"message": {"role": "assistant", "content": content, "refusal": None}}

    def _ask_script(self, ask: Ask) -> str | dict[str, Any] | None:
        try:
            return self.script(ask) if self.script else None
        except Exception as error:
            self._script_error = error
            raise Rejection(400, f"the script of the test failed: {error!r}") from error

    def _bill(self, ask: Ask, *contents: str) -> dict[str, Any]:
        prompt, written = count_tokens(ask.text), sum(map(count_tokens, contents))
        with self._changed:
            self.billed_tokens += prompt + written
        usage: dict[str, Any] = {"prompt_tokens": prompt, "total_tokens": prompt + written}
        if ask.path == EMBEDDINGS:
            return usage
        return usage | {"completion_tokens": written, "prompt_tokens_details": {"cached_tokens": 0}}


def main() -> None:
    """Serve with default replies and any key until standard input closes."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each reply")
    parser.add_argument("--model", action="append", dest="models", help="a model to serve; may be repeated")
    options = parser.parse_args()
    models = tuple(options.models or ("m",))
    with OpenAIServer(latency=options.latency, models=models, key=None, port=options.port) as server:
        print(server.base_url, flush=True)  # noqa: T201 - the address is what the caller waits for
        sys.stdin.read()


if __name__ == "__main__":
    main()
