"""What needs no audience: the longer draft, and words that won elsewhere. A source worth its price beats them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import polars as pl

from toolkit.results.track_record import matching
from toolkit.stats import calibration, lexical

FOLDS = 10
LEAST_GROUPS = 5
"""With fewer groups nothing is learned on some and judged on others."""
LEAK = 0.03
"""How far from one half a lookup table may be under a clean split."""


def split_folds(groups: np.ndarray, folds: int = FOLDS) -> Iterator[np.ndarray]:
    """Yield which rows are held out, fold by fold: whole groups, spread by a hash of their names."""
    names = sorted(set(groups.tolist()), key=lambda name: hashlib.sha256(str(name).encode()).digest())
    place = {name: number % folds for number, name in enumerate(names)}
    fold = np.array([place[name] for name in groups.tolist()])
    for number in range(min(folds, len(names))):
        yield fold == number


def measure_length(pairs: pl.DataFrame) -> np.ndarray:
    """Return the log of B's length over A's, in characters; NaN where a text is not known."""
    return np.array(
        [
            np.nan if a is None or b is None else np.log((1 + len(b)) / (1 + len(a)))
            for a, b in pairs.select("text_a", "text_b").iter_rows()
        ]
    )


def predict_by_length(lengths: np.ndarray, won: np.ndarray, groups: np.ndarray) -> np.ndarray | None:
    """Return the chance that B wins by its length, learned on other groups; None with fewer than 5."""
    known = ~np.isnan(lengths)
    if len(set(groups[known].tolist())) < LEAST_GROUPS:
        return None
    chances = np.full(len(lengths), 0.5)
    for held in split_folds(groups):
        train = known & ~held
        (slope,) = calibration.fit_slopes(lengths[train, None], won[train], [0.0], 1.0)
        chances[held] = calibration.squash_all(slope * np.nan_to_num(lengths[held]))
    return chances


def predict_by_words(pairs: pl.DataFrame, won: np.ndarray, groups: np.ndarray) -> np.ndarray | None:
    """Return the chance that B wins by ridge logistic regression on TF-IDF differences, learned on other groups.

    None with fewer than 5 groups whose texts are known. Rows without texts are NaN.
    """
    known = pairs.select(pl.all_horizontal(pl.col("text_a", "text_b").is_not_null())).to_series().to_numpy()
    if len(set(groups[known].tolist())) < LEAST_GROUPS:
        return None
    features = _subtract_words(pairs)
    chances = np.full(pairs.height, np.nan)
    for held in split_folds(groups):
        train = known & ~held
        chances[held & known] = _tell(features, held & known, train, won)
    return chances


def look_up(pairs: pl.DataFrame, won: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return margins of a lookup table: how much more often B's words than A's won in other groups.

    Where the split is clean it knows nothing, and its margins are 0.
    """
    texts = [
        (matching.loosen(a or ""), matching.loosen(b or "")) for a, b in pairs.select("text_a", "text_b").iter_rows()
    ]
    margins = np.zeros(len(texts))
    for held in split_folds(groups):
        score: dict[str, float] = defaultdict(float)
        for place in np.flatnonzero(~held):
            a, b = texts[place]
            score[b] += 2 * won[place] - 1
            score[a] -= 2 * won[place] - 1
        for place in np.flatnonzero(held):
            a, b = texts[place]
            margins[place] = (score.get(b, 0.0) if b else 0.0) - (score.get(a, 0.0) if a else 0.0)
    return margins


def _subtract_words(pairs: pl.DataFrame) -> lexical.SparseRows:
    """Return a sparse row per pair: unit TF-IDF vector of B minus that of A."""
    texts = sorted(set(pairs["text_a"].drop_nulls()) | set(pairs["text_b"].drop_nulls()))
    counted = [lexical.count_terms(text) for text in texts]
    spread: dict[str, int] = defaultdict(int)
    for terms in counted:
        for term in terms:
            spread[term] += 1
    column = {term: place for place, term in enumerate(sorted(spread))}
    rarity = {term: 1 + np.log((1 + len(texts)) / (1 + held)) for term, held in spread.items()}
    weighed = [{column[term]: count * rarity[term] for term, count in terms.items()} for terms in counted]
    unit = {text: _shorten(terms) for text, terms in zip(texts, weighed, strict=True)}
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for row, (a, b) in enumerate(pairs.select("text_a", "text_b").iter_rows()):
        for text, sign in ((a, -1.0), (b, 1.0)):
            weights = unit.get(text, {})
            rows += [row] * len(weights)
            columns += list(weights)
            values += [sign * value for value in weights.values()]
    return lexical.SparseRows(
        np.array(values),
        np.array(rows, dtype=np.int64),
        np.array(columns, dtype=np.int64),
        (pairs.height, max(len(column), 1)),
    )


def _shorten(terms: dict[int, float]) -> dict[int, float]:
    length = float(np.sqrt(sum(value**2 for value in terms.values())))
    return {place: value / length for place, value in terms.items()} if length else {}


def _tell(features: lexical.SparseRows, asked: np.ndarray, train: np.ndarray, won: np.ndarray) -> np.ndarray:
    """Return the chances of the pairs asked about, by a ridge fitted on those to learn from."""
    slopes = lexical.fit_ridge(features.select(train), won[train])
    return calibration.squash_all(features.select(asked).times(slopes))
