"""How alike texts are in their words, with no model: cosines of weighted word and letter groups."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

_WORD = re.compile(r"\w+")


def compare_words(texts: Sequence[str]) -> np.ndarray:
    """Return the n x n array of cosines, from 0 to 1, of the texts' TF-IDF vectors; the diagonal is 1.

    Terms are words, and groups of four letters inside words, so that endings do not part what belongs together.
    The weight of a term is its count times 1 + ln((1 + n) / (1 + texts that have it)). A text without a word is like
    itself alone.
    """
    counts = [count_terms(text) for text in texts]
    spread = Counter(term for terms in counts for term in terms)
    places = {term: place for place, term in enumerate(sorted(spread))}
    vectors = np.zeros((len(texts), max(len(places), 1)))
    for row, terms in enumerate(counts):
        for term, count in terms.items():
            vectors[row, places[term]] = count * (1 + np.log((1 + len(texts)) / (1 + spread[term])))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, 1.0)
    clipped: np.ndarray = np.clip(cosines, 0.0, 1.0)
    return clipped


def count_terms(text: str) -> Counter[str]:
    """Return how often each term occurs: words, and groups of four letters inside words."""
    words = _WORD.findall(text.casefold())
    groups = (f"#{word[start : start + 4]}" for word in words for start in range(max(len(word) - 3, 0)))
    return Counter([*words, *groups])
