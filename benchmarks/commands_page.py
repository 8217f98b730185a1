"""Write docs/commands.md: the help of every command, as the program prints it.

python benchmarks/commands_page.py > docs/commands.md
"""

from __future__ import annotations

from collections.abc import Iterator

import click
from click.testing import CliRunner

from toolkit.cli.main import audience


def list_commands(group: click.Group, path: str = "audience") -> Iterator[str]:
    """Yield the path of every command, such as "audience personas list"."""
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from list_commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def show_help(path: str) -> str:
    """Return what `PATH --help` prints on eighty columns."""
    arguments = [*path.split()[1:], "--help"]
    return CliRunner().invoke(audience, arguments, prog_name="audience", terminal_width=80).output.strip()


def main() -> None:
    """Print the page."""
    print("# Commands\n\nThis page has the help of every command, as the program prints it.")
    print("You can also set options in the environment: [environment variables](environment.md) lists them.")
    for path in list_commands(audience):
        print(f"\n## {path}\n\n```text\n{show_help(path)}\n```")


if __name__ == "__main__":
    main()
