"""The official SDK, sending many requests to few paths: what they share is worked out once.

Addresses, keys, headers, errors and the connections themselves are the SDK's. Left out is what it does anew for every
request and what a run has no use for, which together took 40 % of a run's processor time
(`benchmarks/throughput.py`).
"""

from __future__ import annotations

import contextlib
import functools
import os
import ssl
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

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


class SteadyClient(openai.AsyncOpenAI):
    """Posts JSON. The SDK builds the first request to a path; each later one is the same with another body.

    Where a version of the SDK or of its HTTP client lacks a method that stands here, requests only take longer.
    """

    def __init__(self, **options: Any) -> None:
        limits = httpx2.Limits(max_connections=_NO_LIMIT)
        http_client = _ShortWay(limits=limits, verify=load_certificates())
        super().__init__(max_retries=0, http_client=http_client, **options)
        self._first: dict[str, tuple[Any, httpx2.Request]] = {}

    @property
    def user_agent(self) -> str:
        """The SDK's own name and version."""
        return f"{openai.AsyncOpenAI.__name__}/Python {openai.__version__}"

    async def post_json(self, path: str, content: bytes) -> httpx2.Response:
        """Return the raw answer; raise what the SDK raises."""
        if path not in self._first:
            return await self.post(path, cast_to=httpx2.Response, content=content)
        options = self._first[path][0].model_copy(update={"content": content})
        return await self.request(httpx2.Response, options)

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
