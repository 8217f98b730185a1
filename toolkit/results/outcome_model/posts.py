"""Which of two posts more people pass on: a line as for headlines, and what words, letters and likeness add.

Learned from posts of one network about 2012 (see docs/outcome-model.md). Whom a post names, where its link leads and
which number it gives change nothing: handles, links and numbers are read as marks.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence

import numpy as np

from toolkit.results.outcome_model.encoding import encode_distinct
from toolkit.results.outcome_model.features import measure_wording
from toolkit.results.outcome_model.network import find_strengths
from toolkit.results.outcome_model.weights import Buckets, Likeness, load_post_weights

BUCKETS = 1 << 18
"""Words, pairs of words and runs of letters fall into so many buckets, by CRC-32: no vocabulary ships."""
_MOST_READ = 2000
_RUNS = (3, 4, 5)
"""Letters of a run."""
_FARTHEST = 6.0
"""Spreads beyond which a count says no more about likeness."""
_LINK, _NAME = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE), re.compile(r"@\w+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_MARK = "http"
_TOKEN = re.compile(r"[#@]?\w+(?:['’]\w+)*|[!?…:\"|]")
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_NO_LINK = 3.0
_BEYOND_LATIN = 0x2000
_PHRASES = (
    "please", "retweet", "pls rt", "new ", "my ", " i ", "you", "we ", "breaking", "video", "photo", "pic", "blog",
    "check out", "today", "free", "win", "follow", "thanks", " rt ", " via ",
)  # fmt: skip


def mark_up(text: str) -> str:
    """Return a post with its links, handles and numbers as marks, and single blanks.

    Examples:
        >>> from toolkit.results.outcome_model import posts
        >>> posts.mark_up("@ann: 20 ways to save https://example.org/a")
        '@name: 5 ways to save http'
    """
    text = _NAME.sub("@name", _LINK.sub(_MARK, text[:_MOST_READ]))
    return " ".join(_NUMBER.sub("5", text).split())


def score_posts(texts: Sequence[str]) -> np.ndarray:
    """Return one strength per post, in log odds: a post beats another with the logistic of their difference."""
    marked = [mark_up(text) for text in texts]
    distinct = sorted(set(marked))
    if not distinct:
        return np.empty(0)
    weights = load_post_weights()
    counts = measure_posts(distinct)
    raw = weigh_buckets(weights.words, [hash_words(text) for text in distinct])
    raw += weigh_buckets(weights.letters, [hash_letters(text) for text in distinct])
    for encoded in encode_distinct(distinct):
        wording = counts[encoded.places]
        raw[encoded.places] += find_strengths(weights.line, encoded.means, None, wording)
        raw[encoded.places] += weigh_likeness(weights.likeness, encoded.means, wording)
    # Batches differ in the seventh digit; the fifth is the same whatever else is scored beside a text.
    strengths = dict(zip(distinct, np.round(raw, 5), strict=True))
    return np.array([strengths[text] for text in marked])


def weigh_buckets(weights: Buckets, found: Sequence[np.ndarray]) -> np.ndarray:
    """Return what its buckets add to the strength of each post."""
    added = np.zeros(len(found))
    for place, buckets in enumerate(found):
        length = float(np.sqrt((weights.rarity[buckets] ** 2).sum()))
        if length > 0:
            added[place] = float(weights.strengths[buckets].sum()) / length
    return added


def weigh_likeness(weights: Likeness, means: np.ndarray, wording: np.ndarray) -> np.ndarray:
    """Return what its likeness to typical posts, and its counts beside it, add to the strength of each post."""
    places = place_posts(weights, means, wording)
    near = compare_places(places, weights.typical, weights.sharpness)
    added: np.ndarray = near @ weights.strengths + places[:, -len(weights.direct) :] @ weights.direct
    return added


def compare_places(places: np.ndarray, typical: np.ndarray, sharpness: float) -> np.ndarray:
    """Return how alike each place is to each typical one, from 0 to 1: a Gaussian kernel."""
    distances = (places**2).sum(axis=1)[:, np.newaxis] + (typical**2).sum(axis=1)
    distances -= 2 * places @ typical.T
    near: np.ndarray = np.exp(-sharpness * np.maximum(distances, 0))
    return near


def place_posts(weights: Likeness, means: np.ndarray, wording: np.ndarray) -> np.ndarray:
    """Return where each post stands among the typical ones: posts x (axes, then counts of wording)."""
    along = (means.astype(np.float32) - weights.centre) @ weights.axes
    spreads = (wording.astype(np.float32) - weights.wording_centre) / weights.wording_scale
    return np.hstack([along, weights.say * np.clip(spreads, -_FARTHEST, _FARTHEST)])


def hash_words(marked: str) -> np.ndarray:
    """Return the distinct buckets of a post's words and of every two that follow each other."""
    words = _TOKEN.findall(marked.lower())
    pairs = (f"{one} {other}" for one, other in zip(["^", *words], [*words, "$"], strict=True))
    return _hash((*words, *pairs))


def hash_letters(marked: str) -> np.ndarray:
    """Return the distinct buckets of every run of three to five letters."""
    spaced = f" {marked.lower()} "
    return _hash(spaced[start : start + size] for size in _RUNS for start in range(len(spaced) - size + 1))


def _hash(grams: Iterable[str]) -> np.ndarray:
    return np.array(sorted({zlib.crc32(gram.encode()) % BUCKETS for gram in grams}), dtype=np.int64)


def measure_posts(marked: Sequence[str]) -> np.ndarray:
    """Return one row of counts per post: what a post of a network has, then what any wording has."""
    if not marked:
        return np.empty((0, 0))
    return np.hstack([np.array([_measure_post(text) for text in marked]), measure_wording(marked)])


def _measure_post(text: str) -> tuple[float, ...]:
    words, spaced = _WORD.findall(text), f" {text.lower()} "
    count = max(len(words), 1)
    return (
        float(text.count("#")),
        float(text.count("@name")),
        float(text.count("!")),
        float(text.count("5")),
        float(_MARK in text),
        text.find(_MARK) / 50 if _MARK in text else _NO_LINK,
        float(text.endswith(_MARK)),
        float(spaced.startswith(" rt")),
        float(text.startswith("@")),
        float(text.startswith(".@")),
        float("|" in text),
        float(any(ord(letter) > _BEYOND_LATIN for letter in text)),
        sum(word.isupper() and len(word) > len("UK") for word in words) / count,
        len({word.lower() for word in words}) / count,
        *(float(phrase in spaced) for phrase in _PHRASES),
    )
