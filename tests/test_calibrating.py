"""The refitted link: careful while results are few, harmless where panels are useless, undone in one step."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from real_results import guess, make_world
from scipy.optimize import minimize

from toolkit.cli.main import audience as command_group
from toolkit.errors import InputError
from toolkit.models.chance_link import SHIPPED, SOURCES
from toolkit.panel.api import default_store
from toolkit.stats.calibration import (
    brier_score,
    calibration_error,
    fit_slopes,
    log_losses,
    reliability_bins,
    squash_all,
)
from toolkit.store.calibration_log import Calibrations
from toolkit.validity.outcomes.calibrating import Cases, calibrate_store, choose_strength, fit_link

PRIOR = [SHIPPED.joint[name] for name in SOURCES]


def draw(random: np.random.Generator, pairs: int, slopes: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return evidence of panel, control reader and model on so many pairs, and who won under true slopes."""
    z = np.column_stack(
        [random.normal(0, 0.15, pairs), random.normal(0, 0.2, pairs).round(1), random.normal(0, 0.8, pairs)]
    )
    return z, (random.random(pairs) < squash_all(z @ np.array(slopes))).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("slopes", [(0.0, 0.0, 1.0), (0.0, 0.0, 0.0)], ids=["useless panel", "everything useless"])
@pytest.mark.parametrize("pairs", [12, 30, 50, 100])
def test_useless_panels_do_no_harm(slopes: tuple[float, float, float], pairs: int) -> None:
    """Refitted on noise, held-out log loss is on average at most 0.005 worse than with the shipped link."""
    random = np.random.default_rng(8)
    fresh, won = draw(random, 20_000, slopes)
    shipped = log_losses(squash_all(fresh @ np.array(PRIOR)), won).mean()
    worse = []
    for _ in range(60):
        z, y = draw(random, pairs, slopes)
        strength = choose_strength(z, y, np.array([str(n // 2) for n in range(pairs)]), PRIOR)
        slope = fit_slopes(z, y, PRIOR, strength)
        worse.append(log_losses(squash_all(fresh @ slope), won).mean() - shipped)
    assert np.mean(worse) <= 0.005


def test_a_useful_panel_is_learned_and_the_gain_is_real() -> None:
    """With 300 pairs the slope comes near the true one, and the held-out gain is stated with an interval above 0."""
    z, won = draw(np.random.default_rng(3), 300, (6.0, 0.0, 1.0))
    cases = Cases(dict(zip(SOURCES, z.T, strict=True)), won, np.array([str(n) for n in range(300)]))
    found = fit_link(cases, results=600, record="r")
    assert found.link is not None
    assert 4.0 < found.link.joint["panel"] < 8.0
    assert found.gain.low is not None
    assert found.gain.low > 0
    assert found.shipped_loss - found.fitted_loss == pytest.approx(found.gain.estimate)
    assert (found.link.results, found.link.pairs) == (600, 300)


def test_few_pairs_stay_near_the_shipped_link() -> None:
    """Twelve pairs that a unanimous panel got right leave it at about 0.6, far from certainty."""
    z = np.where(np.arange(12) % 2, 1.0, -1.0)[:, None]
    won = (z[:, 0] > 0).astype(float)
    strength = choose_strength(z, won, np.array([str(n) for n in range(12)]), [SHIPPED.slopes["panel"]])
    (slope,) = fit_slopes(z, won, [SHIPPED.slopes["panel"]], strength)
    assert 0.6 <= squash_all(slope) < 0.72


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(3, 80), st.sampled_from([0.01, 1.0, 50.0]))
def test_slopes_are_the_minimum(seed: int, columns: int, rows: int, strength: float) -> None:
    """Newton's slopes lose no more than scipy's bounded minimiser finds, and none is below 0."""
    random = np.random.default_rng(seed)
    z = random.normal(0, random.choice([0.1, 1.0, 10.0]), (rows, columns))
    won, prior = (random.random(rows) < 0.5).astype(float), random.random(columns)
    scale = np.sqrt(np.square(z).mean(axis=0))

    def lose(slopes: np.ndarray) -> float:
        odds = (z / scale) @ slopes
        return float(
            (np.logaddexp(0, odds) - won * odds).sum() + strength / 2 * np.square(slopes - prior * scale).sum()
        )

    best = minimize(lose, prior * scale, bounds=[(0, None)] * columns, method="L-BFGS-B").fun
    found = fit_slopes(z, won, prior, strength)
    assert (found >= 0).all()
    assert lose(found * scale) <= best + 1e-6 * rows
    assert np.array_equal(fit_slopes(z, won, prior, math.inf), prior)
    assert np.allclose(fit_slopes(-z, 1 - won, prior, strength), found, atol=1e-6)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80))
def test_calibration_figures_have_no_side(cases: list[tuple[float, bool]]) -> None:
    """A and B exchanged, and rows in another order, give the same error, loss and bins; all stay in their range."""
    p, y = np.array([case[0] for case in cases]), np.array([float(case[1]) for case in cases])
    error = calibration_error(p, y)
    assert error == pytest.approx(calibration_error(1 - p, 1 - y), abs=1e-6)
    assert error == pytest.approx(calibration_error(p[::-1], y[::-1]), abs=1e-6)
    assert 0 <= error <= 1
    assert log_losses(p, y).mean() == pytest.approx(log_losses(1 - p, 1 - y).mean(), abs=1e-6)
    assert 0 <= brier_score(p, y) <= 1
    assert sum(each.count for each in reliability_bins(p, y)) == len(cases)


def test_calibration_error_finds_overconfidence() -> None:
    """Said 0.9 and right 0.6 is an error of 0.3; a coin that says so has none."""
    won = np.array([1.0] * 60 + [0.0] * 40)
    assert calibration_error(np.full(100, 0.9), won) == pytest.approx(0.3)
    assert calibration_error(np.full(100, 0.5), won) == 0
    assert calibration_error([], []) is None
    with pytest.raises(InputError, match="0 to 1"):
        log_losses([1.2], [1])


def test_versions_are_kept_used_and_undone(tmp_path: Path) -> None:
    """Each fit is a new version in use; undoing goes back one step, to the shipped link at last."""
    make_world(tmp_path / "s", experiments=40, skill=0.7)
    first = calibrate_store(tmp_path / "s", predict=guess)
    again = calibrate_store(tmp_path / "s", predict=guess)
    assert (first.link.version, again.link.version) == (1, 2)
    assert first.link.say().startswith(f"validated on {first.link.results} of your results: the panel was right in ")
    assert first.link.results == 2 * first.link.pairs
    with Calibrations(tmp_path / "s") as kept:
        assert kept.find_used() == again.link
        assert kept.use(1) == first.link
        assert kept.undo() == again.link
        assert kept.undo() == first.link
        assert kept.undo() == SHIPPED
        with pytest.raises(InputError, match="nothing to undo"):
            kept.undo()
        with pytest.raises(InputError, match=r"no calibration 9; there are: 0, 1, 2"):
            kept.use(9)


def test_too_little_changes_nothing() -> None:
    """Under ten pairs the command says what it takes, keeps nothing and verdicts stay not validated."""
    make_world(default_store(), experiments=6, skill=0.7)
    shown = CliRunner().invoke(command_group, ["outcomes", "calibrate"])
    assert shown.exit_code == 0
    assert "not enough to calibrate" in shown.output
    with Calibrations(default_store()) as kept:
        assert kept.list_links() == [SHIPPED]


@pytest.mark.slow
def test_the_command_fits_lists_uses_and_undoes() -> None:
    """A dry run keeps nothing; each step says which link is in use; two wishes at once are refused."""
    make_world(default_store(), experiments=40, skill=0.7)
    call = CliRunner().invoke
    assert "dry run" in call(command_group, ["outcomes", "calibrate", "--dry-run"]).output
    fitted = call(command_group, ["outcomes", "calibrate"]).output
    assert "held-out log loss" in fitted
    assert "validated on" in fitted
    listed = call(command_group, ["outcomes", "calibrate", "--list"]).output
    assert listed.splitlines()[1].startswith("* 1, ")
    assert "not validated" in call(command_group, ["outcomes", "calibrate", "--undo"]).output
    used = json.loads(call(command_group, ["outcomes", "calibrate", "--use", "1", "--json"]).output)
    assert (used["used"], len(used["versions"])) == (1, 2)
    with pytest.raises(InputError, match="exclude each other"):
        call(command_group, ["outcomes", "calibrate", "--undo", "--list"], catch_exceptions=False)
