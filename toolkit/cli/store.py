"""`audience store`: how large the file of reactions is, and how to be rid of what is in it."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import check_free, option
from toolkit.errors import InputError

if TYPE_CHECKING:
    from toolkit.store.upkeep import About, Forgotten, Upkeep

_UNITS = {"d": 1, "w": 7, "m": 30, "y": 365}
_NAMES = {
    "turns": "turns of talks",
    "follow_ups": "answers to questions put to everybody",
    "runs": "traces of runs",
    "kept_campaigns": "campaigns of the page",
    "campaign_rounds": "rounds of campaigns",
    "campaign_events": "notes of who did what",
    "versions": "versions of drafts",
    "pair_predictions": "predictions",
    "people_answers": "answers of people",
    "outcomes": "results",
    "batches": "files of results and answers",
}
_SILENT = (
    "subjects",
    "subject_names",
    "sqlite_sequence",
    "places",
    "claims",
    "version_families",
    "beats",
    "campaign_marks",
)
"""Tables that go with others and say nothing to people."""


@click.group()
def store() -> None:
    """Measure the store, delete what is old, and forget a draft, a persona or a campaign.

    Example:  audience store size
    """


@store.command()
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def size(*, as_json: bool) -> int:
    """Show how large the store is and what it holds.

    Example:  audience store size
    """
    with _open() as upkeep:
        found = upkeep.measure()
    if as_json:
        click.echo(found.model_dump_json())
        return 0
    click.echo(f"{_find_path()}: {found.megabytes}")
    for line in _list_tables(found.tables):
        click.echo(line)
    if found.oldest:
        click.echo(f"The oldest reply came on {found.oldest[:10]}.")
    _tell_untold(found.untold)
    return 0


@store.command()
@click.option("--older-than", required=True, metavar="AGE", help="Age, such as 90d, 12w, 6m or 1y.")
@option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
def prune(older_than: str, *, yes: bool) -> int:
    """Delete replies, talks, campaigns of the page and traces of runs older than AGE. Approvals and results stay.

    Example:  audience store prune --older-than 90d
    """
    age = _read_age(older_than)
    if not yes:
        click.confirm(f"Delete what is older than {age.days} days? It cannot be brought back.", abort=True, err=True)
    with _open() as upkeep:
        _tell(upkeep.prune(age))
    return 0


@store.command()
@click.option("--draft", metavar="ID", help="Draft, by its id or its digest.")
@click.option("--persona", metavar="ID", help="Persona, by its id.")
@click.option("--campaign", metavar="NAME", help="Campaign, by its name.")
@option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
def forget(draft: str | None, persona: str | None, campaign: str | None, *, yes: bool) -> int:
    """Delete all that the store knows of a draft, a persona or a campaign.

    Run folders and recordings are files of your own: delete them yourself.

    Example:  audience store forget --draft plain
    """
    about = _make_about(draft, persona, campaign)
    with _open() as upkeep:
        found = {table: len(rows) for table, rows in upkeep.find_rows(about).items()}
        if not yes:
            for line in _list_tables(found):
                click.echo(line, err=True)
            click.confirm("Delete this? It cannot be brought back.", abort=True, err=True)
        _tell(upkeep.forget(about))
    return 0


@store.command()
@click.option("--out", "-o", required=True, type=click.Path(), metavar="FILE", help="File to write (.jsonl).")
@click.option("--draft", metavar="ID", help="Only what is about this draft.")
@click.option("--persona", metavar="ID", help="Only what is about this persona.")
@click.option("--campaign", metavar="NAME", help="Only what is about this campaign.")
@option("--force", is_flag=True, help="Replace FILE if it exists.")
def export(out: str, draft: str | None, persona: str | None, campaign: str | None, *, force: bool) -> int:
    """Write what the store holds as lines of JSON, one a row.

    Example:  audience store export -o store.jsonl
    """
    from toolkit.files import write_atomically

    path = Path(out)
    if path.suffix.lower() != ".jsonl":
        raise InputError(f"--out {path}: the store cannot be written to {path.suffix or 'no suffix'}; allowed: .jsonl")
    check_free(path, force=force)
    with _open() as upkeep:
        if draft or persona or campaign:
            found = upkeep.find_rows(_make_about(draft, persona, campaign))
            rows = [{"table": table, **row} for table, some in found.items() for row in some]
        else:
            rows = list(upkeep.export())
    write_atomically(path, "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode())
    click.echo(f"{path}: {len(rows):,} rows written")
    return 0


def _open() -> Upkeep:
    from toolkit.store.upkeep import Upkeep

    path = _find_path()
    if not path.exists():
        raise InputError(f"{path}: there is no store yet; the first run writes it, or AUDIENCE_STORE names another")
    return Upkeep(path)


def _find_path() -> Path:
    from toolkit.panel import api

    return Path(api.default_store())


def _make_about(draft: str | None, persona: str | None, campaign: str | None) -> About:
    from toolkit.store.upkeep import About

    if sum(one is not None for one in (draft, persona, campaign)) != 1:
        raise InputError("name exactly one of --draft ID, --persona ID and --campaign NAME")
    return About(draft=draft, persona=persona, campaign=campaign)


def _read_age(written: str) -> datetime.timedelta:
    found = re.fullmatch(r"(\d{1,5})([dwmy])", written.strip().lower())
    if found is None:
        raise InputError(f"--older-than {written}: give a number and d, w, m or y, such as 90d")
    return datetime.timedelta(days=int(found[1]) * _UNITS[found[2]])


def _tell(gone: Forgotten) -> None:
    lines = _list_tables(gone.tables)
    click.echo("Deleted:" if lines else "Nothing to delete.")
    for line in lines:
        click.echo(line)
    _tell_untold(gone.untold)
    if gone.busy:
        click.echo("Another process has the store open: its file still holds the words. Close it and run this again.")


def _tell_untold(untold: int) -> None:
    if untold:
        click.echo(
            f"{untold:,} replies of earlier versions do not say what they are about. "
            "`audience store prune --older-than AGE` deletes them by age."
        )


def _list_tables(tables: Any) -> list[str]:
    return [f"  {_NAMES.get(name, name)}: {count:,}" for name, count in tables.items() if count and name not in _SILENT]
