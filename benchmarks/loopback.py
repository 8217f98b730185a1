"""A provider that costs next to no processor time: one canned answer, late by a fixed time, from one process.

`python benchmarks/loopback.py SECONDS` prints its address and serves until standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading

REACTION = {
    "first_glance": "stop",
    "action": "click",
    "verbatim": "That would save me chasing people for money every Friday.",
    "objection": None,
    "quotes": [{"text": "in the chat", "feeling": "liked"}],
    "ratings": {"relevance": 4, "clarity": 5, "trust": 3, "appeal": 4, "intent": 4},
}
USAGE = {"prompt_tokens": 700, "completion_tokens": 100, "total_tokens": 800}
_MESSAGE = {"role": "assistant", "content": json.dumps(REACTION), "refusal": None}
_CHOICE = {"index": 0, "message": _MESSAGE, "finish_reason": "stop", "logprobs": None}
_BODY = json.dumps({
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [_CHOICE], "usage": USAGE,
}).encode()  # fmt: skip
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
_LENGTH = b"content-length:"


class Connection(asyncio.Protocol):
    """Reads requests as far as their length and answers each after the given time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer on."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end].lower()
            at = head.find(_LENGTH)
            length = int(head[at + len(_LENGTH) :].split(b"\r\n")[0]) if at >= 0 else 0
            if len(self._data) < end + 4 + length:
                return
            self._data = self._data[end + 4 + length :]
            asyncio.get_running_loop().call_later(self._seconds, self._answer)

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(_HEAD + _BODY)  # type: ignore[attr-defined]


async def serve(seconds: float) -> None:
    """Serve on a free loopback port until standard input closes."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    server = await loop.create_server(lambda: Connection(seconds), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)

    def wait_for_the_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    await over.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
