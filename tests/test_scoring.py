"""Scorecards, comparisons and verdicts worked out by hand on frames small enough to read."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import toolkit
from toolkit.errors import InputError
from toolkit.results.scoring import decide
from toolkit.results.scoring.columns import COMPARISON_SCHEMA, SCORECARD_SCHEMA
from toolkit.results.scoring.scorecards import control_scorecard

T_TWO_DEGREES = 4.302653  # 97.5 % points of Student's t, as in any printed table
T_SEVEN_DEGREES = 2.364624


def row(draft: str, person: int, action: str | None, **fields: Any) -> dict[str, Any]:
    """Return one reaction of a persona who has a wording of her own and stopped, unless `fields` say otherwise."""
    stopped = None if action is None else action not in {"scroll_past", "hide", "report"}
    reaction: dict[str, Any] = {
        "draft_id": draft,
        "persona_id": f"p{person}",
        "weight": 1.0,
        "wording": person,
        "repeat": 0,
        "segments": {"role": "seller" if person % 2 else "buyer"},
        "stopped": stopped,
        "action": action,
        "objective": "click",
        "rating_trust": None,
        "status": "ok" if action else "failed",
    }
    return reaction | fields


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    """Return the reactions as a frame."""
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"rating_trust": pl.Float64})


def find(card: pl.DataFrame, measure: str, **where: str) -> dict[str, Any]:
    """Return the one row of a measure."""
    return card.filter(measure=measure, **where).row(0, named=True)


def test_rates_are_weighted_shares() -> None:
    """Weights 3, 1, 1 with a click, a hide and a pass: 3/5 stop and reach the objective, 1/5 are put off."""
    card = toolkit.scorecard(
        table(row("a", 0, "click", weight=3.0), row("a", 1, "hide"), row("a", 2, "scroll_past")),
    )
    assert dict(card.schema) == SCORECARD_SCHEMA
    for measure, share in {"stop_rate": 0.6, "objective_rate": 0.6, "negative_rate": 0.2}.items():
        found = find(card, measure)
        assert found["estimate"] == pytest.approx(share)
        assert (found["segment"], found["value"], found["personas"], found["reactions"]) == ("all", "all", 3, 3)
        assert 0 <= found["low"] < share < found["high"] <= 1


def test_a_rating_is_of_those_who_stopped() -> None:
    """Three wordings with means 2.75, 3 and 3.25: mean 3, and the t interval over the three; nulls enter nothing."""
    ratings = {0: 2.0, 1: 3.5, 2: 3.0, 3: 3.0, 4: 3.25, 5: 3.25}
    rows = [row("a", person, "read", wording=person // 2, rating_trust=level) for person, level in ratings.items()]
    found = find(toolkit.scorecard(table(*rows, row("a", 6, "scroll_past", wording=0))), "trust")
    assert found["estimate"] == pytest.approx(3.0)
    assert (found["personas"], found["reactions"]) == (6, 6)
    half = 0.25 * T_TWO_DEGREES / 3**0.5
    assert found["high"] == pytest.approx(3 + half, abs=1e-5)
    assert found["low"] == pytest.approx(3 - half, abs=1e-5)


def test_repeats_count_once() -> None:
    """A persona who answers twice, once each way, is half a click, however the other answers once."""
    found = find(
        toolkit.scorecard(table(row("a", 0, "click"), row("a", 0, "read", repeat=1), row("a", 1, "read"))),
        "objective_rate",
    )
    assert found["estimate"] == pytest.approx(0.25)
    assert (found["personas"], found["reactions"]) == (2, 3)


def test_segments_are_scored_apart() -> None:
    """Sellers click and buyers do not; a persona without the segment is in neither."""
    rows = [row("a", person, "click" if person % 2 else "read") for person in range(4)]
    card = toolkit.scorecard(table(*rows, row("a", 4, "click", segments={"role": None})), by="role")
    shares = {found["value"]: found["estimate"] for found in card.filter(measure="objective_rate").to_dicts()}
    assert shares == {"buyer": 0.0, "seller": 1.0}
    assert card["segment"].unique().to_list() == ["role"]


def test_refused_failed_and_control_rows_enter_nothing() -> None:
    """The card and the comparison are the same with and without rows that are no persona's reaction."""
    good = [row(draft, person, "click" if person < 3 else "read") for draft in "ab" for person in range(8)]
    others = [
        row("a", 20, None, status="refused"),
        row("a", 21, None),
        row("a", 22, "click", status="failed"),
        row("b", 0, "click", persona_id="control", weight=0.0),
    ]
    assert toolkit.scorecard(table(*good, *others)).equals(toolkit.scorecard(table(*good)))
    assert toolkit.compare(table(*good, *others)).equals(toolkit.compare(table(*good)))
    control = control_scorecard(table(*good, *others))
    assert find(control, "objective_rate", draft_id="b")["estimate"] == 1.0
    assert control["segment"].unique().to_list() == ["control"]


def test_a_draft_nobody_could_rate_is_null() -> None:
    """Unknown is null: no estimate, no interval, and counts of zero."""
    found = find(toolkit.scorecard(table(row("a", 0, "scroll_past"), row("a", 1, "hide"))), "trust")
    assert (found["estimate"], found["low"], found["high"]) == (None, None, None)
    assert (found["personas"], found["reactions"]) == (0, 0)


@pytest.mark.parametrize("score", [toolkit.scorecard, toolkit.compare])
def test_a_second_row_of_the_same_draw_is_refused(score: Any) -> None:
    """Two rows of one draft, persona, wording and repeat are an error that names them."""
    twice = table(row("a", 0, "click"), row("a", 1, "read"), row("a", 0, "read"))
    with pytest.raises(InputError, match=r"draft_id 'a', persona_id 'p0', wording 0, repeat 0; keep one"):
        score(twice)


def test_missing_columns_and_unknown_names() -> None:
    """A missing column, an unknown segment key and an unknown measure each say what there is."""
    good = table(row("a", 0, "click"), row("b", 0, "read"))
    with pytest.raises(InputError, match="lack the column 'stopped'; needed: draft_id"):
        toolkit.scorecard(good.drop("stopped"))
    with pytest.raises(InputError, match=r"no segment key 'rol'; did you mean role\?.*has: role"):
        toolkit.scorecard(good, by="rol")
    with pytest.raises(InputError, match=r"unknown measure 'trus'.*did you mean trust.*allowed: stop_rate"):
        toolkit.compare(good, measure="trus")


def clear_pair() -> list[dict[str, Any]]:
    """Return eight personas of whom six click on "b" alone and two on neither."""
    rows = [row("a", person, "read") for person in range(8)]
    return rows + [row("b", person, "read" if person in {3, 6} else "click") for person in range(8)]


def test_a_comparison_by_hand() -> None:
    """Differences 1, 1, 1, 0, 1, 1, 0, 1: mean 0.75, standard error sqrt(1.5/7/8), t with seven degrees."""
    comparisons = toolkit.compare(table(*clear_pair()))
    assert dict(comparisons.schema) == COMPARISON_SCHEMA
    found = comparisons.row(0, named=True)
    half = T_SEVEN_DEGREES * (1.5 / 7 / 8) ** 0.5
    assert (found["draft_a"], found["draft_b"], found["measure"]) == ("a", "b", "objective_rate")
    assert found["difference"] == pytest.approx(0.75)
    assert found["low"] == pytest.approx(0.75 - half, abs=1e-6)
    assert found["high"] == 1.0 < 0.75 + half  # no draft can be ahead by more than all of them
    assert found["p_value"] == found["p_adjusted"] == pytest.approx(0.002536, abs=1e-5)
    assert found["verdict"] == "B"


def test_only_pairs_are_compared() -> None:
    """Whoever reacted to one draft alone, or under another wording, moves no difference."""
    unpaired = [row("a", 30, "click"), row("b", 31, "click"), row("a", 32, "click"), row("b", 32, "read", wording=33)]
    columns = ["difference", "low", "high", "p_value", "verdict"]
    with_them = toolkit.compare(table(*clear_pair(), *unpaired)).select(columns)
    assert with_them.equals(toolkit.compare(table(*clear_pair())).select(columns))


def test_weights_pull_the_difference() -> None:
    """A persona of weight 8 among seven of weight 1 who was unmoved pulls 0.75 down to 6/15."""
    rows = [reaction | {"weight": 8.0} if reaction["persona_id"] == "p3" else reaction for reaction in clear_pair()]
    assert toolkit.compare(table(*rows))["difference"].item() == pytest.approx(6 / 15)


def test_drafts_in_the_other_order() -> None:
    """The order given turns the sign, the interval and the verdict, and nothing else."""
    found = toolkit.compare(table(*clear_pair()), drafts=["b", "a"]).row(0, named=True)
    other = toolkit.compare(table(*clear_pair())).row(0, named=True)
    assert (found["draft_a"], found["draft_b"], found["verdict"]) == ("b", "a", "A")
    assert found["difference"] == -other["difference"]
    assert (found["low"], found["high"]) == pytest.approx((-other["high"], -other["low"]))
    assert found["p_value"] == pytest.approx(other["p_value"])


def test_three_drafts_are_adjusted_by_holm() -> None:
    """With three pairs the smallest p-value counts three times, and equal ones never less than it."""
    third = [row("c", person, "read") for person in range(8)]
    found = {(one["draft_a"], one["draft_b"]): one for one in toolkit.compare(table(*clear_pair(), *third)).to_dicts()}
    assert list(found) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found["a", "b"]["p_adjusted"] == pytest.approx(3 * found["a", "b"]["p_value"])
    assert found["b", "c"]["p_adjusted"] == pytest.approx(3 * found["b", "c"]["p_value"])
    assert (found["a", "c"]["difference"], found["a", "c"]["p_value"]) == (0.0, 1.0)
    assert [one["verdict"] for one in found.values()] == ["B", "too close to call", "A"]


def test_row_order_frame_kind_and_spare_columns_do_not_matter() -> None:
    """A lazy frame, shuffled personas, no status column and columns of one's own give the same numbers."""
    reactions = table(*clear_pair())
    for other in (
        reactions.lazy(),
        reactions.drop("status"),
        reactions.with_columns(note=pl.lit("mine")),
        table(*sorted(clear_pair(), key=lambda one: (str(one["draft_id"]), -int(one["wording"])))),
    ):
        assert toolkit.scorecard(other).equals(toolkit.scorecard(reactions))
        assert toolkit.compare(other).equals(toolkit.compare(reactions))


@pytest.mark.parametrize(("personas", "wordings"), [(7, 7), (8, 5)])
def test_too_few_personas_or_wordings(personas: int, wordings: int) -> None:
    """Under eight personas or six wordings nothing is called, however clear it looks."""
    rows = [
        row(draft, person, action, wording=person % wordings)
        for draft, action in (("a", "read"), ("b", "click"))
        for person in range(personas)
    ]
    assert toolkit.compare(table(*rows))["verdict"].to_list() == ["not enough"]


@pytest.mark.parametrize(("action", "difference"), [("read", 0.0), ("click", 1.0)])
def test_a_difference_that_is_the_same_for_all_is_no_point(action: str, difference: float) -> None:
    """Twelve personas of whom nobody, or everybody, moves leave room for the 26 % of Clopper and Pearson, not none."""
    rows = [row(draft, n, act) for draft, act in (("a", "read"), ("b", action)) for n in range(12)]
    found = toolkit.compare(table(*rows)).row(0, named=True)
    room = 1 - 0.025 ** (1 / 12)
    assert (found["low"], found["high"]) == pytest.approx((difference - room, min(difference + room, 1.0)))
    assert found["verdict"] == ("B" if difference else "too close to call")


def test_nothing_to_compare_is_an_empty_frame() -> None:
    """One draft has no pair, and drafts without a common reader have no difference."""
    alone = toolkit.compare(table(row("a", 0, "click")))
    assert alone.is_empty()
    assert dict(alone.schema) == COMPARISON_SCHEMA
    apart = toolkit.compare(table(row("a", 0, "click"), row("b", 1, "click"))).row(0, named=True)
    assert (apart["difference"], apart["p_value"], apart["verdict"]) == (None, None, "not enough")


def test_the_verdict_names_draft_and_numbers() -> None:
    """The best draft, its share, its readers and the distance to its closest rival stand in the reason."""
    reactions = table(*clear_pair())
    verdict = decide(toolkit.compare(reactions), toolkit.scorecard(reactions))
    assert (verdict.decision, verdict.draft) == ("best", "b")
    for words in ("75%", "audience of 8", "75 points, 36 to 100"):
        assert words in verdict.because


def test_a_verdict_without_usable_reactions() -> None:
    """Where every row was refused there is no draft to name and no number to make up."""
    reactions = table(*(row(draft, person, None) for draft in "ab" for person in range(8)))
    card = toolkit.scorecard(reactions)
    assert card.is_empty()
    verdict = decide(toolkit.compare(reactions), card)
    assert (verdict.decision, verdict.draft) == ("not enough", None)
