"""Whether a text is of the kind a forecaster learned from: some words of English, neither too short nor too long."""

from __future__ import annotations

import re

from toolkit.files import languages
from toolkit.results.outcome_model.domains import Domain

_WORD = re.compile(r"[^\W\d_]{2,}")
_LEAST_WORDS = 3
_LEAST_TOLD = 4
_LIKELY = 0.8

_LINK_OR_NAME = re.compile(r"(?:https?://|www\.)\S+|@\w+")


def is_in_scope(text: str, domain: Domain) -> bool:
    """Tell whether a text has at least 3 words, a length that the domain covers, and may be English.

    A language is told apart from four words or so.
    """
    least, most = domain.characters
    if not least <= len(text) <= most or len(_WORD.findall(text)) < _LEAST_WORDS:
        return False
    guess = languages.detect_language(text)
    told = guess.sure or (len(_WORD.findall(text)) >= _LEAST_TOLD and guess.probability >= _LIKELY)
    return guess.language == languages.ENGLISH or not told


def are_english(first: str, second: str) -> bool:
    """Tell whether two texts read one after the other are English: together they are long enough to be sure.

    Of 750 pairs each of English headlines and posts all but one are; of 2,000 pairs of short German, Spanish, Polish,
    Portuguese and Italian sayings, five.
    """
    together = languages.detect_language(_LINK_OR_NAME.sub(" ", " ".join(sorted((first, second)))))
    return together.language == languages.ENGLISH
