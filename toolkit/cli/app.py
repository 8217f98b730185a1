"""`audience app`: the page in a browser, on this machine only."""

from __future__ import annotations

import socket

import click

from toolkit.cli.options import option
from toolkit.errors import InputError

_LOOPBACK = "127.0.0.1"
_LOOK = {
    "theme.light.primaryColor": "#0b63b5",
    "theme.dark.primaryColor": "#5aaaf0",
    "theme.baseRadius": "medium",
}


@click.command()
@option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, metavar="N", help="Port to serve on.")
@option("--no-browser", is_flag=True, help="Serve without opening a browser.")
def app(port: int, *, no_browser: bool) -> int:
    """Test drafts in the browser; served to this machine only.

    Example:  audience app --port 8600
    """
    from toolkit.files.resources import find_resource

    settings = {
        "server.address": _LOOPBACK,
        "server.port": port,
        "server.headless": no_browser,
        "server.fileWatcherType": "none",
        "server.maxUploadSize": 20,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        **_LOOK,
    }
    flags = [f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in settings.items()]
    _check_port(port)
    from streamlit.web.cli import main

    outcome = main.main(["run", str(find_resource("app.py")), *flags], standalone_mode=False)
    return outcome if isinstance(outcome, int) else 0


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError as error:
            reason = error.strerror.lower() if error.strerror else "it cannot be used"
            raise InputError(f"--port {port}: {reason}; choose another, such as --port {port % 65535 + 1}") from None
