"""How records at one place do: sources silenced by mistake, and log loss on new pairs, corrected against as it ships.

    python benchmarks/place_record.py    # half a minute of one core; docs/method.md has the figures

Simulated panels, whose differences say as much about people as a slope lets them. Deterministic.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from toolkit.models import chance_link
from toolkit.results.track_record import places
from toolkit.results.track_record.standing import SourceStanding

RECORDS, FRESH, SPREAD = 120, 300, 0.15
SHIPPED = chance_link.SHIPPED.slopes["panel"]


def main() -> None:
    """Print a line for each size of record and each slope."""
    random = np.random.default_rng(0)
    for size in (20, 50, 200):
        for slope in (-5.0, 0.0, 0.4, 5.0, 12.0):
            silenced, losses = 0, np.zeros(2)
            for _ in range(RECORDS):
                found = judge(*draw(random, size, slope))
                silenced += found.is_silenced
                losses += compare(found, *draw(random, FRESH, slope))
            shipped, corrected = losses / RECORDS
            print(f"{size} pairs, slope {slope}: silenced {silenced / RECORDS:.3f}", end="; ")
            print(f"log loss as it ships {shipped:.4f}, by the record {corrected:.4f}", flush=True)


def draw(random: np.random.Generator, size: int, slope: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what a panel said of pairs, and which of each won."""
    said = random.normal(0.0, SPREAD, size)
    return said, random.random(size) < 1 / (1 + np.exp(-slope * said))


def judge(said: np.ndarray, won: np.ndarray) -> SourceStanding:
    """Return the record of a panel, each pair an experiment of its own."""
    names = [str(number) for number in range(len(said))]
    pairs = pl.DataFrame({
        "experiment": names, "group": names, "draft_a": ["a"] * len(said), "draft_b": ["b"] * len(said),
        "rate_a": [0.1] * len(said), "rate_b": [0.2] * len(said), "b_won": won.astype(float),
        "differs": [True] * len(said),
    })  # fmt: skip
    return places.judge_source_there(pairs, "panel", said)


def compare(found: SourceStanding, said: np.ndarray, won: np.ndarray) -> np.ndarray:
    """Return the log loss of the link that ships and of what the record makes of it, on other pairs."""
    shipped = SHIPPED * said
    corrected = shipped
    if found.advice == "correct" and found.slope is not None:
        corrected = found.slope * np.array([found.hold(one) for one in said])
    elif found.is_silenced:
        corrected = np.zeros(len(said))
    return np.array([np.logaddexp(0, -np.where(won, odds, -odds)).mean() for odds in (shipped, corrected)])


if __name__ == "__main__":
    main()
