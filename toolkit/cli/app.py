"""`audience app`: the page in a browser, on this machine only unless people sign in."""

from __future__ import annotations

import base64
import contextlib
import gc
import hashlib
import importlib
import importlib.util
import inspect
import ipaddress
import os
import re
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli import upload_limits
from toolkit.cli.door import FrontDoor
from toolkit.cli.options import option
from toolkit.errors import InputError, needing

if TYPE_CHECKING:
    from toolkit.config import sharing

_LOOPBACK = "127.0.0.1"
_LOOK = {
    "theme.light.primaryColor": "#0a569e",
    "theme.dark.primaryColor": "#5aaaf0",
    "theme.baseRadius": "medium",
    "theme.headingFontSizes": ["1.9rem", "1.4rem", "1.2rem"],
}
_FIRST = ("client_view", "drafts")
"""Modules of the page that bring nearly all others, in the order in which the page loads them."""
_SCAN = "scan_component_manifests"
"""What Streamlit calls before it serves, for 0.2 s among 200 packages."""
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@click.command()
@option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, metavar="N", help="Port to serve on.")
@option(
    "--host", default=_LOOPBACK, show_default=True, metavar="ADDRESS",
    help="Address to serve on. One that others can reach needs sign-in, see docs/page.md.",
)  # fmt: skip
@option("--no-browser", is_flag=True, help="Serve without opening a browser.")
def app(port: int, host: str, *, no_browser: bool) -> int:
    """Test drafts in the browser. Serve this machine only, unless you pass --host.

    Example:  audience app --port 8600
    """
    gc.disable()  # what comes now stays for good, so it is looked through once, see _read_ahead
    try:
        _check_and_serve(port, host, opens=not no_browser)
    finally:
        gc.enable()
    return 0


def _check_and_serve(port: int, host: str, *, opens: bool) -> None:
    with needing("page", "the page"):
        importlib.import_module("streamlit")
    address = _find_address(host)
    settings = _make_settings(address, port, opens=opens and _has_screen())
    rules = _read_rules(settings)
    if not ipaddress.ip_address(address).is_loopback and not rules.is_shared:
        raise InputError(
            f"--host {host}: others could reach the page, and nobody has to sign in; configure [auth] in "
            f".streamlit/secrets.toml (docs/page.md), or serve on {_LOOPBACK}"
        )
    _check_port(address, port)
    _serve(address, port, settings, _list_origins(address, port, rules))


def _has_screen() -> bool:
    """Whether a browser could be seen: a service and a container have no screen, and would be told of a missing one."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")
    return not sys.platform.startswith("linux") or any(map(os.environ.get, names))


def _make_settings(address: str, port: int, *, opens: bool) -> dict[str, Any]:
    """Return Streamlit's settings."""
    settings: dict[str, Any] = {
        "server.address": address,
        "server.port": port,
        "server.headless": not opens,
        "server.fileWatcherType": "none",
        "server.maxUploadSize": upload_limits.MOST_FILE // 1024**2,
        "server.showEmailPrompt": False,  # as in app.py's own file: a setting that changes late is warned of
        "browser.gatherUsageStats": False,
        "runner.postScriptGC": False,  # after each keystroke it would search all libraries for garbage, for 0.3 s
        "client.toolbarMode": "minimal",
        **_LOOK,
    }
    if ":" in address:
        settings["browser.serverAddress"] = _bracket(address)  # without brackets it would be no address
    return settings


def _serve(address: str, port: int, settings: dict[str, Any], origins: set[str]) -> None:
    """Serve until somebody ends it; what is not meant for the page stops at the door."""
    import streamlit
    from starlette.middleware import Middleware

    from toolkit.files import resources

    shown = f"http://{_bracket(_LOOPBACK if ipaddress.ip_address(address).is_unspecified else address)}:{port}"

    @contextlib.asynccontextmanager
    async def open_browser(_: streamlit.App) -> AsyncIterator[None]:
        threading.Thread(target=_read_ahead, name="audience-read-ahead", daemon=True).start()
        if not settings["server.headless"]:
            click.launch(shown)
        yield

    script = str(resources.find_resource("app.py"))
    door = Middleware(FrontDoor, origins=origins, scripts=_hash_scripts(Path(streamlit.__file__).parent))
    sys.argv = [script]  # Streamlit looks for its settings beside what was started
    _skip_scan()
    limits = Middleware(upload_limits.UploadLimits, held=_find_held)
    streamlit.App(script, middleware=[door, limits], lifespan=open_browser).run(config=settings)


def _skip_scan() -> None:
    """Keep Streamlit from reading what every installed package says of itself, for components: ours are in the page."""
    with contextlib.suppress(ImportError):
        scanner = importlib.import_module("streamlit.components.v2.manifest_scanner")
        if hasattr(scanner, _SCAN):
            setattr(scanner, _SCAN, list)


def _read_ahead() -> None:
    """Load the code of the page while the browser loads its own: both take about a second.

    What is there by then stays for good. So the garbage collector need not look through it while it comes, nor later.
    """
    try:
        for name in _FIRST:
            importlib.import_module(f"toolkit.ui.{name}")
        inspect.stack()  # Streamlit asks for it once, and it then looks for the file of every module
        gc.freeze()
    finally:
        gc.enable()


def _find_held() -> dict[str, dict[str, int]]:
    """Return what Streamlit holds of the files of each session."""
    from streamlit import runtime

    manager: Any = runtime.get_instance().uploaded_file_mgr
    return {
        session: {name: len(file.data) for name, file in list(files.items())}
        for session, files in list(manager.file_storage.items())
    }


def _list_origins(address: str, port: int, rules: sharing.Sharing) -> set[str]:
    """Return every address under which the page is served: this machine's names, and the one that people sign in at."""
    from toolkit.config import sharing

    names = {address, *sharing.LOOPBACK} - {"0.0.0.0", "::"}  # noqa: S104 - taken out
    return {f"http://{_bracket(name)}:{port}" for name in names} | {rules.origin.replace("{port}", str(port))} - {""}


def _bracket(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _hash_scripts(streamlit: Path) -> list[str]:
    """Return the digests of the scripts in pages: Streamlit's own, and that of a client's page inside ours."""
    from toolkit.files import resources

    page = (streamlit / "static" / "index.html").read_text(encoding="utf-8")
    client = resources.read_data("client", "client.js")
    digests = (hashlib.sha256(script.encode()).digest() for script in (*_INLINE.findall(page), client))
    return [f"sha256-{base64.b64encode(digest).decode()}" for digest in digests]


def _find_address(host: str) -> str:
    """Return the address of a name; one that others reach where it has several."""
    found = [ipaddress.ip_address(one) for one in _look_up(host)]
    own = [one for one in found if one.is_loopback]
    return str((own if len(own) == len(found) else [one for one in found if not one.is_loopback])[0])


def _look_up(host: str) -> Iterator[str]:
    try:
        found = socket.getaddrinfo(host.strip("[]") or host, None, type=socket.SOCK_STREAM)
    except OSError:
        raise InputError(f"--host {host}: no such address on this machine; the usual one is {_LOOPBACK}") from None
    # IPv4 first: a name such as localhost may have both, and the other is the one that browsers try next
    yield from (str(one[4][0]).partition("%")[0] for one in sorted(found, key=lambda one: one[0] != socket.AF_INET))


def _is_there(path: Path) -> bool:
    """Whether a file of secrets exists; raise InputError where nobody can tell, in a folder that is this user's own."""
    try:
        path.stat()
    except PermissionError as error:
        home = Path.home()
        if sys.platform != "win32" and path.is_relative_to(home) and home.stat().st_uid != os.getuid():
            return False  # the home of another, as where a container runs as somebody else
        raise InputError(f"{path}: the file of secrets cannot be looked for: {error.strerror}; permit it") from None
    except OSError:
        return False
    return True


def _read_rules(settings: dict[str, Any]) -> sharing.Sharing:
    """Return who may use the page, as Streamlit will read it; raise InputError for what is incomplete."""
    import streamlit
    from streamlit.web import bootstrap

    from toolkit.config import sharing

    bootstrap.load_config_options(settings)
    files = [Path(one) for one in streamlit.get_option("secrets.files") if _is_there(Path(one))]
    settings["secrets.files"] = list(map(str, files))  # Streamlit falls over a home that is no folder
    bootstrap.load_config_options(settings)
    if not files:
        return sharing.Sharing()
    where = str(files[-1])
    try:
        secrets: dict[str, Any] = streamlit.secrets.to_dict()
    except Exception as error:  # noqa: BLE001 - Streamlit's own, of several kinds; the page must not be served then
        said = " ".join(str(error).split())
        raise InputError(f"{where}: the file of secrets cannot be read: {said}; correct the file") from None
    rules = sharing.read_sharing(secrets, where)
    if rules.is_shared and importlib.util.find_spec("authlib") is None:
        raise InputError(f"{where}: [auth] needs Authlib; run pip install 'audience-toolkit[sign-in]'")
    return rules


def _check_port(address: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            reason = error.strerror.lower() if error.strerror else "it cannot be used"
            raise InputError(f"--port {port}: {reason}; choose another, such as --port {port % 65535 + 1}") from None
