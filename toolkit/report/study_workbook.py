"""A study as an Excel workbook: one sheet a table, each under the label."""

from __future__ import annotations

import io
from collections.abc import Iterator

import polars as pl

from toolkit.report import workbook
from toolkit.report.study_content import StudyReport


def render_study_workbook(report: StudyReport) -> bytes:
    """Return the workbook's bytes."""
    stream = io.BytesIO()
    with workbook.start_workbook(stream, report.headline, report.label) as book:
        for name, rows in _list_sheets(report):
            workbook.add_table(book, name, rows, report.label)
    return stream.getvalue()


def _list_sheets(report: StudyReport) -> Iterator[tuple[str, pl.DataFrame]]:
    yield "Summary", pl.DataFrame({"in words": [report.headline, *report.sentences]})
    yield "Verdicts", report.verdicts
    yield "Scorecard", report.scorecard
    if not report.comparisons.is_empty():
        words = pl.Series("in words", report.factor_sentences)
        yield "Kinds of drafts", report.comparisons.with_columns(words)
        yield "By campaign", report.effects
    if not report.agreements.is_empty():
        yield "Agreement", report.agreements.with_columns(pl.Series("in words", report.agreement_sentences))
    if report.problems:
        yield "Lacking", pl.DataFrame({"run": report.problems})
    yield "Method", pl.DataFrame(list(report.list_methods()), schema=["what", "how"], orient="row")
