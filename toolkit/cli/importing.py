"""`audience personas import`: rows of a table become an audience file, previewed before it is written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import option
from toolkit.cli.table_options import people_options, read_map, remember_map, say_notes
from toolkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.audiences import streaming
    from toolkit.files import tables
    from toolkit.models import Audience, Persona, records

_PREVIEW = 3
_LOOKED_AT = 10_000


@click.command("import")
@click.argument("rows", type=click.Path(), metavar="ROWS")
@option("--out", "-o", required=True, type=click.Path(), metavar="FILE", help="The audience file to write (.yaml).")
@option("--template", type=click.Path(), metavar="FILE", help="Jinja2 template that turns a row into a description.")
@option("--id", metavar="COLUMN", help="Column with the persona's id, or none.  [default: suggested]")
@option("--name", metavar="COLUMN", help="Column with the name.  [default: suggested]")
@option("--age", metavar="COLUMN", help="Column with the age, or with bands such as 25-34.  [default: suggested]")
@option("--weight", metavar="COLUMN", help="Column with the weight.  [default: suggested]")
@people_options
@option("--where", metavar="EXPRESSION", help="Rows to read, such as 'age >= 18 and country = GB'.")
@option("--keep", multiple=True, metavar="COLUMN", help="Column to keep though it looks personal; repeatable.")
@option("--sentence", metavar="TEXT", help="Description with columns in braces: '{job} in {place}'.")
@option("--strict", is_flag=True, help="Refuse the file if one row cannot be used.")
@option("--segment", "segments", multiple=True, metavar="COLUMN", help="Column to keep as a segment; repeatable.")
@option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="Keep N rows, drawn at random. Their weights are scaled."
)
@option(
    "--quota", metavar="KEY=VALUE:N,...", help="Keep N rows of each value of a segment, such as role=buyer:6,seller:6."
)
@option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="Number that decides the draw.",
)
@option("--source", default="", metavar="TEXT", help="Source of the rows.")
@option("--licence", default="", metavar="TEXT", help="Licence of the rows, such as CC BY 4.0.")
@option("--force", is_flag=True, help="Replace FILE if it exists.")
@option("--dry-run", is_flag=True, help="Show the columns and three personas. Write nothing.")
@option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
def import_command(rows: str, out: str, *, force: bool, dry_run: bool, yes: bool, **options: Any) -> None:
    """Turn rows (.csv .xlsx .parquet .sav .jsonl ...) into an audience file.

    The command uses columns that look like id, name, age and weight, unless you name others. The template sees every
    column but those that look personal: they are listed, and --keep brings one back. On a terminal the command shows
    three personas and asks before it writes.

    Example:  audience personas import buyers.csv -o personas/buyers.yaml --template buyer.j2 --segment role
    """
    from toolkit.audiences import editing

    if options["sentence"] and options["template"]:
        raise InputError("--sentence and --template exclude each other; pass one of them")
    audience = _make_audience(Path(rows), Path(out), options)
    say_notes(rows, audience.notes)
    _show_preview(audience)
    if dry_run:
        return
    if sys.stdin.isatty() and not yes:
        click.confirm(f"Write {len(audience.personas)} personas to {out}?", default=True, abort=True, err=True)
    editing.save_import(audience, Path(out), overwrite=force)
    remember_map(rows, options["mapped"])
    click.echo(
        f"{out}: {len(audience.personas)} personas written; `audience personas show {out}` shows them, "
        f"`audience personas undo {out}` takes them back"
    )


def _make_audience(path: Path, out: Path, options: dict[str, Any]) -> Audience:
    """Read the rows, draw those that are wanted, and note where they come from."""
    from toolkit.audiences import load_audience, sampling

    if options["quota"] and options["sample"]:
        raise InputError("--quota and --sample exclude each other; pass one of them")
    columns = _choose_columns(path, options)
    draw = _read_draw(options) if path.suffix.lower() == ".parquet" else None
    audience = load_audience(
        path,
        template=options["template"],
        segments=options["segments"],
        columns=columns,
        draw=draw,
        **{name: options[name] for name in ("sheet", "where", "keep", "sentence", "strict")},
    )
    licence = f"licence: {options['licence']}" if options["licence"] else ""
    source = "; ".join(part for part in (options["source"] or audience.source, licence) if part)
    audience = audience.model_copy(update={"audience": out.stem, "source": source})
    if draw is not None:
        return audience
    if options["quota"]:
        return sampling.fill_quotas(audience, *_read_quota(options["quota"]), options["seed"])
    return sampling.draw_sample(audience, options["sample"], options["seed"]) if options["sample"] else audience


def _read_draw(options: dict[str, Any]) -> streaming.Draw | None:
    """Return the draw to make while reading, or None if every row is wanted."""
    from toolkit.audiences import streaming

    if options["quota"]:
        key, quotas = _read_quota(options["quota"])
        return streaming.Draw(seed=options["seed"], key=key, quotas=quotas)
    return streaming.Draw(seed=options["seed"], sample=options["sample"]) if options["sample"] else None


def _choose_columns(path: Path, options: dict[str, Any]) -> dict[str, str]:
    """Return the columns that were named or look right, and print them."""
    from toolkit.audiences import importing
    from toolkit.files import tables

    if path.suffix.lower() == ".json":
        return {}
    table = _look_at(path, options["sheet"])
    mapped = read_map(path, options["mapped"], "people")
    mapped = {own: importing.find_column(path, table, column) if column else "" for own, column in mapped.items()}
    tables.headings.check_map(str(path), "people", table.columns, mapped)
    named = {own: options[own] for own in importing.OWN if options[own]}
    named = {own: column for own, column in mapped.items() if own in importing.OWN} | named
    given = {own: "" if column.lower() in {"", "none"} else column for own, column in named.items()}
    left_out = importing.find_left_out(table, table.rows, options["keep"])
    suggested = importing.suggest_fitting(table, left_out, besides=options["segments"])
    chosen = suggested | given
    for own, column in chosen.items():
        if column:
            click.echo(f"{own}: column {column!r}{'' if own in named else ' (suggested; --' + own + ' names another)'}")
    if not options["segments"]:
        found = importing.suggest_segments(table.rows, [*chosen.values(), *left_out])
        advice = f"; candidates: {', '.join(found)}" if found else ""
        click.echo(f"segments: none; --segment COLUMN adds one{advice}")
    return given


def _look_at(path: Path, sheet: str | None) -> tables.LoadedTable:
    """Return the rows that columns are suggested from: all, or the first of a Parquet file."""
    from toolkit.audiences import importing
    from toolkit.files import tables

    if path.suffix.lower() != ".parquet" or not path.is_file():
        return importing.load_people_table(path, sheet)
    from toolkit.audiences import streaming

    rows = streaming.peek_rows(path, _LOOKED_AT)
    return tables.LoadedTable(str(path), tuple(dict.fromkeys(name for row in rows for name in row.cells)), rows)


def _read_quota(text: str) -> tuple[str, dict[str, int]]:
    """Return key and counts of KEY=VALUE:N,VALUE:N."""
    key, _, rest = text.partition("=")
    try:
        counts = {value.strip(): int(count) for value, count in (part.rsplit(":", 1) for part in rest.split(","))}
    except ValueError:
        counts = {}
    if not key.strip() or not counts or min(counts.values()) < 1:
        raise InputError(f"--quota {text!r}: not KEY=VALUE:N,..., such as role=buyer:6,seller:6")
    return key.strip(), counts


def _show_preview(audience: Audience) -> None:
    shown = audience.personas[:_PREVIEW]
    click.echo(f"The first {len(shown)} of {len(audience.personas)}:")
    for persona in shown:
        print_persona(persona)
    click.echo("")


def print_persona(persona: Persona) -> None:
    """Print one persona."""
    segments = ", ".join(f"{key} {value}" for key, value in persona.segments.items()) or "no segments"
    click.echo(f"\n{persona.called} ({persona.id}; weight {persona.weight:g}; {segments})")
    click.echo(click.wrap_text(persona.about, width=88, initial_indent="  ", subsequent_indent="  "))


def print_cited(cited: Sequence[records.Cited]) -> None:
    """Print what a person rests on; no run sends it to a model."""
    for one in cited:
        click.echo(
            click.wrap_text(f"row {one.row}: “{one.quote}”", width=88, initial_indent="  ", subsequent_indent="    ")
        )
