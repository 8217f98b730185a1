"""Few labels and many predictions, rankings, and how many results tell one rate from another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, kendalltau

from toolkit.errors import InputError
from toolkit.stats.plans import results_needed
from toolkit.stats.prediction_powered import powered_mean
from toolkit.stats.rankings import kendall_tau, top_share

scores = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=12)


@given(scores)
def test_tau_is_scipys(pairs: list[tuple[int, int]]) -> None:
    """Tau-b with ties equals scipy's; where it has none, there is none."""
    x, y = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = kendall_tau(x, y)
    if len(set(x)) < 2 or len(set(y)) < 2:
        assert found is None
    else:
        assert found == pytest.approx(kendalltau(x, y).statistic)


def test_top_share_counts_ties_as_chances() -> None:
    """Two that share the top score, one of them best, are half right; no order in truth is no figure."""
    assert top_share([3, 1, 2], [9, 1, 1]) == 1
    assert top_share([3, 3, 2], [9, 1, 1]) == 0.5
    assert top_share([1, 1, 1], [9, 1, 1]) == pytest.approx(1 / 3)
    assert top_share([1, 2], [5, 5]) is None
    assert top_share([1], [5]) is None


def simulate(correlation: float, labels: int, others: int, draws: int = 1500) -> tuple[float, float]:
    """Return the mean width against labels alone, and how often the interval holds the true mean of 0."""
    random = np.random.default_rng(6)
    ratios, held = [], []
    for _ in range(draws):
        truth = random.normal(size=labels + others)
        noise = random.normal(size=labels + others)
        predicted = 0.4 + 3 * (correlation * truth + np.sqrt(1 - correlation**2) * noise)
        mean = powered_mean(truth[:labels], predicted[:labels], predicted[labels:])
        assert mean is not None
        ratios.append((mean.high - mean.low) / (mean.alone_high - mean.alone_low))
        held.append(mean.low <= 0 <= mean.high)
    return float(np.mean(ratios)), float(np.mean(held))


@pytest.mark.slow
@pytest.mark.parametrize("labels", [5, 20, 60])
@pytest.mark.parametrize("correlation", [-0.8, 0.0, 0.3, 0.9])
@pytest.mark.parametrize("others", [0, 30, 600])
def test_predictions_never_widen_the_interval(correlation: float, labels: int, others: int) -> None:
    """On average the powered interval is no wider than that of the labels alone, whatever the predictions are worth."""
    ratio, _ = simulate(correlation, labels, others, draws=300)
    assert ratio <= 1.0 + 1e-12


@pytest.mark.slow
def test_the_powered_interval_holds_the_truth_and_narrows() -> None:
    """With 40 labels and 800 predictions: 93 to 97 % hold the mean, and good predictions halve the width."""
    for correlation in (0.0, 0.6, 0.9):
        ratio, held = simulate(correlation, 40, 800)
        assert 0.93 <= held <= 0.97
        assert ratio == pytest.approx(np.sqrt(1 - correlation**2 * 800 / 840), abs=0.06)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=4, max_size=20), st.integers(0, 30))
def test_a_powered_mean_is_well_formed(pairs: list[tuple[float, float]], others: int) -> None:
    """Lambda lies in 0 to 1, the interval is never wider than the labels', and effective labels never fewer."""
    y, f = np.array(pairs).T
    mean = powered_mean(y, f, np.linspace(-9, 9, others))
    assert 0 <= mean.weight <= 1
    assert mean.high - mean.low <= (mean.alone_high - mean.alone_low) * (1 + 1e-9) + 1e-9
    assert mean.low <= mean.estimate <= mean.high
    if others == 0:
        assert mean.estimate == mean.alone


def test_the_formulas_are_the_published_ones() -> None:
    """Estimate, lambda and effective size are those of the formulas, worked out by hand."""
    random = np.random.default_rng(1)
    y = random.normal(size=12)
    f, others = 1.5 * y + random.normal(size=12), random.normal(size=40)
    mean = powered_mean(y, f, others)
    weight = np.cov(y, f)[0, 1] / ((1 + 12 / 40) * np.var(f, ddof=1))
    assert mean.weight == pytest.approx(weight)
    assert mean.estimate == pytest.approx(weight * others.mean() + (y - weight * f).mean())
    rho = np.corrcoef(y, f)[0, 1]
    assert mean.effective == pytest.approx(12 / (1 - rho**2 * 40 / (40 + 12)))
    assert powered_mean([1.0, 2.0], [1.0, 2.0], []) is None
    with pytest.raises(InputError, match="each label needs its prediction"):
        powered_mean([1, 2, 3, 4], [1], [])


def test_enough_results_are_enough() -> None:
    """The number asked for has the power, one fewer has not, by scipy's own exact test."""
    needed = results_needed(0.7)
    for size, enough in ((needed, True), (needed - 1, False)):
        rejected = [k for k in range(size + 1) if 2 * min(binom.cdf(k, size, 0.5), binom.sf(k - 1, size, 0.5)) <= 0.05]
        assert (sum(binom.pmf(rejected, size, 0.7)) >= 0.8) == enough
        assert all(binomtest(k, size).pvalue <= 0.05 + 1e-12 for k in rejected)
    assert results_needed() == 210
    with pytest.raises(InputError, match="0 < null < rate"):
        results_needed(0.4)
