"""What the forecaster of shares has beyond that of headlines: pairs of posts, and a bag of their words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from scipy import sparse
from scipy.optimize import minimize

from outcome_model.pairs import Pairs
from toolkit.results.outcome_model.posts import BUCKETS, hash_words, mark_up
from toolkit.results.outcome_model.weights import Words

PENALTY = {"means": 4500.0, "wording": 30.0}
"""Ridge terms of the line, for inputs of spread 1; chosen by cross-validation among twenty combinations."""
_WORDS_PENALTY, _COUNTS_PENALTY = 1.0, 20.0
_RAREST = 2
"""Posts that must have a bucket for it to count."""
_SURE = 0.99


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


def count_words(texts: list[str]) -> sparse.csr_array:
    """Return posts x buckets: 1 where a post has a bucket."""
    buckets = [hash_words(text) for text in texts]
    starts = np.concatenate([[0], np.cumsum([len(found) for found in buckets])])
    columns = np.concatenate(buckets)
    return sparse.csr_array((np.ones(len(columns)), columns, starts), shape=(len(texts), BUCKETS))


def fit_words(pairs: Pairs, bags: sparse.csr_array, wording: np.ndarray, among: np.ndarray) -> Words:
    """Return what each bucket adds, by ridge logistic regression on differences of two posts.

    The counts of wording stand beside the words in this fit and are then left out: the line has them.
    """
    rows = np.flatnonzero(among)
    a, b, won = pairs.a[rows], pairs.b[rows], pairs.b_won[rows].astype(np.float64)
    seen = np.unique(np.concatenate([a, b]))
    frequency = np.asarray(bags[seen].sum(axis=0)).ravel()
    rarity = np.where(frequency >= _RAREST, np.log(len(seen) / np.maximum(frequency, 1)), 0.0)
    kept = np.flatnonzero(rarity)
    weighed = (bags[:, kept] @ sparse.diags_array(rarity[kept])).tocsr()
    length = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    weighed = (sparse.diags_array(1 / np.maximum(length, 1e-9)) @ weighed).tocsr()
    counts = wording / (wording[seen].std(axis=0) + 1e-9)
    differences = sparse.hstack([weighed[b] - weighed[a], sparse.csr_array(counts[b] - counts[a])]).tocsr()
    penalty = np.repeat([_WORDS_PENALTY, _COUNTS_PENALTY], [len(kept), counts.shape[1]])
    strengths = np.zeros(BUCKETS)
    strengths[kept] = _fit_ridge(differences, won, penalty)[: len(kept)] * rarity[kept]
    return Words(strengths=strengths, rarity=rarity)


def _fit_ridge(differences: sparse.csr_array, won: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """Return the coefficients of a logistic regression without intercept, each with its own ridge term."""
    turned = differences.T.tocsr()

    def loss_and_slope(found: np.ndarray) -> tuple[float, np.ndarray]:
        odds = differences @ found
        loss = (np.logaddexp(0, odds) - won * odds).sum() + (penalty * found * found).sum() / 2
        return float(loss), turned @ (1 / (1 + np.exp(-odds)) - won) + penalty * found

    start = np.zeros(differences.shape[1])
    best = minimize(loss_and_slope, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(best.x)
