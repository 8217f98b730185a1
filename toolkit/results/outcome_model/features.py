"""What a text's wording shows at a glance: length, punctuation, capitals, and words of certain kinds, as numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import yaml

from toolkit.files import resources

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)")
_NUMBER = re.compile(r"\d[\d,.]*")
_QUOTED = re.compile(r"[\"“][^\"”]+[\"”]|(?<!\w)['‘][^'’]{3,}['’](?!\w)")
_STARRED = re.compile(r"\*[^*]+\*")
_LONG_WORD, _LONG_ENOUGH_TO_SHOUT = 8, 4
_FORMS = (
    "characters",
    "characters_squared",
    "words",
    "word_length",
    "long_words",
    "sentences",
    "several_sentences",
    "last_sentence",
    "number",
    "starts_with_number",
    "question",
    "exclamation",
    "ellipsis",
    "quoted",
    "starred",
    "colon",
    "dash",
    "comma",
    "bracket",
    "dollar_or_percent",
    "all_capitals",
    "capital_share",
    "ends_unmarked",
    "ends_with_period",
    "names_inside",
    "repeated_words",
)


@lru_cache(maxsize=1)
def _load_lists() -> tuple[tuple[str, frozenset[str], tuple[str, ...]], ...]:
    """Return the word lists: name, single words, phrases of several words."""
    lists = yaml.safe_load(resources.read_data("outcome_model", "words.yaml"))["lists"]
    return tuple(
        (name, frozenset(word for word in words if " " not in word), tuple(word for word in words if " " in word))
        for name, words in lists.items()
    )


def feature_names() -> tuple[str, ...]:
    """Return the names of the columns of `measure_wording`, in order."""
    return (*_FORMS, *(name for name, _, _ in _load_lists()))


def measure_wording(texts: Sequence[str]) -> np.ndarray:
    """Return one row of wording features per text: n x len(feature_names()), float64."""
    if not texts:
        return np.empty((0, len(feature_names())))
    return np.array([(*_measure_form(text), *_count_kinds(text)) for text in texts], dtype=np.float64)


def _measure_form(text: str) -> tuple[float, ...]:
    words = _WORD.findall(text)
    count = max(len(words), 1)
    letters = max(sum(map(str.isalpha, text)), 1)
    sentences = [part for part in _SENTENCE_END.split(text) if part.strip()]
    lowered = [word.lower() for word in words]
    ending = text.rstrip()[-1:]
    return (
        len(text) / 50,
        (len(text) / 50 - 1.6) ** 2,
        len(words) / 10,
        sum(map(len, words)) / count,
        sum(len(word) >= _LONG_WORD for word in words) / count,
        len(sentences),
        float(len(sentences) > 1),
        len(_WORD.findall(sentences[-1])) / 10 if len(sentences) > 1 else 0.0,
        float(bool(_NUMBER.search(text))),
        float(text.lstrip()[:1].isdigit()),
        float("?" in text),
        float("!" in text),
        float("..." in text or "…" in text),
        float(bool(_QUOTED.search(text))),
        float(bool(_STARRED.search(text))),
        float(":" in text),
        float(" - " in text or "--" in text or "—" in text or "–" in text),
        float(text.count(",")),
        float("(" in text or "[" in text),
        float("$" in text or "%" in text),
        float(sum(len(word) >= _LONG_ENOUGH_TO_SHOUT and word.isupper() for word in words)),
        sum(map(str.isupper, text)) / letters,
        float(ending.isalnum()),
        float(ending == "."),
        sum(word[:1].isupper() for word in words[1:]) / count,
        math.log1p(count - len(set(lowered))),
    )


def _count_kinds(text: str) -> tuple[float, ...]:
    lowered = text.lower().replace("’", "'")
    words = _WORD.findall(lowered)
    spaced = f" {' '.join(words)} "
    return tuple(
        float(sum(word in single for word in words) + sum(f" {phrase} " in spaced for phrase in phrases))
        for _, single, phrases in _load_lists()
    )
