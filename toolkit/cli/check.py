"""`audience check`: the gate for CI, offline by default."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import option, settled_paths, shared_parameters
from toolkit.cli.record import ASKING, find_exit_code, record_one, say_spent
from toolkit.errors import InputError, ToolkitError
from toolkit.files import write_atomically
from toolkit.models import LABEL

if TYPE_CHECKING:
    from toolkit.gate import results

_COLORS = {"passed": "green", "failed": "red", "stale": "yellow", "inconclusive": "yellow", "error": "red"}
_ORDER = ("passed", "failed", "stale", "inconclusive", "error")


@click.command(params=shared_parameters("audience", "engine", *ASKING, "surfaces", "allow_outside", "encoding"))
@click.argument("campaigns", nargs=-1, metavar="CAMPAIGN...")
@option(
    "--on-stale",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    show_default=True,
    help="Whether a stale recording fails or only warns.",
)
@option(
    "--on-inconclusive",
    type=click.Choice(["fail", "warn", "pass"]),
    default="warn",
    show_default=True,
    help="Exit code of an inconclusive check: fail is 1, warn is 5, pass is 0.",
)
@click.option(
    "--record", "do_record", is_flag=True, help="First ask for the reactions that recordings lack. Needs an engine."
)
@option("--select", multiple=True, metavar="RULE", help="Only these lint rules, or groups such as style.  [repeatable]")
@option("--ignore", multiple=True, metavar="RULE", help="Leave out these lint rules, or groups.  [repeatable]")
@option("--max-warnings", type=click.IntRange(min=0), metavar="N", help="Exit 1 if lint has more than N warnings.")
@option("--changed-since", metavar="REF", help="Check only campaigns that changed since this Git ref.")
@click.option("--follow", is_flag=True, help="Take CAMPAIGN... as changed files. Check the campaigns they touch.")
@option(
    "--format",
    "layout",
    type=click.Choice(["text", "json", "github", "sarif", "codequality", "checkstyle", "rdjson", "junit", "markdown"]),
    default="text",
    show_default=True,
    help="How to print the outcomes. github annotates a pull request.",
)
@option("--junit", type=click.Path(), metavar="FILE", help="Also write JUnit XML to FILE.")
@option(
    "--summary", type=click.Path(), metavar="FILE", help="Also append Markdown to FILE, such as $GITHUB_STEP_SUMMARY."
)
@option(
    "--outcome", type=click.Path(), metavar="FILE", help="Also append outcome=WORD to FILE, such as $GITHUB_OUTPUT."
)
@option("--comment", type=click.Path(), metavar="FILE", help="Also write Markdown for a pull request to FILE.")
@click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def check(
    campaigns: tuple[str, ...],
    *,
    on_stale: str,
    on_inconclusive: str,
    changed_since: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    max_warnings: int | None,
    follow: bool,
    do_record: bool,
    layout: str,
    junit: str | None,
    summary: str | None,
    outcome: str | None,
    comment: str | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Judge the checks of campaigns on their recordings. Needs no network, key or model.

    CAMPAIGN is a file, or a folder: then every campaign in it that has checks. Exits 0 if every check passed,
    1 if one failed or is stale. Exits 5 if none failed but one is inconclusive.

    Example:  audience check examples/paypal-invoices.yaml
    """
    from toolkit.engines import budget
    from toolkit.gate import Shelf, check_campaign, results

    shelf, outcomes, codes = Shelf(), [], []
    given: dict[str, Any] = {"shelf": shelf, "on_stale": on_stale, "on_inconclusive": on_inconclusive}
    given |= {"audience": options["audience"], "model": options["model"], "select": select, "ignore": ignore}
    chosen = _choose(campaigns, changed_since, follow=follow)
    with budget.one_bill() as bill:
        for path in chosen:
            try:
                if do_record:
                    codes.append(find_exit_code(record_one(path, shelf, **options)))
                elif options["engine"] not in {None, "replay"}:
                    given |= options
                found = check_campaign(path, **given)
            except ToolkitError as error:
                if len(chosen) == 1 and not as_json and layout == "text":
                    raise
                found = _refuse(path, error)
                codes.append(error.exit_code)
            outcomes.append(found)
            codes.append(found.exit_code)
    if bill.spent or bill.lost:
        click.echo(f"{say_spent(bill, options['max_cost'])}.", err=True)
    _write(outcomes, junit, summary, outcome)
    if comment:
        from toolkit.gate import comments

        write_atomically(Path(comment), comments.render_comment(outcomes, changed_since).encode())
    click.echo(FORMATS["json" if as_json else layout](outcomes))
    if _has_too_many(outcomes, max_warnings):
        codes.append(results.FAILED)
    return results.choose_exit_code(codes)


def _choose(campaigns: tuple[str, ...], changed_since: str | None, *, follow: bool) -> Sequence[str]:
    """Return the campaigns to check. Those left out are told, unless a change or changed files chose the others."""
    from toolkit.drafts import touched
    from toolkit.gate import choose_campaigns

    if follow:
        campaigns = tuple(touched.follow(campaigns))
    elif not campaigns:
        campaigns = settled_paths("CAMPAIGN...")
    if not campaigns:
        return []
    chosen, others = choose_campaigns(campaigns)
    if changed_since is not None:
        return touched.choose_touched(chosen, touched.find_changed(changed_since))
    for path in () if follow else others:
        click.echo(f"{path}: skipped, it is no campaign with checks", err=True)
    return chosen


def _has_too_many(outcomes: Sequence[results.CampaignOutcome], max_warnings: int | None) -> bool:
    """Say on standard error if lint has more warnings than are let pass."""
    findings = [one for outcome in outcomes for check in outcome.checks for one in check.findings]
    warnings = sum(finding.severity == "warning" for finding in findings)
    if max_warnings is None or warnings <= max_warnings:
        return False
    click.echo(f"audience: {warnings} lint warnings, and --max-warnings is {max_warnings}", err=True)
    return True


def _refuse(path: str, error: ToolkitError) -> results.CampaignOutcome:
    """Print what is wrong with one campaign on standard error. The others still run."""
    from toolkit.gate import results

    click.echo(f"audience: {error}", err=True)
    place = re.match(rf"{re.escape(path)}:(\d+): ", str(error))
    said = results.CheckOutcome(
        check="campaign file", outcome="error", message=str(error), line=int(place[1]) if place else None
    )
    return results.CampaignOutcome(campaign=path, file=path, outcome="error", checks=(said,))


def render_text(outcomes: Sequence[results.CampaignOutcome]) -> str:
    """Return one line per check, a line that counts them, and the label."""
    lines = []
    for outcome in outcomes:
        lines.append(f"{outcome.file}: {click.style(outcome.outcome, fg=_COLORS[outcome.outcome], bold=True)}")
        for one in outcome.checks:
            word = click.style(f"{one.outcome:<12}", fg=_COLORS[one.outcome])
            lines.append(f"  {word} {one.check}\n{' ' * 15}{one.message}")
        lines += [f"  {click.style('warning', fg='yellow')}      {warning}" for warning in outcome.warnings]
    return "\n".join([*lines, _count(outcomes), click.style(LABEL, dim=True)])


def _describe(check: results.CheckOutcome) -> dict[str, object]:
    """Return a check as the contract has it, and where it stands, what was estimated and its 95 % interval."""
    column = next((finding.column for finding in check.findings if finding.line == check.line), None)
    told = check.model_dump(include={"check", "outcome", "message", "line", "estimate", "low", "high"})
    return {name: told.get(name, column) for name in _CHECK_FIELDS}


_CHECK_FIELDS = ("check", "outcome", "message", "line", "column", "estimate", "low", "high")


def render_json(outcomes: Sequence[results.CampaignOutcome]) -> str:
    """Return the contract's object, on one line."""
    campaigns = [
        {
            "campaign": outcome.campaign,
            "file": outcome.file,
            "outcome": outcome.outcome,
            "checks": [_describe(one) for one in outcome.checks],
        }
        for outcome in outcomes
    ]
    return json.dumps({"outcome": _find_gravest(outcomes), "campaigns": campaigns}, ensure_ascii=False)


def render_github(outcomes: Sequence[results.CampaignOutcome]) -> str:
    """Return annotations for the lines of a pull request, and a line that counts all checks."""
    from toolkit.gate import formats

    return f"{formats.render_annotations(outcomes)}{_count(outcomes)}\n{LABEL}"


def render_junit(outcomes: Sequence[results.CampaignOutcome]) -> str:
    """Return JUnit XML of this moment."""
    from toolkit.gate import formats

    return formats.render_junit(outcomes, datetime.datetime.now(datetime.UTC))


def render_markdown(outcomes: Sequence[results.CampaignOutcome]) -> str:
    """Return a summary for the page of a job."""
    from toolkit.gate import formats

    return formats.render_summary(outcomes)


def render_issues(form: str) -> Callable[[Sequence[results.CampaignOutcome]], str]:
    """Return the renderer of a form that lists issues, one for each finding of lint and each check that fails."""

    def render(outcomes: Sequence[results.CampaignOutcome]) -> str:
        from toolkit.drafts.lint import reports
        from toolkit.gate import formats

        return reports.FORMATS[form](formats.make_issues(outcomes)).removesuffix("\n")

    return render


FORMATS: dict[str, Callable[[Sequence[results.CampaignOutcome]], str]] = {
    "text": render_text,
    "json": render_json,
    "github": render_github,
    **{form: render_issues(form) for form in ("sarif", "codequality", "checkstyle", "rdjson")},
    "junit": render_junit,
    "markdown": render_markdown,
}
"""A renderer for each --format: outcomes in, what is printed out."""


def _write(
    outcomes: Sequence[results.CampaignOutcome], junit: str | None, summary: str | None, outcome: str | None
) -> None:
    """Write the files that were asked for besides what is printed."""
    if junit:
        write_atomically(Path(junit), render_junit(outcomes).encode())
    if summary:
        _append("--summary", summary, render_markdown(outcomes))
    if outcome:
        _append("--outcome", outcome, f"outcome={_find_gravest(outcomes)}\n")


def _append(option_name: str, path: str, text: str) -> None:
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{option_name} {path}: {error.strerror}; name a file that can be written") from None


def _find_gravest(outcomes: Sequence[results.CampaignOutcome]) -> results.Outcome:
    from toolkit.gate import results

    policy = outcomes[0].on_stale if outcomes else "fail"
    return results.find_gravest((outcome.outcome for outcome in outcomes), policy)


def _count(outcomes: Sequence[results.CampaignOutcome]) -> str:
    found = [one.outcome for outcome in outcomes for one in outcome.checks]
    told = ", ".join(f"{found.count(word)} {word}" for word in _ORDER if word in found)
    return f"{len(outcomes)} campaign{'' if len(outcomes) == 1 else 's'}, {len(found)} checks: {told}."
