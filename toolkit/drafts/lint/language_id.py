"""Which language a draft is in: lists of English phrases are no use on German copy, and must say so."""

from __future__ import annotations

import re

from toolkit.files import languages

ENGLISH = languages.ENGLISH
_WORD = re.compile(r"[^\W\d_]+")
_LEAST_WORDS = 4
_LEAST_PROBABILITY = 0.8


def detect_language(text: str) -> str:
    """Return an ISO 639-1 code; English where the text is too short to tell or the detector is in doubt."""
    guess = languages.detect_language(text)
    long = guess.sure or len(_WORD.findall(text)) >= _LEAST_WORDS
    likely = long and guess.probability >= _LEAST_PROBABILITY
    return guess.language if likely and guess.language is not None else ENGLISH


def identify_language(text: str) -> str | None:
    """Return the family of the language that a text is surely in, by its first member; None where it is not sure."""
    guess = languages.detect_language(text)
    return guess.language if guess.sure else None
