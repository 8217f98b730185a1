"""One HTML file that needs no network: style, previews and charts are inside it."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from typing import Any

import jinja2
import polars as pl
from markupsafe import Markup

from toolkit.drafts.preview import load_style, make_environment, render_previews
from toolkit.errors import install_command
from toolkit.files import resources
from toolkit.models import chance_link
from toolkit.report.advice import say_verdict
from toolkit.report.content import Report, list_methods
from toolkit.report.names import NAMES
from toolkit.results import runs
from toolkit.results.scoring import RATES, comparisons
from toolkit.validity.outcomes import wording

_TEMPLATES = resources.DATA / "report"


def render_html(report: Report) -> str:
    """Return the whole page; every text of drafts, personas and replies is escaped."""
    run = report.run
    return (
        find_environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            told=report.recommendation,
            verdict=say_verdict(report.verdict),
            methods=run.methods,
            people=runs.say_personas(run.methods),
            statement=list(list_methods(run)),
            drafts=run.drafts,
            previews=render_previews(run.methods.campaign, highlights=report.highlights),
            rates=_arrange_rates(report.scorecard),
            control=_arrange_rates(report.control),
            measures=RATES,
            names=NAMES,
            sources=chance_link.NAMES,
            validation=list(wording.list_validation(run.methods.link)),
            charts=_draw_charts(report) if can_draw() else [],
            install=install_command("charts"),
            heatmaps={key: _arrange_segments(card, run.drafts) for key, card in report.segments.items()},
            health=report.health,
            style=Markup(load_style()) + Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - ours
            rules=comparisons.RULES,
            label=report.label,
        )
    )


def can_draw() -> bool:
    """Return whether the packages that draw charts as pictures are installed; without them a page has its tables."""
    return all(importlib.util.find_spec(name) is not None for name in ("altair", "vl_convert"))


def _draw_charts(report: Report) -> list[dict[str, str]]:
    from toolkit.report.pictures import embed_charts

    return embed_charts(report)


@lru_cache(maxsize=1)
def find_environment() -> jinja2.Environment:
    """Return the environment of the templates of reports."""
    environment = make_environment(_TEMPLATES)
    environment.filters["points"] = lambda difference: f"{round(100 * difference):+d}"
    return environment


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
