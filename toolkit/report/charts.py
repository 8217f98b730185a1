"""Frames in, Altair charts out; every chart carries the label and draws intervals beside estimates."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, TypeAlias

import polars as pl

from toolkit.errors import InputError, needing
from toolkit.models import LABEL, MEASURES, records
from toolkit.report.blocks import end_scale
from toolkit.report.names import ACTION_COLOURS, DRAFT_COLOURS, NAMES
from toolkit.results.scoring import PRIMARY, RATES

with needing("charts", "a chart"):
    import altair as alt

Chart: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart

DRAFT_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke")
MOST_SEGMENTS = 8
_WIDTH = 520
_LABELS = 100
"""Pixels kept for the names of rows, which a narrow page would cut."""
_SUBTITLE = 48
"""Characters a line, so that the label fits a phone."""
_LEGEND = alt.Legend(orient="bottom", columns=4, symbolType="square")
_INK = "#7a828e"
"""Of what belongs to no draft and is no action."""
_GREY = "#767c85"
"""Readable on white and on near-black."""


def chart_rates(scorecard: pl.DataFrame) -> Chart:
    """Return a dot with its 95 % interval per draft and rate; takes the rows of one segment value."""
    return _chart_intervals(
        scorecard,
        list(RATES),
        alt.Scale(domain=[0, end_scale(_find_highest(scorecard, RATES))]),
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
    line = base.mark_rule(strokeWidth=3, color=_INK).encode(x=alt.X("low:Q", axis=axis), x2="high:Q")
    dot = base.mark_point(size=90, filled=True, color=_INK, opacity=1).encode(
        x="difference:Q", tooltip=["pair", "difference", "low", "high", "verdict"]
    )
    return _finish(alt.layer(_mark_nothing(0), line, dot, data=rows), "Draft against draft")


def chart_record(record: pl.DataFrame) -> Chart:
    """Return how often each source was right with its interval, against the line of chance; rows of `tabulate`."""
    rows = record.filter(pl.col("accuracy").is_not_null() & (pl.col("source") != "chance"))
    y = alt.Y("source:N", title=None, sort=None, axis=alt.Axis(labelLimit=200, minExtent=_LABELS))
    base = alt.Chart(rows).encode(y=y)
    scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format=".0%", tickCount=5, title="right, of pairs that differ")
    line = base.mark_rule(strokeWidth=3, color=_INK, aria=False).encode(
        x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"
    )
    dot = base.mark_point(size=90, filled=True, color=_INK, opacity=1).encode(
        x=alt.X("accuracy:Q", scale=scale),
        tooltip=["source", *(alt.Tooltip(f"{name}:Q", format=".0%") for name in ("accuracy", "low", "high")), "pairs"],
    )
    drawn = alt.layer(_mark_nothing(0.5), line, dot, data=rows)
    return _finish(drawn, "How often each was right", note="Dots with 95 % intervals; dashed: chance.", step=34)


def chart_forest(effects: pl.DataFrame) -> Chart:
    """Return the difference of two levels of a tag in each campaign, over all, and in a further one: a forest plot.

    Takes the rows of one pair of levels of `toolkit.study.factors.list_effects`; campaigns are drawn by difference.
    """
    pairs = effects.select("level_a", "level_b").unique()
    if pairs.height != 1:
        raise InputError(f"a forest shows one pair of levels, these rows are of {pairs.height}; keep those of one")
    level_a, level_b = pairs.row(0)
    first = effects.filter(pl.col("kind") == "campaign").sort("difference", descending=True)
    rows = pl.concat([first, effects.filter(pl.col("kind") != "campaign")])
    order = rows["campaign"].to_list()
    is_rate = effects["measure"].is_in(RATES).all()
    base = alt.Chart(rows).encode(
        y=alt.Y("campaign:N", title=None, sort=order, axis=alt.Axis(labelLimit=220, minExtent=_LABELS)),
        color=alt.Color(
            "kind:N",
            legend=None,
            scale=alt.Scale(domain=["campaign", "mean", "further"], range=["#56b4e9", "#0072b2", "#e69f00"]),
        ),
    )
    axis = alt.Axis(format="+.0%" if is_rate else "+.1f", title=f"{level_b} minus {level_a}")
    line = base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", axis=axis), x2="high:Q")
    dot = base.mark_point(size=80, filled=True, opacity=1).encode(
        x="difference:Q",
        shape=alt.Shape(
            "kind:N",
            legend=None,
            scale=alt.Scale(domain=["campaign", "mean", "further"], range=["circle", "diamond", "square"]),
        ),
        tooltip=["campaign", "difference", "low", "high", "drafts", "personas"],
    )
    title = f"{level_b} against {level_a}, campaign by campaign"
    note = "Dots with 95 % intervals; the last row is what to expect of a further campaign."
    return _finish(alt.layer(_mark_nothing(0), line, dot, data=rows), title, note=note, step=24)


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
    scale = alt.Scale(domain=[0, end_scale(_find_highest(rows, [measure]))] if is_share else [1, 5])
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
    if rows["draft_id"].n_unique() > len(DRAFT_COLOURS):
        return _chart_many(rows, measures, scale, form, axis, title)
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


def _find_highest(rows: pl.DataFrame, measures: Sequence[str]) -> float:
    """Return the highest share or end of an interval."""
    known = rows.filter(pl.col("measure").is_in(list(measures)) & pl.col("estimate").is_not_null())
    highest = known.select(pl.max_horizontal("estimate", "high").max()).item() if known.height else None
    return 1.0 if highest is None else float(highest)


def _chart_many(rows: pl.DataFrame, measures: list[str], scale: alt.Scale, form: str, axis: str, title: str) -> Chart:
    """Return a dot with its interval per draft, one row a draft and one chart a measure: no colour tells so many."""
    base = alt.Chart().encode(y=alt.Y("draft_id:N", title=None, sort=None, axis=alt.Axis(labelLimit=160)))
    line = base.mark_rule(strokeWidth=3, color=_INK).encode(
        x=alt.X("low:Q", scale=scale, axis=alt.Axis(format=form, title=axis)), x2="high:Q"
    )
    dot = base.mark_point(size=60, filled=True, opacity=1, color=_INK).encode(
        x=alt.X("estimate:Q", scale=scale), tooltip=["draft_id", "estimate", "low", "high", "personas", "reactions"]
    )
    drawn = alt.layer(line, dot, data=rows).properties(width=_WIDTH, height=alt.Step(20))
    names = [NAMES[name] for name in measures]
    faceted = drawn.facet(row=alt.Row("measure_name:N", title=None, sort=names))
    return _finish(faceted, title, note="Dots with 95 % intervals.", width=None)


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
