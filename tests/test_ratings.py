"""Words and token probabilities become ratings by the published formula, or stay unknown."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.errors import InputError
from toolkit.stats.ratings import expected, from_logprobs, head_to_head_logit, rate_texts, ssr

GOLDEN = json.loads((Path(__file__).parent / "golden" / "ssr.json").read_text(encoding="utf-8"))

seeds = st.integers(min_value=0, max_value=2**32 - 1)
unhurried = settings(max_examples=50)


def draw_vectors(seed: int, replies: int = 6, points: int = 5, width: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Return random replies and anchors."""
    generator = np.random.default_rng(seed)
    return generator.normal(size=(replies, width)), generator.normal(size=(points, width))


def rate_by_definition(reply: np.ndarray, anchors: np.ndarray, epsilon: float) -> list[float]:
    """Follow the published formula for one reply, one number at a time."""
    cosines = [float(a @ reply / (np.linalg.norm(a) * np.linalg.norm(reply))) for a in anchors]
    closeness = [(1 + cosine) / 2 for cosine in cosines]
    lowest = closeness.index(min(closeness))
    total = sum(closeness) - len(closeness) * closeness[lowest] + epsilon
    return [(g - closeness[lowest] + (epsilon if r == lowest else 0)) / total for r, g in enumerate(closeness)]


@pytest.mark.parametrize("case", GOLDEN["cases"])
def test_published_values(case: dict[str, Any]) -> None:
    """The published procedure's own numbers come out to nine decimals, plain and at every temperature."""
    plain = ssr(case["responses"], case["anchors"], epsilon=case["epsilon"])
    scaled = ssr(case["responses"], case["anchors"], epsilon=case["epsilon"], temperature=case["temperature"])
    np.testing.assert_allclose(plain, case["pmf"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(scaled, case["scaled_pmf"], rtol=0, atol=1e-9)


@unhurried
@given(seeds, st.floats(0, 0.5))
def test_formula(seed: int, epsilon: float) -> None:
    """The array calculation equals the formula written out for one reply."""
    replies, anchors = draw_vectors(seed)
    wanted = [rate_by_definition(reply, anchors, epsilon) for reply in replies]
    np.testing.assert_allclose(ssr(replies, anchors, epsilon=epsilon), wanted, rtol=0, atol=1e-12)


@unhurried
@given(seeds, st.floats(1e-200, 1e200), st.floats(0.05, 4))
def test_length_of_vectors_does_not_matter(seed: int, length: float, temperature: float) -> None:
    """Only directions count, however long or short the vectors are."""
    replies, anchors = draw_vectors(seed)
    stretched = ssr(replies * length, anchors / length, temperature=temperature)
    np.testing.assert_allclose(stretched, ssr(replies, anchors, temperature=temperature), rtol=0, atol=1e-9)


@unhurried
@given(seeds)
def test_shuffled_anchors_and_replies(seed: int) -> None:
    """Shuffling replies or anchors shuffles the rows or columns and changes no number."""
    replies, anchors = draw_vectors(seed)
    generator = np.random.default_rng(seed)
    rows, columns = generator.permutation(len(replies)), generator.permutation(len(anchors))
    shuffled = ssr(replies[rows], anchors[columns], epsilon=0.01, temperature=0.7)
    wanted = ssr(replies, anchors, epsilon=0.01, temperature=0.7)[rows][:, columns]
    np.testing.assert_allclose(shuffled, wanted, rtol=0, atol=1e-12)


@unhurried
@given(seeds, st.floats(0.01, 100))
def test_every_known_row_is_a_distribution(seed: int, temperature: float) -> None:
    """Probabilities are never negative and add up to one."""
    pmf = ssr(*draw_vectors(seed), temperature=temperature)
    assert (pmf >= 0).all()
    np.testing.assert_allclose(pmf.sum(axis=1), 1, atol=1e-12)


def test_equal_cosines_are_unknown() -> None:
    """A reply that every anchor resembles equally is unknown, not uniform, with or without epsilon."""
    replies = [[1.0, 2.0, 3.0]]
    assert np.isnan(ssr(replies, np.ones((5, 3)))).all()
    assert np.isnan(ssr(replies, np.ones((5, 3)), epsilon=0.1, temperature=0.5)).all()
    orthogonal = ssr([[0.0, 0.0, 1.0]], [[1.0, 0, 0], [0, 1.0, 0]])
    assert np.isnan(orthogonal).all()


@pytest.mark.parametrize("broken", [0.0, math.nan, math.inf])
def test_vector_without_direction_is_unknown(broken: float) -> None:
    """A zero or not finite reply gets a row of NaN and leaves its neighbours alone."""
    replies, anchors = draw_vectors(1)
    wanted = ssr(replies, anchors)
    replies[2] = broken
    pmf = ssr(replies, anchors, temperature=0.5)
    assert np.isnan(pmf[2]).all()
    np.testing.assert_allclose(ssr(replies, anchors)[[0, 1, 3]], wanted[[0, 1, 3]], atol=1e-12)
    anchors[0] = broken
    assert np.isnan(ssr(replies, anchors)).all()


def test_no_replies() -> None:
    """No replies give no rows, and still one column per scale point."""
    assert ssr(np.empty((0, 3)), np.ones((5, 3))).shape == (0, 5)


def test_very_low_temperature_tends_to_the_best_anchor() -> None:
    """A tiny temperature neither overflows nor empties a row: it approaches temperature 0."""
    replies, anchors = draw_vectors(3)
    np.testing.assert_allclose(
        ssr(replies, anchors, temperature=1e-6), ssr(replies, anchors, temperature=0.0), atol=1e-9
    )


@pytest.mark.parametrize(
    ("replies", "anchors", "options"),
    [
        (np.ones((2, 3)), np.ones((5, 4)), {}),
        (np.ones(3), np.ones((5, 3)), {}),
        (np.ones((2, 3)), np.ones((0, 3)), {}),
        (np.ones((2, 3)), np.ones((5, 3)), {"epsilon": -0.1}),
        (np.ones((2, 3)), np.ones((5, 3)), {"temperature": -1.0}),
        (np.ones((2, 3)), np.ones((5, 3)), {"temperature": math.nan}),
    ],
)
def test_unusable_input_is_one_line(replies: np.ndarray, anchors: np.ndarray, options: dict[str, float]) -> None:
    """Shapes and options that cannot be used are refused in one line."""
    with pytest.raises(InputError) as failure:
        ssr(replies, anchors, **options)
    assert "\n" not in str(failure.value)


def test_anchor_sets_are_averaged() -> None:
    """The distribution is the mean over the sets, and the spread the mean cosine range."""
    replies, first = draw_vectors(5)
    second = draw_vectors(6)[1]
    pmf, spread = rate_texts(replies, [first, second], least_range=0.0)
    np.testing.assert_allclose(pmf, (ssr(replies, first) + ssr(replies, second)) / 2, atol=1e-12)
    cosines = [
        replies @ a.T / np.linalg.norm(replies, axis=1)[:, None] / np.linalg.norm(a, axis=1) for a in (first, second)
    ]
    np.testing.assert_allclose(spread, np.mean([np.ptp(table, axis=1) for table in cosines], axis=0), atol=1e-12)


def test_text_that_says_nothing_is_unknown() -> None:
    """A text whose cosine range is under the threshold is unknown, the others keep their rating."""
    anchors = np.array([[1.0, 0.0], [0.0, 1.0]])
    pmf, spread = rate_texts([[1.0, 0.0], [1.0, 0.99]], [anchors], least_range=0.5)
    np.testing.assert_allclose(pmf[0], [1.0, 0.0])
    assert np.isnan(pmf[1]).all()
    assert spread[0] == pytest.approx(1.0)
    assert spread[1] < 0.01


def test_indifferent_set_has_no_part() -> None:
    """A set to which the text is equally close everywhere neither decides nor blocks the rating."""
    replies, anchors = draw_vectors(8)
    flat = np.tile(anchors[0], (len(anchors), 1))
    pmf, _ = rate_texts(replies, [anchors, flat], least_range=0.0)
    np.testing.assert_allclose(pmf, ssr(replies, anchors), atol=1e-12)
    assert np.isnan(rate_texts(replies, [flat, flat], least_range=0.0).pmf).all()


def test_anchor_sets_must_agree() -> None:
    """No sets, or sets of different length, are refused."""
    with pytest.raises(InputError, match="empty"):
        rate_texts(np.ones((1, 2)), [], least_range=0.0)
    with pytest.raises(InputError, match="differ in length"):
        rate_texts(np.ones((1, 2)), [np.ones((5, 2)), np.ones((4, 2))], least_range=0.0)


def test_expected_counts_from_one() -> None:
    """The mean rating starts at 1, and unknown stays unknown."""
    ratings = expected([[1.0, 0, 0, 0, 0], [0.2] * 5, [0, 0, 0, 0.5, 0.5], [math.nan] * 5])
    np.testing.assert_allclose(ratings, [1.0, 3.0, 4.5, math.nan])


def test_token_variants_add_up() -> None:
    """Blanks, full stops, word markers and number words of one answer are the same answer."""
    top = {
        " 4": 0.3,
        "4": 0.2,
        "4.": 0.1,
        "Four": 0.1,
        "\u01203": 0.1,
        "\u25813": 0.05,
        "14": 0.05,
        "4.5": 0.05,
        "6": 0.05,
    }
    pmf = from_logprobs({token: math.log(mass) for token, mass in top.items()})
    assert pmf == pytest.approx([0, 0, 0.15 / 0.85, 0.7 / 0.85, 0])


def test_too_little_mass_is_unknown() -> None:
    """Under the least mass the answer is unknown; exactly at it, known."""
    assert from_logprobs({"5": math.log(0.79), "Well": math.log(0.2)}) is None
    assert from_logprobs({"5": math.log(0.4), "4": math.log(0.4)}) == pytest.approx([0, 0, 0, 0.5, 0.5])
    assert from_logprobs({}) is None
    assert from_logprobs({}, least_mass=0.0) is None
    assert from_logprobs({"5": math.nan}) is None
    assert from_logprobs({"7": 0.0}) is None
    assert from_logprobs({"7": 0.0}, scale=7) == [0, 0, 0, 0, 0, 0, 1]


@unhurried
@given(st.floats(0.01, 0.99), st.floats(-2, 2))
def test_position_bias_is_taken_out(preference: float, bias: float) -> None:
    """Log odds that the order adds are reported as bias and leave the preference alone."""
    true = math.log(preference / (1 - preference))
    second, first = (1 / (1 + math.exp(-(true + shift))) for shift in (bias, -bias))
    result = head_to_head_logit(second, first)
    assert result.theta == pytest.approx(true, abs=1e-9)
    assert result.position_bias == pytest.approx(bias, abs=1e-9)


def test_certain_choices_stay_finite() -> None:
    """Choosing the second draft always, whichever it is, is all bias and no preference."""
    theta, bias = head_to_head_logit(1.0, 0.0)
    assert theta == pytest.approx(0.0, abs=1e-9)
    assert 10 < bias < 20
    with pytest.raises(InputError, match="probability"):
        head_to_head_logit(1.2, 0.5)
