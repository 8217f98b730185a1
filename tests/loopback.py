"""The standard library's web server, as tests want it: nobody waits for it, and it says nothing."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class LoopbackHandler(BaseHTTPRequestHandler):
    """Keeps connections, and sends head and body together: apart, the body waits 40 ms for word that the head came."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class LoopbackServer(ThreadingHTTPServer):
    """Serves in a thread while it is entered.

    It lets a whole run's first requests in at once: with the usual five, others would knock again a second later.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: Any) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        """Start listening."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self.shutdown()
        self._thread.join()
        self.server_close()
