"""What the forecaster of shares has beyond that of headlines: pairs of posts, bags of grams, and likeness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from scipy import sparse
from scipy.optimize import minimize

from outcome_model.fitting import Texts, fit, score
from outcome_model.pairs import Pairs
from toolkit.results.outcome_model.encoding import WIDTH
from toolkit.results.outcome_model.posts import (
    BUCKETS,
    compare_places,
    hash_letters,
    hash_words,
    mark_up,
    place_posts,
    weigh_likeness,
)
from toolkit.results.outcome_model.weights import Buckets, Likeness, PostWeights

PENALTY = {"means": 4500.0, "wording": 30.0}
"""Ridge terms of the line, for inputs of spread 1; chosen by cross-validation among twenty combinations."""
_GRAMS_PENALTY, _COUNTS_PENALTY = 1.0, 20.0
_RAREST_WORD, _RAREST_LETTERS = 2, 4
"""Posts that must have a bucket for it to count."""
SHARE = 0.5
"""What each of line, words, letters and likeness has to say."""
_AXES, _TYPICAL, _ROUNDS = 256, 4000, 4
_EVENING = 0.15
"""Power of its spread that an axis is divided by: 0 leaves it, 1 makes all alike."""
_SAY, _SHARPNESS = 0.4, 1.0
_LIKENESS_PENALTY, _BESIDE_LIKENESS_PENALTY = 0.25, 30.0
_FIRM = 1e-5
_SURE = 0.99


@dataclass(frozen=True)
class Grams:
    """Posts x buckets, 1 where a post has a bucket: of words, and of letters."""

    words: sparse.csr_array
    letters: sparse.csr_array


def load_post_pairs(path: Path) -> Pairs:
    """Read text_a, text_b, b_won and group; the texts are marked up as the product does it."""
    frame = pl.read_parquet(path)
    sides = [[mark_up(text) for text in frame[name]] for name in ("text_a", "text_b")]
    texts = sorted({*sides[0], *sides[1]})
    place = {text: index for index, text in enumerate(texts)}
    a, b = (np.array([place[text] for text in side]) for side in sides)
    won = frame["b_won"].to_numpy().astype(bool)
    return Pairs(
        texts=texts, a=a, b=b, group=frame["group"].cast(pl.String).to_numpy(), counted=np.zeros(len(a), dtype=bool),
        z=np.where(won, np.inf, -np.inf), belief=np.where(won, _SURE, 1 - _SURE),
    )  # fmt: skip


def count_grams(texts: list[str]) -> Grams:
    """Return which buckets each post has."""
    return Grams(_count(texts, hash_words), _count(texts, hash_letters))


def _count(texts: list[str], find: Callable[[str], np.ndarray]) -> sparse.csr_array:
    buckets = [find(text) for text in texts]
    starts = np.concatenate([[0], np.cumsum([len(found) for found in buckets])])
    columns = np.concatenate(buckets)
    return sparse.csr_array((np.ones(len(columns)), columns, starts), shape=(len(texts), BUCKETS))


def fit_posts(pairs: Pairs, texts: Texts, grams: Grams, among: np.ndarray, *, seed: int = 0) -> PostWeights:
    """Return the four parts, fitted on the pairs of a mask."""
    return PostWeights(
        line=fit(pairs, texts, among, penalty=PENALTY, members=0),
        words=fit_buckets(pairs, grams.words, texts.wording, among, _RAREST_WORD),
        letters=fit_buckets(pairs, grams.letters, texts.wording, among, _RAREST_LETTERS),
        likeness=fit_likeness(pairs, texts, among, seed),
    )


def score_parts(weights: PostWeights, texts: Texts, grams: Grams) -> np.ndarray:
    """Return one strength per text: the parts, each with its share of the say."""
    return SHARE * (
        score(texts, weights.line)
        + _weigh(weights.words, grams.words)
        + _weigh(weights.letters, grams.letters)
        + weigh_likeness(weights.likeness, texts.means, texts.wording)
    )


def scale_parts(weights: PostWeights, factor: float) -> PostWeights:
    """Return words, letters and likeness with their share of the say, in log odds of the whole; the line is left."""

    def scale(part: Buckets) -> Buckets:
        return replace(part, strengths=part.strengths * SHARE * factor)

    near = weights.likeness
    near = replace(near, strengths=near.strengths * SHARE * factor, direct=near.direct * SHARE * factor)
    return replace(weights, words=scale(weights.words), letters=scale(weights.letters), likeness=near)


def _weigh(weights: Buckets, bags: sparse.csr_array) -> np.ndarray:
    length = np.sqrt(np.asarray(bags @ weights.rarity**2).ravel())
    added: np.ndarray = (bags @ weights.strengths) / np.maximum(length, 1e-9)
    return added


def fit_buckets(pairs: Pairs, bags: sparse.csr_array, wording: np.ndarray, among: np.ndarray, rarest: int) -> Buckets:
    """Return what each bucket adds, by ridge logistic regression on differences of two posts.

    The counts of wording stand beside the buckets in this fit and are then left out: the line has them.
    """
    rows = np.flatnonzero(among)
    a, b, won = pairs.a[rows], pairs.b[rows], pairs.b_won[rows].astype(np.float64)
    seen = np.unique(np.concatenate([a, b]))
    frequency = np.asarray(bags[seen].sum(axis=0)).ravel()
    rarity = np.where(frequency >= rarest, np.log(len(seen) / np.maximum(frequency, 1)), 0.0)
    kept = np.flatnonzero(rarity)
    weighed = (bags[:, kept] @ sparse.diags_array(rarity[kept])).tocsr()
    length = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    weighed = (sparse.diags_array(1 / np.maximum(length, 1e-9)) @ weighed).tocsr()
    counts = wording / (wording[seen].std(axis=0) + 1e-9)
    differences = sparse.hstack([weighed[b] - weighed[a], sparse.csr_array(counts[b] - counts[a])]).tocsr()
    penalty = np.repeat([_GRAMS_PENALTY, _COUNTS_PENALTY], [len(kept), counts.shape[1]])
    strengths = np.zeros(BUCKETS)
    strengths[kept] = _fit_ridge(differences, won, penalty)[: len(kept)] * rarity[kept]
    return Buckets(strengths=strengths, rarity=rarity)


def fit_likeness(pairs: Pairs, texts: Texts, among: np.ndarray, seed: int) -> Likeness:
    """Return typical posts and what nearness to each adds: kernel logistic regression by Nystroem's method.

    Typical posts are the middles of clusters (Lloyd's algorithm). The counts of wording stand beside the kernel.
    """
    rows = np.flatnonzero(among)
    a, b, won = pairs.a[rows], pairs.b[rows], pairs.b_won[rows].astype(np.float64)
    seen = np.unique(np.concatenate([a, b]))
    empty = _choose_axes(texts, seen)
    places = place_posts(empty, texts.means, texts.wording)
    typical = _find_middles(places[seen], seed)
    within, spread = np.linalg.eigh(
        compare_places(typical, typical, _SHARPNESS) + _FIRM * np.eye(len(typical), dtype=np.float32)
    )
    turn = spread / np.sqrt(np.maximum(within, _FIRM / 10))
    near = compare_places(places, typical, _SHARPNESS) @ turn
    counts = places[:, _AXES:] / empty.say
    differences = np.hstack([near[b] - near[a], counts[b] - counts[a]])
    penalty = np.repeat([_LIKENESS_PENALTY, _BESIDE_LIKENESS_PENALTY], [near.shape[1], counts.shape[1]])
    kernel, direct = np.split(_fit_ridge(differences, won, penalty), [near.shape[1]])
    return replace(
        empty, typical=typical, strengths=(turn @ kernel).astype(np.float32),
        direct=(direct / empty.say).astype(np.float32),
    )  # fmt: skip


def _choose_axes(texts: Texts, seen: np.ndarray) -> Likeness:
    """Return the main axes of the layers' means, each layer of equal spread, and the spread of the counts."""
    means = texts.means[seen].astype(np.float32)
    centre = means.mean(axis=0)
    means -= centre
    spread = np.repeat(np.sqrt(means.reshape(len(means), -1, WIDTH).var(axis=0).mean(axis=1)), WIDTH)
    means /= spread
    worth, directions = np.linalg.eigh(means.T @ means / len(means))
    axes = directions[:, ::-1][:, :_AXES] / worth[::-1][:_AXES] ** (_EVENING / 2)
    size = np.sqrt(((means @ axes) ** 2).sum(axis=1).mean())
    wording = texts.wording[seen]
    scale = wording.std(axis=0) + 1e-9
    empty = Likeness(
        centre=centre, axes=(axes / size / spread[:, np.newaxis]).astype(np.float32),
        wording_centre=wording.mean(axis=0).astype(np.float32), wording_scale=scale.astype(np.float32),
        say=1.0, typical=np.empty((0, 0)), strengths=np.empty(0),
        direct=np.empty(0), sharpness=_SHARPNESS,
    )  # fmt: skip
    spreads = place_posts(empty, texts.means[seen], wording)[:, _AXES:]
    return replace(empty, say=_SAY / float(np.sqrt((spreads**2).sum(axis=1).mean())))


def _find_middles(places: np.ndarray, seed: int) -> np.ndarray:
    middles = places[np.random.default_rng(seed).choice(len(places), _TYPICAL, replace=False)].copy()
    for _ in range(_ROUNDS):
        half = (middles**2).sum(axis=1) / 2
        nearest = np.concatenate(
            [np.argmax(part @ middles.T - half, axis=1) for part in np.array_split(places, len(places) // 2000 + 1)]
        )
        members = sparse.csr_array(
            (np.ones(len(places), np.float32), (nearest, np.arange(len(places)))), shape=(_TYPICAL, len(places))
        )
        size = np.asarray(members.sum(axis=1)).ravel()
        middles[size > 0] = (members @ places)[size > 0] / size[size > 0][:, np.newaxis]
    return middles


def _fit_ridge(differences: sparse.csr_array | np.ndarray, won: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """Return the coefficients of a logistic regression without intercept, each with its own ridge term."""
    turned = differences.T.tocsr() if sparse.issparse(differences) else differences.T
    number = differences.dtype

    def loss_and_slope(found: np.ndarray) -> tuple[float, np.ndarray]:
        odds = (differences @ found.astype(number)).astype(np.float64)
        loss = (np.logaddexp(0, odds) - won * odds).sum() + (penalty * found * found).sum() / 2
        slope = turned @ (1 / (1 + np.exp(-odds)) - won).astype(number)
        return float(loss), slope.astype(np.float64) + penalty * found

    start = np.zeros(differences.shape[1])
    best = minimize(loss_and_slope, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(best.x)
