"""`audience outcomes`: real results of published drafts, kept, listed, taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.options import check_free, option
from toolkit.cli.table_options import read_map, remember_map, result_options
from toolkit.errors import InputError, suggest

if TYPE_CHECKING:
    from toolkit.validity.outcomes import Addition


@click.group()
def outcomes() -> None:
    """Keep real results and measure how often the panel and the models are right.

    Example:  audience outcomes add results.csv
    """


@outcomes.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@option("--surface", metavar="NAME", help="Surface of rows that name none.")
@result_options
@option("--dry-run", is_flag=True, help="Read and check the file. Keep nothing.")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def add(
    file: Path,
    surface: str | None,
    mapped: tuple[str, ...],
    sheet: str | None,
    where: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Keep the results of a table (.csv .xlsx .parquet .jsonl .ods ...), all of them or none.

    The table needs draft (its text) or draft_id, shown, and one of clicks, replies, shares, hides. It may have
    surface, date, campaign, experiment (drafts that competed under the same conditions) and group (experiments that
    belong together). A result added again counts once. New counts replace the earlier ones.

    Exports of Meta, Google, X, TikTok, LinkedIn and Pinterest are read as they are; --map names what is called
    something else. Answers to a form of `audience ask-people` are known by their first column.

    Example:  audience outcomes add results.csv
    """
    import datetime

    from toolkit.panel import api
    from toolkit.results.track_record import matching
    from toolkit.validity.outcomes import add_outcomes, load_outcomes
    from toolkit.validity.people import holds_answers

    if holds_answers(file):
        _add_answers(file, dry_run=dry_run, as_json=as_json)
        return

    today = datetime.datetime.now(datetime.UTC).date()
    columns = read_map(file, mapped, "results")
    read, notes = load_outcomes(file, today, surface, columns=columns, sheet=sheet, where=where)
    addition = add_outcomes(api.default_store(), read, file.name, dry_run=dry_run)
    if not dry_run:
        remember_map(file, mapped)
    matched, hard = matching.report_matches(api.default_store(), read)
    if as_json:
        told = {"notes": [*notes, *hard], "matched": matched, "dry_run": dry_run}
        click.echo(json.dumps({**addition.model_dump(), **told}, ensure_ascii=False))
        return
    for note in (*notes, *hard):
        click.echo(note)
    _say_addition(
        file, addition, f"{matched} of {len(read)} results are of drafts that a run has tested", dry_run=dry_run
    )


def _add_answers(file: Path, *, dry_run: bool, as_json: bool) -> None:
    from toolkit.panel import api
    from toolkit.validity.people import add_answers, answering, load_answers

    read = load_answers(file)
    addition = add_answers(api.default_store(), read, file.name, dry_run=dry_run)
    people, matched = len({one.person for one in read}), answering.count_tested(api.default_store(), read)
    if as_json:
        told = {"notes": [], "matched": matched, "dry_run": dry_run, "people": people}
        click.echo(json.dumps({**addition.model_dump(), **told}, ensure_ascii=False))
        return
    who = "1 real person" if people == 1 else f"{people} real people"
    _say_addition(
        file,
        addition,
        f"{who}; {matched} of {len(read)} answers are about drafts that a run has tested",
        dry_run=dry_run,
    )


def _say_addition(file: Path, addition: Addition, matched: str, *, dry_run: bool) -> None:
    """Say what was kept, or would be."""
    for change in addition.replaced:
        click.echo(f"replaced: {change}")
    counted = f"{addition.added} added, {len(addition.replaced)} replaced, {addition.known} already there"
    click.echo(matched)
    if dry_run:
        click.echo(f"{file}: {counted}; dry run, nothing kept")
    elif addition.batch is None:
        click.echo(f"{file}: {counted}; nothing new to keep")
    else:
        click.echo(f"{file}: {counted}; batch {addition.batch}, `audience outcomes remove {addition.batch}` undoes it")


@outcomes.command("list")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def list_command(*, as_json: bool) -> None:
    """List the batches of results and how many of their drafts a run has tested.

    Example:  audience outcomes list
    """
    from toolkit.panel import api
    from toolkit.results.track_record import matching
    from toolkit.store import outcome_log

    with outcome_log.Outcomes(api.default_store()) as kept:
        batches, standing, answers = kept.list_batches(), kept.list_outcomes(), kept.list_answers()
    matched = matching.count_matched(api.default_store())
    if as_json:
        described = {"batches": [batch.model_dump() for batch in batches], "results": len(standing), "matched": matched}
        described["answers"] = len(answers)
        click.echo(json.dumps(described, ensure_ascii=False))
        return
    for batch in batches:
        gone = f", taken back {batch.removed[:10]}" if batch.removed else ""
        click.echo(f"{batch.batch}  {batch.source}  {batch.say()}, added {batch.added[:10]}{gone}")
    click.echo(f"{_count(len(standing), 'result')} in use, {matched} of them for drafts that a run has tested.")
    if answers:
        people = len({one.person for one in answers})
        click.echo(f"{_count(len(answers), 'answer')} of {_count(people, 'real person', 'real people')} in use.")
    if not batches:
        click.echo("Add real results with `audience outcomes add FILE`.")


def _count(number: int, one: str, more: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else more or one + 's'}"


@outcomes.command()
@click.argument("batch", required=False, type=int, metavar="[BATCH]")
def remove(batch: int | None) -> None:
    """Take back a batch: the latest, unless you name one. Results that it replaced count again.

    Example:  audience outcomes remove 3
    """
    _mark(batch, removed=True)


@outcomes.command()
@click.argument("batch", required=False, type=int, metavar="[BATCH]")
def restore(batch: int | None) -> None:
    """Bring back a batch that was taken back: the latest, unless you name one.

    Example:  audience outcomes restore 3
    """
    _mark(batch, removed=False)


@outcomes.command()
@option(
    "--out", "-o", required=True, type=click.Path(path_type=Path), metavar="FILE", help="File to write: .csv or .jsonl."
)
@option("--force", is_flag=True, help="Replace FILE if it exists.")
def export(out: Path, *, force: bool) -> None:
    """Write the results in use, in a form that `add` reads.

    Example:  audience outcomes export -o results.csv
    """
    from toolkit.panel import api
    from toolkit.store import outcome_log
    from toolkit.validity.outcomes import export_outcomes

    check_free(out, force=force)
    with outcome_log.Outcomes(api.default_store()) as kept:
        standing = kept.list_outcomes()
    click.echo(f"{export_outcomes(standing, out)}: {len(standing)} results")


@outcomes.command()
@option("--group", metavar="KEY", help="Split by this column: experiment, group, campaign, surface or date.")
@option("--published", is_flag=True, help="Show the shipped record on published experiments instead of yours.")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def validate(group: str | None, *, published: bool, as_json: bool) -> int:
    """Show how often panel, control reader and outcome model were right about your results.

    The table compares them with chance, the longer draft, and TF-IDF learned on your other experiments. Experiments
    that share words count as one group, unless KEY names a column. Exits 1 if a lookup table of words shows that
    groups leak into each other.

    Example:  audience outcomes validate --json
    """
    from toolkit.panel import api
    from toolkit.validity.outcomes import load_published, validating

    if group is not None and group not in validating.GROUP_KEYS:
        raise InputError(
            f"--group {group!r}{suggest(group, validating.GROUP_KEYS)}; allowed: {', '.join(validating.GROUP_KEYS)}"
        )
    if published and group is not None:
        raise InputError("--published has its own groups; leave out --group")
    checked = load_published().combine() if published else validating.validate_store(api.default_store(), group=group)
    if as_json:
        click.echo(checked.model_dump_json())
    else:
        from toolkit.cli.records import print_validation

        print_validation(checked)
    if not checked.leakage.passed:
        click.echo(f"audience: {checked.leakage.sentence}", err=True)
    return 0 if checked.leakage.passed else 1


@outcomes.command()
@option("--list", "list_versions", is_flag=True, help="List every version and mark the one in use.")
@option(
    "--use", type=click.IntRange(min=0), metavar="VERSION", help="Use this version from now on. 0 is the shipped one."
)
@option("--undo", is_flag=True, help="Return to the version used before.")
@option("--dry-run", is_flag=True, help="Fit and show the gain. Keep nothing.")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def calibrate(use: int | None, *, list_versions: bool, undo: bool, dry_run: bool, as_json: bool) -> None:
    """Refit the link from evidence to behaviour on your results. Later runs use it.

    With few results the fit stays close to the shipped link. The command shows the gain on experiments that the fit
    has not seen. Earlier runs keep their link. Run a test again, free from the store, to use the new one.

    Example:  audience outcomes calibrate
    """
    from toolkit.cli.records import describe_link, print_links
    from toolkit.store import calibration_log

    if sum((list_versions, use is not None, undo, dry_run)) > 1:
        raise InputError("--list, --use, --undo and --dry-run exclude each other; pass one of them")
    if not (list_versions or undo or use is not None):
        _calibrate(dry_run=dry_run, as_json=as_json)
        return
    from toolkit.panel import api

    with calibration_log.Calibrations(api.default_store()) as kept:
        used = kept.undo() if undo else kept.use(use) if use is not None else kept.find_used()
        links = kept.list_links()
    if as_json:
        click.echo(json.dumps({"used": used.version, "versions": [link.model_dump() for link in links]}))
    elif list_versions:
        print_links(links, used)
    else:
        click.echo(f"in use: {describe_link(used)}")


def _calibrate(*, dry_run: bool, as_json: bool) -> None:
    from toolkit.cli.records import describe_link
    from toolkit.panel import api
    from toolkit.validity.outcomes import calibrating

    found = calibrating.calibrate_store(api.default_store(), dry_run=dry_run)
    if as_json:
        click.echo(found.model_dump_json())
        return
    click.echo(found.sentence)
    if found.link is not None:
        click.echo(describe_link(found.link))
        kept = (
            "dry run, nothing kept" if dry_run else "in use from now on; `audience outcomes calibrate --undo` undoes it"
        )
        click.echo(kept)


def _mark(batch: int | None, *, removed: bool) -> None:
    from toolkit.panel import api
    from toolkit.store import outcome_log
    from toolkit.validity.outcomes import find_batch

    with outcome_log.Outcomes(api.default_store()) as kept:
        found = find_batch(kept, batch, removed=not removed)
        kept.mark(found.batch, removed=removed)
    done, undo = ("taken back", "restore") if removed else ("brought back", "remove")
    click.echo(
        f"batch {found.batch} ({found.source}, {found.say()}) {done}; "
        f"`audience outcomes {undo} {found.batch}` undoes it"
    )
