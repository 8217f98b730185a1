"""Shares and quantiles of the package's own against SciPy's, one number at a time and in bulk."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from toolkit.errors import InputError
from toolkit.stats import distributions, lexical, solving
from toolkit.stats.cells import FloatArray

CLOSE, FAR = 1e-12, 1e-10
"""Up to 10,000 degrees of freedom, and beyond."""
SHARES = (0.975, 0.8, 0.95, 0.6, 0.999999, 0.025, 0.3)


def spread(low: float, high: float, count: int = 4000, seed: int = 1) -> FloatArray:
    """Return numbers spread evenly in their logarithm."""
    return np.exp(np.random.default_rng(seed).uniform(math.log(low), math.log(high), count))


@pytest.mark.parametrize(("low", "high", "error"), [(0.1, 3, CLOSE), (3, 1e4, CLOSE), (1e4, 1e9, FAR)])
def test_t_is_scipys(low: float, high: float, error: float) -> None:
    """Shares below and quantiles of t, in arrays and alone."""
    degrees = spread(low, high)
    values = np.random.default_rng(2).standard_t(np.minimum(degrees, 1e6)) * spread(0.01, 5, seed=3)
    shares = distributions.t_below(degrees, values)
    assert np.abs(shares - special.stdtr(degrees, values)).max() < error
    alone = [distributions.t_below(float(one), float(value)) for one, value in zip(degrees, values, strict=True)]
    assert np.abs(alone - shares).max() < error
    for share in SHARES:
        found = distributions.t_quantile(degrees, share)
        assert np.abs(found / special.stdtrit(degrees, share) - 1.0).max() < 10 * error
        assert distributions.t_quantile(float(degrees[0]), share) == pytest.approx(found[0], rel=error)


def test_a_tail_keeps_its_digits() -> None:
    """A p-value far out is right to a part in ten to the eleven, not just small."""
    degrees = spread(1, 1000)
    values = -spread(5, 40, seed=4)
    expected = np.array([stats.t.sf(-value, one) for one, value in zip(degrees[:400], values[:400], strict=True)])
    assert np.abs(distributions.t_below(degrees, values)[:400] / expected - 1.0).max() < 1e-11


def test_what_has_no_distribution_has_no_share() -> None:
    """Degrees of 0, below or unknown give NaN; a value without end is certain; no finite degrees is normal."""
    assert all(math.isnan(distributions.t_below(degrees, 1.0)) for degrees in (0.0, -1.0, math.nan))
    assert np.isnan(distributions.t_quantile(np.array([0.0, -1.0, math.nan]), 0.9)).all()
    assert (
        distributions.t_below(3.0, -math.inf) == distributions.t_below(np.array([3.0]), np.array([-math.inf]))[0] == 0
    )
    assert distributions.t_quantile(math.inf, 0.975) == pytest.approx(special.ndtri(0.975), rel=1e-14)
    with pytest.raises(InputError, match="share is 1"):
        distributions.t_quantile(3.0, 1.0)


def test_normal_and_logistic_are_scipys() -> None:
    """Both tails keep their digits."""
    values = np.random.default_rng(5).normal(0, 5, 20_000)
    assert np.abs(distributions.normal_below(values) / special.ndtr(values) - 1.0).max() < CLOSE
    assert distributions.normal_below(-3.0) == pytest.approx(special.ndtr(-3.0), rel=1e-15)
    assert distributions.normal_quantile(0.975) == pytest.approx(special.ndtri(0.975), rel=1e-15)
    assert np.abs(distributions.logistic(values * 20) / special.expit(values * 20) - 1.0).max() < CLOSE
    assert distributions.logistic(-800.0) == pytest.approx(special.expit(-800.0), abs=1e-300)


@pytest.mark.parametrize(("largest", "error"), [(1, CLOSE), (100, CLOSE), (5000, CLOSE), (1e6, FAR)])
def test_beta_is_scipys(largest: float, error: float) -> None:
    """Shares below, in arrays and alone, and quantiles."""
    a, b = spread(0.02, largest, seed=6), spread(0.02, largest, seed=7)
    values = np.clip(np.random.default_rng(8).beta(a, b), 1e-12, 1 - 1e-12)
    shares = distributions.beta_below(a, b, values)
    assert np.abs(shares - special.betainc(a, b, values)).max() < error
    for place in range(0, 400, 3):
        one, other, value = (float(array[place]) for array in (a, b, values))
        assert distributions.beta_below(one, other, value) == pytest.approx(shares[place], abs=error)
        for share in (0.025, 0.5, 0.975):
            expected = float(special.betaincinv(one, other, share))
            assert distributions.beta_quantile(one, other, share) == pytest.approx(expected, abs=error)


def test_f_chi_square_and_binomial_are_scipys() -> None:
    """The tails that tests of interactions and shares read."""
    draws = np.random.default_rng(9)
    for numerator, denominator in ((1, 3.5), (2, 9.0), (7, 120.0), (19, 4000.0)):
        for value in draws.f(numerator, denominator, 50):
            expected = special.fdtrc(numerator, denominator, value)
            assert distributions.f_above(numerator, denominator, float(value)) == pytest.approx(expected, abs=CLOSE)
    shares = (np.arange(400) + 0.5) / 400
    for degrees in (1, 2, 3, 9, 29, 1000, 9999):
        for value in draws.chisquare(degrees, 30) * draws.uniform(0.3, 3, 30):
            expected = special.chdtrc(degrees, value)
            assert distributions.chi_square_above(degrees, float(value)) == pytest.approx(expected, abs=CLOSE)
        found = distributions.chi_square_quantiles(degrees, shares)
        assert np.abs(found / special.chdtri(degrees, 1 - shares) - 1).max() < CLOSE
    trials = np.arange(1.0, 3000.0)
    hits = np.floor(trials * draws.random(len(trials))) - 1
    found = distributions.binomial_up_to(hits, trials, 0.6)
    assert np.abs(found - stats.binom.cdf(hits, trials, 0.6)).max() < CLOSE


@pytest.mark.parametrize(
    ("ours", "scipys"),
    [
        (distributions.t_below, special.stdtr),
        (
            lambda degrees, _: distributions.t_quantile(degrees, 0.975),
            lambda degrees, _: special.stdtrit(degrees, 0.975),
        ),
    ],
)
def test_t_is_not_slower_in_bulk(ours: Callable[..., FloatArray], scipys: Callable[..., FloatArray]) -> None:
    """A hundred thousand values take no longer than SciPy's, half as much again allowed for a busy machine."""
    degrees, values = spread(1.5, 30, 100_000), np.random.default_rng(1).normal(0, 2, 100_000)

    def measure(work: Callable[..., FloatArray]) -> float:
        began = time.process_time()
        work(degrees, values)
        return time.process_time() - began

    assert min(measure(ours) for _ in range(5)) < 1.5 * min(measure(scipys) for _ in range(5))


@given(st.floats(-5, 5), st.floats(0.1, 3))
def test_a_root_is_found_to_the_last_digits(root: float, bend: float) -> None:
    """A root of a curve that changes its sign is found from far on either side."""
    found = solving.find_root(lambda x: math.expm1(bend * (x - root)) + (x - root) ** 3, -50.0, 60.0)
    assert found == pytest.approx(root, abs=1e-14, rel=1e-14)


def test_no_root_is_said() -> None:
    """Two places on one side of the root are an error with their values."""
    with pytest.raises(InputError, match="give places around its root"):
        solving.find_root(lambda x: x * x + 1, -1.0, 1.0)


def test_groups_are_those_of_average_linkage() -> None:
    """Sentences are joined as SciPy's average linkage joins them, cut at the same similarity."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    draws = np.random.default_rng(3)
    words = ["price", "fee", "hidden", "unclear", "trust", "seller", "time", "slow", "spam", "again", "photo", "size"]
    for count in (2, 7, 60, 200):
        texts = [" ".join(draws.choice(words, draws.integers(1, 6))) for _ in range(count)]
        distances = squareform(np.clip(1 - lexical.compare_words(texts), 0, None), checks=False)
        names = fcluster(linkage(distances, "average"), 1 - lexical.LEAST_ALIKE, "distance")
        expected = {frozenset(np.flatnonzero(names == name).tolist()) for name in names}
        speakers = [str(number) for number in range(count)]
        found = {frozenset(map(int, theme.members)) for theme in lexical.group_sentences(texts, speakers)}
        assert found == expected


def test_a_ridge_is_where_its_gradient_is_none() -> None:
    """Coefficients of sparse rows are those of the same loss minimised densely."""
    from scipy.optimize import minimize

    draws = np.random.default_rng(4)
    dense = draws.normal(size=(80, 30)) * (draws.random((80, 30)) < 0.2)
    rows, columns = np.nonzero(dense)
    sparse = lexical.SparseRows(dense[rows, columns], rows, columns, dense.shape)
    won = (draws.random(80) < 0.5).astype(float)

    def loss(slopes: FloatArray) -> float:
        log_odds = dense @ slopes
        return float((np.logaddexp(0, log_odds) - won * log_odds).sum() + slopes @ slopes / 2)

    expected = minimize(loss, np.zeros(30), method="BFGS", options={"gtol": 1e-8}).x
    assert lexical.fit_ridge(sparse, won) == pytest.approx(expected, abs=1e-5)
    kept = won > 0
    assert sparse.select(kept).times(np.ones(30)) == pytest.approx(dense[kept].sum(axis=1))
