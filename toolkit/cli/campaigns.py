"""`audience campaigns`: the campaigns that the store keeps, the same ones as on the page."""

from __future__ import annotations

import json
from pathlib import Path

import click

from toolkit.cli.options import check_free, option


@click.group()
def campaigns() -> None:
    """List, show, export and import the campaigns that the page keeps.

    Example:  audience campaigns list
    """


@campaigns.command("list")
@click.option("--archived", is_flag=True, help="List archived campaigns, too.")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def list_command(*, archived: bool, as_json: bool) -> None:
    """List the campaigns, the one changed last first.

    Example:  audience campaigns list
    """
    from toolkit.drafts import kept

    store = _find_store()
    kept.adopt_runs(store)
    found = [one for one in kept.list_kept(store) if archived or not one.archived]
    if as_json:
        rows = [one.model_dump(mode="json", exclude={"words"}) for one in found]
        click.echo(json.dumps({"campaigns": rows}, ensure_ascii=False))
        return
    if not found:
        click.echo("No campaign yet. `audience app` starts one, `audience campaigns import FILE` reads one.")
    for one in found:
        drafts = f"{len(one.drafts)} draft{'' if len(one.drafts) == 1 else 's'}"
        rounds = f"{one.rounds} round{'' if one.rounds == 1 else 's'}"
        marks = "".join(f"  #{tag}" for tag in one.tags) + ("  archived" if one.archived else "")
        click.echo(f"{one.name}  {one.surface}  {drafts}  {rounds}{marks}")


@campaigns.command()
@click.argument("name", metavar="NAME")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def show(name: str, *, as_json: bool) -> None:
    """Show a campaign, given its name or id: its drafts as YAML, its rounds, and what was said of it.

    Example:  audience campaigns show spring
    """
    from toolkit.drafts import kept

    store = _find_store()
    kept.adopt_runs(store)
    found = kept.find_kept(store, name)
    text = kept.export_kept(store, found.id)
    rounds, comments, events = kept.list_history(store, found)
    if as_json:
        shown = {
            **found.model_dump(mode="json", exclude={"words"}),
            "yaml": text,
            "rounds": [one.model_dump(mode="json", exclude={"content", "link", "campaign"}) for one in rounds],
            "comments": [one.model_dump(mode="json") for one in comments],
            "history": [one.model_dump(mode="json", exclude={"campaign"}) for one in events],
        }
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    click.echo(text, nl=False)
    for one in rounds:
        click.echo(f"# v{one.number}  {one.asked_at:%Y-%m-%d %H:%M}  {one.run_id or 'not finished'}")
    for comment in comments:
        state = "" if comment.is_open else f" (settled by {comment.settled_by})"
        asked = "asks for a change: " if comment.asks_change else ""
        click.echo(f"# {comment.draft_id}: {comment.describe()}: {asked}{' '.join(comment.words.split())}{state}")


@campaigns.command("export")
@click.argument("name", metavar="NAME")
@click.option("--out", "-o", required=True, type=click.Path(), metavar="FILE", help="File to write (.yaml).")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def export_command(name: str, out: str, *, force: bool) -> None:
    """Write a campaign as a YAML file, given its name or id.

    A campaign that was imported and not changed gives the same bytes. Its pictures are written beside the file.

    Example:  audience campaigns export spring -o spring.yaml
    """
    from toolkit.drafts import kept
    from toolkit.errors import InputError
    from toolkit.files import write_atomically

    path, store = Path(out), _find_store()
    if path.suffix.lower() not in {".yaml", ".yml"}:
        raise InputError(f"--out {path}: a campaign cannot be written to {path.suffix or 'no suffix'}; allowed: .yaml")
    check_free(path, force=force)
    identity = kept.find_kept(store, name).id
    write_atomically(path, kept.export_kept(store, identity).encode())
    written, taken = kept.shelf.write_kept_pictures(store, identity, path.parent)
    pictures = f", with {written} picture{'' if written == 1 else 's'} beside it" if written else ""
    click.echo(f"{path}: written{pictures}")
    for one in taken:
        click.echo(f"{path.parent / one}: another file has this name, so the picture was not written", err=True)


@campaigns.command("import")
@click.argument("file", metavar="FILE")
def import_command(file: str) -> None:
    """Keep the campaign of a file, so that the page lists it.

    A name that is taken gets a number. A campaign that says the same already is left as it is. Pictures that the file
    names are kept, too.

    Example:  audience campaigns import spring.yaml
    """
    from toolkit.drafts import kept

    found = kept.import_kept(_find_store(), Path(file))
    click.echo(f"{file}: kept as {found.name}")


@campaigns.command()
@click.argument("name", metavar="NAME")
@click.argument("new_name", metavar="NEW-NAME")
def rename(name: str, new_name: str) -> None:
    """Give a campaign another name. Approvals and comments follow it.

    Example:  audience campaigns rename spring "Spring market"
    """
    from toolkit.drafts import kept

    store = _find_store()
    kept.rename_kept(store, kept.find_kept(store, name).id, new_name)
    click.echo(f"{name}: now called {new_name}")


def _find_store() -> Path:
    from toolkit.panel import api

    return Path(api.default_store())
