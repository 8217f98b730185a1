"""Frames in, Altair charts out; every chart carries the label and draws intervals beside estimates."""

from __future__ import annotations

import textwrap
from typing import Any, TypeAlias

import polars as pl

from toolkit.errors import needing
from toolkit.models import LABEL, MEASURES, records
from toolkit.report.names import NAMES
from toolkit.results.scoring import PRIMARY, RATES

with needing("charts", "a chart"):
    import altair as alt

Chart: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart

ACTION_COLOURS = {
    "scroll_past": "#bbbbbb",
    "read": "#56b4e9",
    "react": "#0072b2",
    "click": "#009e73",
    "reply": "#117733",
    "share": "#44aa99",
    "save": "#88ccee",
    "hide": "#e69f00",
    "report": "#d55e00",
}
"""Told apart with the common kinds of colour blindness (Okabe and Ito, with three tones of Tol)."""
DRAFT_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b5b5b")
DRAFT_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke")
MOST_SEGMENTS = 8
_WIDTH = 520
_LABELS = 100
"""Pixels kept for the names of rows, which a narrow page would cut."""
_SUBTITLE = 48
"""Characters a line, so that the label fits a phone."""
_LEGEND = alt.Legend(orient="bottom", columns=4, symbolType="square")
_GREY = "#767c85"
"""Readable on white and on near-black."""


def chart_rates(scorecard: pl.DataFrame) -> Chart:
    """Return a dot with its 95 % interval per draft and rate; takes the rows of one segment value."""
    return _chart_intervals(
        scorecard,
        list(RATES),
        alt.Scale(domain=[0, 1]),
        ".0%",
        "share of everybody shown it",
        "How many stopped, and what for",
    )


def chart_ratings(scorecard: pl.DataFrame) -> Chart:
    """Return a dot with its interval per draft and measure, from 1 to 5, of those who stopped."""
    return _chart_intervals(
        scorecard,
        list(MEASURES),
        alt.Scale(domain=[1, 5]),
        ".1f",
        "rating by those who stopped",
        "How those who stopped rated it",
    )


def chart_differences(comparisons: pl.DataFrame) -> Chart:
    """Return the difference of each pair of drafts with its interval, against a line at nothing."""
    rows = comparisons.with_columns(
        pair=pl.format("{} minus {}", "draft_b", "draft_a"),
        measure_name=pl.col("measure").replace_strict(NAMES, default=pl.col("measure")),
    )
    base = alt.Chart(rows).encode(y=alt.Y("pair:N", title=None, sort=None, axis=alt.Axis(labelLimit=260)))
    axis = alt.Axis(format="+.0%", title="difference in the objective rate")
    line = base.mark_rule(strokeWidth=3, color="#0072b2").encode(x=alt.X("low:Q", axis=axis), x2="high:Q")
    dot = base.mark_point(size=90, filled=True, color="#0072b2", opacity=1).encode(
        x="difference:Q", tooltip=["pair", "difference", "low", "high", "verdict"]
    )
    return _finish(alt.layer(_mark_nothing(0), line, dot, data=rows), "Draft against draft")


def chart_record(record: pl.DataFrame) -> Chart:
    """Return how often each source was right with its interval, against the line of chance; rows of `tabulate`."""
    rows = record.filter(pl.col("accuracy").is_not_null() & (pl.col("source") != "chance"))
    y = alt.Y("source:N", title=None, sort=None, axis=alt.Axis(labelLimit=200, minExtent=_LABELS))
    base = alt.Chart(rows).encode(y=y)
    scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format=".0%", tickCount=5, title="right, of pairs that differ")
    line = base.mark_rule(strokeWidth=3, color="#0072b2", aria=False).encode(
        x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"
    )
    dot = base.mark_point(size=90, filled=True, color="#0072b2", opacity=1).encode(
        x=alt.X("accuracy:Q", scale=scale),
        tooltip=["source", *(alt.Tooltip(f"{name}:Q", format=".0%") for name in ("accuracy", "low", "high")), "pairs"],
    )
    drawn = alt.layer(_mark_nothing(0.5), line, dot, data=rows)
    return _finish(drawn, "How often each was right", note="Dots with 95 % intervals; dashed: chance.", step=34)


def chart_segments(spread: pl.DataFrame, most: int = MOST_SEGMENTS, *, measure: str = PRIMARY) -> Chart:
    """Return a dot with its interval per draft and segment value, the widest gap first; rows of `spread_segments`.

    The rows are of one `measure`. Of more segment values than `most` the first ones are drawn.
    """
    named = spread.with_columns(place=pl.format("{} ({})", "value", "segment"))
    first = named["place"].unique(maintain_order=True).head(most)
    rows = named.filter(pl.col("place").is_in(first.to_list()))
    base = alt.Chart(rows).encode(
        y=alt.Y("place:N", title=None, sort=first.to_list(), axis=alt.Axis(labelLimit=220, minExtent=_LABELS)),
        yOffset=alt.YOffset("draft_id:N", sort=None),
        color=_draft_colour(rows),
    )
    is_share, name = measure in RATES, NAMES.get(measure, measure)
    scale = alt.Scale(domain=[0, 1] if is_share else [1, 5])
    axis = alt.Axis(format=".0%" if is_share else ".1f", title=f"share that {name}" if is_share else f"{name}, 1 to 5")
    line = base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q")
    dot = base.mark_point(size=80, filled=True, opacity=1).encode(
        x=alt.X("estimate:Q", scale=scale),
        shape=alt.Shape("draft_id:N", sort=None, legend=None, scale=alt.Scale(range=list(DRAFT_SHAPES))),
        tooltip=["draft_id", "segment", "value", "estimate", "low", "high", "personas"],
    )
    return _finish(line + dot, "Where they disagree", note="Dots with 95 % intervals, widest gap first.", step=34)


def chart_actions(actions: pl.DataFrame) -> Chart:
    """Return one bar per draft, divided by what people did; takes draft_id, action, share and personas."""
    order = {action: place for place, action in enumerate(records.ACTIONS)}
    rows = actions.with_columns(
        place=pl.col("action").replace_strict(order), action_name=pl.col("action").str.replace("_", " ")
    )
    seen = [action for action in ACTION_COLOURS if action in set(actions["action"])]
    colours = alt.Scale(
        domain=[action.replace("_", " ") for action in seen], range=[ACTION_COLOURS[action] for action in seen]
    )
    chart = (
        alt.Chart(rows)
        .mark_bar(size=26, stroke="white")
        .encode(
            x=alt.X("share:Q", stack="zero", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", title=None)),
            y=alt.Y("draft_id:N", title=None, sort=None),
            color=alt.Color("action_name:N", scale=colours, title="would", legend=_LEGEND),
            order="place:Q",
            tooltip=["draft_id", "action_name", alt.Tooltip("share:Q", format=".0%"), "personas"],
        )
    )
    return _finish(chart, "What the simulated audience would do")


def chart_levels(levels: pl.DataFrame) -> Chart:
    """Return bars of each rating level per draft and measure; takes draft_id, measure, level and share."""
    chart = (
        alt.Chart(levels)
        .mark_bar()
        .encode(
            x=alt.X("level:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("share:Q", title=None, axis=alt.Axis(format=".0%", tickCount=3)),
            color=_draft_colour(levels),
            xOffset=alt.XOffset("draft_id:N", sort=None),
            facet=alt.Facet("measure:N", columns=2, title=None, sort=list(MEASURES)),
        )
        .properties(width=130, height=80)
    )
    return _finish(chart, "How those who stopped rated it, 1 to 5", width=None)


def add_note(chart: Chart, note: str) -> Chart:
    """Return a chart with one more sentence under its title."""
    title = chart.title.copy()
    title.subtitle = [*title.subtitle, *textwrap.wrap(note, _SUBTITLE)]
    noted: Chart = chart.properties(title=title)
    return noted


def _chart_intervals(
    scorecard: pl.DataFrame, measures: list[str], scale: alt.Scale, form: str, axis: str, title: str
) -> Chart:
    rows = scorecard.filter(pl.col("measure").is_in(measures) & pl.col("estimate").is_not_null()).with_columns(
        measure_name=pl.col("measure").replace_strict(NAMES)
    )
    y = alt.Y("measure_name:N", title=None, sort=[NAMES[name] for name in measures], axis=alt.Axis(labelLimit=200))
    base = alt.Chart(rows).encode(y=y, yOffset=alt.YOffset("draft_id:N", sort=None), color=_draft_colour(rows))
    line = base.mark_rule(strokeWidth=3, clip=True).encode(
        x=alt.X("low:Q", scale=scale, axis=alt.Axis(format=form, title=axis)), x2="high:Q"
    )
    shapes = alt.Shape("draft_id:N", sort=None, legend=None, scale=alt.Scale(range=list(DRAFT_SHAPES)))
    dot = base.mark_point(size=80, filled=True, opacity=1).encode(
        x=alt.X("estimate:Q", scale=scale),
        shape=shapes,
        tooltip=["draft_id", "measure_name", "estimate", "low", "high", "personas", "reactions"],
    )
    return _finish(line + dot, title, note="Dots with 95 % intervals.", step=34)


def _mark_nothing(x: float) -> alt.Chart:
    """Return the dashed line where nothing speaks for either side; decoration to a screen reader."""
    line: alt.Chart = alt.Chart().mark_rule(strokeDash=[4, 4], color=_GREY, aria=False).encode(x=alt.datum(x))
    return line


def _draft_colour(rows: pl.DataFrame) -> alt.Color:
    drafts = rows["draft_id"].unique(maintain_order=True).to_list()
    return alt.Color(
        "draft_id:N",
        sort=None,
        title="draft",
        legend=_LEGEND,
        scale=alt.Scale(domain=drafts, range=list(DRAFT_COLOURS)),
    )


def _finish(chart: Any, title: str, *, note: str = "", width: int | None = _WIDTH, step: int | None = None) -> Chart:
    """Give a chart its title and the label; `step` is the height in pixels of one row."""
    sized = {"width": width} if width else {}
    high = {"height": alt.Step(step)} if step else {}
    lines = textwrap.wrap(f"{note} {LABEL}".strip(), _SUBTITLE)
    words = alt.TitleParams(title, subtitle=lines, anchor="start", fontSize=15, subtitleColor=_GREY)
    finished: Chart = chart.properties(title=words, **sized, **high).configure_view(stroke=None)
    return finished
