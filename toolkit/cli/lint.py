"""`audience lint`: limits and policy, with no model and no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.options import encoding_option, option, outside_option, settled_paths, surfaces_option
from toolkit.cli.table_options import draft_options, read_campaign
from toolkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.drafts.lint import Finding

_JSON_FIELDS = ("file", "line", "column", "draft_id", "rule", "severity", "start", "end", "text", "message", "url")
_NOTE = "A finding is a reason to look again. It is no ruling and no legal advice."


@click.command()
@click.argument("drafts", nargs=-1, metavar="DRAFTS...")
@option("--surface", metavar="NAME", help="Surface of drafts that name none.")
@draft_options
@option("--audience", metavar="NAME_OR_PATH", help="Also name personas whose description the copy repeats.")
@option(
    "--brand",
    type=click.Path(),
    metavar="FILE",
    help="Your team's own rules.  [default: brand.yaml next to the drafts]",
)
@option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif", "codequality", "checkstyle", "rdjson", "junit"]),
    default="text",
    show_default=True,
    help="How to print the findings. github annotates a pull request.",
)
@option("--select", multiple=True, metavar="RULE", help="Only these rules, or groups such as style.  [repeatable]")
@option("--ignore", multiple=True, metavar="RULE", help="Leave out these rules, or groups such as style.  [repeatable]")
@option("--max-warnings", type=click.IntRange(min=0), metavar="N", help="Exit 1 if there are more than N warnings.")
@option(
    "--on-unchecked",
    type=click.Choice(["pass", "fail"]),
    default="pass",
    show_default=True,
    help="Exit 1 if a draft's language has no policy list.",
)
@option("--changed-since", metavar="REF", help="Check only drafts that changed since this Git ref.")
@click.option("--follow", is_flag=True, help="Take DRAFTS... as changed files. Check the campaigns they touch.")
@surfaces_option
@outside_option
@encoding_option
@click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
@click.option("--rules", is_flag=True, help="List the rule ids and stop.")
def lint(
    drafts: tuple[str, ...],
    surface: str | None,
    mapped: tuple[str, ...],
    sheet: str | None,
    where: str | None,
    audience: str | None,
    brand: str | None,
    form: str,
    on_unchecked: str,
    changed_since: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    max_warnings: int | None,
    *,
    follow: bool,
    as_json: bool,
    rules: bool,
) -> int:
    """Check drafts against limits, policies and your team's rules. Needs no model and no network.

    Exits 1 if a platform would refuse a draft. A campaign raises or silences a rule in its `lint:` section.

    Example:  audience lint examples/click-to-messenger-ad.yaml
    """
    from toolkit.audiences import load_audience
    from toolkit.drafts import lint as linting
    from toolkit.drafts import touched

    if rules:
        is_json = as_json or form == "json"
        click.echo(json.dumps({"rules": list(linting.RULES)}) if is_json else "\n".join(linting.RULES))
        return 0
    drafts = drafts or settled_paths("DRAFTS...")
    if follow:
        drafts = tuple(touched.follow(drafts))
    drafts = tuple(file for path in drafts for file in _list_drafts(path))
    if changed_since is not None:
        drafts = tuple(touched.choose_touched(drafts, touched.find_changed(changed_since)))
    people = load_audience(audience) if audience else None
    findings: list[Finding] = []
    faults: list[InputError] = []
    count = 0
    for path in drafts:
        try:
            campaign = read_campaign([path], mapped, surface=surface, sheet=sheet, where=where)
            findings += linting.lint(campaign, people, brand=brand, select=select, ignore=ignore)
            count += len(campaign)
        except InputError as error:
            if len(drafts) == 1:
                raise
            faults.append(error)
            click.echo(f"audience: {error}", err=True)
    _print(findings, "json" if as_json else form, count, drafts)
    if faults:
        return faults[0].exit_code
    warnings = sum(finding.severity == "warning" for finding in findings)
    if max_warnings is not None and warnings > max_warnings:
        click.echo(f"audience: {warnings} warnings, and --max-warnings is {max_warnings}", err=True)
        return 1
    failing = {"error", "unchecked"} if on_unchecked == "fail" else {"error"}
    return int(any(finding.severity in failing for finding in findings))


def _list_drafts(path: str) -> list[str]:
    """Return a file as it is, and for a folder the campaigns in it and below."""
    from toolkit.drafts import touched

    if not Path(path).is_dir():
        return [path] if path == "-" else touched.expand([path])
    found = touched.list_campaigns(Path(path))
    if not found:
        raise InputError(f"{path}: no campaign is in this folder; one has drafts at its top level, see docs/files.md")
    return found


def _print(findings: Sequence[Finding], form: str, drafts: int, files: Sequence[str]) -> None:
    from toolkit.drafts.lint import reports

    if form == "json":
        described = [_describe(finding) for finding in findings]
        click.echo(json.dumps({"findings": described}, ensure_ascii=False))
    elif form == "junit":
        click.echo(_render_junit(findings, files), nl=False)
    elif form in reports.FORMATS:
        click.echo(reports.FORMATS[form](reports.make_issues(findings)), nl=False)
    else:
        for finding in findings:
            click.echo(_write(finding))
        click.echo(_summarise(findings, drafts))


def _describe(finding: Finding) -> dict[str, object]:
    """Return the contract's fields; the message names the part, and the suggestion follows it."""
    return {**{name: getattr(finding, name) for name in _JSON_FIELDS}, "message": _say(finding)}


def _say(finding: Finding) -> str:
    from toolkit.drafts.lint import reports

    return reports.describe_finding(finding)


def _write(finding: Finding) -> str:
    place = ":".join(str(item) for item in (finding.file, finding.line) if item is not None)
    color = {"error": "red", "warning": "yellow"}.get(finding.severity)
    head = f"{place or 'drafts'}: {finding.draft_id}: {click.style(finding.severity, fg=color)} {finding.rule}"
    quoted = f"  “{' '.join(finding.text.split())}”" if finding.text.strip() else ""
    lines = [head + quoted, f"    {_say(finding)}", f"    {finding.url}" if finding.url else ""]
    return "\n".join(line for line in lines if line)


def _summarise(findings: Sequence[Finding], drafts: int) -> str:
    errors, warnings, notes = (sum(one.severity == word for one in findings) for word in ("error", "warning", "note"))
    counted = [(drafts, "draft"), (errors, "error"), (warnings, "warning"), *([(notes, "note")] if notes else [])]
    said = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counted)
    unchecked = len({(one.file, one.draft_id) for one in findings if one.severity == "unchecked"})
    said += f", {unchecked} not read for policy" if unchecked else ""
    return f"{said}. {_NOTE}" if findings else f"{said}."


def _render_junit(findings: Sequence[Finding], files: Sequence[str]) -> str:
    """Return JUnit XML: a suite a file, a case a finding; errors fail, and what is less is skipped with its words."""
    import datetime

    from toolkit.gate import formats, results

    words: dict[str, results.Outcome] = {
        "error": "failed", "warning": "inconclusive", "note": "inconclusive", "unchecked": "inconclusive",
    }  # fmt: skip
    outcomes = []
    for file in files:
        checks = [
            results.CheckOutcome(
                check=f"{finding.draft_id} {finding.rule}",
                outcome=words[finding.severity],
                message=_say(finding),
                line=finding.line,
            )
            for finding in findings
            if finding.file == file
        ] or [results.CheckOutcome(check="lint", outcome="passed", message="nothing was found")]
        outcomes.append(
            results.CampaignOutcome(campaign=Path(file).stem, file=file, outcome="passed", checks=tuple(checks))
        )
    return formats.render_junit(outcomes, datetime.datetime.now(datetime.UTC))
