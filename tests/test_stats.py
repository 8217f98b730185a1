"""Intervals and p-values equal independent calculations, and do not depend on what must not matter."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as reference
from scipy.optimize import minimize_scalar
from scipy.special import xlogy

from toolkit.errors import InputError
from toolkit.stats.corrections import benjamini_hochberg, holm
from toolkit.stats.intervals import (
    Interval,
    cluster_mean,
    effective_size,
    exact_interval,
    leave_one_out,
    score_interval,
)
from toolkit.stats.plans import TYPICAL, Components, detectable_difference, personas_needed, variance_components

seeds = st.integers(min_value=0, max_value=2**32 - 1)
unhurried = settings(max_examples=50)


def draw_rows(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return values, unequal weights and cluster labels of unequal groups."""
    generator = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(6), generator.integers(1, 9, size=6))
    values = generator.normal(size=len(clusters)) + generator.normal(size=6)[clusters]
    return values, generator.lognormal(size=len(clusters)), clusters


def assert_same(one: Interval, other: Interval) -> None:
    """Compare two intervals to nine decimals."""
    np.testing.assert_allclose(astuple(one), astuple(other), rtol=1e-9, atol=1e-9)


def invert_root(matrix: np.ndarray) -> np.ndarray:
    """Return the symmetric inverse square root."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(values**-0.5) @ vectors.T


def cr2_by_matrices(values: np.ndarray, weights: np.ndarray, clusters: np.ndarray) -> tuple[float, float, float]:
    """Return estimate, CR2 variance and Bell-McCaffrey degrees from the full matrices of the definition."""
    count = len(values)
    design, weighting = np.ones((count, 1)), np.diag(weights)
    bread = np.linalg.inv(design.T @ weighting @ design)
    leftover = np.eye(count) - design @ bread @ design.T @ weighting
    residuals, variance, columns = leftover @ values, 0.0, []
    for label in np.unique(clusters):
        pick = np.eye(count)[clusters == label]
        adjust = invert_root(pick @ leftover @ leftover.T @ pick.T)
        half = bread @ design.T @ weighting @ pick.T @ adjust
        variance += ((half @ pick @ residuals) ** 2).item()
        columns.append((leftover.T @ pick.T @ half.T)[:, 0])
    inner = np.array(columns) @ np.array(columns).T
    return (bread @ design.T @ weighting @ values).item(), variance, np.trace(inner) ** 2 / (inner**2).sum()


@unhurried
@given(seeds, st.integers(3, 12), st.integers(1, 9))
def test_balanced_is_the_t_interval_over_cluster_means(seed: int, clusters: int, size: int) -> None:
    """With balance and equal weights nothing is left but the t test over the cluster means."""
    values = np.random.default_rng(seed).normal(0.3, 1, size=(clusters, size))
    result = cluster_mean(values.ravel(), np.ones(values.size), np.repeat(np.arange(clusters), size))
    wanted = reference.ttest_1samp(values.mean(axis=1), 0)
    assert result.p_value == pytest.approx(wanted.pvalue, abs=1e-9)
    assert (result.low, result.high) == pytest.approx(tuple(wanted.confidence_interval(0.95)), abs=1e-9)
    assert result.degrees == pytest.approx(clusters - 1, abs=1e-9)
    assert (result.clusters, result.units) == (clusters, values.size)


@unhurried
@given(seeds)
def test_unbalanced_is_the_matrix_definition(seed: int) -> None:
    """Unequal groups and weights give the same as the slow calculation with full matrices."""
    values, weights, clusters = draw_rows(seed)
    result = cluster_mean(values, weights, clusters)
    estimate, variance, degrees = cr2_by_matrices(values, weights, clusters)
    assert result.estimate == pytest.approx(estimate, abs=1e-9)
    assert result.standard_error == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert result.degrees == pytest.approx(degrees, rel=1e-9)


@unhurried
@given(seeds, st.floats(-5, 5), st.floats(0.01, 100))
def test_shifted_and_stretched_values(seed: int, shift: float, stretch: float) -> None:
    """Shifting values shifts the interval, stretching them stretches it."""
    values, weights, clusters = draw_rows(seed)
    plain, moved = cluster_mean(values, weights, clusters), cluster_mean(shift + stretch * values, weights, clusters)
    assert plain.low is not None
    assert plain.high is not None
    wanted = (shift + stretch * plain.estimate, shift + stretch * plain.low, shift + stretch * plain.high)
    assert (moved.estimate, moved.low, moved.high) == pytest.approx(wanted, rel=1e-8, abs=1e-8)
    assert moved.degrees == pytest.approx(plain.degrees)


@unhurried
@given(seeds, st.floats(1e-150, 1e150))
def test_order_labels_and_unit_of_weight_do_not_matter(seed: int, unit: float) -> None:
    """Shuffled rows, renamed clusters and weights in another unit give the same numbers."""
    values, weights, clusters = draw_rows(seed)
    order = np.random.default_rng(seed).permutation(len(values))
    names = np.array(["zeta", "alpha", "mu", "beta", "pi", "nu"])[clusters]
    changed = cluster_mean(values[order], weights[order] * unit, names[order])
    assert_same(changed, cluster_mean(values, weights, clusters))


@unhurried
@given(seeds, st.integers(2, 5))
def test_identical_repeats_narrow_nothing(seed: int, repeats: int) -> None:
    """Asking the same persona again and hearing the same is no new information."""
    values, weights, clusters = draw_rows(seed)
    units = np.arange(len(values))
    again = [np.repeat(column, repeats) for column in (values, weights, clusters, units)]
    assert_same(cluster_mean(*again), cluster_mean(values, weights, clusters))


@unhurried
@given(seeds)
def test_a_missing_repeat_does_not_lighten_a_persona(seed: int) -> None:
    """A persona with one answer counts as much as one with two."""
    values, weights, clusters = draw_rows(seed)
    columns = (values, weights, clusters, np.arange(len(values)))
    partly = [np.concatenate([column, column[:3]]) for column in columns]
    assert_same(cluster_mean(*partly), cluster_mean(values, weights, clusters))


def test_weightless_rows_are_left_out() -> None:
    """Rows of weight zero change neither numbers nor counts."""
    values, weights, clusters = draw_rows(4)
    units = np.arange(len(values))
    wanted = cluster_mean(values, weights, clusters, units)
    padded = cluster_mean([*values, 99.0], [*weights, 0.0], [*clusters, 77], [*units, 999])
    assert_same(padded, wanted)


def test_balanced_crossed_design() -> None:
    """Crossed personas and wordings: variance of persona means plus wording means minus cells."""
    table = np.random.default_rng(2).normal(size=(7, 5)) + np.arange(7)[:, None] / 2
    personas, wordings = np.indices(table.shape)
    result = cluster_mean(table.ravel(), np.ones(35), wordings.ravel(), personas.ravel())
    parts = table.mean(axis=1).var(ddof=1) / 7 + table.mean(axis=0).var(ddof=1) / 5 - table.var(ddof=1) / 35
    assert result.standard_error == pytest.approx(math.sqrt(parts), rel=1e-9)
    assert result.degrees == 4
    assert (result.clusters, result.units) == (5, 7)


def test_crossed_variance_is_never_negative() -> None:
    """Where the crossed formula is not positive, the larger of its two parts is used."""
    table = np.array([[1.0, -1.0, 0.5], [-1.0, 1.0, 0.0], [0.1, 0.0, -0.5]])
    personas, wordings = np.indices(table.shape)
    result = cluster_mean(table.ravel(), np.ones(9), wordings.ravel(), personas.ravel())
    by_persona, by_wording = (table.mean(axis=axis).var(ddof=1) / 3 for axis in (1, 0))
    assert by_persona + by_wording < table.var(ddof=1) / 9
    assert result.standard_error == pytest.approx(math.sqrt(max(by_persona, by_wording)), rel=1e-9)


@pytest.mark.parametrize("clusters", [[0, 0, 0], [5, 5, 5]])
def test_one_cluster_identifies_nothing(clusters: list[int]) -> None:
    """One wording gives an estimate and no interval, however many personas read it."""
    result = cluster_mean([1.0, 2.0, 3.0], [1, 1, 2], clusters)
    assert result == Interval(2.25, None, None, None, None, None, 1, 3)


def test_one_unit_identifies_nothing() -> None:
    """One persona under several wordings gives an estimate and no interval."""
    result = cluster_mean([1.0, 2.0], [1, 1], [0, 1], ["maya", "maya"])
    assert result == Interval(1.5, None, None, None, None, None, 2, 1)


@pytest.mark.parametrize("noise", [0.0, 1e-17])
def test_no_difference_and_no_variance(noise: float) -> None:
    """Drafts that everybody treats alike have p = 1, with or without rounding noise."""
    result = cluster_mean(np.full(40, noise), np.ones(40), np.arange(40) % 8)
    assert (result.estimate, result.p_value, result.standard_error) == (0.0, 1.0, 0.0)


def test_unanimity_is_strong_but_never_certain() -> None:
    """A difference without variance is worth as much as one with a single persona unmoved, never p = 0."""
    clusters, weights = np.arange(40) % 8, np.linspace(1, 2, 40)
    unanimous = cluster_mean(np.full(40, 0.1), weights, clusters)
    one_unmoved = np.where(np.arange(40) == 39, 0.0, 0.1)
    assert unanimous.p_value == pytest.approx(cluster_mean(one_unmoved, weights, clusters).p_value)
    assert unanimous.p_value is not None
    assert 0 < unanimous.p_value < 1e-4
    assert unanimous.standard_error == 0.0
    two = cluster_mean([1.0, 1.0], [1, 1], [0, 1])
    assert two.p_value == pytest.approx(0.5)


def test_clusters_that_agree_by_luck_are_not_certain() -> None:
    """Equal cluster means with different personas inside leave the variance between personas."""
    result = cluster_mean([1.0, 0.0, 1.0, 0.0], np.ones(4), [0, 0, 1, 1])
    assert result.standard_error == pytest.approx(math.sqrt(1 / 3 / 4))
    assert result.p_value == pytest.approx(1 / 3)


@pytest.mark.parametrize("weight", [1e-5, 1e-7, 1e-20])
@pytest.mark.parametrize("values", [[1.0, 0.5, -2.0], [1.0, 1.0, 1.0]])
def test_one_overwhelming_weight_is_no_evidence(values: list[float], weight: float) -> None:
    """A persona who outweighs everybody decides nothing: no interval, or none that excludes zero."""
    result = cluster_mean(values, [1.0, weight, weight], [0, 1, 2])
    assert result.estimate == pytest.approx(1.0, abs=1e-4)
    assert result.p_value is None or 0.05 < result.p_value <= 1
    assert (result.p_value is None) == (weight < 1e-6)


@pytest.mark.parametrize(
    "columns",
    [
        ([], [], []),
        ([1.0, math.nan], [1, 1], [0, 1]),
        ([1.0, 2.0], [1, -1], [0, 1]),
        ([1.0, 2.0], [0, 0], [0, 1]),
        ([1.0, 2.0], [1, 1, 1], [0, 1]),
        ([1.0, 2.0], [1, 1], [0]),
        ([1.0, 2.0], [1, 1], [0, 1], ["maya"]),
    ],
)
def test_unusable_rows_are_one_line(columns: tuple[list[float], ...]) -> None:
    """Rows that cannot be used are refused in one line."""
    with pytest.raises(InputError) as failure:
        cluster_mean(*columns)
    assert "\n" not in str(failure.value)


def test_confidence_is_a_probability() -> None:
    """A confidence of 95 is refused, and a lower one narrows the interval."""
    values, weights, clusters = draw_rows(9)
    with pytest.raises(InputError, match=r"0\.95"):
        cluster_mean(values, weights, clusters, confidence=95)
    wide, narrow = (cluster_mean(values, weights, clusters, confidence=level).high for level in (0.95, 0.8))
    assert wide is not None
    assert narrow is not None
    assert narrow < wide


@unhurried
@given(seeds)
def test_leaving_one_cluster_out(seed: int) -> None:
    """Each estimate is the weighted mean of the other clusters' rows."""
    values, weights, clusters = draw_rows(seed)
    wanted = [np.average(values[clusters != k], weights=weights[clusters != k]) for k in range(6)]
    np.testing.assert_allclose(leave_one_out(values, weights, clusters), wanted, rtol=0, atol=1e-12)


def test_leaving_the_only_cluster_out() -> None:
    """Without its only cluster nothing is left to average."""
    assert np.isnan(leave_one_out([1.0, 2.0], [1, 1], [3, 3])).tolist() == [True]


def adjust_by_definition(p_values: list[float]) -> list[float]:
    """Holm, term by term: the largest multiplied p-value among those not larger."""
    count = len(p_values)
    ranked = sorted(range(count), key=lambda place: p_values[place])
    steps = [min(1.0, (count - rank) * p_values[place]) for rank, place in enumerate(ranked)]
    return [max(steps[: ranked.index(place) + 1]) for place in range(count)]


@unhurried
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_corrections_equal_references(p_values: list[float]) -> None:
    """Holm equals its definition, Benjamini-Hochberg an independent implementation."""
    np.testing.assert_allclose(holm(p_values), adjust_by_definition(p_values), atol=1e-12)
    wanted = reference.false_discovery_control(p_values, method="bh")
    np.testing.assert_allclose(benjamini_hochberg(p_values), wanted, atol=1e-12)


def test_unknown_p_values_are_not_counted() -> None:
    """None and NaN stay unknown and make nobody else's p-value larger."""
    p_values = [0.01, None, 0.04, math.nan]
    np.testing.assert_allclose(holm(p_values), [0.02, math.nan, 0.04, math.nan])
    np.testing.assert_allclose(benjamini_hochberg(p_values), [0.02, math.nan, 0.04, math.nan])
    assert holm([]).shape == (0,)
    assert np.isnan(holm([None])).all()
    with pytest.raises(InputError, match="p-value"):
        holm([1.5])


def simulate_nested(seed: int, true: Components, repeats: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows of a large nested design with known components and unequal groups."""
    generator = np.random.default_rng(seed)
    wording = np.repeat(np.arange(4000), generator.integers(3, 12, size=4000))
    persona = np.repeat(np.arange(len(wording)), repeats)
    shifts = generator.normal(0, math.sqrt(true.wording), 4000)[wording]
    people = shifts + generator.normal(0, math.sqrt(true.persona), len(wording))
    values = people[persona] + generator.normal(0, math.sqrt(true.noise), len(persona))
    return values, persona, wording[persona]


def test_components_are_recovered() -> None:
    """Known variances come back from a large simulated run with repeats."""
    true = Components(wording=0.5, persona=1.0, noise=2.0)
    found = variance_components(*simulate_nested(1, true, repeats=3))
    assert found is not None
    assert astuple(found) == pytest.approx(astuple(true), rel=0.08)


def test_components_without_repeats() -> None:
    """With one answer each, noise is counted as persona, and with one persona each, as wording."""
    found = variance_components(*simulate_nested(2, Components(wording=0.5, persona=1.0, noise=2.0), repeats=1))
    assert found is not None
    assert astuple(found) == pytest.approx((0.5, 3.0, 0.0), rel=0.08)
    values = np.array([1.0, 2.0, 4.0])
    alone = variance_components(values, np.arange(3), np.arange(3))
    assert alone == Components(wording=pytest.approx(values.var(ddof=1)), persona=0.0, noise=0.0)
    assert variance_components(values, np.arange(3), np.zeros(3)) is None


def test_detectable_difference_by_hand() -> None:
    """The formula, with numbers put in by hand."""
    wanted = (2.262157 + 0.883404) * math.sqrt(0.01 / 10 + 0.09 / 100 + 0.36 / 200)
    found = detectable_difference(Components(wording=0.01, persona=0.09, noise=0.36), 100, 10, 2)
    assert found == pytest.approx(wanted, rel=1e-6)
    assert detectable_difference(TYPICAL, 1000, 1, 1) == math.inf
    assert detectable_difference(TYPICAL, 3, 10, 1) == detectable_difference(TYPICAL, 3, 3, 1)


@pytest.mark.parametrize("target", [0.05, 0.1, 0.2])
def test_personas_needed_is_the_inverse(target: float) -> None:
    """The number named reaches the target, and one persona fewer does not."""
    needed = personas_needed(TYPICAL, 10, 1, target)
    assert needed is not None
    assert detectable_difference(TYPICAL, needed, 10, 1) <= target < detectable_difference(TYPICAL, needed - 1, 10, 1)


def test_some_targets_are_out_of_reach() -> None:
    """A twentieth of a rate takes far more than 1,000 personas, and less than that no number of them reaches."""
    needed = personas_needed(TYPICAL, 10, 1, 0.05)
    assert needed is not None
    assert needed > 2000
    assert personas_needed(TYPICAL, 10, 1, 0.03) is None
    assert personas_needed(TYPICAL, 1, 1, 0.5) is None
    assert personas_needed(TYPICAL, 10, 1, 5.0) == 10
    with pytest.raises(InputError, match="target"):
        personas_needed(TYPICAL, 10, 1, 0.0)


def test_effective_size() -> None:
    """Equal weights count fully, one heavy weight counts nearly alone."""
    assert effective_size([2, 2, 2]) == pytest.approx(3)
    assert effective_size([1e200, 1, 1]) == pytest.approx(1)
    assert effective_size([1, 3]) == pytest.approx(1.6)
    assert effective_size([]) == 0.0


@pytest.mark.parametrize(("ahead", "behind", "units"), [(12, 2, 50), (0, 3, 72), (2, 2, 40), (30, 24, 54)])
def test_score_interval(ahead: int, behind: int, units: int) -> None:
    """At either end the score test of that difference, its nuisance share of most likelihood, is just significant."""

    def find_score(bound: float) -> float:
        def unlikeliness(share: float) -> float:
            both = share + bound
            return -(xlogy(ahead, both) + xlogy(behind, share) + xlogy(units - ahead - behind, 1 - both - share))

        room = (max(-bound, 0.0), (1 - bound) / 2)
        share = minimize_scalar(unlikeliness, bounds=room, method="bounded", options={"xatol": 1e-12}).x
        return float((ahead - behind - units * bound) / np.sqrt(units * (2 * share + bound * (1 - bound))))

    low, high = score_interval(ahead / units, behind / units, units)
    assert [find_score(low), find_score(high)] == pytest.approx([1.96, -1.96], abs=1e-4)
    assert score_interval(behind / units, ahead / units, units) == pytest.approx((-high, -low))


def test_score_interval_of_none_who_differ() -> None:
    """Where nobody differs it is no point, and everybody differing ends at 1."""
    assert score_interval(0.0, 0.0, 54) == pytest.approx((-0.06641, 0.06641), abs=1e-5)
    assert score_interval(1.0, 0.0, 20)[1] == 1.0
    with pytest.raises(InputError):
        score_interval(0.7, 0.5, 10)


def test_exact_interval() -> None:
    """The exact interval equals the reference, and is never a point where all values are equal."""
    wanted = reference.binomtest(3, 10).proportion_ci(method="exact")
    assert exact_interval(0.3, 10) == pytest.approx((wanted.low, wanted.high), abs=1e-9)
    low, high = exact_interval(1.0, 20.0)
    assert (low, high) == pytest.approx((0.025 ** (1 / 20), 1.0))
    assert exact_interval(0.0, 20.0) == pytest.approx((0.0, 1 - low))
    assert exact_interval(0.5, 0.0) == (0.0, 1.0)
    with pytest.raises(InputError):
        exact_interval(1.5, 10)
