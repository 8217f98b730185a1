"""The door of the page: requests that were not meant for it go no further, and no other page may frame or script it.

A website can point its own name at this machine and would then read whatever is served here: DNS rebinding. So a
request must name the page as it is served, in `Host`, and a page that asks must be the page itself, by `Origin`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_MISDIRECTED, _FORBIDDEN = 421, 403
_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' {scripts} 'unsafe-eval' blob:",  # charts compile their expressions, parts are blobs
    "style-src": "'self' 'unsafe-inline'",  # Streamlit writes its styles as it draws
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' {socket}",
    "worker-src": "'self' blob:",
    "frame-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
_FILES = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"
"""For what the page hands out as files: opened by itself it is shown, and nothing in it runs."""
_HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_NONE = ("", "")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class FrontDoor:
    """An ASGI middleware that lets in what was sent to one of the `origins` alone, such as "http://127.0.0.1:8501".

    `scripts` are the digests of the scripts that stand in the page itself; no other script in a page runs.
    """

    def __init__(self, app: Application, origins: Collection[str], scripts: Collection[str] = ()) -> None:
        self._app = app
        self._scripts = " ".join(f"'{digest}'" for digest in scripts)
        self._origins = {_normalise(origin) for origin in origins} - {_NONE}
        self._hosts = {host for _, host in self._origins}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand a request on, or refuse it in one line; every answer carries the policy."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self._find_refusal(scope)
        if refusal is not None:
            await refuse(scope, send, *refusal)
            return
        headers = _make_headers(scope, self._scripts)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = set(headers)
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in names]
                message = {**message, "headers": [*kept, *headers.items()]}
            await send(message)

        await self._app(scope, receive, answer)

    def _find_refusal(self, scope: Message) -> tuple[int, str] | None:
        """Return status and line of why a request is not for this page; None for one that is."""
        hosts, origins = (_list_values(scope, name) for name in (b"host", b"origin"))
        if len(hosts) != 1 or _normalise(f"{scope.get('scheme', 'http')}://{hosts[0]}")[1] not in self._hosts:
            names = " or ".join(sorted(f"{scheme}://{host}" for scheme, host in self._origins))
            return _MISDIRECTED, f"This page is not served under that name. Open {names}."
        if any(_normalise(origin) not in self._origins for origin in origins):
            return _FORBIDDEN, "Another site asked for this page. Open it by its own address."
        return None


def _make_headers(scope: Message, scripts: str) -> dict[bytes, bytes]:
    host = _list_values(scope, b"host")[0]
    is_file = "/media/" in scope["path"]
    socket = f"ws://{host} wss://{host}"
    rules = (f"{name} {value}" for name, value in _POLICY.items())
    policy = _FILES if is_file else "; ".join(rules).format(socket=socket, scripts=scripts)
    return {name.encode(): value.encode() for name, value in {**_HEADERS, "content-security-policy": policy}.items()}


async def refuse(scope: Message, send: Send, status: int, line: str) -> None:
    """Answer a request with one line; a socket is closed before it is open."""
    if scope["type"] == "websocket":  # closed before it is accepted: the server answers 403
        await send({"type": "websocket.close", "code": 1008, "reason": line})
        return
    body = f"{line}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _list_values(scope: Message, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _normalise(origin: str) -> tuple[str, str]:
    """Return scheme and host of an origin, with the port if it is not the usual one; two empty texts for none."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return _NONE
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None or parts.path.strip("/"):
        return _NONE
    name = parts.hostname.rstrip(".")
    bracketed = f"[{name}]" if ":" in name else name
    is_usual = port is None or port == _PORTS[parts.scheme]
    return parts.scheme, bracketed if is_usual else f"{bracketed}:{port}"
