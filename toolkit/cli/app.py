"""`audience app`: the page in a browser, on this machine only."""

from __future__ import annotations

import ipaddress
import socket
import tomllib
from pathlib import Path

import click

from toolkit.cli.options import option
from toolkit.errors import InputError

_LOOPBACK = "127.0.0.1"
_LOOK = {
    "theme.light.primaryColor": "#0a569e",
    "theme.dark.primaryColor": "#5aaaf0",
    "theme.baseRadius": "medium",
}


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
    from toolkit.files import resources

    _check_host(host)

    settings = {
        "server.address": host,
        "server.port": port,
        "server.headless": no_browser,
        "server.showEmailPrompt": False,  # in a new home Streamlit would ask for an e-mail address before it serves
        "server.fileWatcherType": "none",
        "server.maxUploadSize": 20,
        "browser.gatherUsageStats": False,
        "runner.postScriptGC": False,  # after each keystroke it would search all libraries for garbage, for 0.3 s
        "client.toolbarMode": "minimal",
        **_LOOK,
    }
    flags = [f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in settings.items()]
    _check_port(host, port)
    from streamlit.web.cli import main

    outcome = main.main(["run", str(resources.find_resource("app.py")), *flags], standalone_mode=False)
    return outcome if isinstance(outcome, int) else 0


def _check_host(host: str) -> None:
    """Refuse an address that others reach while nobody has to sign in."""
    try:
        own = ipaddress.ip_address(socket.gethostbyname(host)).is_loopback
    except OSError:
        raise InputError(f"--host {host}: no such address on this machine; the usual one is {_LOOPBACK}") from None
    if not own and not _asks_for_sign_in():
        raise InputError(
            f"--host {host}: others could reach the page, and nobody has to sign in; configure [auth] in "
            f".streamlit/secrets.toml (docs/page.md), or serve on {_LOOPBACK}"
        )


def _asks_for_sign_in() -> bool:
    """Tell whether Streamlit's secrets, here or in the home folder, configure a provider to sign in with."""
    for folder in (Path.cwd(), Path.home()):
        path = folder / ".streamlit" / "secrets.toml"
        if path.is_file():
            try:
                return "auth" in tomllib.loads(path.read_text(encoding="utf-8"))
            except tomllib.TOMLDecodeError as error:
                raise InputError(f"{path}: not TOML: {error}; correct the file") from None
    return False


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror.lower() if error.strerror else "it cannot be used"
            raise InputError(f"--port {port}: {reason}; choose another, such as --port {port % 65535 + 1}") from None
