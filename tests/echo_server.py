"""A provider with no manners: whatever it answers repeats the key it was sent, in bodies and in headers."""

from __future__ import annotations

import contextlib
import json
from types import TracebackType
from typing import Any, Self

from loopback import LoopbackHandler, LoopbackServer
from scripted import reading

RATINGS = {"relevance": 4, "clarity": 5, "trust": 3, "appeal": 2, "intent": 4}


class EchoServer:
    """Answers as `mode` says: "ok", an HTTP status such as "401", "text", "broken" (no form at all) or "dropped"."""

    def __init__(self) -> None:
        self.mode = "ok"
        self.heard: list[str] = []
        echo = self

        class Handler(LoopbackHandler):
            """Reads a request and repeats its headers."""

            def do_POST(self) -> None:  # noqa: N802 - the standard library's name
                """Answer a question."""
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                said = f"{self.path} {self.headers.get('Authorization')} {dict(self.headers)}"
                echo.heard.append(said)
                if echo.mode == "dropped":
                    self.close_connection = True
                    return
                status = int(echo.mode) if echo.mode.isdigit() else 200
                body = write_answer(echo.mode, said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if echo.mode == "text" else "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Echo", str(self.headers.get("Authorization")))
                with contextlib.suppress(ConnectionError):
                    self.end_headers()
                    self.wfile.write(body)

            def do_GET(self) -> None:  # noqa: N802 - the standard library's name
                """Answer what asks for models."""
                self.do_POST()

        self._server = LoopbackServer(Handler)
        self.address = self._server.address

    def __enter__(self) -> Self:
        """Start listening."""
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.__exit__(kind, error, trace)


def write_answer(mode: str, said: str) -> str:
    """Return a body that repeats what was said."""
    if mode == "text":
        return f"<html>{said}</html>"
    if mode.isdigit():
        return json.dumps({"error": {"message": f"Incorrect API key provided: {said}", "type": said, "code": None}})
    content = json.dumps(reading(verbatim=f"My key is {said}", objection=said, ratings=RATINGS))
    message: Any = said if mode == "broken" else {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps({"id": said, "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})
