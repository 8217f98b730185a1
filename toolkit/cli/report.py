"""`audience report`: a run folder as one file to read, print or send."""

from __future__ import annotations

from pathlib import Path

import click

from toolkit.cli.options import check_free, option


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

    given = {"title": title, "logo": logo, "reply_to": reply_to, "comments": comments, "paper": paper}
    if (run / "study.json").is_file():
        saving.check_study_options(list(outputs), view=view, **given)
        for output in outputs:
            check_free(output, force=force)
        found, letterhead = load_study(run), saving.make_letterhead(title, logo)
        for output in outputs:
            write_atomically(output, saving.render_study_as(found, output.suffix.lower(), letterhead))
            click.echo(output)
        return 0
    delivery = saving.make_delivery(list(outputs), view=view, **given)
    for output in outputs:
        check_free(output, force=force)
    made = saving.make_report(load_run(run))
    for output in outputs:
        write_atomically(output, saving.render_as(made, output.suffix.lower(), delivery))
        click.echo(output)
    return 0
