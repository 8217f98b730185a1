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
class Buckets:
    """What each bucket of words or of letters adds to a post's strength."""

    strengths: np.ndarray
    """Log odds a bucket, times its rarity; a post's sum is divided by the length of its rarities."""
    rarity: np.ndarray
    """log(posts / posts with the bucket); 0 for a bucket too rare to learn from."""


@dataclass(frozen=True)
class Likeness:
    """What a post's nearness to typical posts adds: the sum of a Gaussian kernel over them."""

    centre: np.ndarray
    """What is subtracted from the layers' means: 2688 numbers."""
    axes: np.ndarray
    """Layers' means x axes."""
    wording_centre: np.ndarray
    wording_scale: np.ndarray
    say: float
    """How far one spread of a count takes a post, beside the axes."""
    typical: np.ndarray
    """Typical posts x (axes, then counts of wording): the middles of clusters, no single post."""
    strengths: np.ndarray
    """Log odds of a post that is just like a typical one."""
    direct: np.ndarray
    """Log odds per unit of each count's place, with no likeness between."""
    sharpness: float
    """How fast likeness fades with the squared distance."""


@dataclass(frozen=True)
class PostWeights:
    """What the forecaster of posts adds up."""

    line: Weights
    words: Buckets
    letters: Buckets
    likeness: Likeness


@lru_cache(maxsize=1)
def load_weights() -> Weights:
    """Return the shipped weights of the headlines' forecaster."""
    return _take_weights(_read(WEIGHTS))


@lru_cache(maxsize=1)
def load_post_weights() -> PostWeights:
    """Return the shipped weights of the posts' forecaster."""
    held = _read(POST_WEIGHTS)
    words, letters = (Buckets(held[f"{kind}_strengths"], held[f"{kind}_rarity"]) for kind in ("words", "letters"))
    return PostWeights(_take_weights(held), words, letters, _take_likeness(held))


def _read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def _take_weights(held: dict[str, np.ndarray]) -> Weights:
    def pick(view: str) -> Branch:
        return Branch(**{field.name: held[f"{view}_{field.name}"] for field in fields(Branch)})

    return Weights(pick("means"), pick("tokens"), held["attention"], pick("wording"), float(held["offset"]))


def _take_likeness(held: dict[str, np.ndarray]) -> Likeness:
    def pick(name: str) -> np.ndarray:
        return held[f"likeness_{name}"]

    return Likeness(
        centre=pick("centre"), axes=pick("axes"), wording_centre=pick("wording_centre"),
        wording_scale=pick("wording_scale"), say=float(pick("say")), typical=pick("typical"),
        strengths=pick("strengths"), direct=pick("direct"), sharpness=float(pick("sharpness")),
    )  # fmt: skip


def save_weights(weights: Weights, path: Path = WEIGHTS) -> None:
    """Write the weights: what multiplies many inputs in half precision, the rest in single."""
    np.savez_compressed(path, **_lay_out(weights))


def save_post_weights(weights: PostWeights) -> None:
    """Write the weights of the posts' forecaster, likewise."""
    held = _lay_out(weights.line)
    for kind in ("words", "letters"):
        held |= {f"{kind}_{name}": np.float16(value) for name, value in vars(getattr(weights, kind)).items()}
    held |= {f"likeness_{name}": np.float32(value) for name, value in vars(weights.likeness).items()}
    held |= {f"likeness_{name}": np.float16(getattr(weights.likeness, name)) for name in ("axes", "typical")}
    np.savez_compressed(POST_WEIGHTS, **held)


def _lay_out(weights: Weights) -> dict[str, Any]:
    held: dict[str, Any] = {"attention": weights.attention, "offset": np.float32(weights.offset)}
    for view in ("means", "tokens", "wording"):
        held |= {
            f"{view}_{name}": np.asarray(value, np.float32) for name, value in vars(getattr(weights, view)).items()
        }
        held[f"{view}_inward"] = held[f"{view}_inward"].astype(np.float16)
    return held
