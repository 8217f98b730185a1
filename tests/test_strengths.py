"""Strengths from choices: what theory and another library say they are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import choix
import numpy as np
import polars as pl
import pytest

from toolkit.results.scoring.columns import PREFERENCES_SCHEMA
from toolkit.stats.bradley_terry import Duels, find_order_effects, fit_strengths, list_order_warnings, rank_drafts

DRAFTS = ("a", "b", "c", "d")


def preferences(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Return rows as a frame of preferences; weight, wording, repeat and status have defaults."""
    usual: dict[str, object] = {"run_id": "r", "weight": 1.0, "wording": 0, "repeat": 0, "status": "ok"}
    return pl.DataFrame([usual | row for row in rows], schema=PREFERENCES_SCHEMA)


def simulate(truth: dict[str, float], people: int, order: float, tie: float, seed: int) -> Iterator[dict[str, object]]:
    """Yield choices of a panel that follows the Davidson-Beaver law, every pair in both orders."""
    generator = np.random.default_rng(seed)
    for person in range(people):
        for first, second in itertools.permutations(truth, 2):
            both = (truth[first] + truth[second] + order) / 2
            odds = np.exp([truth[first] + order, truth[second], np.log(tie) + both if tie else -np.inf])
            chosen = (first, second, None)[generator.choice(3, p=odds / odds.sum())]
            shown = {"first": first, "second": second, "chosen": chosen}
            yield {"persona_id": f"p{person}", "wording": person % 10} | shown


def as_duels(wins: list[tuple[int, int]]) -> Duels:
    """Return one duel per (winner, loser), in no particular order shown."""
    pairs = np.array(wins, dtype=np.int64)
    count = len(pairs)
    return Duels(
        first=pairs[:, 0], second=pairs[:, 1], outcome=np.zeros(count, dtype=np.int64), ordered=np.zeros(count),
        can_tie=np.ones(count, dtype=bool), weight=np.ones(count), cluster=np.arange(count) % 10,
    )  # fmt: skip


def test_it_agrees_with_another_library() -> None:
    """Without ties and order the log-strengths are those of choix, to a millionth."""
    wins = [(0, 1)] * 7 + [(1, 0)] * 3 + [(1, 2)] * 6 + [(2, 1)] * 5 + [(0, 3)] * 8 + [(3, 0)] + [(2, 3)] * 4 + [(3, 2)]
    expected = choix.ilsr_pairwise(4, wins, tol=1e-12)
    found = fit_strengths(as_duels(wins), 4).log_strengths
    assert found == pytest.approx(expected - expected.mean(), abs=1e-6)
    assert found.mean() == pytest.approx(0.0, abs=1e-12)


def test_two_drafts_without_ties_are_the_share() -> None:
    """Where seven of ten people choose one of two drafts, its strength is 0.7."""
    rows = [
        {"persona_id": f"p{person}", "wording": person, "first": first, "second": second,
         "chosen": "a" if person < 7 else "b"}
        for person in range(10) for first, second in (("a", "b"), ("b", "a"))
    ]  # fmt: skip
    found = rank_drafts(preferences(rows), ["a", "b"])
    assert found["strength"].to_list() == pytest.approx([0.7, 0.3], abs=1e-6)
    assert found["personas"].to_list() == [10, 10]
    assert 0.2 < found["low"][0] < 0.7 < found["high"][0] < 1.0


def test_known_strengths_are_found_again() -> None:
    """From simulated single choices the strengths, the order term and the tie parameter come back."""
    truth = {"a": 0.9, "b": 0.2, "c": -0.3, "d": -0.8}
    rows = list(simulate(truth, people=800, order=0.5, tie=0.6, seed=7))
    names = list(truth)
    outcome = [2 if row["chosen"] is None else int(row["chosen"] == row["second"]) for row in rows]
    duels = Duels(
        first=np.array([names.index(str(row["first"])) for row in rows]),
        second=np.array([names.index(str(row["second"])) for row in rows]),
        outcome=np.array(outcome), ordered=np.ones(len(rows)), can_tie=np.ones(len(rows), dtype=bool),
        weight=np.ones(len(rows)),
        cluster=np.array([row["wording"] for row in rows]),
    )  # fmt: skip
    fit = fit_strengths(duels, 4)
    assert fit.log_strengths == pytest.approx(list(truth.values()), abs=0.1)
    assert (fit.order, np.exp(fit.tie)) == pytest.approx((0.5, 0.6), abs=0.1)


@pytest.mark.slow
def test_intervals_cover_the_truth() -> None:
    """Over simulated panels, the interval of a draft's share holds the true one about as often as it says."""
    truth = {"a": 0.4, "b": 0.0, "c": -0.4}
    share = np.mean([1 / (1 + np.exp(-0.4)), 1 / (1 + np.exp(-0.8))])
    hits = 0

    def is_kept(row: dict[str, object]) -> bool:
        """Keep one order of each pair, the other one for every second persona of a wording."""
        return (str(row["first"]) < str(row["second"])) == (int(str(row["persona_id"])[1:]) // 10 % 2 == 0)

    for seed in range(100):
        panel = [row for row in simulate(truth, 60, 0.0, 0.0, seed) if is_kept(row)]
        low, high = rank_drafts(preferences(panel), list(truth)).select("low", "high").row(0)
        hits += low <= share <= high
    assert 85 <= hits <= 100


def test_disagreeing_orders_are_ties() -> None:
    """Whoever always takes the first makes no draft stronger: bias 1, consistency 0, and both are said."""
    rows = [
        {"persona_id": f"p{person}", "wording": person, "first": first, "second": second, "chosen": first}
        for person in range(12) for first in DRAFTS for second in DRAFTS if first != second
    ]  # fmt: skip
    found = rank_drafts(preferences(rows), DRAFTS)
    assert found["strength"].to_list() == pytest.approx([0.5] * 4, abs=1e-6)
    assert (found["low"] < 0.5).all()
    assert (found["high"] > 0.5).all()
    effects = find_order_effects(preferences(rows))
    assert (effects.first_share, effects.consistency, effects.pairs, effects.choices) == (1.0, 0.0, 72, 144)
    bias, turning = list_order_warnings(effects)
    assert "what stood first was chosen 100%" in bias
    assert "only 0% of choices stayed the same" in turning


def test_order_is_taken_off_half_answered_pairs() -> None:
    """A pair answered in one order only counts less the order effect, so it makes what stood first no stronger."""
    rows = list(simulate({"a": 0.0, "b": 0.0}, people=400, order=1.5, tie=0.0, seed=3))
    kept = [row for number, row in enumerate(rows) if number % 2 == 0 or number < 400]
    naive = np.mean([row["chosen"] == "a" for row in kept])
    found = rank_drafts(preferences(kept), ["a", "b"])["strength"][0]
    assert naive > 0.58
    assert abs(found - 0.5) < 0.05


def test_shuffling_changes_nothing() -> None:
    """Rows and drafts in another order give the same numbers to a billionth."""
    rows = preferences(list(simulate(dict(zip(DRAFTS, (0.6, 0.1, 0.0, -0.7), strict=True)), 40, 0.4, 0.3, seed=1)))
    first = rank_drafts(rows, DRAFTS)
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=5)
    again = rank_drafts(shuffled, DRAFTS[::-1]).sort("draft_id")
    for column in ("strength", "low", "high"):
        assert again[column].to_list() == pytest.approx(first[column].to_list(), abs=1e-9)
    assert find_order_effects(shuffled).model_dump() == pytest.approx(find_order_effects(rows).model_dump(), abs=1e-9)


def test_weights_count() -> None:
    """A persona of weight three weighs as three of weight one."""
    rows = [
        {"persona_id": name, "wording": wording, "first": first, "second": second, "chosen": chosen, "weight": weight}
        for wording, (name, chosen, weight) in enumerate((("x", "a", 3.0), ("y", "b", 1.0)))
        for first, second in (("a", "b"), ("b", "a"))
    ]
    assert rank_drafts(preferences(rows), ["a", "b"])["strength"].to_list() == pytest.approx([0.75, 0.25], abs=1e-6)


def test_unanimity_is_no_certainty() -> None:
    """Twelve who all choose one draft give it a share of 1 with the exact interval of twelve, not a point."""
    rows = [
        {"persona_id": f"p{person}", "wording": person, "first": first, "second": second, "chosen": "b"}
        for person in range(12) for first, second in (("a", "b"), ("b", "a"))
    ]  # fmt: skip
    found = rank_drafts(preferences(rows), ["a", "b"]).row(1, named=True)
    assert found["strength"] == pytest.approx(1.0, abs=1e-6)
    assert found["low"] == pytest.approx(0.025 ** (1 / 12), abs=1e-4)
    assert found["high"] == pytest.approx(1.0, abs=1e-6)


def test_nothing_answered_is_unknown() -> None:
    """Without a usable choice strengths, bias and consistency are null, and nothing is warned of."""
    rows = [{"persona_id": "p", "first": "a", "second": "b", "status": "failed", "error": "no line"}]
    found = rank_drafts(preferences(rows), ["a", "b"])
    assert found["strength"].null_count() == 2
    assert found["personas"].to_list() == [0, 0]
    effects = find_order_effects(preferences(rows))
    assert (effects.first_share, effects.consistency) == (None, None)
    assert list_order_warnings(effects) == []
