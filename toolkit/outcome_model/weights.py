"""The fitted numbers of the outcome model, as they ship: one NumPy archive, read without pickle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

WEIGHTS = Path(__file__).parent.parent / "data" / "outcome_model" / "weights.npz"


@dataclass(frozen=True)
class Weights:
    """What training leaves behind; `save_weights` writes it, `load_weights` reads it."""

    layers: np.ndarray
    """Log odds per unit of each dimension of `embed_distinct`: 2688."""
    wording: np.ndarray
    """Log odds per unit of each wording feature."""
    offset: float
    """What is subtracted, so that the headlines it learned from have strength 0 on average."""


@lru_cache(maxsize=1)
def load_weights() -> Weights:
    """Return the shipped weights."""
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        return Weights(
            layers=stored["layers"].astype(np.float64),
            wording=stored["wording"].astype(np.float64),
            offset=float(stored["offset"]),
        )


def save_weights(weights: Weights, path: Path = WEIGHTS) -> None:
    """Write the weights in single precision."""
    arrays: dict[str, Any] = {name: np.asarray(value, dtype=np.float32) for name, value in vars(weights).items()}
    np.savez_compressed(path, **arrays)
