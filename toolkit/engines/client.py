"""The official SDK, sending many requests to few paths: what they share is worked out once.

Addresses, keys, headers, errors and the connections themselves are the SDK's. Left out is what it does anew for every
request and what a run has no use for, which together took 40 % of a run's processor time
(`benchmarks/throughput.py`).
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
import httpx2
import openai

LOSING = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER})
"""Answers that send a request on without what it carries: a POST becomes a GET."""
_NO_LIMIT = 0
"""What aiohttp takes for none. It opens 100 connections where nothing is said, and more in flight only queue here."""


def load_certificates() -> ssl.SSLContext:
    """Return what connections are verified with, the SDK's own; to read it takes 20 ms, so clients share one."""
    return _load_certificates(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@functools.cache
def _load_certificates(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    return httpx2.create_ssl_context()


@dataclass(frozen=True)
class PlainAnswer:
    """What a server answered, as it came."""

    status_code: int
    raw_headers: Sequence[tuple[bytes, bytes]]
    content: bytes
    request: httpx2.Request

    @functools.cached_property
    def headers(self) -> dict[str, str]:
        """By name in small letters; values of one name are joined, as HTTP has it."""
        found: dict[str, str] = {}
        for raw_name, raw_value in self.raw_headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        """Return the content as what its JSON says."""
        return json.loads(self.content)

    def as_response(self, reason: str | None = None) -> httpx2.Response:
        """Return it as the SDK's HTTP client does."""
        extensions: dict[str, Any] = {"http_version": b"HTTP/1.1"}
        if reason:
            extensions["reason_phrase"] = reason.encode()
        return httpx2.Response(
            self.status_code,
            headers=list(self.raw_headers),
            content=self.content,
            request=self.request,
            extensions=extensions,
        )


@dataclass(frozen=True, slots=True)
class _StraightWay:
    """What requests to one path share, on the SDK's own session of aiohttp."""

    session: aiohttp.ClientSession
    request: httpx2.Request
    url: str
    headers: tuple[tuple[str, str], ...]
    timeout: aiohttp.ClientTimeout
    tell_errors: Callable[[], contextlib.AbstractContextManager[None]]
    """The SDK's own: raises errors of aiohttp as those of its HTTP client."""


class SteadyClient(openai.AsyncOpenAI):
    """Posts JSON. The SDK builds the first request to a path; each later one is the same with another body.

    Later ones go to the same session of aiohttp straight away, unless a proxy stands between.

    Where a version of the SDK or of its HTTP client lacks a method that stands here, requests only take longer.
    """

    def __init__(self, **options: Any) -> None:
        limits = httpx2.Limits(max_connections=_NO_LIMIT)
        http_client = _ShortWay(limits=limits, verify=load_certificates())
        super().__init__(max_retries=0, http_client=http_client, **options)
        self._first: dict[str, tuple[Any, httpx2.Request]] = {}
        self._ways: dict[str, _StraightWay] = {}

    @property
    def user_agent(self) -> str:
        """The SDK's own name and version."""
        return f"{openai.AsyncOpenAI.__name__}/Python {openai.__version__}"

    async def post_json(self, path: str, content: bytes) -> httpx2.Response | PlainAnswer:
        """Return the raw answer; raise what the SDK raises."""
        if path not in self._first:
            return await self.post(path, cast_to=httpx2.Response, content=content)
        way = self._find_way(path)
        answer = None if way is None else await self._take_way(way, content)
        if answer is not None:
            return answer
        options = self._first[path][0].model_copy(update={"content": content})
        return await self.request(httpx2.Response, options)

    def _find_way(self, path: str) -> _StraightWay | None:
        """Return how a request goes straight to aiohttp, as the first one to this path did; None where it cannot."""
        way = self._ways.get(path)
        if way is not None and not way.session.closed:
            return way
        request = self._first[path][1]
        find_transport = getattr(self._client, "_transport_for_url", None)
        transport = find_transport(request.url) if find_transport else None
        session, proxy = getattr(transport, "client", None), getattr(transport, "proxy", self)
        told = getattr(sys.modules.get(type(transport).__module__), "map_aiohttp_exceptions", None)
        if not isinstance(session, aiohttp.ClientSession) or proxy is not None or told is None or request.url.userinfo:
            return None
        limits = request.extensions.get("timeout", {})
        timeout = aiohttp.ClientTimeout(
            sock_connect=limits.get("connect"), sock_read=limits.get("read"), connect=limits.get("pool")
        )
        headers = tuple(request.headers.multi_items())
        way = self._ways[path] = _StraightWay(session, request, str(request.url), headers, timeout, told)
        return way

    async def _take_way(self, way: _StraightWay, content: bytes) -> httpx2.Response | PlainAnswer | None:
        """Return the answer; None for one that points elsewhere. Errors are the SDK's, with the same causes."""
        try:
            with way.tell_errors():
                async with way.session.post(
                    way.url,
                    data=content,
                    headers=way.headers,
                    timeout=way.timeout,
                    allow_redirects=False,
                    auto_decompress=False,
                ) as answer:
                    body = await answer.read()
        except httpx2.TimeoutException as error:
            raise openai.APITimeoutError(request=way.request) from error
        except (httpx2.RequestError, ssl.SSLError) as error:
            raise openai.APIConnectionError(request=way.request) from error
        plain = PlainAnswer(answer.status, answer.raw_headers, body, way.request)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES and "content-encoding" not in plain.headers:
            return plain
        response = plain.as_response(answer.reason)
        if response.has_redirect_location and answer.status not in LOSING:
            return None
        if response.is_success:
            return response
        raise self._make_status_error_from_response(response)

    @contextlib.asynccontextmanager
    async def post_for_words(self, path: str, content: bytes) -> AsyncIterator[httpx2.Response]:
        """Yield the raw answer while it comes; raise what the SDK raises."""
        stream = await self.post(
            path, cast_to=object, content=content, stream=True, stream_cls=openai.AsyncStream[object]
        )
        try:
            yield stream.response
        finally:
            await stream.response.aclose()

    def _build_request(self, options: Any, *, retries_taken: int = 0) -> httpx2.Request:
        if options.url not in self._first:
            request = super()._build_request(options, retries_taken=retries_taken)
            request.headers.pop("content-length", None)  # aiohttp counts every body itself
            self._first[options.url] = (options, request)
            return request
        first = self._first[options.url][1]
        body = httpx2.ByteStream(options.content)
        request = httpx2.Request(first.method, first.url, stream=body, extensions=first.extensions)
        request.read()
        request.headers = first.headers
        return request


class _ShortWay(openai.DefaultAioHttpClient):
    """The SDK's client on aiohttp, straight to its transport; the long way where an answer points elsewhere."""

    async def send(self, request: httpx2.Request, *, stream: bool = False, **how: Any) -> httpx2.Response:
        """Send the request and read the answer; without cookies, and without hooks, of which there are none here."""
        find_transport = getattr(self, "_transport_for_url", None)
        if stream or how or request.url.userinfo or find_transport is None:
            return _find_lost(await super().send(request, stream=stream, **how))
        response: httpx2.Response = await find_transport(request.url).handle_async_request(request)
        try:
            await response.aread()
        except BaseException:
            await response.aclose()
            raise
        if response.has_redirect_location and response.status_code not in LOSING:
            return await super().send(request)
        response.request = request
        return response


def _find_lost(response: httpx2.Response) -> httpx2.Response:
    """Return the answer that lost what the request carried, if one did on the way to this one."""
    return next((one for one in response.history if one.status_code in LOSING), response)
