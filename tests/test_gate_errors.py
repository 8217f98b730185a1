"""The gate simulated with a known truth: how often it passes what it should not, and decides what it could."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from toolkit.gate.judging import PLANNED_POWER, Sample, decide_least, mirror
from toolkit.stats import plans

WORDINGS = 10
WORDING_SD = 0.04
RUNS = 1500
pytestmark = pytest.mark.slow
Draw = Callable[[np.random.Generator], Sample]


def draw_pair(
    generator: np.random.Generator, personas: int, difference: float, weight_sd: float = 0.0, *, is_margin: bool = False
) -> Sample:
    """Return what each persona did with one draft minus the other: -1, 0 or 1, three in ten of one mind on both."""
    wordings = np.arange(personas) % WORDINGS
    chances = np.clip(0.4 + difference + generator.normal(0, WORDING_SD, WORDINGS)[wordings], 0, 1)
    mood, same = generator.random(personas), generator.random(personas) < 0.3
    taken = np.where(same, mood, generator.random(personas)) < chances
    weights = generator.lognormal(0, weight_sd, personas)
    values = taken.astype(float) - (mood < 0.4)
    units = np.arange(personas)
    return Sample(values, weights, wordings, units, 2 * personas, WORDINGS, is_difference=True, is_margin=is_margin)


def tally(draw: Draw, bound: float) -> dict[str, float]:
    """Return the share of each outcome over the simulated recordings."""
    generator = np.random.default_rng(20261124)
    counts = Counter(decide_least(draw(generator), bound, stable=True).outcome for _ in range(RUNS))
    return {outcome: counts[outcome] / RUNS for outcome in ("passed", "failed", "inconclusive")}


@pytest.mark.parametrize(("personas", "weight_sd"), [(12, 0.0), (24, 0.0), (96, 0.0), (96, 0.8)])
def test_beats_seldom_passes_on_nothing(personas: int, weight_sd: float) -> None:
    """Where drafts do not differ, `beats` passes at most 5 % of the time, and fails as seldom, whatever the weights."""
    found = tally(lambda generator: draw_pair(generator, personas, 0.0, weight_sd), 0.0)
    assert found["passed"] <= 0.05
    assert found["failed"] <= 0.05


@pytest.mark.parametrize("personas", [12, 24, 96])
def test_not_worse_than_seldom_passes_at_the_margin(personas: int) -> None:
    """Where a draft is worse by exactly the margin, `not_worse_than` passes at most 5 % of the time."""
    found = tally(lambda generator: draw_pair(generator, personas, -0.1, is_margin=True), -0.1)
    assert found["passed"] <= 0.05


@pytest.mark.parametrize("personas", [12, 24, 72, 110])
def test_not_worse_than_seldom_passes_where_hardly_anybody_acts(personas: int) -> None:
    """One in twenty acts on one draft and nobody on the other: a margin of five points is seldom said to be kept."""

    def draw(generator: np.random.Generator) -> Sample:
        numbers = np.arange(personas)
        values = -(generator.random(personas) < 0.05).astype(float)
        return Sample(
            values, np.ones(personas), numbers % 10, numbers, 2 * personas, WORDINGS, is_difference=True, is_margin=True
        )

    assert tally(draw, -0.05)["passed"] <= 0.05


def plan(difference: float, target: float) -> int:
    """Return the personas that a design with these variances needs."""
    big = draw_pair(np.random.default_rng(1), 100_000, difference)
    persona = float(big.values.var()) - WORDING_SD**2
    components = plans.Components(wording=WORDING_SD**2, persona=persona, noise=0.0)
    needed = plans.personas_needed(components, WORDINGS, 1, target, PLANNED_POWER)
    assert needed is not None
    return needed


@pytest.mark.parametrize("target", [0.1, 0.2])
def test_both_decide_at_the_planned_size(target: float) -> None:
    """At the planned size four in five are decided: a draft better by the target, an equal one with that margin."""
    many, few = plan(target, target), plan(0.0, target)
    better = tally(lambda generator: draw_pair(generator, many, target), 0.0)
    equal = tally(lambda generator: draw_pair(generator, few, 0.0, is_margin=True), -target)
    assert better["passed"] >= 0.8
    assert equal["passed"] >= 0.8
    assert max(better["failed"], equal["failed"]) <= 0.001


@pytest.mark.parametrize(("personas", "rate"), [(24, 0.1), (24, 0.5), (96, 0.1), (96, 0.3)])
def test_a_rate_at_its_bound_is_seldom_decided(personas: int, rate: float) -> None:
    """Where the true rate is the bound, `at_least` and `at_most` each pass at most 5 % of the time."""

    def draw(generator: np.random.Generator) -> Sample:
        wordings = np.arange(personas) % WORDINGS
        chances = np.clip(rate + generator.normal(0, WORDING_SD, WORDINGS)[wordings], 0, 1)
        values = (generator.random(personas) < chances).astype(float)
        return Sample(values, np.ones(personas), wordings, np.arange(personas), personas, WORDINGS, is_share=True)

    generator = np.random.default_rng(20261124)
    drawn = [draw(generator) for _ in range(RUNS)]
    least = sum(decide_least(sample, rate).outcome == "passed" for sample in drawn) / RUNS
    most = sum(decide_least(mirror(sample), 1.0 - rate).outcome == "passed" for sample in drawn) / RUNS
    assert least <= 0.05
    assert most <= 0.05
