"""`audience personas`: list, show, validate and import the people to ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from toolkit.cli.options import option


@click.group()
def personas() -> None:
    """List, show, validate and import audiences.

    Example:  audience personas show uk-small-sellers
    """


@personas.command("list")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def list_command(*, as_json: bool) -> None:
    """List the audiences in ./personas and the bundled ones.

    Example:  audience personas list
    """
    import json

    from toolkit.files.audiences import list_audiences, load_audience

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
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def show(audience: str, *, as_json: bool) -> None:
    """Show who is in an audience, by name or path.

    Example:  audience personas show uk-small-sellers
    """
    from toolkit.files.audiences import load_audience

    loaded = load_audience(audience)
    if as_json:
        click.echo(loaded.model_dump_json())
        return
    click.echo(f"{loaded.audience}: {' '.join(loaded.description.split())}\nSource: {' '.join(loaded.source.split())}")
    for persona in loaded.personas:
        segments = ", ".join(f"{key} {value}" for key, value in persona.segments.items())
        click.echo(
            f"\n{persona.name}, {persona.age} ({persona.id}; weight {persona.weight:g}; {segments or 'no segments'})"
        )
        click.echo(click.wrap_text(persona.about, width=88, initial_indent="  ", subsequent_indent="  "))


@personas.command()
@click.argument("path", type=click.Path(), metavar="PATH")
def validate(path: str) -> None:
    """Check an audience file and say what is in it.

    Example:  audience personas validate personas/uk-small-sellers.yaml
    """
    from toolkit.files.audiences import load_audience

    loaded = load_audience(path)
    click.echo(f"{path}: {len(loaded.personas)} personas, valid.")
    total = sum(persona.weight for persona in loaded.personas)
    for key in loaded.segment_keys:
        shares: dict[str, float] = {}
        for persona in loaded.personas:
            value = persona.segments.get(key, "(none)")
            shares[value] = shares.get(value, 0.0) + persona.weight / total
        click.echo(f"  {key}: " + ", ".join(f"{value} {share:.0%}" for value, share in sorted(shares.items())))


@personas.command("import")
@click.argument("rows", type=click.Path(), metavar="ROWS")
@option(
    "--out", "-o", "out", required=True, type=click.Path(), metavar="FILE", help="The audience file to write (.yaml)."
)
@option("--template", type=click.Path(), metavar="FILE", help="Jinja2 template that turns a row into a description.")
@option("--segment", "segments", multiple=True, metavar="COLUMN", help="Column to keep as a segment; repeatable.")
@option("--source", default="", metavar="TEXT", help="Where the rows come from, with their licence.")
@option("--force", is_flag=True, help="Replace FILE where it exists.")
def import_command(
    rows: str, out: str, template: str | None, segments: tuple[str, ...], source: str, *, force: bool
) -> None:
    """Turn rows (.csv .xlsx .parquet) into an audience file.

    Columns id, name, age and weight are the persona's own; the template sees every column.

    Example:  audience personas import buyers.csv -o personas/buyers.yaml --template buyer.j2 --segment role
    """
    from toolkit.files.audiences import load_audience, save_audience

    options: dict[str, Any] = {"template": template, "segments": segments}
    audience = load_audience(Path(rows), **options)
    audience = audience.model_copy(update={"audience": Path(out).stem, "source": source or audience.source})
    save_audience(audience, Path(out), overwrite=force)
    click.echo(f"{out}: {len(audience.personas)} personas written; look at them with `audience personas show {out}`")
