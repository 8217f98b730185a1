"""The fitted numbers of the outcome model, as they ship: one NumPy archive, read without pickle."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from toolkit.files import resources

WEIGHTS = resources.DATA / "outcome_model" / "weights.npz"
POST_WEIGHTS = WEIGHTS.with_name("posts.npz")


@dataclass(frozen=True)
class Branch:
    """What one view of a text adds: a hidden layer, the members of the ensemble side by side, and a line beside it."""

    centre: np.ndarray
    """What is subtracted from each input."""
    scale: np.ndarray
    """What each input is divided by."""
    inward: np.ndarray
    """Inputs x hidden units."""
    bias: np.ndarray
    """Of each hidden unit."""
    outward: np.ndarray
    """Log odds per unit of each hidden unit's activity."""
    direct: np.ndarray
    """Log odds per unit of each standardised input, with no hidden layer between."""


@dataclass(frozen=True)
class Weights:
    """What training leaves behind; `save_weights` writes it, `load_weights` reads it."""

    means: Branch
    """Over the mean of each of seven layers: 2688 inputs."""
    tokens: Branch
    """Over every token in two blocks: 768 inputs, and no line."""
    attention: np.ndarray
    """Inputs of `tokens` x members: how much each token counts for a member."""
    wording: Branch
    """Over the counts of wording."""
    offset: float
    """What is subtracted, so that the headlines it learned from have strength 0 on average."""


@dataclass(frozen=True)
class Words:
    """What each bucket of words, and of two that follow each other, adds to a post's strength."""

    strengths: np.ndarray
    """Log odds a bucket, times its rarity; a post's sum is divided by the length of its rarities."""
    rarity: np.ndarray
    """log(posts / posts with the bucket); 0 for a bucket too rare to learn from."""


@lru_cache(maxsize=1)
def load_weights() -> Weights:
    """Return the shipped weights of the headlines' forecaster."""
    return _take_weights(_read(WEIGHTS))


@lru_cache(maxsize=1)
def load_post_weights() -> tuple[Weights, Words]:
    """Return the shipped weights of the posts' forecaster."""
    held = _read(POST_WEIGHTS)
    return _take_weights(held), Words(held["words_strengths"], held["words_rarity"])


def _read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def _take_weights(held: dict[str, np.ndarray]) -> Weights:
    def pick(view: str) -> Branch:
        return Branch(**{field.name: held[f"{view}_{field.name}"] for field in fields(Branch)})

    return Weights(pick("means"), pick("tokens"), held["attention"], pick("wording"), float(held["offset"]))


def save_weights(weights: Weights, path: Path = WEIGHTS, words: Words | None = None) -> None:
    """Write the weights: what multiplies many inputs in half precision, the rest in single."""
    held: dict[str, Any] = {"attention": weights.attention, "offset": np.float32(weights.offset)}
    for view in ("means", "tokens", "wording"):
        held |= {
            f"{view}_{name}": np.asarray(value, np.float32) for name, value in vars(getattr(weights, view)).items()
        }
        held[f"{view}_inward"] = held[f"{view}_inward"].astype(np.float16)
    if words is not None:
        held |= {f"words_{name}": np.asarray(value, np.float16) for name, value in vars(words).items()}
    np.savez_compressed(path, **held)
