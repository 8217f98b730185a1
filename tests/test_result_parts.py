"""Parts of a result as HTML: figures with intervals and counts, and no text that becomes an element."""

from __future__ import annotations

import polars as pl
import pytest

from toolkit.audiences.editing import shorten
from toolkit.audiences.sampling import choose_segments
from toolkit.errors import InputError
from toolkit.models import Audience
from toolkit.report.blocks import (
    Funnel,
    ObjectionBlock,
    Step,
    Voice,
    render_funnel,
    render_objections,
    render_segments,
    render_voices,
)
from toolkit.report.summaries import find_said, measure_funnel, pick_voices, spread_segments

EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


def card(*rows: tuple[str, str, str, str, float | None]) -> pl.DataFrame:
    """Return scorecard rows of draft, segment, value, measure and estimate."""
    names = ["draft_id", "segment", "value", "measure", "estimate"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.with_columns(
        low=pl.col("estimate") - 0.1, high=pl.col("estimate") + 0.1, personas=pl.lit(24), reactions=pl.lit(24)
    )


def test_a_funnel_says_each_share_with_interval_and_count() -> None:
    """Stopped, acted and pushed away, in that order, of how many people."""
    scorecard = card(
        ("a", "all", "all", "stop_rate", 0.58),
        ("a", "all", "all", "objective_rate", 0.41),
        ("a", "all", "all", "negative_rate", 0.12),
    )
    funnel = measure_funnel(scorecard, "a", "click")
    assert [step.name for step in funnel.steps] == ["stopped", "acted", "pushed away"]
    html = render_funnel(funnel)
    assert "<b>58%</b> stopped" in html
    assert "<b>41%</b> tapped it" in html
    assert "(48% to 68%)" in html
    assert "24 people" in html


def test_a_funnel_of_nobody_is_empty_bars() -> None:
    """Before the first answer there are bars and a sentence, and no figure."""
    html = render_funnel(measure_funnel(card(), "a", "click"), so_far=True)
    assert "Nobody has answered yet." in html
    assert "%" not in html.split("</style>")[1]


def test_what_people_write_stays_text() -> None:
    """Markup in objections, names, verbatims, drafts and segment values reaches the page as letters."""
    spread = spread_segments({EVIL: card((EVIL, EVIL, EVIL, "objective_rate", 0.5))})
    step = Step(name="stopped", words=EVIL, share=0.5, low=None, high=None)
    for html in (
        render_objections([ObjectionBlock(text=EVIL, people=1, names=(EVIL,))]),
        render_voices([Voice(name=EVIL, action=EVIL, says=EVIL)]),
        render_segments(spread.to_dicts(), [EVIL]),
        render_funnel(Funnel(personas=1, steps=(step,))),
    ):
        assert "&lt;img src=x" in html
        assert "<img" not in html
        assert "<script" not in html


def test_the_widest_gap_comes_first() -> None:
    """Segment values are ordered by the gap between drafts; drafts keep their order; the unknown is left out."""
    role = card(
        ("b", "role", "buyer", "objective_rate", 0.5),
        ("a", "role", "buyer", "objective_rate", 0.4),
        ("b", "role", "seller", "objective_rate", 0.9),
        ("a", "role", "seller", "objective_rate", 0.1),
        ("a", "role", "nobody", "objective_rate", None),
    )
    spread = spread_segments({"role": role})
    assert spread.select("value", "draft_id").rows() == [
        ("seller", "b"),
        ("seller", "a"),
        ("buyer", "b"),
        ("buyer", "a"),
    ]
    assert spread["spread"].round(2).to_list() == [0.8, 0.8, 0.1, 0.1]


def test_reactions_are_found_by_words_drafts_and_actions() -> None:
    """Words are looked for as they stand, in any case, in what was said, objected and by whom."""
    reactions = pl.DataFrame(
        {
            "persona_id": ["maya", "tom", "control"],
            "draft_id": ["a", "b", "a"],
            "action": ["scroll_past", "click", "click"],
            "verbatim": ["Costs (too) much.", "I like it.", "I like it."],
            "objection": [None, "The FEE.", None],
        }
    )
    assert find_said(reactions)["persona"].to_list() == ["maya", "tom"]
    assert find_said(reactions, "(too)")["persona"].to_list() == ["maya"]
    assert find_said(reactions, "fee")["persona"].to_list() == ["tom"]
    assert find_said(reactions, "MAYA")["would"].to_list() == ["scroll past"]
    assert find_said(reactions, "", ["b"], ["scroll_past"]).is_empty()
    names = {"maya": "Maya Ali"}
    assert find_said(reactions, "ali", names=names)["persona"].to_list() == ["Maya Ali"]
    assert find_said(reactions, names=names)["persona"].to_list() == ["Maya Ali", "tom"]


def test_voices_say_in_words_what_somebody_did() -> None:
    """Every action reads as a deed, by name where that is known."""
    deeds = {
        "scroll_past": "scrolled past", "read": "read it", "click": "tapped it", "hide": "hid it",
        "report": "reported it", "save": "saved it",
    }  # fmt: skip
    rows = [{"draft_id": "a", "persona_id": "maya", "action": action, "verbatim": "So."} for action in deeds]
    voices = pick_voices(pl.DataFrame(rows), "a", {"maya": "Maya Ali"}, count=9)
    assert [voice.action for voice in voices] == list(deeds.values())
    assert {voice.name for voice in voices} == {"Maya Ali"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Sells jam.", "Sells jam."),
        ("Sells jam on Saturdays, and pears", "Sells jam on Saturdays…"),
        ("x" * 40, "x" * 24 + "…"),
    ],
)
def test_a_long_description_is_cut_between_words(text: str, shown: str) -> None:
    """No word is cut in half, but for one that would leave nothing."""
    assert shorten(text, 25) == shown


def test_some_of_an_audience(audience: Audience) -> None:
    """Values of one key are alternatives, keys narrow each other down, weights stay, and nobody left is an error."""
    sellers = choose_segments(audience, {"role": ["seller"]})
    assert {person.segments["role"] for person in sellers.personas} == {"seller"}
    assert "Only role: seller" in sellers.description
    assert sellers.digest != audience.digest
    assert choose_segments(audience, {"role": []}) is audience
    assert len(choose_segments(audience, {"role": ["seller", "buyer"]}).personas) == 12
    with pytest.raises(InputError, match="nobody in jam-sellers is role: lender"):
        choose_segments(audience, {"role": ["lender"]})
