"""The charts of a report as pictures, drawn with no browser and no network."""

from __future__ import annotations

import base64

from toolkit.errors import needing
from toolkit.report import charts, fonts
from toolkit.report.content import Report

with needing("charts", "a chart as a picture"):
    import vl_convert


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


def embed_charts(report: Report) -> list[dict[str, str]]:
    """Return source and alternative text of each chart of the page."""
    return [embed(*chart) for chart in _list_charts(report)]


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


def embed(chart: charts.Chart, alternative: str) -> dict[str, str]:
    """Return source and alternative text of a chart as a picture inside a page."""
    picture = vl_convert.vegalite_to_svg(chart.to_json())
    return {"src": f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}", "alt": alternative}
