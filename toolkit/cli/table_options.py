"""The options of every command that reads a table, and what is remembered of them beside the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from toolkit.cli.options import encoding_option, option
from toolkit.errors import InputError

if TYPE_CHECKING:
    from toolkit.models import Campaign

Command = TypeVar("Command", bound=Callable[..., Any])
Purpose = Literal["drafts", "people", "results"]

_DRAFTS, _PEOPLE, _RESULTS = 'text="Post text"', 'age="How old"', 'draft="Post text"'
_SHEET = option("--sheet", metavar="NAME", help="Sheet of a workbook.  [default: the first that fits]")
_WHERE = option("--where", metavar="EXPRESSION", help="Rows to read, such as 'age >= 18 and country = GB'.")


def people_options(command: Command) -> Command:
    """Add --map, --sheet and --encoding of a table of people."""
    return _map_to(_PEOPLE)(_SHEET(encoding_option(command)))


def draft_options(command: Command) -> Command:
    """Add --map, --sheet and --where of a table of drafts."""
    return _map_to(_DRAFTS)(_SHEET(_WHERE(command)))


def result_options(command: Command) -> Command:
    """Add --map, --sheet, --where and --encoding of a table of results."""
    return _map_to(_RESULTS)(_SHEET(_WHERE(encoding_option(command))))


def read_map(path: str | Path, mapped: Sequence[str], purpose: Purpose | None = None) -> dict[str, str]:
    """Return the columns that --map names, or those remembered from the last time for this file and purpose."""
    from toolkit.files import tables

    given = dict(_split(one) for one in mapped)
    return {**tables.headings.load_map(path, purpose), **given}


def remember_map(path: str | Path, mapped: Sequence[str]) -> None:
    """Write what --map named beside the file, and say so; nothing where it named nothing."""
    from toolkit.files import tables

    if not mapped or not Path(path).is_file():
        return
    beside = tables.headings.save_map(path, read_map(path, mapped))
    click.echo(f"{beside}: the columns of --map are remembered here", err=True)


def read_campaign(
    paths: Sequence[str], mapped: Sequence[str], *, surface: str | None, sheet: str | None, where: str | None
) -> Campaign:
    """Return the drafts of files as one campaign; say what was left out, and remember what --map named."""
    from toolkit.drafts import load_drafts, merge_campaigns

    campaigns = [
        load_drafts(path, surface=surface, columns=read_map(path, mapped, "drafts"), sheet=sheet, where=where)
        for path in paths
    ]
    for path, read in zip(paths, campaigns, strict=True):
        say_notes(path, read.notes)
        remember_map(path, mapped)
    return campaigns[0] if len(campaigns) == 1 else merge_campaigns(campaigns)


def say_notes(source: str | Path, notes: Sequence[str]) -> None:
    """Print what reading a file left out, on standard error."""
    for note in notes:
        click.echo(f"{source}: {note}", err=True)


def _split(one: str) -> tuple[str, str]:
    name, equals, column = one.partition("=")
    if not equals or not name.strip() or not column.strip():
        raise InputError(f'--map {one!r}: not FIELD=COLUMN, such as surface="Channel"')
    return name.strip(), "" if column.strip().lower() == "none" else column.strip()


def _map_to(example: str) -> Callable[[Command], Command]:
    """Return --map with an example of a field that such a table has."""
    said = f"Column of a field, such as {example}, or none; repeatable, remembered in NAME.map.yaml."
    return option("--map", "mapped", multiple=True, metavar="FIELD=COLUMN", help=said)
