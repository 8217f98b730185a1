"""One HTML file that needs no network: style, previews and charts are inside it."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

import jinja2
import polars as pl
import vl_convert
from markupsafe import Markup

from toolkit.drafts.preview import load_style, make_environment, render_previews
from toolkit.files import resources
from toolkit.models import LABEL, chance_link
from toolkit.report import charts, fonts
from toolkit.report.content import Report, list_methods
from toolkit.results import runs
from toolkit.results.scoring import RATES, comparisons
from toolkit.validity.outcomes import wording

_TEMPLATES = resources.DATA / "report"


def render_html(report: Report) -> str:
    """Return the whole page; every text of drafts, personas and replies is escaped."""
    run = report.run
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            methods=run.methods,
            people=runs.say_personas(run.methods),
            statement=list(list_methods(run)),
            drafts=run.drafts,
            previews=render_previews(run.methods.campaign, highlights=report.highlights),
            rates=_arrange_rates(report.scorecard),
            control=_arrange_rates(report.control),
            measures=RATES,
            names=charts.NAMES,
            sources=chance_link.NAMES,
            validation=list(wording.list_validation(run.methods.link)),
            charts=[_embed(*chart) for chart in _list_charts(report)],
            heatmaps={key: _arrange_segments(card, run.drafts) for key, card in report.segments.items()},
            health=report.health,
            style=Markup(load_style()) + Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - ours
            rules=comparisons.RULES,
            label=LABEL,
        )
    )


def draw_svg(report: Report) -> str:
    """Return the chart of the rates as an SVG picture."""
    return vl_convert.vegalite_to_svg(charts.chart_rates(report.scorecard).to_json())


def draw_png(report: Report) -> bytes:
    """Return the chart of the rates as a PNG picture, twice as dense as a screen.

    Where no font here has the letters of a draft's name, a line of the picture says so.
    """
    chart = charts.chart_rates(report.scorecard)
    lacking = fonts.say_lacking(report.run.drafts)
    drawn = charts.add_note(chart, lacking) if lacking else chart
    return vl_convert.vegalite_to_png(drawn.to_json(), scale=2)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = make_environment(_TEMPLATES)
    environment.filters["points"] = lambda difference: f"{round(100 * difference):+d}"
    return environment


def _list_charts(report: Report) -> list[tuple[charts.Chart, str]]:
    drawn = [
        (charts.chart_rates(report.scorecard), "Rates of each draft with intervals; the table above has the numbers")
    ]
    if report.comparisons["difference"].is_not_null().any():
        drawn.append((charts.chart_differences(report.comparisons), "Differences between drafts with intervals"))
    drawn.append((charts.chart_actions(report.actions), "What people would do, as shares of everybody shown the draft"))
    if not report.levels.is_empty():
        drawn.append((charts.chart_levels(report.levels), "Distribution of the ratings of those who stopped"))
    return drawn


def _embed(chart: charts.Chart, alternative: str) -> dict[str, str]:
    picture = vl_convert.vegalite_to_svg(chart.to_json())
    return {"src": f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}", "alt": alternative}


def _arrange_rates(scorecard: pl.DataFrame) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the scorecard's rates as draft -> measure -> row."""
    arranged: dict[str, dict[str, dict[str, Any]]] = {}
    for row in scorecard.filter(pl.col("measure").is_in(RATES)).iter_rows(named=True):
        arranged.setdefault(row["draft_id"], {})[row["measure"]] = row
    return arranged


def _arrange_segments(card: pl.DataFrame, drafts: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return one row per segment value with a cell per draft, the widest disagreement first."""
    rows = []
    for (value,), group in card.group_by("value", maintain_order=True):
        cells = {row["draft_id"]: row for row in group.iter_rows(named=True)}
        known = [row["estimate"] for row in cells.values() if row["estimate"] is not None]
        rows.append(
            {
                "value": value,
                "cells": [cells.get(draft) for draft in drafts],
                "spread": max(known, default=0) - min(known, default=0),
            }
        )
    return sorted(rows, key=lambda row: (-row["spread"], row["value"]))
