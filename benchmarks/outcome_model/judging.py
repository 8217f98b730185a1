"""Figures of a predictor on pairs: accuracy by confidence, log loss, calibration, with intervals over groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BINS = 10
_EVEN = 0.5
_RESAMPLES = 1000


@dataclass(frozen=True)
class Judged:
    """What a predictor reached; shares from 0 to 1."""

    accuracy: float
    half: float
    """Accuracy on the more confident half."""
    fifth: float
    """Accuracy on the most confident fifth."""
    log_loss: float
    calibration_error: float
    """Mean gap between confidence and accuracy over ten bins of equal count."""


def judge(chance: np.ndarray, won: np.ndarray) -> Judged:
    """Return the figures of the chances that B wins, against whether it did."""
    order = np.argsort(-np.abs(chance - _EVEN), kind="stable")
    right = ((chance > _EVEN) == won)[order]
    confidence = np.maximum(chance, 1 - chance)[order]
    bins = zip(np.array_split(confidence, BINS), np.array_split(right, BINS), strict=True)
    gaps = [len(sure) * abs(sure.mean() - correct.mean()) for sure, correct in bins if len(sure)]
    count = len(right)
    return Judged(
        accuracy=float(right.mean()),
        half=float(right[: count // 2].mean()),
        fifth=float(right[: count // 5].mean()),
        log_loss=float(-np.log(np.where(won, chance, 1 - chance)).mean()),
        calibration_error=float(sum(gaps) / count),
    )


def bound(chance: np.ndarray, won: np.ndarray, group: np.ndarray, seed: int = 0) -> tuple[Judged, Judged]:
    """Return the 95 % bounds of every figure, groups drawn anew a thousand times."""
    random = np.random.default_rng(seed)
    _, places = np.unique(group, return_inverse=True)
    members = np.split(np.argsort(places, kind="stable"), np.cumsum(np.bincount(places))[:-1])
    drawn = []
    for _ in range(_RESAMPLES):
        rows = np.concatenate([members[chosen] for chosen in random.integers(len(members), size=len(members))])
        drawn.append(tuple(vars(judge(chance[rows], won[rows])).values()))
    low, high = np.quantile(np.array(drawn), (0.025, 0.975), axis=0)
    return Judged(*map(float, low)), Judged(*map(float, high))
