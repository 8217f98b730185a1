"""`audience report`: a run folder as one file to read, print or send."""

from __future__ import annotations

from pathlib import Path

import click

from toolkit.cli.options import check_free, option


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", "outputs", metavar="FILE", multiple=True, required=True, type=click.Path(path_type=Path),
    help="File to write: .html .md .xlsx .json, or .svg .png for the chart of rates; repeatable.",
)  # fmt: skip
@option("--force", is_flag=True, help="Replace FILE if it exists.")
def report(run: Path, outputs: tuple[Path, ...], *, force: bool) -> int:
    """Write the report of a run folder. The suffix of FILE decides the form.

    Example:  audience report runs/paypal-invoices-ae8d7338ea92 -o report.html
    """
    from toolkit.report import check_suffix, save_report
    from toolkit.results import load_run

    for output in outputs:
        check_suffix(output)
        check_free(output, force=force)
    finished = load_run(run)
    for output in outputs:
        click.echo(save_report(finished, output))
    return 0
