"""Simulated runs with a known truth: seldom a verdict on nothing, and few true differences missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest

from toolkit.stats.corrections import holm
from toolkit.stats.intervals import cluster_mean
from toolkit.stats.moderation import equal_means

RUNS = 4000
PERSONAS, WORDINGS = 100, 10
PERSONA_SD, WORDING_SD, NOISE_SD = 0.3, 0.1, 0.6

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Tally:
    """Shares of the simulated runs."""

    decided: float
    right: float
    wrong: float
    covered: float


@lru_cache
def simulate_runs(difference: float, weight_sd: float = 0.0, *, ignore_wordings: bool = False) -> Tally:
    """Judge RUNS simulated runs of personas nested in wordings."""
    generator = np.random.default_rng(20261123)
    wordings = np.arange(PERSONAS) % WORDINGS
    clusters = np.arange(PERSONAS) if ignore_wordings else wordings
    results = np.empty((RUNS, 4))
    for run in range(RUNS):
        values = difference + generator.normal(0, WORDING_SD, WORDINGS)[wordings]
        values += generator.normal(0, PERSONA_SD, PERSONAS) + generator.normal(0, NOISE_SD, PERSONAS)
        result = cluster_mean(values, generator.lognormal(0, weight_sd, PERSONAS), clusters)
        assert result.p_value is not None
        assert result.low is not None
        assert result.high is not None
        decided = result.p_value <= 0.05
        side = np.sign(result.estimate) * (np.sign(difference) or 1.0)
        results[run] = decided, decided and side > 0, decided and side < 0, result.low <= difference <= result.high
    return Tally(*results.mean(axis=0).tolist())


@pytest.mark.parametrize("weight_sd", [0.0, 1.0])
def test_nothing_is_seldom_decided(weight_sd: float) -> None:
    """With no difference at most 5.7 % of runs are decided, with equal and with very unequal weights."""
    assert simulate_runs(0.0, weight_sd).decided <= 0.057


@pytest.mark.parametrize("weight_sd", [0.0, 1.0])
@pytest.mark.parametrize("difference", [0.0, 0.3])
def test_intervals_cover_the_truth(difference: float, weight_sd: float) -> None:
    """The 95 % interval holds the true difference in 94 to 98 % of runs."""
    assert 0.94 <= simulate_runs(difference, weight_sd).covered <= 0.98


def test_true_difference_is_found() -> None:
    """A true difference of 0.3 is decided for the right side in at least 80 % of runs."""
    tally = simulate_runs(0.3)
    assert tally.right >= 0.8
    assert tally.wrong <= 0.001


def test_unequal_weights_cost_power_and_nothing_else() -> None:
    """With lognormal weights fewer true differences are found, and still none for the wrong side.

    The 80 % that equal weights pass is out of reach here and not claimed: these weights leave some 40 effective
    personas, so even a test that knew every variance would find only 77 %. This one finds 57.8 % of 4,000.
    """
    tally = simulate_runs(0.3, 1.0)
    assert tally.right >= 0.5
    assert tally.wrong <= 0.001


def test_crossed_runs_seldom_decide_nothing() -> None:
    """Personas who each read every wording hold the same limit on false verdicts."""
    generator = np.random.default_rng(7)
    personas, wordings = (labels.ravel() for labels in np.indices((30, WORDINGS)))
    p_values = []
    for _ in range(1000):
        values = generator.normal(0, WORDING_SD, WORDINGS)[wordings] + generator.normal(0, PERSONA_SD, 30)[personas]
        values += generator.normal(0, NOISE_SD, len(values))
        p_values.append(cluster_mean(values, np.ones(len(values)), wordings, personas).p_value)
    assert np.mean(np.array(p_values, dtype=float) <= 0.05) <= 0.057


def test_ignoring_the_wordings_would_fail() -> None:
    """The same simulated runs judged over personas alone break the gate, so the gate can fail."""
    assert simulate_runs(0.0, ignore_wordings=True).decided > 0.057


def draw_segments(segments: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the values of RUNS simulated runs in which nothing differs, and the segment of each persona."""
    generator = np.random.default_rng(11)
    people = np.arange(PERSONAS)
    for _ in range(RUNS):
        values = generator.normal(0, WORDING_SD, WORDINGS)[people % WORDINGS] + generator.normal(
            0, PERSONA_SD, PERSONAS
        )
        values += generator.normal(0, NOISE_SD, PERSONAS)
        yield values, generator.permutation(people % segments)


def test_ten_segments_seldom_decide_nothing() -> None:
    """With ten segments and no difference in any, at most 5.7 % of runs decide for one or more of them."""
    wordings, decided = np.arange(PERSONAS) % WORDINGS, 0
    for values, groups in draw_segments(10):
        split = [groups == group for group in range(10)]
        p_values = [cluster_mean(values[kept], np.ones(kept.sum()), wordings[kept]).p_value for kept in split]
        decided += bool((holm(p_values) <= 0.05).any())
    assert decided / RUNS <= 0.057


@pytest.mark.parametrize("segments", [2, 4])
def test_segments_alike_seldom_differ(segments: int) -> None:
    """Where all segments are alike the interaction test says otherwise in at most 5.7 % of runs."""
    people, decided = np.arange(PERSONAS), 0
    for values, groups in draw_segments(segments):
        test = equal_means(values, np.ones(PERSONAS), people % WORDINGS, people, groups)
        decided += test is not None and test.p_value <= 0.05
    assert decided / RUNS <= 0.057
