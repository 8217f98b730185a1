"""A loopback OpenID Connect provider that signs in one person without asking."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "audience-page"


class OIDCProvider:
    """Serves discovery, authorisation, tokens and keys on a loopback port; everybody is `person`."""

    def __init__(self, person: dict[str, str]) -> None:
        self.person = person
        self.address = ""
        self._key = RSAKey.generate_key(2048, parameters={"kid": "test", "alg": "RS256", "use": "sig"})
        self._nonces: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Start listening."""
        ready: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{ready.result()}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self, ready: concurrent.futures.Future[int]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        application = web.Application()
        application.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._describe),
                web.get("/authorize", self._authorise),
                web.post("/token", self._issue),
                web.get("/keys", self._list_keys),
            ]
        )
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.set_result(runner.addresses[0][1])
        await self._stop.wait()
        await runner.cleanup()

    async def _describe(self, request: web.Request) -> web.Response:  # noqa: ARG002 - the handler's signature
        return web.json_response(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _authorise(self, request: web.Request) -> web.Response:
        code = f"code-{len(self._nonces)}"
        self._nonces[code] = request.query.get("nonce", "")
        back = urlencode({"code": code, "state": request.query["state"]})
        raise web.HTTPFound(f"{request.query['redirect_uri']}?{back}")

    async def _issue(self, request: web.Request) -> web.Response:
        form = await request.post()
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 600, **self.person}
        claims["nonce"] = self._nonces[str(form["code"])]
        token = jwt.encode({"alg": "RS256", "kid": "test"}, claims, self._key)
        return web.json_response({"access_token": "none", "token_type": "Bearer", "id_token": token})

    async def _list_keys(self, request: web.Request) -> web.Response:  # noqa: ARG002 - the handler's signature
        return web.json_response({"keys": [self._key.as_dict(private=False)]})
