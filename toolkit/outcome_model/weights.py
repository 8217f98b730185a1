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

    embedding: np.ndarray
    """One coefficient per dimension of the sentence vector: 384."""
    wording_mean: np.ndarray
    wording_scale: np.ndarray
    wording: np.ndarray
    """One coefficient per standardised wording feature."""
    temperature: float
    """Log odds per unit of difference in strength, fitted on pairs that were held out."""


@lru_cache(maxsize=1)
def load_weights() -> Weights:
    """Return the shipped weights."""
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        arrays = {name: stored[name].astype(np.float64) for name in stored.files}
    return Weights(**{**arrays, "temperature": float(arrays["temperature"])})


def save_weights(weights: Weights, path: Path = WEIGHTS) -> None:
    """Write the weights, vectors in single precision."""
    arrays: dict[str, Any] = {name: np.asarray(value, dtype=np.float32) for name, value in vars(weights).items()}
    np.savez_compressed(path, **arrays)
