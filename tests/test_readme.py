"""The README keeps its promises: its commands exist, its help is the program's, it stays short."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from toolkit.cli.main import audience as command_group

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def list_commands(group: click.Group, path: str = "audience") -> list[str]:
    """Return the path of every command."""
    paths = [path]
    for name, command in group.commands.items():
        paths += list_commands(command, f"{path} {name}") if isinstance(command, click.Group) else [f"{path} {name}"]
    return paths


def show_help(path: str) -> str:
    """Return what `PATH --help` prints."""
    result = CliRunner().invoke(command_group, [*path.split()[1:], "--help"], prog_name="audience", terminal_width=80)
    assert result.exit_code == 0
    return result.output


def test_it_is_under_200_lines() -> None:
    """Nobody reads more."""
    assert README.count("\n") < 200


def test_its_help_is_the_program_s() -> None:
    """The block between the marks is what `audience --help` prints."""
    block = README.split("<!-- help -->")[1].split("<!-- /help -->")[0].strip()
    shown = show_help("audience").strip()
    assert block == f"```text\n$ audience --help\n{shown}\n```"


@pytest.mark.parametrize("path", list_commands(command_group))
def test_every_command_shows_an_example(path: str) -> None:
    """Help text says what the command does and shows one call of it."""
    shown = show_help(path)
    assert re.search(r"(Example:|Start with:)\s+audience \w+", shown), shown


def test_its_commands_exist() -> None:
    """Every `audience ...` command line in the README names a real command."""
    known = {path.removeprefix("audience ").split()[0] for path in list_commands(command_group)[1:]}
    used = set(re.findall(r"^ +(?:\.venv/bin/)?audience ([\w-]+)", README, re.MULTILINE))
    assert used
    assert used <= known


def test_its_files_exist() -> None:
    """Every link to a file of the project leads to one."""
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("https://") or (ROOT / link).exists(), link
