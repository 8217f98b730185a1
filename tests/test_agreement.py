"""Means, intervals and corrections equal those of scipy and statsmodels to 1e-6, and two roads meet where none does."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as reference
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

import toolkit
from toolkit.stats import bootstrap_interval
from toolkit.stats.corrections import benjamini_hochberg, holm
from toolkit.stats.intervals import cluster_mean
from toolkit.stats.moderation import equal_means

seeds = st.integers(min_value=0, max_value=2**32 - 1)
unhurried = settings(max_examples=30)


def draw_panel(seed: int, weight_sd: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return differences, weights and wordings of 100 personas under ten wordings."""
    generator = np.random.default_rng(seed)
    wordings = generator.permutation(np.arange(100) % 10)
    values = 0.2 + generator.normal(0, 0.1, 10)[wordings] + generator.normal(0, 0.67, 100)
    return values, generator.lognormal(0, weight_sd, 100), wordings


@unhurried
@given(seeds)
def test_weighted_mean_is_statsmodels(seed: int) -> None:
    """The estimate is the weighted mean of two independent implementations."""
    values, weights, wordings = draw_panel(seed)
    found = cluster_mean(values, weights, wordings).estimate
    assert found == pytest.approx(DescrStatsW(values, weights).mean, abs=1e-6)
    assert found == pytest.approx(WLS(values, np.ones(100), weights=weights).fit().params[0], abs=1e-6)


@unhurried
@given(seeds)
def test_equal_weights_are_the_t_interval_of_both_libraries(seed: int) -> None:
    """With ten personas under each wording the interval is the t interval over the wordings' means."""
    values, _, wordings = draw_panel(seed)
    found = cluster_mean(values, np.ones(100), wordings)
    means = np.bincount(wordings, values) / np.bincount(wordings)
    assert (found.low, found.high) == pytest.approx(DescrStatsW(means).tconfint_mean(), abs=1e-6)
    assert found.p_value == pytest.approx(reference.ttest_1samp(means, 0).pvalue, abs=1e-6)


def write_out(values: np.ndarray, weights: np.ndarray, wordings: np.ndarray) -> tuple[float, float]:
    """Return the CR2 variance of a weighted mean and its Bell-McCaffrey degrees, with every matrix written out."""
    count, shares = len(values), weights / weights.sum()
    leftover = np.eye(count) - np.outer(np.ones(count), shares)
    residuals, variance, columns = leftover @ values, 0.0, []
    for wording in np.unique(wordings):
        own = wordings == wording
        sizes, turns = np.linalg.eigh(leftover[own] @ leftover[own].T)
        adjusted = turns @ np.diag(sizes**-0.5) @ turns.T @ shares[own]
        variance += float(adjusted @ residuals[own]) ** 2
        columns.append(leftover[own].T @ adjusted)
    products = np.array(columns) @ np.array(columns).T
    return variance, float(np.trace(products) ** 2 / (products**2).sum())


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 8))])
def test_comparisons_are_the_matrices_written_out(seed: int) -> None:
    """Differences, intervals and p-values of all pairs of a frame, and Holm's correction, to nine digits."""
    generator = np.random.default_rng(seed)
    people, drafts = 60 + 5 * seed, 2 + seed % 4
    wording = generator.permutation(np.arange(people) % (6 + seed))
    weight = np.ones(people) if seed % 2 else generator.lognormal(0, 0.6, people)
    clicks = generator.random((people, drafts)) < 0.2 + 0.1 * np.arange(drafts)
    person, draft = (labels.ravel() for labels in np.indices((people, drafts)))
    frame = pl.DataFrame({
        "draft_id": np.array(list("abcdef"))[draft], "persona_id": person.astype(str), "weight": weight[person],
        "wording": wording[person], "repeat": 0, "stopped": True, "objective": "click",
        "action": np.where(clicks.ravel(), "click", "read"),
    }).with_columns(segments=pl.struct(role=pl.lit("all")))  # fmt: skip
    found = toolkit.compare(frame, drafts=list("abcdef")[:drafts])
    for row, (a, b) in zip(found.to_dicts(), itertools.combinations(range(drafts), 2), strict=True):
        values = clicks[:, b].astype(float) - clicks[:, a]
        mean = float(weight @ values / weight.sum())
        variance, degrees = write_out(values, weight, wording)
        reach = reference.t.ppf(0.975, degrees) * variance**0.5
        assert row["difference"] == pytest.approx(mean, abs=1e-9)
        assert (row["low"], row["high"]) == pytest.approx((max(mean - reach, -1), min(mean + reach, 1)), abs=1e-9)
        assert row["p_value"] == pytest.approx(2 * reference.t.sf(abs(mean) / variance**0.5, degrees), abs=1e-9)
    corrected = multipletests(found["p_value"].to_numpy(), method="holm")[1]
    np.testing.assert_allclose(found["p_adjusted"], corrected, rtol=0, atol=1e-9)


@unhurried
@given(seeds)
def test_a_persona_per_wording_is_the_robust_regression(seed: int) -> None:
    """Where each persona has a wording of her own CR2 is HC2, as statsmodels has it."""
    values, _, _ = draw_panel(seed)
    found = cluster_mean(values, np.ones(100), np.arange(100))
    fitted = WLS(values, np.ones(100)).fit(cov_type="HC2")
    assert found.standard_error == pytest.approx(fitted.bse[0], abs=1e-6)


@unhurried
@given(st.lists(st.floats(0, 1), min_size=1, max_size=15))
@pytest.mark.slow
def test_corrections_are_statsmodels(p_values: list[float]) -> None:
    """Holm and Benjamini-Hochberg equal statsmodels' own."""
    np.testing.assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1], rtol=0, atol=1e-6)
    wanted = multipletests(p_values, method="fdr_bh")[1]
    np.testing.assert_allclose(benjamini_hochberg(p_values), wanted, rtol=0, atol=1e-6)


@unhurried
@given(seeds)
def test_two_groups_under_all_wordings_are_the_paired_t_test(seed: int) -> None:
    """With five of each group under each wording the test is the t test of the wordings' own differences, squared."""
    values = np.random.default_rng(seed).normal(size=(10, 2, 5))
    wordings, groups, _ = (labels.ravel() for labels in np.indices(values.shape))
    found = equal_means(values.ravel(), np.ones(100), wordings, np.arange(100), groups)
    wanted = reference.ttest_rel(values[:, 0].mean(axis=1), values[:, 1].mean(axis=1))
    assert found is not None
    assert (found.statistic, found.p_value) == pytest.approx((wanted.statistic**2, wanted.pvalue), abs=1e-6)
    assert (found.numerator, found.denominator) == (1, pytest.approx(9))


@unhurried
@given(seeds)
def test_three_groups_under_all_wordings_are_hotelling(seed: int) -> None:
    """With balance the test is Hotelling's T squared on the wordings' contrasts, with q and K - q degrees."""
    values = np.random.default_rng(seed).normal(size=(10, 3, 4))
    wordings, groups, _ = (labels.ravel() for labels in np.indices(values.shape))
    found = equal_means(values.ravel(), np.ones(120), wordings, np.arange(120), groups)
    contrasts = values.mean(axis=2)[:, 1:] - values.mean(axis=2)[:, :1]
    mean = contrasts.mean(axis=0)
    squared = 10 * mean @ np.linalg.solve(np.cov(contrasts.T), mean)
    assert found is not None
    assert found.statistic == pytest.approx(squared * (10 - 2) / (9 * 2), abs=1e-6)
    assert found.p_value == pytest.approx(reference.f.sf(found.statistic, 2, 8), abs=1e-6)


@pytest.mark.parametrize("weight_sd", [0.0, 0.5])
def test_the_bootstrap_is_of_one_mind(weight_sd: float) -> None:
    """Over thirty panels the bootstrap's interval is about as wide as the formula's, and around the same place."""
    widths, shifts = [], []
    for seed in range(30):
        values, weights, wordings = draw_panel(seed, weight_sd)
        formula = cluster_mean(values, weights, wordings)
        resampled = bootstrap_interval(values, weights, wordings, seed=seed, draws=1000)
        assert formula.low is not None
        assert formula.high is not None
        assert resampled is not None
        widths.append((resampled[1] - resampled[0]) / (formula.high - formula.low))
        shifts.append((sum(resampled) - formula.low - formula.high) / 2)
    assert 0.8 < np.median(widths) < 1.25
    assert abs(np.mean(shifts)) < 0.05


def test_the_bootstrap_repeats_itself() -> None:
    """The same seed gives the same interval for shuffled rows, another seed another one, and no spread gives none."""
    values, weights, wordings = draw_panel(3)
    order = np.random.default_rng(1).permutation(100)
    found = bootstrap_interval(values, weights, wordings, seed=5)
    assert found is not None
    shuffled = bootstrap_interval(values[order], weights[order], wordings[order], seed=5)
    assert shuffled == pytest.approx(found, abs=1e-9)
    assert bootstrap_interval(values, weights, wordings, seed=6) != found
    assert bootstrap_interval(np.ones(100), weights, wordings, seed=5) is None
    assert bootstrap_interval(values, weights, np.zeros(100), seed=5) is None


def test_what_an_interaction_cannot_tell() -> None:
    """One group, a group of one persona, or more groups than wordings can bear give no test; equal means give p = 1."""
    values, weights, wordings = draw_panel(3)
    people = np.arange(100)
    assert equal_means(values, weights, wordings, people, np.zeros(100)) is None
    assert equal_means(values, weights, wordings, people, people == 0) is None
    assert equal_means(values, weights, wordings % 2, people, people // 34) is None
    same = equal_means(np.ones(100), weights, wordings, people, people % 2)
    assert same is not None
    assert same.p_value == 1.0
