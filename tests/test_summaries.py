"""What reactions come to: shares, verbatims, objections, a table that a spreadsheet can open safely."""

from __future__ import annotations

import io
from typing import Any

import altair as alt
import polars as pl
import pytest

from toolkit.models import LABEL, MEASURES
from toolkit.report import charts, summaries
from toolkit.results import said
from toolkit.results.scoring import compare, scorecard
from toolkit.results.scoring.scorecards import control_scorecard
from toolkit.stats.lexical import group_sentences

FIELDS: dict[str, Any] = {
    "weight": 1.0, "wording": 0, "repeat": 0, "segments": {"role": "seller"}, "stopped": True, "action": "click",
    "objective": "click", "verbatim": "Fine.", "objection": None, "status": "ok", "quotes": [], "error": None,
    **{f"rating_{measure}": 4.0 for measure in MEASURES},
    **{f"pmf_{measure}": [0.0, 0.0, 0.0, 1.0, 0.0] for measure in MEASURES},
}  # fmt: skip


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    """Return reactions of draft "a" by p0, p1, ... unless a row says otherwise."""
    return pl.DataFrame([{**FIELDS, "draft_id": "a", "persona_id": f"p{at}", **row} for at, row in enumerate(rows)])


def test_shares_are_weighted() -> None:
    """A persona of weight 3 counts three times, and the shares of a draft add up to one."""
    shares = summaries.share_actions(frame({"weight": 3.0}, {"action": "hide"}), ["a"])
    assert shares.select("action", "share", "personas").rows() == [("click", 0.75, 1), ("hide", 0.25, 1)]


def test_levels_are_mean_distributions() -> None:
    """Two people, one sure of 4 and one of 2, make halves."""
    levels = summaries.share_levels(frame({}, {"pmf_trust": [0.0, 1.0, 0.0, 0.0, 0.0]}), ["a"])
    assert levels.filter(measure="trust")["share"].to_list() == [0.0, 0.5, 0.0, 0.5, 0.0]


def test_verbatims_show_each_action_first() -> None:
    """The longest of each action comes before a second of any, and nobody speaks twice."""
    rows = [{"verbatim": "x" * 9}, {"verbatim": "x" * 8}, {"verbatim": "no", "action": "hide"}]
    chosen = said.choose_verbatims(frame(*rows, {"persona_id": "p0", "verbatim": "x", "repeat": 1}), "a", 2)
    assert chosen["persona_id"].to_list() == ["p0", "p2"]


def test_objections_that_say_the_same_are_one() -> None:
    """Two ways to doubt the price are one objection of two people; another matter stays apart."""
    rows = ["The fees are not shown anywhere.", "It does not show the fees.", "My phone is too old."]
    themes = said.group_objections(frame(*({"objection": text} for text in rows), {}), "a")
    assert [theme.members for theme in themes] == [("p0", "p1"), ("p2",)]


def test_the_control_reader_is_said_in_a_sentence() -> None:
    """Each draft's objective rate by the control reader, and nothing where there was none."""
    rows = panel().with_columns(persona_id=pl.lit("control"), weight=0.0, repeat=pl.int_range(pl.len()))
    card = control_scorecard(rows)
    said = summaries.say_control(card)
    assert said is not None
    assert said.startswith("The control reader, the same model with no persona, reached the objective with a 33%")
    assert "b 58%" in said
    assert summaries.say_control(card.clear()) is None


def test_grouping_does_not_depend_on_order() -> None:
    """Whoever speaks first, the groups are the same."""
    said = ["I cannot see the fee.", "Where is the fee?", "The fee is hidden.", "Too long to read.", "It is too long."]
    people = list("abcde")
    groups = {frozenset(theme.members) for theme in group_sentences(said, people)}
    assert groups == {frozenset(theme.members) for theme in group_sentences(said[::-1], people[::-1])}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    """What would run in a spreadsheet gets an apostrophe; distributions and quotes stay out of the table."""
    content = summaries.write_table(frame({"verbatim": f'{start}HYPERLINK("x")'}))
    assert content.startswith(b"\xef\xbb\xbf")
    table = pl.read_csv(io.BytesIO(content))
    assert table["verbatim"][0] == f'\'{start}HYPERLINK("x")'
    assert table["segments_role"][0] == "seller"
    assert not {"quotes", "pmf_trust"} & set(table.columns)


def panel() -> pl.DataFrame:
    """Return twelve people who tap b more often than a."""
    rows = [
        {"draft_id": draft, "persona_id": f"p{at}", "wording": at % 6, "action": "click" if at < taps else "read"}
        for draft, taps in (("a", 4), ("b", 7))
        for at in range(12)
    ]
    return frame(*rows)


def draw_all() -> dict[str, charts.Chart]:
    """Return one chart of each kind."""
    reactions = panel()
    card = scorecard(reactions)
    return {
        "rates": charts.chart_rates(card),
        "ratings": charts.chart_ratings(card),
        "differences": charts.chart_differences(compare(reactions)),
        "actions": charts.chart_actions(summaries.share_actions(reactions, ["a", "b"])),
        "levels": charts.chart_levels(summaries.share_levels(reactions, ["a", "b"])),
    }


@pytest.mark.parametrize("kind", ["rates", "ratings", "differences", "actions", "levels"])
def test_every_chart_carries_the_label(kind: str) -> None:
    """A chart cut out of its page still says what it is."""
    drawn = draw_all()[kind].to_dict()
    assert LABEL in " ".join(drawn["title"]["subtitle"])


def test_a_chart_of_estimates_draws_their_intervals() -> None:
    """Each dot of the rates comes with its low and high end."""
    drawn = draw_all()["rates"].to_dict()
    rows = next(iter(drawn["datasets"].values()))
    assert all(row["low"] <= row["estimate"] <= row["high"] for row in rows)
    marks = [layer["mark"]["type"] for layer in drawn["layer"]]
    assert marks == ["rule", "point"]
    assert isinstance(alt.Chart.from_dict(drawn), (alt.Chart, alt.LayerChart))
