"""Sentences that say the same, grouped; the groups come in the order of how many people said them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex

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
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(similar) == 1:
        return [[0]]
    distances = squareform(np.clip(1 - similar, 0, None), checks=False)
    names = fcluster(linkage(distances, "average"), 1 - LEAST_ALIKE, "distance")
    return [np.flatnonzero(names == name).tolist() for name in np.unique(names)]


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
    from scipy.sparse import csr_array

    counts = [count_terms(text) for text in texts]
    places: dict[str, int] = {}
    columns = np.array([places.setdefault(term, len(places)) for terms in counts for term in terms], dtype=np.int64)
    numbers = np.array([count for terms in counts for count in terms.values()], dtype=np.float64)
    rows = np.repeat(np.arange(len(texts)), [len(terms) for terms in counts])
    spread = np.bincount(columns, minlength=max(len(places), 1))
    weighted = numbers * (1 + np.log((1 + len(texts)) / (1 + spread[columns])))
    lengths = np.sqrt(np.bincount(rows, weighted**2, minlength=len(texts)))
    shape = (len(texts), max(len(places), 1))
    unit = csr_array((weighted / lengths[rows], (rows, columns)), shape=shape)
    cosines = (unit @ unit.T).toarray()
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
