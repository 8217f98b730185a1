"""The door of the page: who may ask for it, under which name, and what may run in it."""

from __future__ import annotations

import contextlib
import http.client
import importlib
import importlib.metadata
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import ROOT, Log, find_port
from conftest import Command

import toolkit
from toolkit.cli.door import FrontDoor
from toolkit.config import sharing

SWITCHED = 101
WHOLE = {
    "redirect_uri": "https://audience.example.org/oauth2callback",
    "cookie_secret": "c" * 40,
    "client_id": "page",
    "client_secret": "nothing to hide",
    "server_metadata_url": "https://id.example.org/.well-known/openid-configuration",
}


def write_auth(folder: Path, **changes: str | None) -> None:
    """Write a file of secrets whose section `[auth]` is whole but for the changes; None leaves a name out."""
    (folder / ".streamlit").mkdir(exist_ok=True)
    lines = [f"{name} = {value!r}" for name, value in {**WHOLE, **changes}.items() if value is not None]
    (folder / ".streamlit" / "secrets.toml").write_text("\n".join(["[auth]", *lines]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": None, "clientid": "page"}, "unknown name 'clientid'; did you mean 'client_id'?"),
        ({"client_secret": None}, "client_secret is missing"),
        ({"client_id": "..."}, "client_id is missing"),
        ({"cookie_secret": None}, "cookie_secret is missing"),
        ({"cookie_secret": "short"}, "cookie_secret can be guessed"),
        ({"server_metadata_url": "id.example.org"}, "server_metadata_url is no address"),
        ({"redirect_uri": "https://audience.example.org/"}, "redirect_uri is no address of the page"),
        ({"redirect_uri": "http://audience.example.org/oauth2callback"}, "over plain http"),
        ({"allowed_domain": "example.org"}, "did you mean 'allowed_domains'?"),
        ({"allowed_domains": []}, "allowed_domains is empty"),
        ({"allowed_domains": ["ada@example.org"]}, "'ada@example.org' is not one; write such as 'example.org'"),
        ({"allowed_people": ["example.org"]}, "'example.org' is not one; write such as 'ada@example.org'"),
        ({"server_metadata_url": "https://accounts.google.com/.well-known/openid-configuration"}, "signs in anybody"),
    ],
)
def test_a_section_that_protects_half_is_refused(changes: dict[str, object], said: str) -> None:
    """Whatever is missing, misspelt or weak in `[auth]` is refused in one line, with the right name."""
    section = {name: value for name, value in {**WHOLE, **changes}.items() if value is not None}
    with pytest.raises(toolkit.InputError) as caught:
        sharing.read_sharing({"auth": section})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"dollars_per_day": 2}, "unknown name 'dollars_per_day'; did you mean 'dollars_a_day'?"),
        ({"dollars_a_day": -1}, "dollars_a_day is no amount"),
        ({"dollars_a_day": True}, "dollars_a_day is no amount"),
        ({"addresses": ["api.example.org"]}, "'api.example.org' is no address"),
        ({"price": [1]}, "price is not two numbers"),
    ],
)
def test_limits_that_mean_nothing_are_refused(section: dict[str, object], said: str) -> None:
    """A limit that is misspelt or no amount is refused, for it would limit nothing."""
    with pytest.raises(toolkit.InputError, match="sharing") as caught:
        sharing.read_sharing({"auth": WHOLE, "sharing": section})
    assert said in str(caught.value)


def test_a_section_under_another_name_is_refused() -> None:
    """`[aut]` protects nothing, and limits without sign-in belong to nobody."""
    for secrets in ({"aut": WHOLE}, {"sharing": {"dollars_a_day": 1}}, {"auth": "yes"}):
        with pytest.raises(toolkit.InputError, match=r"\[auth\]"):
            sharing.read_sharing(secrets)


def test_several_providers_are_each_whole() -> None:
    """A provider with a name of its own needs all that one without a name needs."""
    general = {name: WHOLE[name] for name in ("redirect_uri", "cookie_secret")}
    own = {name: WHOLE[name] for name in ("client_id", "client_secret", "server_metadata_url")}
    assert sharing.read_sharing({"auth": {**general, "work": own}}).providers == ("work",)
    with pytest.raises(toolkit.InputError, match=r"\[auth\.work\]: client_secret is missing"):
        sharing.read_sharing({"auth": {**general, "work": {**own, "client_secret": ""}}})


@pytest.mark.parametrize(
    ("claims", "welcome"),
    [
        ({"email": "Ada@Example.org"}, True),
        ({"email": "grace@partner.com"}, True),
        ({"email": "ada@example.org", "email_verified": False}, False),
        ({"email": "ada@sub.example.org"}, False),
        ({"email": "ada@example.org.evil.com"}, False),
        ({"email": "other@partner.com"}, False),
        ({"email": "example.org"}, False),
        ({"sub": "7", "name": "ada@example.org"}, False),
    ],
)
def test_only_those_named_come_in(claims: dict[str, object], *, welcome: bool) -> None:
    """A verified address in an allowed domain, or one that is named itself, comes in; all others stay out."""
    section = {**WHOLE, "allowed_domains": ["example.org"], "allowed_people": ["Grace@partner.com"]}
    assert sharing.read_sharing({"auth": section}).admits(claims) is welcome


def test_a_shared_page_takes_addresses_of_the_list_alone() -> None:
    """The machine's own address and those of the list may be used; typed ones lead nowhere else."""
    rules = sharing.read_sharing({"auth": WHOLE, "sharing": {"addresses": ["https://api.example.org/v1/"]}})
    assert rules.allows_address("https://api.example.org/v1", "http://machine/v1")
    assert rules.allows_address("http://machine/v1/", "http://machine/v1")
    assert not rules.allows_address("http://169.254.169.254/latest", "http://machine/v1")
    assert sharing.Sharing().allows_address("http://anywhere/v1", "")


@pytest.mark.slow
def test_nothing_incomplete_is_served(process: Command, tmp_path: Path) -> None:
    """A misspelt name is exit 2 with the right one, for an address of others and for this machine's."""
    for host in ("0.0.0.0", "::", "127.0.0.1"):  # noqa: S104 - what is refused
        write_auth(tmp_path / "work", client_id=None, clientid="page")
        found = process("app", "--host", host, "--no-browser")
        assert found.returncode == 2, found.stdout
        assert found.stderr.splitlines()[-1].endswith("unknown name 'clientid'; did you mean 'client_id'?")
    (tmp_path / "work" / ".streamlit" / "secrets.toml").write_text("[auth\n")
    found = process("app", "--no-browser")
    assert found.returncode == 2
    assert "the file of secrets cannot be read" in found.stderr


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve the page on the other loopback address, and return its port."""
    port, folder = find_port(), tmp_path_factory.mktemp("served")
    with subprocess.Popen(
        [sys.executable, "-m", "toolkit", "app", "--host", "::1", "--port", str(port), "--no-browser"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        log = Log(process)
        try:
            log.wait_for(f"http://[::1]:{port}")
            yield port
        finally:
            process.terminate()
            log.wait_for_end()
    assert "Traceback" not in log.text


def ask(port: int, path: str = "/", **headers: str) -> tuple[int, http.client.HTTPMessage, str]:
    """Ask the page for a path, with these headers; return status, headers and body."""
    with contextlib.closing(http.client.HTTPConnection("::1", port, timeout=30)) as connection:
        connection.putrequest("GET", path, skip_host=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        with connection.getresponse() as found:
            return found.status, found.headers, "" if found.status == SWITCHED else found.read().decode()


@pytest.mark.slow
@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_the_other_loopback_address_is_served(served: int) -> None:
    """`--host ::1` serves the page."""
    status, _, body = ask(served, Host=f"[::1]:{served}")
    assert status == 200
    assert "Streamlit" in body


@pytest.mark.slow
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "localhost", "127.0.0.1:{port}@evil", ""]
)
def test_a_request_under_another_name_is_refused(served: int, host: str) -> None:
    """A website that points its own name at this machine gets one line, and nothing of the page."""
    status, _, said = ask(served, Host=host.format(port=served))
    assert status in {400, 421}
    assert len(said.splitlines()) == 1
    assert "Streamlit" not in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "origin", ["http://localhost:1", "https://evil.example", "null", "http://127.0.0.1", "https://localhost:{port}"]
)
def test_other_pages_are_refused(served: int, origin: str) -> None:
    """Another origin is refused, one of this machine with another port too, by page and by socket."""
    own, other = {"Host": f"localhost:{served}"}, origin.format(port=served)
    assert ask(served, "/_stcore/health", **own, Origin=other)[0] == 403
    handshake = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }  # fmt: skip
    assert ask(served, "/_stcore/stream", **own, **handshake, Origin=other)[0] == 403
    assert ask(served, "/_stcore/stream", **own, **handshake, Origin=f"http://localhost:{served}")[0] == SWITCHED


@pytest.mark.slow
def test_nobody_frames_the_page(served: int) -> None:
    """Every answer says that no page may frame this one, and which scripts may run."""
    for path in ("/", "/_stcore/health", "/media/none.png"):
        _, headers, _ = ask(served, path, Host=f"127.0.0.1:{served}")
        policy = headers["Content-Security-Policy"] or ""
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]


def test_the_door_knows_names_however_they_are_written() -> None:
    """The usual port may be left out, case and a final dot do not matter."""
    door = FrontDoor(None, ["https://Audience.example.org", "http://[::1]:8501", "http://localhost:{port}"])  # type: ignore[arg-type]
    for host, scheme, let_in in (
        ("audience.example.org", "https", True),
        ("AUDIENCE.example.org.:443", "https", True),
        ("audience.example.org", "http", True),
        ("[::1]:8501", "http", True),
        ("::1:8501", "http", False),
        ("[::1]", "http", False),
        ("audience.example.org:8443", "https", False),
        ("", "http", False),
        ("a b", "http", False),
        ("localhost:99999", "http", False),
    ):
        scope = {"type": "http", "scheme": scheme, "path": "/", "headers": [(b"host", host.encode())]}
        assert (door._find_refusal(scope) is None) is let_in, host


def test_streamlit_looks_through_no_other_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Streamlit would call before it serves finds nothing, at once; a version without it is served as well."""
    scanner = importlib.import_module("streamlit.components.v2.manifest_scanner")
    serving = importlib.import_module("toolkit.cli.app")
    monkeypatch.setattr(scanner, "scan_component_manifests", scanner.scan_component_manifests)
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: pytest.fail("packages were looked through"))
    serving._skip_scan()
    assert scanner.scan_component_manifests() == []
    monkeypatch.delattr(scanner, "scan_component_manifests")
    serving._skip_scan()
    assert not hasattr(scanner, "scan_component_manifests")
