"""`audience report`: a run folder as one file to read, print or send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from toolkit.cli.options import check_free, option

_DEFAULTS = {"view": "full", "title": "", "logo": None, "reply_to": "", "comments": True, "paper": "a4"}


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", "outputs", metavar="FILE", multiple=True, required=True, type=click.Path(path_type=Path),
    help="File to write: .html .md .xlsx .json, .svg .png for the chart of rates, .pdf .pptx for a client; repeatable.",
)  # fmt: skip
@option(
    "--view", metavar="full|client", default="full", help="Write .html as the one page of a client.  [default: full]"
)
@option("--title", metavar="TEXT", default="", help="Name on what a client gets.  [default: the campaign]")
@option("--logo", metavar="FILE", type=click.Path(path_type=Path), help="PNG or JPEG picture on what a client gets.")
@option("--reply-to", metavar="ADDRESS", default="", help="Mail address that a client's answer goes to.")
@option("--comments/--no-comments", default=True, help="Show what people said about the drafts.  [default: comments]")
@option("--paper", metavar="a4|letter", default="a4", help="Size of a PDF.  [default: a4]")
@option("--force", is_flag=True, help="Replace FILE if it exists.")
def report(
    run: Path,
    outputs: tuple[Path, ...],
    view: str,
    title: str,
    logo: Path | None,
    reply_to: str,
    paper: str,
    *,
    comments: bool,
    force: bool,
) -> int:
    """Write the report of a run folder or a study. The suffix of FILE decides the form.

    A study has .html, .xlsx and .pptx.

    A client gets one page: the recommendation, the drafts, three quotes, what it rests on, approvals and comments.

    \b
    Example:  audience report runs/paypal-invoices-ae8d7338ea92 -o report.html
              audience report runs/paypal-invoices-ae8d7338ea92 -o client.html --view client --logo logo.png
    """  # noqa: D301 - \b keeps click from joining the lines
    from toolkit.files import write_atomically
    from toolkit.report import saving
    from toolkit.results import load_run
    from toolkit.study import load_study

    given: dict[str, Any] = {
        "view": view,
        "title": title,
        "logo": logo,
        "reply_to": reply_to,
        "comments": comments,
        "paper": paper,
    }
    suffixes = {output.suffix.lower() for output in outputs}
    if (run / "study.json").is_file():
        given = _leave_out(given, {"title", "logo"} if ".pptx" in suffixes else set())
        saving.check_study_options(list(outputs), **given)
        for output in outputs:
            check_free(output, force=force)
        found, letterhead = load_study(run), saving.make_letterhead(given["title"], given["logo"])
        for output in outputs:
            write_atomically(output, saving.render_study_as(found, output.suffix.lower(), letterhead))
            click.echo(output)
        return 0
    given = _leave_out(given, {*given} if suffixes <= set(saving.CLIENT_FORMATS) else {*given} - {"view"})
    given = given if any(saving.is_for_client(one, given["view"]) for one in outputs) else _leave_out(given, set())
    delivery = saving.make_delivery(list(outputs), **given)
    for output in outputs:
        check_free(output, force=force)
    made = saving.make_report(load_run(run))
    for output in outputs:
        write_atomically(output, saving.render_as(made, output.suffix.lower(), delivery))
        click.echo(output)
    return 0


def _leave_out(given: dict[str, Any], used: set[str]) -> dict[str, Any]:
    """Return the options without what the environment says of others than `used`: a house's logo is no fault there."""
    find_source, surroundings = click.get_current_context().get_parameter_source, click.core.ParameterSource.ENVIRONMENT
    return {
        name: value if name in used or find_source(name) is not surroundings else _DEFAULTS[name]
        for name, value in given.items()
    }
