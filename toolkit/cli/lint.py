"""`audience lint`: limits and policy, with no model and no network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from toolkit.cli.options import option
from toolkit.cli.table_options import read_map, remember_map, say_notes, table_options
from toolkit.files import markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.drafts.lint import Finding

_JSON_FIELDS = ("file", "line", "draft_id", "rule", "severity", "start", "end", "text", "message", "url")
_NOTE = "A finding is a reason to look again. It is no ruling and no legal advice."


@click.command()
@click.argument("drafts", nargs=-1, metavar="DRAFTS...")
@option("--surface", metavar="NAME", help="Surface of drafts that name none.")
@table_options
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
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How to print the findings. github annotates a pull request.",
)
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
    *,
    as_json: bool,
    rules: bool,
) -> int:
    """Check drafts against limits, policies and your team's rules. Needs no model and no network.

    Exits 1 if a platform would refuse a draft. A campaign raises or silences a rule in its `lint:` section.

    Example:  audience lint examples/click-to-messenger-ad.yaml
    """
    from toolkit.audiences import load_audience
    from toolkit.drafts import lint as linting
    from toolkit.drafts import load_drafts

    if rules:
        is_json = as_json or form == "json"
        click.echo(json.dumps({"rules": list(linting.RULES)}) if is_json else "\n".join(linting.RULES))
        return 0
    if not drafts:
        raise click.MissingParameter(param_hint="'DRAFTS...'", param_type="argument", ctx=click.get_current_context())
    people = load_audience(audience) if audience else None
    campaigns = [
        load_drafts(path, surface=surface, columns=read_map(path, mapped), sheet=sheet, where=where) for path in drafts
    ]
    for path, campaign in zip(drafts, campaigns, strict=True):
        say_notes(path, campaign.notes)
        remember_map(path, mapped)
    findings = [finding for campaign in campaigns for finding in linting.lint(campaign, people, brand=brand)]
    _print(findings, "json" if as_json else form, sum(map(len, campaigns)))
    return int(any(finding.severity == "error" for finding in findings))


def _print(findings: Sequence[Finding], form: str, drafts: int) -> None:
    if form == "json":
        described = [_describe(finding) for finding in findings]
        click.echo(json.dumps({"findings": described}, ensure_ascii=False))
    elif form == "github":
        for finding in findings:
            click.echo(_annotate(finding))
    else:
        for finding in findings:
            click.echo(_write(finding))
        click.echo(_summarise(findings, drafts))


def _describe(finding: Finding) -> dict[str, object]:
    """Return the contract's fields; the message names the part, and the suggestion follows it."""
    return {**{name: getattr(finding, name) for name in _JSON_FIELDS}, "message": _say(finding)}


def _say(finding: Finding) -> str:
    part = "" if finding.field == "text" or finding.message.startswith(finding.field) else f"{finding.field}: "
    advice = f"; {finding.suggestion}" if finding.suggestion else ""
    return f"{part}{finding.message}{advice}"


def _write(finding: Finding) -> str:
    place = ":".join(str(item) for item in (finding.file, finding.line) if item is not None)
    color = "red" if finding.severity == "error" else "yellow"
    head = f"{place or 'drafts'}: {finding.draft_id}: {click.style(finding.severity, fg=color)} {finding.rule}"
    quoted = f"  “{' '.join(finding.text.split())}”" if finding.text.strip() else ""
    lines = [head + quoted, f"    {_say(finding)}", f"    {finding.url}" if finding.url else ""]
    return "\n".join(line for line in lines if line)


def _summarise(findings: Sequence[Finding], drafts: int) -> str:
    errors = sum(finding.severity == "error" for finding in findings)
    counted = [(drafts, "draft"), (errors, "error"), (len(findings) - errors, "warning")]
    said = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counted)
    return f"{said}. {_NOTE}" if findings else f"{said}."


def _annotate(finding: Finding) -> str:
    """Return a finding as a workflow command of GitHub Actions."""
    values = {"file": finding.file, "line": finding.line, "title": f"{finding.rule} ({finding.draft_id})"}
    return markup.write_command(finding.severity, values, _say(finding))
