"""Simulated panels of several models with a known truth: false verdicts, coverage for models at large, power.

Docs/method.md states the figures that the nightly tests measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
import pytest

from toolkit.results.scoring import deciding
from toolkit.results.scoring import models as models_of
from toolkit.results.tables import Tables
from toolkit.stats import intervals, moderation

PERSONAS, WORDINGS = 100, 10
MODEL_SD = 0.1
DRAFTS = ("plain", "benefit")


@dataclass(frozen=True)
class Tally:
    """Shares of the simulated runs."""

    best: float
    unstable: float
    covered: float
    excludes: float
    """How often the interval for models at large leaves no difference out."""


@lru_cache
def simulate_differences(
    models: int, difference: float, model_sd: float, *, is_centred: bool = False, runs: int = 4000
) -> Tally:
    """Judge simulated runs on the differences of personas, by the functions that the product judges with.

    Persona, wording and noise are as in the simulations of one model: standard deviations 0.3, 0.1 and 0.6. Each model
    moves the difference by its own effect, which averages zero over models at large, or over these if `is_centred`.
    """
    generator = np.random.default_rng(20261128 + models)
    people = np.arange(PERSONAS)
    wordings, of_model = people % WORDINGS, (people // WORDINGS + people % WORDINGS) % models
    names = [f"m{number}" for number in range(models)]
    ones = np.ones(PERSONAS)
    found = np.zeros((runs, 4))
    for run in range(runs):
        values = difference + generator.normal(0, 0.1, WORDINGS)[wordings] + generator.normal(0, 0.3, PERSONAS)
        effects = generator.normal(0, model_sd, models)
        effects -= effects[of_model].mean() if is_centred else 0.0
        values += generator.normal(0, 0.6, PERSONAS) + effects[of_model]
        whole = intervals.cluster_mean(values, ones, wordings)
        split = [of_model == at for at in range(models)]
        parts = [intervals.cluster_mean(values[kept], ones[kept], wordings[kept]) for kept in split]
        test = moderation.equal_means(values, ones, wordings, people, of_model)
        low, high = moderation.reach_at_large(
            whole.estimate, whole.standard_error or 0.0, whole.degrees or 1.0, [one.estimate for one in parts],
            [one.standard_error or np.nan for one in parts], [one.units for one in parts], models_of.PRIOR,
        )  # fmt: skip
        leads = tuple(
            models_of.ModelLead(
                model=name, difference=one.estimate, low=one.low, high=one.high, p_value=one.p_value, personas=one.units
            )
            for name, one in zip(names, parts, strict=True)
        )
        pair = models_of.ModelsCompared(
            draft_a="plain", draft_b="benefit", leads=leads, p_value=test.p_value if test else None,
            low_at_large=low, high_at_large=high,
        )  # fmt: skip
        said = models_of.ModelsSay(tuple(names), pl.DataFrame(), (pair,))
        is_decided = whole.p_value is not None and whole.p_value <= 0.05
        differs = bool(said.list_different("benefit", ["plain"]))
        clashes = is_decided and pair.clashes
        found[run] = is_decided and not (differs or clashes), differs or clashes, low <= difference <= high, low > 0.0
    return Tally(*found.mean(axis=0).tolist())


@lru_cache
def simulate_runs(models: int, difference: float, model_sd: float, *, is_centred: bool, runs: int) -> Tally:
    """Judge simulated runs from their reactions on, as a run is: people tap each draft or do not.

    Half of the people tap the first draft. Wordings move the rate of the second with a standard deviation of 0.1.
    """
    generator = np.random.default_rng(7 + models)
    people = np.arange(PERSONAS)
    wordings, of_model = people % WORDINGS, (people // WORDINGS + people % WORDINGS) % models
    names = tuple(f"m{number}" for number in range(models))
    shared = {
        "persona_id": [f"p{who:03}" for who in people] * 2, "weight": 1.0, "repeat": 0, "objective": "click",
        "wording": np.tile(wordings, 2), "model": [names[at] for at in of_model] * 2, "stopped": True, "status": "ok",
        "draft_id": np.repeat(DRAFTS, PERSONAS), "segments": [{"role": "all"}] * (2 * PERSONAS),
    }  # fmt: skip
    frame = pl.DataFrame(shared)
    found = np.zeros((runs, 4))
    for run in range(runs):
        effects = generator.normal(0, model_sd, models)
        effects -= effects[of_model].mean() if is_centred else 0.0
        rate = 0.5 + difference + generator.normal(0, 0.1, WORDINGS)[wordings] + effects[of_model]
        taps = np.concatenate([generator.random(PERSONAS) < 0.5, generator.random(PERSONAS) < rate])
        reactions = frame.with_columns(action=pl.Series(np.where(taps, "click", "read")))
        tables = Tables(reactions, DRAFTS)
        said = tables.hear_models(names)
        assert said is not None
        basis = deciding.Basis(DRAFTS, PERSONAS, 2 * PERSONAS, 2 * PERSONAS, 0, 0, models=said)
        verdict = deciding.decide(tables.explain(), tables.scorecard(), basis)
        low, high = said.pairs[0].low_at_large, said.pairs[0].high_at_large
        assert low is not None
        assert high is not None
        found[run] = verdict.decision == "best", bool(verdict.doubt), low <= difference <= high, low > 0.0
    return Tally(*found.mean(axis=0).tolist())


@pytest.mark.slow
@pytest.mark.parametrize("models", [2, 3])
@pytest.mark.parametrize("model_sd", [0.0, 0.1])
def test_nothing_is_seldom_best_for_these_models(models: int, model_sd: float) -> None:
    """If the drafts do equally well over these models, at most 5.7 % of runs call one best."""
    assert simulate_differences(models, 0.0, model_sd, is_centred=True).best <= 0.057


@pytest.mark.slow
@pytest.mark.parametrize("models", [2, 3])
@pytest.mark.parametrize("difference", [0.0, 0.3])
def test_models_at_large_are_covered(models: int, difference: float) -> None:
    """With model effects of 0.1 the interval for models at large holds the truth in 93 to 97 % of runs."""
    assert 0.93 <= simulate_differences(models, difference, MODEL_SD).covered <= 0.97


@pytest.mark.slow
def test_a_difference_is_found_for_models_at_large() -> None:
    """Of a difference of 0.3, two models show so much to models at large in 77 % of runs or more, three in 84 %."""
    assert simulate_differences(2, 0.3, MODEL_SD).excludes >= 0.77
    assert simulate_differences(3, 0.3, MODEL_SD).excludes >= 0.84


@pytest.mark.slow
@pytest.mark.parametrize("models", [2, 3])
def test_models_that_agree_are_seldom_called_unstable(models: int) -> None:
    """If each model has the same difference of 0.3, they are said to disagree in at most 6 % of runs."""
    assert simulate_differences(models, 0.3, 0.0).unstable <= 0.06


@pytest.mark.slow
def test_taking_the_models_for_the_whole_would_fail() -> None:
    """The interval for these models does not cover models at large, so the test of coverage can fail."""
    generator = np.random.default_rng(3)
    people = np.arange(PERSONAS)
    covered = []
    for _ in range(1000):
        values = generator.normal(0, 0.1, WORDINGS)[people % WORDINGS] + generator.normal(0, 0.67, PERSONAS)
        values += generator.normal(0, MODEL_SD, 2)[(people // WORDINGS + people % WORDINGS) % 2]
        found = intervals.cluster_mean(values, np.ones(PERSONAS), people % WORDINGS)
        assert found.low is not None
        assert found.high is not None
        covered.append(found.low <= 0.0 <= found.high)
    assert np.mean(covered) < 0.93


@pytest.mark.nightly
@pytest.mark.parametrize("models", [2, 3])
@pytest.mark.parametrize("model_sd", [0.0, 0.1])
def test_whole_runs_seldom_call_nothing_best(models: int, model_sd: float) -> None:
    """From reactions to verdict, equal drafts are called best in at most 5.7 % of 4,000 runs."""
    assert simulate_runs(models, 0.0, model_sd, is_centred=True, runs=4000).best <= 0.057


@pytest.mark.nightly
@pytest.mark.parametrize("models", [2, 3])
def test_whole_runs_cover_models_at_large(models: int) -> None:
    """From reactions on, the interval for models at large holds a difference of 0.2 in 93 to 97 % of 4,000 runs."""
    assert 0.93 <= simulate_runs(models, 0.2, MODEL_SD, is_centred=False, runs=4000).covered <= 0.97
