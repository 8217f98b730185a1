"""`audience config`: which settings hold here, and whence."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, MutableMapping
from typing import Any

import click

_COMMANDS = {
    "model": ("run", "rewrite", "mcp"),
    "base_url": ("run", "rewrite", "check", "record", "mcp"),
    "on_stale": ("check",),
    "on_inconclusive": ("check",),
    "select": ("lint", "check"),
    "ignore": ("lint", "check"),
    "max_warnings": ("lint", "check"),
}
"""The options that a team's file gives a default to, by their commands.

A recording keeps its own model: to `record` and `check`, another one is a wish to have everything asked anew.
"""


_SEVERAL_MODELS = ("run", "rewrite", "mcp")
"""The commands whose option may be given several times, so that its default is a list."""


class Defaults(MutableMapping[str, Any]):
    """The defaults of each command, read from the team's file when a command is looked up."""

    def __init__(self) -> None:
        self._own: dict[str, Any] = {}

    def __getitem__(self, command: str) -> Any:
        if command in self._own:
            return self._own[command]
        taken = {name for name, commands in _COMMANDS.items() if command in commands}
        if not taken:
            return {}
        from toolkit.config import load_config

        found = load_config()
        named = taken & found.named
        given = {name: getattr(found.settings, name) for name in named}
        if command in _SEVERAL_MODELS and given.get("model") is not None:
            given["model"] = [given["model"]]
        return given

    def __setitem__(self, command: str, value: Any) -> None:
        self._own[command] = value

    def __delitem__(self, command: str) -> None:
        del self._own[command]

    def __iter__(self) -> Iterator[str]:
        return iter({*self._own, *(command for commands in _COMMANDS.values() for command in commands)})

    def __len__(self) -> int:
        return len(set(self))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def config(*, as_json: bool) -> int:
    """Show the settings that hold in this folder, each with its source.

    A command's own option wins over the environment, the environment over the file, the file over the default. The file
    is the nearest audience.toml, or pyproject.toml with [tool.audience], upwards from here.

    Example:  audience config
    """
    from toolkit.config import load_config

    found = load_config()
    rows = []
    for name, value in found.settings.model_dump(mode="json").items():
        variable = f"AUDIENCE_{name.upper()}"
        if name in _COMMANDS and os.environ.get(variable):
            rows.append((name, os.environ[variable], variable))
        else:
            rows.append((name, value, str(found.file) if name in found.named else "default"))
    if as_json:
        told = {name: {"value": value, "from": source} for name, value, source in rows}
        click.echo(json.dumps({"file": str(found.file) if found.file else None, "settings": told}, ensure_ascii=False))
        return 0
    for name, value, source in rows:
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)
        written = "-" if shown in {"None", "[]", "{}"} else shown
        click.echo(f"{name.replace('_', '-'):<16} {written}  ({source})")
    return 0
