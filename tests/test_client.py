"""Many requests through one client: each as the SDK would have sent it, and as many at once as asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import openai
from aiohttp import web
from openai_server import OpenAIServer

from toolkit.engines.client import SteadyClient

PATH = "/chat/completions"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def serve(handler: Handler) -> tuple[web.AppRunner, str]:
    """Answer everything with the handler on a loopback port; return what ends it, and the address."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


def test_later_requests_are_as_the_sdk_sends_them() -> None:
    """Address and headers are those of the SDK's own client for every request; the body is each one's own."""
    heard: list[tuple[str, dict[str, str], Any]] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append((request.path_qs, dict(request.headers), await request.json()))
        return web.json_response({"choices": []})

    async def ask() -> None:
        runner, address = await serve(hear)
        options: dict[str, Any] = {"api_key": "k-1", "base_url": f"{address}/v1/", "default_query": {"version": "2"}}
        async with openai.AsyncOpenAI(**options, http_client=openai.DefaultAioHttpClient()) as plain:
            await plain.post(PATH, cast_to=object, body={"number": 3})
        async with SteadyClient(**options) as client:
            for body in ({"number": 1}, {"word": "zwölf"}, {"number": 3}):
                answer = await client.post_json(PATH, json.dumps(body, separators=(",", ":")).encode())
                assert answer.json() == {"choices": []}
        await runner.cleanup()

    asyncio.run(ask())
    assert [body for _, _, body in heard] == [{"number": 3}, {"number": 1}, {"word": "zwölf"}, {"number": 3}]
    assert {path for path, _, _ in heard} == {"/v1/chat/completions?version=2"}
    assert heard[0][1] == heard[3][1]
    assert heard[0][1]["Authorization"] == "Bearer k-1"
    assert heard[0][1]["Content-Type"] == "application/json"


def test_an_answer_that_points_elsewhere_is_followed() -> None:
    """A redirect leads to the answer, with the same body."""

    async def point(request: web.Request) -> web.Response:
        if request.path.startswith("/old"):
            raise web.HTTPTemporaryRedirect(request.path.replace("/old", "/new"))
        return web.json_response({"heard": await request.json(), "at": request.path})

    async def ask() -> list[Any]:
        runner, address = await serve(point)
        async with SteadyClient(api_key="k", base_url=f"{address}/old") as client:
            answers = [(await client.post_json(PATH, b'{"number":%d}' % number)).json() for number in (1, 2)]
        await runner.cleanup()
        return answers

    expected = [{"heard": {"number": number}, "at": "/new/chat/completions"} for number in (1, 2)]
    assert asyncio.run(ask()) == expected


def test_more_than_a_hundred_are_on_their_way_at_once() -> None:
    """No hidden limit of connections keeps requests back that were given leave to go."""
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hello"}]}).encode()

    async def ask(server: OpenAIServer) -> None:
        async with SteadyClient(api_key="test-key", base_url=server.base_url) as client:
            asked = [asyncio.create_task(client.post_json(PATH, body)) for _ in range(130)]
            await asyncio.to_thread(server.wait_for, 130)
            server.release()
            await asyncio.gather(*asked)

    with OpenAIServer() as server:
        server.hold()
        asyncio.run(ask(server))
        assert server.most_in_flight == 130


async def meet_trouble(request: web.Request) -> web.StreamResponse:
    """Answer the first request well, and each later one as its body says."""
    said = await request.json()
    if said["do"] == "drop":
        assert request.transport is not None
        request.transport.close()
        return web.Response()
    if said["do"] == "sleep":
        await asyncio.sleep(60)
    headers = {"x-ratelimit-remaining-requests": "3", "retry-after": "7"}
    response = web.json_response({"error": {"message": "busy", "code": "slow"}}, status=said["status"], headers=headers)
    if said["do"] == "zip":
        response.enable_compression(web.ContentCoding.gzip)
    return response


def describe_error(error: openai.APIError) -> tuple[Any, ...]:
    """Return what the engine reads of an error of the SDK."""
    causes, cause = [], error.__cause__
    while cause is not None:
        causes.append(type(cause).__name__)
        cause = cause.__cause__
    if isinstance(error, openai.APIStatusError):
        headers = {name: error.response.headers.get(name) for name in ("retry-after", "content-type")}
        return type(error), str(error), error.body, error.response.status_code, headers, error.response.content, causes
    return type(error), str(error), str(error.request.url), causes


def test_later_requests_meet_the_errors_of_the_first() -> None:
    """Statuses, dropped connections and timeouts are the SDK's errors, with the same causes, on either way."""
    troubles = [
        {"do": "say", "status": 429},
        {"do": "zip", "status": 503},
        {"do": "say", "status": 401},
        {"do": "say", "status": 304},
        {"do": "drop", "status": 0},
        {"do": "sleep", "status": 0},
    ]

    async def fail(client: SteadyClient, body: dict[str, Any]) -> tuple[Any, ...]:
        try:
            await client.post_json(PATH, json.dumps(body).encode())
        except openai.APIError as error:
            return describe_error(error)
        raise AssertionError("the request was answered")

    async def ask() -> list[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        runner, address = await serve(meet_trouble)
        options: dict[str, Any] = {"api_key": "k", "base_url": f"{address}/v1", "timeout": 0.5}
        found = []
        for body in troubles:
            async with SteadyClient(**options) as fresh, SteadyClient(**options) as used:
                await used.post_json(PATH, b'{"do":"say","status":200}')
                found.append((await fail(fresh, body), await fail(used, body)))
        await runner.cleanup()
        return found

    for first, later in asyncio.run(ask()):
        assert first == later


def test_a_zipped_answer_is_read_on_either_way() -> None:
    """Answers that come compressed, and headers that come twice, read the same for the first request and later ones."""

    async def zip_it(request: web.Request) -> web.Response:
        response = web.json_response({"heard": await request.json(), "more": "x" * 2_000})
        response.headers.add("x-limit", "1")
        response.headers.add("x-limit", "2")
        if "zip" in await request.text():
            response.enable_compression(web.ContentCoding.gzip)
        return response

    async def ask() -> list[Any]:
        runner, address = await serve(zip_it)
        async with SteadyClient(api_key="k", base_url=address) as client:
            answers = [await client.post_json(PATH, b'"%s"' % word) for word in (b"zip", b"zip", b"plain", b"plain")]
        await runner.cleanup()
        return [(answer.json()["heard"], len(answer.text), answer.headers["x-limit"]) for answer in answers]

    zipped, again, plain, last = asyncio.run(ask())
    assert zipped == again
    assert plain == last == ("plain", len(json.dumps({"heard": "plain", "more": "x" * 2_000})), "1, 2")
