"""Which of two posts more people pass on: a line as for headlines, and what single words add.

Learned from posts of one network about 2012 (see docs/outcome-model.md). Whom a post names, where its link leads and
which number it gives change nothing: handles, links and numbers are read as marks.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

from toolkit.results.outcome_model.encoding import encode_distinct
from toolkit.results.outcome_model.features import measure_wording
from toolkit.results.outcome_model.network import find_strengths
from toolkit.results.outcome_model.weights import Words, load_post_weights

BUCKETS = 1 << 18
"""Words and pairs of words fall into so many buckets, by CRC-32: no vocabulary ships."""
_MOST_READ = 2000
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
    weights, words = load_post_weights()
    counts, raw = measure_posts(distinct), weigh_words(words, distinct)
    for encoded in encode_distinct(distinct):
        raw[encoded.places] += find_strengths(weights, encoded.means, None, counts[encoded.places])
    # Batches differ in the seventh digit; the fifth is the same whatever else is scored beside a text.
    strengths = dict(zip(distinct, np.round(raw, 5), strict=True))
    return np.array([strengths[text] for text in marked])


def weigh_words(words: Words, marked: Sequence[str]) -> np.ndarray:
    """Return what its words add to the strength of each post."""
    added = np.zeros(len(marked))
    for place, text in enumerate(marked):
        buckets = hash_words(text)
        length = float(np.sqrt((words.rarity[buckets] ** 2).sum()))
        if length > 0:
            added[place] = float(words.strengths[buckets].sum()) / length
    return added


def hash_words(marked: str) -> np.ndarray:
    """Return the distinct buckets of a post's words and of every two that follow each other."""
    words = _TOKEN.findall(marked.lower())
    pairs = (f"{one} {other}" for one, other in zip(["^", *words], [*words, "$"], strict=True))
    return np.array(sorted({zlib.crc32(gram.encode()) % BUCKETS for gram in (*words, *pairs)}), dtype=np.int64)


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
