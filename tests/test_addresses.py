"""Addresses of endpoints: credentials in them work and are seen nowhere; one that sends requests on says so."""

from __future__ import annotations

import base64
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from openai_server import OpenAIServer

import toolkit
from toolkit.engines.reaching import list_models, split_credentials
from toolkit.errors import EngineUnavailable
from toolkit.models import Draft

WORD = "sw0rdfish!"
DRAFT = Draft(id="a", text="Jam, made on Sunday.")
OPTIONS: dict[str, Any] = {"model": "m", "rating": "direct", "sample": 2, "control": False, "objective": "read"}


def with_credentials(url: str) -> str:
    """Return the address with a user and a password that must be quoted."""
    return url.replace("//", "//ada%40jam:sw0rdfish%21@")


@contextmanager
def sending_on(status: int, target: str) -> Iterator[tuple[str, list[int]]]:
    """Serve an address that sends every request on, and note how long their bodies were."""
    lengths: list[int] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            lengths.append(length)
            self.send_response(status)
            self.send_header("Location", target + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/v1", lengths
        serving.shutdown()


def test_user_and_password_of_an_address_are_sent(server: OpenAIServer) -> None:
    """They go as a header, whatever key there is, and the run comes."""
    run = toolkit.run(
        DRAFT, "uk-small-sellers", base_url=with_credentials(server.base_url), api_key="sk-unused-here", **OPTIONS
    )
    assert run.is_complete
    assert set(server.keys) == {f"Basic {base64.b64encode(f'ada@jam:{WORD}'.encode()).decode()}"}
    assert WORD not in run.methods.model_dump_json()
    assert list_models(with_credentials(server.base_url)).models == ("m",)


@pytest.mark.parametrize(
    ("url", "plain", "pair"),
    [
        ("https://ada:x@h.example/v1", "https://h.example/v1", "ada:x"),
        ("https://ada@h.example:8000/v1?a=b", "https://h.example:8000/v1?a=b", "ada:"),
        ("https://ada:a%2Fb%40c@h.example", "https://h.example", "ada:a/b@c"),
        ("https://ada:x@[::1]:80/v1", "https://[::1]:80/v1", "ada:x"),
    ],
)
def test_an_address_is_told_from_its_credentials(url: str, plain: str, pair: str) -> None:
    """Quoted characters are undone; port, path and query stay."""
    assert split_credentials(url) == (plain, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"})
    assert split_credentials(plain) == (plain, {})


@pytest.mark.slow
@pytest.mark.parametrize("form", ["option", "environment"])
def test_the_command_shows_no_password(form: str, command: Command, server: OpenAIServer, tmp_path: Path) -> None:
    """Neither output, run folder nor store holds it, when all goes well and when nothing answers."""
    (tmp_path / "work" / "draft.txt").write_text("Jam, made on Sunday.")
    told = ("run", "draft.txt", "--audience", "uk-small-sellers", "--model", "m", "--rating", "direct", "--sample", "2")
    for address, code in ((server.base_url, 0), ("http://127.0.0.1:9/v1", 2)):
        url = with_credentials(address)
        named = (("--base-url", url), {}) if form == "option" else ((), {"OPENAI_BASE_URL": url})
        done = command(*told, *named[0], "-v", "--seed", "1" if code else "0", **named[1])
        assert done.returncode == code, done.stderr
        assert not [word for word in (WORD, "sw0rdfish%21") if word in done.stdout + done.stderr]
        assert code == 0 or len(done.stderr.strip().splitlines()) == 1
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert b"sw0rdfish" not in path.read_bytes(), path


@pytest.mark.parametrize("status", [HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER])
def test_an_address_that_loses_requests_says_where_it_leads(status: HTTPStatus, server: OpenAIServer) -> None:
    """The run ends at the first such answer with the address to give instead; nothing empty is sent there."""
    target = server.base_url.removesuffix("/v1")
    with sending_on(status, target) as (url, lengths), pytest.raises(EngineUnavailable) as caught:
        toolkit.run(DRAFT, "uk-small-sellers", base_url=url, **OPTIONS)
    assert f"{url}/ sends requests on to {server.base_url}, and what they carry is lost" in str(caught.value)
    assert "base_url" in str(caught.value)
    assert all(lengths)
    assert server.requests == []


@pytest.mark.parametrize("status", [HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT])
def test_an_address_that_keeps_requests_whole_is_followed(status: HTTPStatus, server: OpenAIServer) -> None:
    """307 and 308 send the request on as it is."""
    with sending_on(status, server.base_url.removesuffix("/v1")) as (url, _):
        assert toolkit.run(DRAFT, "uk-small-sellers", base_url=url, **OPTIONS).is_complete
