"""Simulated runs with a known best draft: seldom a false one, mostly the true one, never left out of the running."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl
import pytest

from toolkit.models import Verdict
from toolkit.results.scoring import PRIMARY, decide
from toolkit.results.tables import Tables

PERSONAS, WORDINGS = 100, 10
PERSONA_SD, WORDING_SD = 0.15, 0.028
RATE, LEAD = 0.2, 0.3
"""As a plan assumes: rates near 0.2, and wordings that shift a difference by a standard deviation of 0.04."""
FEW, MANY = 1000, 4000
FALSE_BEST, FALSE_OF_TWO = 0.057, 0.065

pytestmark = pytest.mark.slow


@lru_cache(maxsize=32)
def list_places(drafts: int) -> pl.DataFrame:
    """Return whom each reaction is of: all people and drafts."""
    person, draft = (labels.ravel() for labels in np.indices((PERSONAS, drafts)))
    names = np.char.add("d", np.char.zfill(draft.astype(str), 2))
    return pl.DataFrame({
        "draft_id": names, "persona_id": np.char.add("p", person.astype(str)), "weight": 1.0,
        "wording": person % WORDINGS, "repeat": 0, "stopped": True, "objective": "click",
    }).with_columns(segments=pl.struct(role=pl.lit("all")))  # fmt: skip


def draw_tables(rates: np.ndarray, generator: np.random.Generator) -> Tables:
    """Return the tables of one simulated run: people lean to clicking, and each wording favours drafts by chance."""
    people = generator.normal(0, PERSONA_SD, (PERSONAS, 1))
    wordings = generator.normal(0, WORDING_SD, (WORDINGS, len(rates)))[np.arange(PERSONAS) % WORDINGS]
    clicks = generator.random((PERSONAS, len(rates))) < rates + people + wordings
    action = pl.Series("action", np.where(clicks.ravel(), "click", "read"))
    frame = list_places(len(rates)).with_columns(action)
    return Tables(frame, tuple(frame["draft_id"].unique().sort()))


def judge(tables: Tables) -> Verdict:
    """Return the verdict of a run."""
    return decide(tables.explain(), tables.scorecard().filter(measure=PRIMARY))


def count_best(rates: list[float], runs: int) -> dict[str | None, float]:
    """Return how often each draft is called the best."""
    generator = np.random.default_rng(20261128)
    called = [judge(draw_tables(np.array(rates), generator)).draft for _ in range(runs)]
    return {name: called.count(name) / runs for name in set(called)}


def count_false(rates: list[float], runs: int) -> float:
    """Return how often any draft is called the best where none is."""
    return sum(share for name, share in count_best(rates, runs).items() if name is not None)


@pytest.mark.parametrize("drafts", [2, 5])
def test_no_draft_is_seldom_called_best(drafts: int) -> None:
    """With no difference at most 5.7 % of runs name a best draft."""
    assert count_false([RATE] * drafts, FEW) <= FALSE_BEST


@pytest.mark.nightly
@pytest.mark.parametrize(("drafts", "runs"), [(2, MANY), (3, MANY), (5, MANY), (10, MANY), (26, FEW)])
def test_no_draft_of_many_runs_is_seldom_called_best(drafts: int, runs: int) -> None:
    """The same for 2 to 26 drafts, in more runs."""
    assert count_false([RATE] * drafts, runs) <= FALSE_BEST


@pytest.mark.nightly
@pytest.mark.parametrize(("drafts", "runs"), [(3, MANY), (5, MANY), (10, MANY), (26, FEW)])
def test_one_of_two_tied_drafts_is_seldom_called_best(drafts: int, runs: int) -> None:
    """With two drafts equally far ahead at most 6.5 % of runs name one of them."""
    assert count_false([RATE + LEAD] * 2 + [RATE] * (drafts - 2), runs) <= FALSE_OF_TWO


@pytest.mark.parametrize(("drafts", "power"), [(5, 0.90)])
def test_a_draft_that_leads_is_called_best(drafts: int, power: float) -> None:
    """One draft 30 points ahead among 100 people is mostly called the best, and no other is."""
    check_power(drafts, power, 300)


@pytest.mark.nightly
@pytest.mark.parametrize(("drafts", "power", "runs"), [(5, 0.90, MANY), (10, 0.85, MANY), (26, 0.80, FEW)])
def test_a_draft_that_leads_many_is_called_best(drafts: int, power: float, runs: int) -> None:
    """The same among 5 to 26 drafts, in more runs."""
    check_power(drafts, power, runs)


def check_power(drafts: int, power: float, runs: int) -> None:
    """Hold the share of runs that call the leading draft the best against what is asked."""
    called = count_best([RATE] * (drafts - 1) + [RATE + LEAD], runs)
    best = f"d{drafts - 1:02}"
    assert called.get(best, 0.0) >= power
    assert sum(share for name, share in called.items() if name not in (None, best)) == 0.0


@pytest.mark.nightly
@pytest.mark.parametrize(("drafts", "runs"), [(3, MANY), (5, MANY), (10, FEW), (26, FEW)])
@pytest.mark.parametrize("lead", [0.0, 0.02])
def test_the_true_best_is_seldom_left_out(drafts: int, runs: int, lead: float) -> None:
    """A draft that is no worse than any other is among those that may be the best in all but 5.7 % of runs."""
    generator = np.random.default_rng(11)
    rates = np.array([RATE + lead] + [RATE] * (drafts - 1))
    left_out = sum("d00" not in draw_tables(rates, generator).contenders for _ in range(runs))
    assert left_out / runs <= FALSE_BEST


def test_those_who_are_far_behind_may_not_be_best() -> None:
    """Of five drafts two lead by 30 points: mostly those two alone may be the best."""
    generator = np.random.default_rng(13)
    rates = np.array([RATE + LEAD] * 2 + [RATE] * 3)
    found = [draw_tables(rates, generator).contenders for _ in range(200)]
    assert sum(set(one) == {"d00", "d01"} for one in found) / len(found) >= 0.7
