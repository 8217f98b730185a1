"""How often a style that averages nothing wins over campaigns, by several ways of pooling them.

    python benchmarks/factors.py            # prints the tables of docs/factors.md
    python benchmarks/factors.py --runs 500 # sooner, and coarser

A simulated study has campaigns of which each has drafts of two styles. The same people, nested in the same wordings,
read them all. The effect of a style differs between campaigns; people and wordings have leanings of their own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from toolkit.stats import intervals
from toolkit.stats.distributions import t_below, t_quantile
from toolkit.stats.studies import campaigns as pooling

FloatArray = npt.NDArray[np.float64]
SIGNIFICANCE, SETTLED, LEAST_VARIANCE = 0.05, 1e-8, 1e-6


@dataclass(frozen=True)
class World:
    """What is true of a simulated study."""

    campaigns: int
    effect: float = 0.0
    """By how much the second style leads on average, in shares of people."""
    between: float = 0.12
    """The standard deviation of that effect between campaigns."""
    people: int = 60
    wordings: int = 10
    drafts: int = 1
    """Of each style in each campaign."""
    person_sd: float = 0.1
    """How much people differ in their liking for a style, the same in every campaign."""
    wording_sd: float = 0.03
    is_uneven: bool = False
    """Whether campaigns have from 20 people to all, and from one to three drafts of a style."""


@dataclass(frozen=True)
class Study:
    """The differences of a simulated study: second style less first, one row a campaign and person."""

    values: FloatArray
    campaigns: npt.NDArray[np.intp]
    wordings: npt.NDArray[np.intp]
    people: npt.NDArray[np.intp]
    further: float
    """The true difference of a campaign that was not seen."""


@dataclass(frozen=True)
class Said:
    """What one way of pooling says of a study."""

    low: float
    high: float
    p_value: float
    predict_low: float = np.nan
    predict_high: float = np.nan


def draw_study(world: World, generator: np.random.Generator) -> Study:
    """Return the reactions of a study as differences; by symmetry styles differ by nothing if the effect is nothing."""
    count, people = world.campaigns, world.people
    wording = np.arange(people) % world.wordings
    base = generator.uniform(0.3, 0.6, count)
    effect = generator.normal(world.effect, world.between, count)
    leaning = generator.normal(0, 0.15, people)
    taste = generator.normal(0, world.person_sd, people)
    taste += generator.normal(0, world.wording_sd, world.wordings)[wording]
    levels = []
    for side in (-0.5, 0.5):
        drafts = generator.integers(1, 4, count) if world.is_uneven else np.full(count, world.drafts)
        most = int(drafts.max())
        rate = base[:, None] + leaning + side * (effect[:, None] + taste)
        draft = generator.normal(0, 0.03, (count, most, 1))
        taps = generator.random((count, most, people)) < rate[:, None, :] + draft
        counted = np.arange(most)[:, None] < drafts[:, None, None]
        levels.append((taps & counted).sum(axis=1) / drafts[:, None])
    values = levels[1] - levels[0]
    campaign, person = np.indices(values.shape)
    reads = generator.integers(20, people + 1, count) if world.is_uneven else np.full(count, people)
    # Whoever is left out is drawn campaign by campaign, as a sample is.
    kept = generator.random(values.shape).argsort(axis=1).argsort(axis=1) < reads[:, None]
    further = generator.normal(world.effect, world.between) + generator.normal(0, 0.03 * np.sqrt(2.0 / world.drafts))
    return Study(values[kept], campaign[kept], wording[person[kept]], person[kept], further)


def pool_plainly(study: Study) -> Said:
    """Pool as the product does."""
    found = _pool(study)
    ends = (found.low, found.high, found.p_value, found.predict_low, found.predict_high)
    return Said(*(np.nan if end is None else end for end in ends))


def _pool(study: Study) -> pooling.CampaignMean:
    weights = np.ones(len(study.values))
    return pooling.mean_over_campaigns(study.values, weights, study.campaigns, study.wordings, study.people)


def pool_people(study: Study) -> Said:
    """Pool as if campaigns were repeats of one run, people and wordings the only chance."""
    people = np.unique(study.people)
    read = np.bincount(study.people)
    mean = (np.bincount(study.people, study.values) / np.maximum(read, 1))[people]
    of_wording = np.zeros(len(read), dtype=np.intp)
    of_wording[study.people] = study.wordings
    of_wording = of_wording[people]
    return _as_said(intervals.cluster_mean(mean, np.ones(len(people)), of_wording))


def pool_by_t(study: Study) -> Said:
    """Pool by a t test of the campaigns' means: people and wordings new in every campaign."""
    means = _average(study)
    return _as_said(intervals.cluster_mean(means, np.ones(len(means)), np.arange(len(means))))


def pool_by_precision(study: Study, *, by_likelihood: bool) -> Said:
    """Pool by precision: DerSimonian and Laird (1986) or REML, with Hartung and Knapp's interval (2001)."""
    found = _pool(study)
    means, count = np.array(found.means), found.campaigns
    variances = np.maximum(np.array(found.errors) ** 2, LEAST_VARIANCE)
    between = _find_reml(means, variances) if by_likelihood else _find_moments(means, variances)
    weights = 1.0 / (variances + between)
    shares = weights / weights.sum()
    mean = float(shares @ means)
    error = np.sqrt((shares * (means - mean) ** 2).sum() / (count - 1))
    reach = error * t_quantile(float(count - 1), 0.975)
    return Said(mean - reach, mean + reach, 2.0 * t_below(float(count - 1), -abs(mean) / error))


def _find_moments(means: FloatArray, variances: FloatArray) -> float:
    weights = 1.0 / variances
    mean = weights @ means / weights.sum()
    spare = weights.sum() - (weights**2).sum() / weights.sum()
    return float(max((weights @ (means - mean) ** 2 - len(means) + 1) / spare, 0.0))


def _find_reml(means: FloatArray, variances: FloatArray) -> float:
    between = float(max(np.var(means, ddof=1) - variances.mean(), 0.0))
    for _ in range(100):
        weights = 1.0 / (variances + between)
        mean = weights @ means / weights.sum()
        found = (weights**2 @ ((means - mean) ** 2 - variances)) / (weights**2).sum() + 1.0 / weights.sum()
        if abs(max(found, 0.0) - between) < SETTLED:
            break
        between = float(max(found, 0.0))
    return between


def _average(study: Study) -> FloatArray:
    return np.bincount(study.campaigns, study.values) / np.bincount(study.campaigns)


def _as_said(found: intervals.Interval) -> Said:
    return Said(*(np.nan if end is None else end for end in (found.low, found.high, found.p_value)))


WAYS: dict[str, Callable[[Study], Said]] = {
    "people and wordings alone (concatenated)": pool_people,
    "t over campaigns": pool_by_t,
    "DerSimonian-Laird, Hartung-Knapp": lambda study: pool_by_precision(study, by_likelihood=False),
    "REML, Hartung-Knapp": lambda study: pool_by_precision(study, by_likelihood=True),
    "campaigns, people and wordings (this toolkit)": pool_plainly,
}


def tally(world: World, way: Callable[[Study], Said], runs: int, seed: int = 20261129) -> tuple[float, float]:
    """Return how often a style is called better, and how often the interval holds the truth."""
    generator = np.random.default_rng(seed)
    said = [way(draw_study(world, generator)) for _ in range(runs)]
    decided = np.mean([one.p_value <= SIGNIFICANCE for one in said])
    covered = np.mean([one.low <= world.effect <= one.high for one in said])
    return float(decided), float(covered)


def tally_further(world: World, runs: int, seed: int = 20261129) -> float:
    """Return how often the interval of a further campaign holds its true difference."""
    generator = np.random.default_rng(seed)
    drawn = (draw_study(world, generator) for _ in range(runs))
    inside = [
        said.predict_low <= study.further <= said.predict_high for study in drawn for said in [pool_plainly(study)]
    ]
    return float(np.mean(inside))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    runs = parser.parse_args().runs
    counts = (4, 8, 20, 40, 100)
    worlds = {
        "even": World(campaigns=4),
        "uneven": World(campaigns=4, is_uneven=True),
        "no tastes of people and wordings": World(campaigns=4, person_sd=0.0, wording_sd=0.0),
        "no difference between campaigns": World(campaigns=4, between=0.0),
        "people and wordings lean strongly": World(campaigns=4, between=0.06, person_sd=0.3, wording_sd=0.08),
    }
    for name, world in worlds.items():
        print(f"\nfalse winners / coverage, {name}: {world}")
        print("| way | " + " | ".join(map(str, counts)) + " |")
        for way, pool in WAYS.items():
            cells = [tally(replace(world, campaigns=count), pool, runs) for count in counts]
            print(f"| {way} | " + " | ".join(f"{a:.1%} / {b:.1%}" for a, b in cells) + " |", flush=True)
    print("\ntrue difference of a further campaign inside its interval")
    for between in (0.0, 0.06, 0.12):
        inside = [tally_further(replace(worlds["even"], campaigns=count, between=between), runs) for count in counts]
        print(f"| {between:.0%} | " + " | ".join(f"{cell:.1%}" for cell in inside) + " |", flush=True)
    print("\npower of this toolkit, by effect")
    for effect in (0.04, 0.06, 0.08, 0.1, 0.15):
        cells = [tally(replace(worlds["even"], campaigns=count, effect=effect), pool_plainly, runs) for count in counts]
        print(f"| {effect:.0%} | " + " | ".join(f"{a:.0%} / {b:.1%}" for a, b in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
