"""`audience mcp`: the tools for agents, over standard input and output, or over HTTP on this machine."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import one_model_options, option, shared_parameters
from toolkit.errors import InputError, needing

if TYPE_CHECKING:
    from toolkit.mcp import Toolbox

_TOKEN = "AUDIENCE_MCP_TOKEN"  # noqa: S105 - the name of a variable
_SHARED = (
    "engine", "base_url", "endpoint", "timeout", "header", "query", "max_tokens", "reasoning_effort", "form", "rating",
    "concurrency", "rpm", "tpm", "embedding_model",
)  # fmt: skip


def _add_shared(command: Any) -> Any:
    """Add the options that say what answers, as other commands have them."""
    vars(command).setdefault("__click_params__", []).extend(reversed(shared_parameters(*_SHARED)))
    return command


@click.command()
@option("--http", is_flag=True, help="Serve over HTTP on 127.0.0.1, in place of standard input and output.")
@option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True, metavar="N", help="Port of --http.")
@option("--no-token", is_flag=True, help="Let every program of this machine in, without the token of --http.")
@option("--max-cost", type=click.FloatRange(min=0), metavar="USD", help="Let all calls together cost no more.")
@option("--skill", is_flag=True, help="Print a SKILL.md for coding agents, and serve nothing.")
@one_model_options
@_add_shared
def mcp(*, http: bool, port: int, no_token: bool, max_cost: float | None, skill: bool, **options: Any) -> int:
    """Serve the toolkit to agents by the Model Context Protocol.

    An agent lints, prices, runs and reads tests in the working folder. It reads no file outside that folder.
    --max-cost limits all its calls together. See docs/agents.md for the settings of common hosts.

    Example:  audience mcp --model gpt-5-mini --max-cost 2
    """
    with needing("mcp", "the server for agents"):
        from toolkit.mcp import read_guide

        if skill:
            click.echo(read_guide("skill"), nl=False)
            return 0
        toolbox = _make_toolbox(options, max_cost)
        _serve(toolbox, port if http else None, open_to_all=no_token)
    return 0


def _make_toolbox(options: dict[str, Any], max_cost: float | None) -> Toolbox:
    """Return the tools, with options that are known to be usable."""
    from pathlib import Path

    from toolkit.mcp import SharedPurse, Toolbox, WorkingFolder
    from toolkit.panel import api

    known = {name: value for name, value in options.items() if value is not None}
    known["engine"] = known.get("engine") or "openai"
    asking = {name: value for name, value in known.items() if name != "rating"}
    api.make_asking({**asking, "max_cost": max_cost}).check_affordable()
    return Toolbox(WorkingFolder(Path.cwd()), known, SharedPurse(max_cost))


def _serve(toolbox: Toolbox, port: int | None, *, open_to_all: bool) -> None:
    from toolkit.mcp import serve_http, serve_stdio

    if port is None:
        import anyio

        anyio.run(serve_stdio, toolbox)
        return
    _check_port(port)
    token = None if open_to_all else os.environ.get(_TOKEN) or secrets.token_urlsafe(24)
    click.echo(f"http://127.0.0.1:{port}/mcp", err=True)
    if token is not None and not os.environ.get(_TOKEN):
        click.echo(f"Authorization: Bearer {token}", err=True)
    serve_http(toolbox, port, token)


def _check_port(port: int) -> None:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = error.strerror.lower() if error.strerror else "it cannot be used"
            raise InputError(f"--port {port}: {reason}; choose another, such as --port {port % 65535 + 1}") from None
