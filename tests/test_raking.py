"""Raking: margins are reproduced, weights stay in their range, and what cannot be reached is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.errors import InputError
from toolkit.stats.weighting import CLOSE, HIGHEST, LOWEST, rake

LEVELS = {"sex": ("f", "m"), "age": ("young", "middle", "old"), "region": ("north", "south")}


@st.composite
def samples(draw: st.DrawFn) -> tuple[list[dict[str, str]], dict[str, dict[str, float]]]:
    """Return people and margins that weights from 0.5 to 2 can reproduce: they are those of such weights."""
    size = draw(st.integers(12, 60))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    people = [{key: str(generator.choice(levels)) for key, levels in LEVELS.items()} for _ in range(size)]
    weights = generator.uniform(0.5, 2.0, size)
    margins: dict[str, dict[str, float]] = {}
    for key in LEVELS:
        held = {person[key] for person in people}
        margins[key] = {
            level: float(sum(weight for person, weight in zip(people, weights, strict=True) if person[key] == level))
            / float(weights.sum())
            for level in sorted(held)
        }
    return people, margins


def share(people: list[dict[str, str]], weights: tuple[float, ...], key: str, level: str) -> float:
    """Return the weighted share of a level."""
    inside = sum(weight for person, weight in zip(people, weights, strict=True) if person[key] == level)
    return inside / sum(weights)


@settings(max_examples=40)
@given(samples())
def test_reachable_margins_are_reproduced(sample: tuple[list[dict[str, str]], dict[str, dict[str, float]]]) -> None:
    """Whatever the sample, margins that weights in the range can reach are reached, and the mean weight is 1."""
    people, margins = sample
    raked = rake(people, margins)
    assert raked.converged
    assert LOWEST <= min(raked.weights) <= max(raked.weights) <= HIGHEST
    assert np.mean(raked.weights) == pytest.approx(1.0, abs=2 * CLOSE)
    for key, shares in margins.items():
        for level, wanted in shares.items():
            assert share(people, raked.weights, key, level) == pytest.approx(wanted, abs=2 * CLOSE)
    assert 1 <= raked.effective <= len(people) + 1e-9


@settings(max_examples=30)
@given(st.integers(1, 30), st.integers(1, 30), st.floats(0.01, 0.99))
def test_weights_stay_in_their_range(women: int, men: int, wanted: float) -> None:
    """However far a margin is from the sample, no weight leaves the range, and the truth is told about the gap."""
    people = [{"sex": "f"}] * women + [{"sex": "m"}] * men
    raked = rake(people, {"sex": {"f": wanted, "m": 1 - wanted}})
    assert LOWEST <= min(raked.weights) <= max(raked.weights) <= HIGHEST
    reached = share(people, raked.weights, "sex", "f")
    assert raked.gap == pytest.approx(abs(reached - wanted), abs=1e-5)
    assert raked.converged == (raked.gap <= CLOSE)


def test_a_worked_example() -> None:
    """Untrimmed weights are those of iterative proportional fitting, worked out by hand."""
    people = [{"a": "x", "b": "u"}, {"a": "x", "b": "v"}, {"a": "y", "b": "u"}, {"a": "y", "b": "v"}]
    raked = rake(people, {"a": {"x": 0.6, "y": 0.4}, "b": {"u": 0.7, "v": 0.3}})
    assert raked.weights == pytest.approx((4 * 0.42, 4 * 0.18, 4 * 0.28, 4 * 0.12), abs=1e-5) or raked.trimmed
    plain = rake(people, {"a": {"x": 0.6, "y": 0.4}, "b": {"u": 0.6, "v": 0.4}})
    assert plain.weights == pytest.approx((1.44, 0.96, 0.96, 0.64), abs=1e-6)
    assert plain.effective == pytest.approx(16 / (1.44**2 + 2 * 0.96**2 + 0.64**2))


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        ({"sex": {"f": 0.5, "m": 0.4, "x": 0.1}}, "nobody has the level 'x'"),
        ({"sex": {"f": 1.0}}, "level 'm'"),
        ({"sex": {"f": 0.5, "m": 0.4}}, "add up to 1"),
        ({"age": {"old": 1.0}}, "level None"),
    ],
)
def test_margins_that_do_not_fit_are_refused(margins: dict[str, dict[str, float]], said: str) -> None:
    """An empty or unknown level, and shares that do not add up, are named."""
    with pytest.raises(InputError, match=said):
        rake([{"sex": "f"}, {"sex": "m"}], margins)
