"""The experiments as pairs of headlines: who won, by how much, and which pairs must never be split."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import ndtr

DATA = Path(__file__).parent.parent / "data"
HELD_OUT = DATA / "held_out.npz"
"""For every pair the log odds that B wins, by a fit that never saw its group, and the weights they go with."""
DIFFERS = 1.96
INFLATION = 1.66
"""Identical arms differ this many times more than binomial counts should."""
CELL = ["test_id", "image_id", "lede", "excerpt"]


@dataclass(frozen=True)
class Pairs:
    """Pairs of texts, one array element per pair; `a` and `b` are places in `texts`."""

    texts: list[str]
    a: np.ndarray
    b: np.ndarray
    group: np.ndarray
    counted: np.ndarray
    """Whether impressions and clicks are known (first file) or only who won (second file)."""
    z: np.ndarray
    """Two-sided z of the click rates, B minus A; plus or minus infinity where only the winner is known."""
    belief: np.ndarray
    """Probability that B's true click rate is the higher one, given counts and a normal prior on log odds ratios."""

    @property
    def differs(self) -> np.ndarray:
        """Which pairs differ: |z| > 1.96."""
        return np.abs(self.z) > DIFFERS

    @property
    def b_won(self) -> np.ndarray:
        """Which pairs B won, by observed click rate."""
        return self.z > 0


def load_pairs(folder: Path = DATA) -> Pairs:
    """Read both files and return every pair, groups joined across the files through any shared headline."""
    arms = pl.read_parquet(folder / "upworthy_train.parquet")
    confirmed = pl.read_parquet(folder / "upworthy_confirmatory_pairs.parquet")
    groups = _join_groups(arms, confirmed)
    counted = _pair_arms(arms)
    texts = sorted({*arms["headline"], *confirmed["headline_a"], *confirmed["headline_b"]})
    place = {text: index for index, text in enumerate(texts)}
    z, belief = _weigh(counted)
    won = confirmed["b_won"].to_numpy()
    names = [*counted["test_id"], *confirmed["test_id"]]
    return Pairs(
        texts=texts,
        a=np.array([place[text] for text in (*counted["headline"], *confirmed["headline_a"])]),
        b=np.array([place[text] for text in (*counted["headline_right"], *confirmed["headline_b"])]),
        group=np.array([groups[name] for name in names]),
        counted=np.arange(len(names)) < len(counted),
        z=np.concatenate([z, np.where(won, np.inf, -np.inf)]),
        belief=np.concatenate([belief, np.where(won, 0.99, 0.01)]),
    )


def assign_folds(group: np.ndarray, folds: int, seed: str) -> np.ndarray:
    """Return a fold from 0 for each group name, by a hash: independent of order and of the other groups."""
    return np.array([int(hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()[:8], 16) % folds for name in group])


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, by which figures and weights are known to belong together."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _join_groups(arms: pl.DataFrame, confirmed: pl.DataFrame) -> dict[str, str]:
    """Return the joint group of every test_id: union-find over groups, tests and headlines."""
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    links: list[tuple[str, str]] = []
    for test, group, text in arms.select("test_id", "group", "headline").iter_rows():
        links += [(f"g{group}", f"t{test}"), (f"g{group}", f"h{text}")]
    for test, first, second in confirmed.select("test_id", "headline_a", "headline_b").iter_rows():
        links += [(f"t{test}", f"h{first}"), (f"t{test}", f"h{second}")]
    for one, other in links:
        parent[find(one)] = find(other)
    return {name[1:]: find(name) for name in list(parent) if name.startswith("t")}


def _pair_arms(arms: pl.DataFrame) -> pl.DataFrame:
    """Return every pair of different headlines within one test, image, lede and excerpt; equal arms are added up."""
    keys = [*CELL, "headline"]
    merged = arms.group_by(keys).agg(pl.sum("impressions", "clicks")).sort(keys)
    pairs = merged.join(merged, on=CELL, how="inner", nulls_equal=True)
    return pairs.filter(pl.col("headline") < pl.col("headline_right")).sort([*keys, "headline_right"])


def _weigh(pairs: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return each pair's z and the probability that B is truly better, the prior's variance taken from the pairs."""
    shown_a, shown_b, clicks_a, clicks_b = (
        pairs[name].to_numpy().astype(float) for name in ("impressions", "impressions_right", "clicks", "clicks_right")
    )
    pooled = (clicks_a + clicks_b) / (shown_a + shown_b)
    error = np.sqrt(pooled * (1 - pooled) * (1 / shown_a + 1 / shown_b))
    gap = clicks_b / shown_b - clicks_a / shown_a
    z = np.divide(gap, error, out=np.zeros_like(gap), where=error > 0)
    odds = np.log((clicks_b + 0.5) / (shown_b - clicks_b + 0.5)) - np.log((clicks_a + 0.5) / (shown_a - clicks_a + 0.5))
    noise = INFLATION * (1 / (clicks_a + 0.5) + 1 / (clicks_b + 0.5))
    spread = max(float(np.average(odds**2 - noise, weights=1 / (noise + 0.1) ** 2)), 1e-6)
    mean, variance = odds * spread / (spread + noise), spread * noise / (spread + noise)
    return z, ndtr(mean / np.sqrt(variance))
