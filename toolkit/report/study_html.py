"""A study as one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from markupsafe import Markup

from toolkit.files import resources
from toolkit.report import html
from toolkit.report.study_content import StudyReport


def render_study(report: StudyReport) -> str:
    """Return the whole page; every text of campaigns, drafts and providers is escaped."""
    style = (resources.DATA / "report" / "report.css").read_text(encoding="utf-8")
    return (
        html.find_environment()
        .get_template("study.html.j2")
        .render(
            report=report,
            label=report.label,
            charts=list(_draw_forests(report)) if html.can_draw() else [],
            style=Markup(style),  # noqa: S704 - ours
        )
    )


def _draw_forests(report: StudyReport) -> Iterator[dict[str, str]]:
    """Yield a forest plot for each pair of levels that has campaigns to show."""
    from toolkit.report import charts, pictures

    if report.effects.is_empty():
        return
    for (factor, a, b), rows in report.effects.group_by("factor", "level_a", "level_b", maintain_order=True):
        if rows.filter(pl.col("kind") == "mean").height:
            yield pictures.embed(charts.chart_forest(rows), f"{factor}: {b} minus {a} in each campaign; see the table")
