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
    """Return how often each term occurs: words, and groups of four letters inside words."""
    words = _WORD.findall(text.casefold())
    groups = (f"#{word[start : start + 4]}" for word in words for start in range(max(len(word) - 3, 0)))
    return Counter([*words, *groups])
