"""Sentences that say the same, grouped; the groups come in the order of how many people said them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import regex

from toolkit.stats.cells import FloatArray
from toolkit.stats.distributions import logistic
from toolkit.stats.solving import minimise, solve_by_conjugates

LEAST_ALIKE = 0.25
"""Cosine of two sentences' weighted words from which they count as one objection."""


@dataclass(frozen=True, slots=True)
class Theme:
    """One group: the sentence nearest to all the others, and who said any of them."""

    text: str
    members: tuple[str, ...]
    """Ids of the personas, each once, in order of appearance."""


def group_sentences(sentences: Sequence[str], speakers: Sequence[str]) -> list[Theme]:
    """Return groups of sentences alike in words, the one with most speakers first.

    Groups are joined while the average similarity of their members stays at `LEAST_ALIKE` or more (average linkage,
    Sokal and Michener 1958). The order of the sentences plays no part in which are joined.
    """
    if not sentences:
        return []
    similar = compare_words(sentences)
    groups = _join(similar)
    themes = [_describe(group, similar, sentences, speakers) for group in groups]
    return sorted(themes, key=lambda theme: (-len(theme.members), theme.text))


def _join(similar: np.ndarray) -> list[list[int]]:
    """Return groups of places, by the chain of nearest neighbours (Benzecri 1982): as average linkage cut at the least.

    Two groups that are nearest to each other are joined; what is joined is never nearer to a third than its parts were,
    so that the order of joining plays no part.
    """
    near = similar.astype(np.float64)
    np.fill_diagonal(near, -1.0)
    groups: dict[int, list[int]] = {place: [place] for place in range(len(near))}
    left = dict.fromkeys(groups)
    chain: list[int] = []
    while left:
        chain = chain or [next(iter(left))]
        row = near[chain[-1]]
        nearest = int(row.argmax())
        if len(chain) > 1 and row[chain[-2]] >= row[nearest]:
            nearest = chain[-2]
        if row[nearest] < LEAST_ALIKE:  # whatever led here is less alike still
            for place in chain:
                left.pop(place, None)
            chain = []
        elif len(chain) > 1 and nearest == chain[-2]:
            kept, gone = sorted(chain[-2:])
            del chain[-2:]
            sizes = len(groups[kept]), len(groups[gone])
            near[kept] = near[:, kept] = (near[kept] * sizes[0] + near[gone] * sizes[1]) / sum(sizes)
            near[gone] = near[:, gone] = near[kept, kept] = -1.0
            groups[kept] += groups.pop(gone)
            left.pop(gone, None)
        else:
            chain.append(nearest)
    return [sorted(group) for group in groups.values()]


def _describe(group: Sequence[int], similar: np.ndarray, sentences: Sequence[str], speakers: Sequence[str]) -> Theme:
    nearness = similar[np.ix_(group, group)].sum(axis=1).round(9)
    central = max(zip(nearness.tolist(), (sentences[place] for place in group), group, strict=True))[2]
    return Theme(sentences[central], tuple(dict.fromkeys(speakers[place] for place in group)))


_WORD = regex.compile(r"(?:[\p{L}\p{N}_]\p{M}*)+")
_UNSPACED = regex.compile(
    r"(?P<signs>\p{Han}+)|(?P<names>[\p{Katakana}\u30fc]+|\p{Hangul}+)|(?P<endings>\p{Hiragana}+)"
    r"|(?P<letters>[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}][\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{M}]*)"
)
"""Stretches of scripts without spaces, or with many endings to a word, by what one of their characters stands for."""
_GRAPHEME = regex.compile(r"\X")


def compare_words(texts: Sequence[str]) -> np.ndarray:
    """Return the n x n array of cosines, from 0 to 1, of the texts' TF-IDF vectors; the diagonal is 1.

    Terms are words, and groups of four letters inside words, so that endings do not part what belongs together.
    The weight of a term is its count times 1 + ln((1 + n) / (1 + texts that have it)). A text without a word is like
    itself alone.
    """
    counts = [count_terms(text) for text in texts]
    places: dict[str, int] = {}
    columns = np.array([places.setdefault(term, len(places)) for terms in counts for term in terms], dtype=np.int64)
    numbers = np.array([count for terms in counts for count in terms.values()], dtype=np.float64)
    rows = np.repeat(np.arange(len(texts)), [len(terms) for terms in counts])
    spread = np.bincount(columns, minlength=max(len(places), 1))
    weighted = numbers * (1 + np.log((1 + len(texts)) / (1 + spread[columns])))
    lengths = np.sqrt(np.bincount(rows, weighted**2, minlength=len(texts)))
    shared = spread[columns] > 1  # a term of one text is like no other
    order = np.flatnonzero(shared)[np.argsort(columns[shared], kind="stable")]
    unit = (weighted / lengths[rows])[order]
    ends = np.cumsum(spread[spread > 1])
    cosines = np.zeros((len(texts), len(texts)))
    for term_rows, values in zip(np.split(rows[order], ends[:-1]), np.split(unit, ends[:-1]), strict=True):
        cosines[term_rows[:, None], term_rows] += values[:, None] * values
    np.fill_diagonal(cosines, 1.0)
    clipped: np.ndarray = np.clip(cosines, 0.0, 1.0)
    return clipped


def count_terms(text: str) -> Counter[str]:
    """Return how often each term occurs: words, and groups of four letters inside words.

    Of scripts without spaces they are the Chinese characters, each of which means something, and pairs of the letters
    of Katakana, Korean, Thai, Lao, Khmer and Burmese. Hiragana, which is mostly endings, counts where nothing else
    stands.
    """
    folded = text.casefold()
    terms, spaced = [], folded
    if not text.isascii() and _UNSPACED.search(folded):
        terms, spaced = _list_unspaced(folded), _UNSPACED.sub(" ", folded)
    words = _WORD.findall(spaced)
    groups = (f"#{word[start : start + 4]}" for word in words for start in range(max(len(word) - 3, 0)))
    return Counter([*words, *groups, *terms])


def _list_unspaced(text: str) -> list[str]:
    """Return the terms of what is written without spaces."""
    signs: list[str] = []
    pairs: list[str] = []
    endings: list[str] = []
    for stretch in _UNSPACED.finditer(text):
        if stretch["signs"]:
            signs += stretch[0]
        else:
            (endings if stretch["endings"] else pairs).extend(_pair(_GRAPHEME.findall(stretch[0])))
    return signs + pairs or endings


def _pair(letters: list[str]) -> list[str]:
    """Return each letter with the next one; a letter alone is its own term."""
    return [f"#{one}{other}" for one, other in itertools.pairwise(letters)] or [f"#{letters[0]}"]


@dataclass(frozen=True, slots=True)
class SparseRows:
    """A matrix of which few cells are not 0: their values, and the row and column of each."""

    values: FloatArray
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    shape: tuple[int, int]

    def select(self, kept: npt.NDArray[np.bool_]) -> SparseRows:
        """Return the rows kept, numbered anew."""
        cells, places = kept[self.rows], np.cumsum(kept) - 1
        shape = (int(kept.sum()), self.shape[1])
        return SparseRows(self.values[cells], places[self.rows[cells]], self.columns[cells], shape)

    def times(self, vector: FloatArray) -> FloatArray:
        """Return the matrix times a vector of one entry per column."""
        return np.bincount(self.rows, self.values * vector[self.columns], self.shape[0]).astype(np.float64)

    def turned_times(self, vector: FloatArray) -> FloatArray:
        """Return the transposed matrix times a vector of one entry per row."""
        return np.bincount(self.columns, self.values * vector[self.rows], self.shape[1]).astype(np.float64)


def fit_ridge(features: SparseRows, won: npt.ArrayLike, strength: float = 1.0) -> FloatArray:
    """Return the coefficients that minimise log loss plus strength / 2 times their squared length.

    Newton's method; each step is solved by conjugate gradients, so that no matrix of terms x terms is made.
    """
    happened = np.asarray(won, dtype=np.float64)

    def loss(slopes: FloatArray) -> tuple[float, FloatArray]:
        log_odds = features.times(slopes)
        value = float((np.logaddexp(0.0, log_odds) - happened * log_odds).sum())
        gradient = features.turned_times(logistic(log_odds) - happened) + strength * slopes
        return value + strength / 2.0 * float(slopes @ slopes), gradient

    def step(slopes: FloatArray, gradient: FloatArray) -> FloatArray:
        chances = logistic(features.times(slopes))
        weights = chances * (1.0 - chances)
        return solve_by_conjugates(
            lambda vector: features.turned_times(weights * features.times(vector)) + strength * vector, gradient
        )

    return minimise(loss, step, np.zeros(features.shape[1]), slope=_SETTLED)


_SETTLED = 1e-8
