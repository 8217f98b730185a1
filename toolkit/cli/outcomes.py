"""`audience outcomes`: what was published and what happened, kept, looked at, taken back."""

from __future__ import annotations

import json
from pathlib import Path

import click

from toolkit.cli.options import option


@click.group()
def outcomes() -> None:
    """Keep real results, and let them say how often panel and models are right.

    Example:  audience outcomes add results.csv
    """


@outcomes.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@option("--surface", metavar="NAME", help="Where drafts appeared in rows that do not say so.")
@option("--dry-run", is_flag=True, help="Read and check the file; keep nothing.")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def add(file: Path, surface: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Keep the results of a table (.csv .xlsx .parquet .jsonl), all of them or none.

    Columns: draft (its text) or draft_id; shown; at least one of clicks, replies, shares, hides; and, where known,
    surface, date, campaign, experiment (drafts that competed under the same conditions), group (experiments that
    belong together). The same result again counts once; with other counts it replaces the earlier one.

    Example:  audience outcomes add results.csv
    """
    import datetime

    from toolkit.api import default_store
    from toolkit.outcomes import add_outcomes, load_outcomes

    today = datetime.datetime.now(datetime.UTC).date()
    read, notes = load_outcomes(file, today, surface)
    addition = add_outcomes(default_store(), read, file.name, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps({**addition.model_dump(), "notes": notes, "dry_run": dry_run}, ensure_ascii=False))
        return
    for note in (*notes, *(f"replaced: {change}" for change in addition.replaced)):
        click.echo(note)
    counted = f"{addition.added} added, {len(addition.replaced)} replaced, {addition.known} already there"
    if dry_run:
        click.echo(f"{file}: {counted}; dry run, nothing was kept")
    elif addition.batch is None:
        click.echo(f"{file}: {counted}; nothing new to keep")
    else:
        click.echo(f"{file}: {counted}; batch {addition.batch}, `audience outcomes remove {addition.batch}` undoes it")


@outcomes.command("list")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def list_command(*, as_json: bool) -> None:
    """List the batches of results, and how many are matched to a run.

    Example:  audience outcomes list
    """
    from toolkit.api import default_store
    from toolkit.outcomes import count_matched
    from toolkit.store.outcomes import Outcomes

    with Outcomes(default_store()) as kept:
        batches, standing = kept.list_batches(), kept.list_outcomes()
    matched = count_matched(default_store())
    if as_json:
        described = {"batches": [batch.model_dump() for batch in batches], "results": len(standing), "matched": matched}
        click.echo(json.dumps(described, ensure_ascii=False))
        return
    for batch in batches:
        gone = f", taken back {batch.removed[:10]}" if batch.removed else ""
        click.echo(f"{batch.batch}  {batch.source}  {batch.results} results, added {batch.added[:10]}{gone}")
    click.echo(f"{len(standing)} results stand, {matched} of drafts that a run has tested.")
    if not batches:
        click.echo("Add what was published with `audience outcomes add FILE`.")


@outcomes.command()
@click.argument("batch", required=False, type=int, metavar="[BATCH]")
def remove(batch: int | None) -> None:
    """Take back a batch, the latest unless one is named; what it had replaced stands again.

    Example:  audience outcomes remove 3
    """
    _mark(batch, removed=True)


@outcomes.command()
@click.argument("batch", required=False, type=int, metavar="[BATCH]")
def restore(batch: int | None) -> None:
    """Bring back a batch that was taken back, the latest unless one is named.

    Example:  audience outcomes restore 3
    """
    _mark(batch, removed=False)


@outcomes.command()
@option("--out", "-o", required=True, type=click.Path(path_type=Path), metavar="FILE", help="Where to: .csv or .jsonl.")
def export(out: Path) -> None:
    """Write the results that stand, in a form that `add` reads again.

    Example:  audience outcomes export -o results.csv
    """
    from toolkit.api import default_store
    from toolkit.outcomes import export_outcomes
    from toolkit.store.outcomes import Outcomes

    with Outcomes(default_store()) as kept:
        standing = kept.list_outcomes()
    click.echo(f"{export_outcomes(standing, out)}: {len(standing)} results")


def _mark(batch: int | None, *, removed: bool) -> None:
    from toolkit.api import default_store
    from toolkit.outcomes import find_batch
    from toolkit.store.outcomes import Outcomes

    with Outcomes(default_store()) as kept:
        found = find_batch(kept, batch, removed=not removed)
        kept.mark(found.batch, removed=removed)
    done, undo = ("taken back", "restore") if removed else ("brought back", "remove")
    click.echo(
        f"batch {found.batch} ({found.source}, {found.results} results) {done}; "
        f"`audience outcomes {undo} {found.batch}` undoes it"
    )
