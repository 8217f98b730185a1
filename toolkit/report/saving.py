"""A run as one file to read, print, send or compute with: HTML, Markdown, Excel, JSON, or a chart as a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from toolkit.errors import A_PATH, ArgumentKind, InputError, accept_only
from toolkit.files import write_atomically
from toolkit.report.content import Report, list_methods, make_report
from toolkit.results import Run

__all__ = ["FORMATS", "Report", "check_suffix", "list_methods", "make_report", "render_report", "save_report"]


def render_report(run: Run, suffix: str) -> bytes:
    """Return the report of a run in the form that a file suffix names, such as ".html"; InputError on another."""
    check_suffix(Path(f"report{suffix}"))
    return FORMATS[suffix](make_report(run))


def check_suffix(path: Path) -> None:
    """Raise InputError unless a report can be written in the form that the path's suffix names."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: no report has the suffix {path.suffix!r}; allowed: {', '.join(FORMATS)}")


@accept_only(run=ArgumentKind("a Run", lambda value: isinstance(value, Run)), path=A_PATH)
def save_report(run: Run, path: str | Path) -> Path:
    """Write the report of a run, whole or not at all, and return its path; the suffix names the form.

    .html, .md, .xlsx and .json hold the whole report, .svg and .png the chart of the rates. Raises InputError on
    another suffix, and if the file cannot be written.

    Examples:
        >>> toolkit.save_report(run, "report.md").name
        'report.md'
    """
    path = Path(path)
    check_suffix(path)
    write_atomically(path, render_report(run, path.suffix.lower()))
    return path


def _render_html(report: Report) -> bytes:
    from toolkit.report.html import render_html

    return render_html(report).encode()


def _render_markdown(report: Report) -> bytes:
    from toolkit.report.markdown import render_markdown

    return render_markdown(report).encode()


def _render_workbook(report: Report) -> bytes:
    from toolkit.report.workbook import render_workbook

    return render_workbook(report)


def _render_json(report: Report) -> bytes:
    import json

    from toolkit.report.content import to_plain

    return (json.dumps(to_plain(report), ensure_ascii=False, indent=2) + "\n").encode()


def _render_svg(report: Report) -> bytes:
    from toolkit.report.pictures import draw_svg

    return draw_svg(report).encode()


def _render_png(report: Report) -> bytes:
    from toolkit.report.pictures import draw_png

    return draw_png(report)


FORMATS: dict[str, Callable[[Report], bytes]] = {
    ".html": _render_html,
    ".md": _render_markdown,
    ".xlsx": _render_workbook,
    ".json": _render_json,
    ".svg": _render_svg,
    ".png": _render_png,
}
"""What a report can be written as: .svg and .png hold the chart of the rates alone."""
