"""`audience personas`: list, show, validate, import and draft the people to ask."""

from __future__ import annotations

import click

from toolkit.cli.drafting_people import draft_command
from toolkit.cli.importing import import_command, print_cited, print_persona
from toolkit.cli.options import encoding_option, option, outside_option
from toolkit.cli.table_options import say_notes

_MOST_TWINS = 10


@click.group()
def personas() -> None:
    """List, show, validate, import and draft audiences.

    Example:  audience personas show uk-small-sellers
    """


@personas.command("list")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def list_command(*, as_json: bool) -> None:
    """List the audiences in ./personas and the bundled ones.

    Example:  audience personas list
    """
    import json

    from toolkit.audiences import list_audiences, load_audience

    audiences = [(name, load_audience(path)) for name, path in list_audiences()]
    if as_json:
        rows = [
            {"audience": name, "personas": len(audience.personas), "description": audience.description}
            for name, audience in audiences
        ]
        click.echo(json.dumps({"audiences": rows}, ensure_ascii=False))
        return
    for name, audience in audiences:
        click.echo(f"{name}  {len(audience.personas)} personas  {' '.join(audience.description.split())}")


@personas.command()
@click.argument("audience", metavar="AUDIENCE")
@outside_option
@encoding_option
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def show(audience: str, *, as_json: bool) -> None:
    """Show the personas of an audience, given its name or path, as a run sends them to the model.

    Example:  audience personas show uk-small-sellers
    """
    from toolkit.audiences import load_audience

    loaded = load_audience(audience)
    if as_json:
        click.echo(loaded.model_dump_json())
        return
    described = " ".join(loaded.description.split())
    click.echo(f"{loaded.audience}: {described}" if described else loaded.audience)
    click.echo(f"Source: {' '.join(loaded.source.split()) or 'not said'}")
    click.echo("A run sends the model the name, age and text of each persona it draws, word for word as below.")
    for persona in loaded.personas:
        print_persona(persona)
        print_cited(loaded.evidence.get(persona.id, ()))


@personas.command()
@click.argument("path", type=click.Path(), metavar="PATH")
@option("--strict", is_flag=True, help="Exit 1 if there is a doubt.")
@outside_option
@encoding_option
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def validate(path: str, *, strict: bool, as_json: bool) -> int:
    """Check an audience file for near-duplicates, lopsided segments and weights.

    Example:  audience personas validate personas/uk-small-sellers.yaml
    """
    import json

    from toolkit.audiences import load_audience, vetting

    loaded = load_audience(path)
    doubts = vetting.find_doubts(loaded)
    if all(doubt.kind != "personal" for doubt in doubts):  # who holds a contact stands among the doubts
        say_notes(path, loaded.notes)
    segments = vetting.share_segments(loaded)
    if as_json:
        shares = {key: {value: share for value, (_, share) in held.items()} for key, held in segments.items()}
        found = {"personas": len(loaded.personas), "effective": round(vetting.count_voices(loaded), 2)}
        click.echo(json.dumps({**found, "segments": shares, "doubts": [doubt.model_dump() for doubt in doubts]}))
        return 1 if strict and doubts else 0
    click.echo(
        f"{path}: {len(loaded.personas)} personas, valid. Weighted, they count as {vetting.count_voices(loaded):.1f}."
    )
    for key, held in segments.items():
        parts = (f"{value} {share:.0%} ({count})" for value, (count, share) in held.items())
        click.echo(f"  {key}: " + ", ".join(parts))
    twins = [doubt for doubt in doubts if doubt.kind == "twins"]
    untold = twins[_MOST_TWINS:]
    for doubt in doubts:
        if doubt not in untold:
            click.echo(f"  {doubt.kind}: {doubt.message}")
    if untold:
        click.echo(
            f"  twins: {len(untold):,} of {len(twins):,} doubts of this kind are not shown; --json lists them all"
        )
    return 1 if strict and doubts else 0


@personas.command()
@click.argument("path", type=click.Path(), metavar="FILE")
def undo(path: str) -> None:
    """Take back the last import into FILE: the version before is back. Undo again to bring it back.

    Example:  audience personas undo personas/buyers.yaml
    """
    from pathlib import Path

    from toolkit.audiences import editing

    stands = editing.undo_import(Path(path))
    done = "what stood there before stands again" if stands else "taken away, as it was not there before the import"
    click.echo(f"{path}: {done}; `audience personas undo {path}` changes it back")


personas.add_command(import_command)
personas.add_command(draft_command)
