"""A provider with no manners: whatever it answers repeats the key it was sent, in bodies and in headers."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from scripted import reading

RATINGS = {"relevance": 4, "clarity": 5, "trust": 3, "appeal": 2, "intent": 4}


class EchoServer:
    """Answers as `mode` says: "ok", an HTTP status such as "401", "text", "broken" (no form at all) or "dropped"."""

    def __init__(self) -> None:
        self.mode = "ok"
        self.heard: list[str] = []
        echo = self

        class Handler(BaseHTTPRequestHandler):
            """Reads a request and repeats its headers."""

            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
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

            def do_GET(self) -> None:
                """Answer what asks for models."""
                self.do_POST()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Start listening."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


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
