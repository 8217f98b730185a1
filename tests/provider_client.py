"""The real client, asking the loopback provider the usual things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai
from openai_server import OpenAIServer

QUOTE = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "feeling": {"enum": ["liked", "confused", "disliked"]}},
    "required": ["text", "feeling"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "stopped": {"type": "boolean"},
        "action": {"type": "string", "enum": ["click", "hide", "read", "save", "share"]},
        "objection": {"type": ["string", "null"], "maxLength": 30},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
        "level": {"type": "integer", "minimum": 1, "maximum": 5},
        "quotes": {"type": "array", "items": {"$ref": "#/$defs/Quote"}, "maxItems": 3},
        "nearest": {"anyOf": [{"$ref": "#/$defs/Quote"}, {"type": "null"}]},
    },
    "required": ["stopped", "action", "objection", "code", "level", "quotes", "nearest"],
    "additionalProperties": False,
    "$defs": {"Quote": QUOTE},
}
PAGE = 'George thinks: "Too dear."\nGeorge does: scrolls past\n\nMaya reads: Get paid in the chat.\nMaya thinks:'


def connect(server: OpenAIServer, key: str = "test-key") -> openai.OpenAI:
    """Return the real client without retries."""
    return openai.OpenAI(base_url=server.base_url, api_key=key, max_retries=0)


@asynccontextmanager
async def connect_async(server: OpenAIServer) -> AsyncIterator[openai.AsyncOpenAI]:
    """Yield the real asynchronous client on aiohttp, without retries."""
    http_client = openai.DefaultAioHttpClient()
    async with openai.AsyncOpenAI(
        base_url=server.base_url, api_key="test-key", max_retries=0, http_client=http_client
    ) as client:
        yield client


def chat(server: OpenAIServer, text: str = "Maya reads a draft on invoices", **parameters: Any) -> Any:
    """Return the answer to one chat request."""
    parameters.setdefault("model", "m")
    with connect(server) as client:
        return client.chat.completions.create(messages=[{"role": "user", "content": text}], **parameters)


def complete(server: OpenAIServer, prompt: str | list[str] = PAGE, **parameters: Any) -> Any:
    """Return the answer to one completion request."""
    with connect(server) as client:
        return client.completions.create(model="m", prompt=prompt, **parameters)


def embed(server: OpenAIServer, texts: list[str], **parameters: Any) -> Any:
    """Return the answer to one embedding request."""
    with connect(server) as client:
        return client.embeddings.create(model="m", input=texts, **parameters)


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that ask for a structured reply."""
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "r", "strict": True, "schema": schema}}}


def list_outcomes(server: OpenAIServer, texts: list[str]) -> dict[str, bool]:
    """Return which texts were answered when all are asked at once."""

    async def ask_one(client: openai.AsyncOpenAI, text: str) -> bool:
        try:
            await client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}])
        except openai.RateLimitError:
            return False
        return True

    async def ask_all() -> dict[str, bool]:
        async with connect_async(server) as client:
            return dict(zip(texts, await asyncio.gather(*(ask_one(client, text) for text in texts)), strict=True))

    return asyncio.run(ask_all())
