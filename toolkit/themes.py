"""Sentences that say the same, grouped; the groups come in the order of how many people said them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolkit.similarity import compare_words

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
