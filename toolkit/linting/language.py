"""Which language a draft is in: lists of English phrases are no use on German copy, and must say so."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from toolkit.linting.phrases import load_language_list

ENGLISH = "en"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_MOST_READ = 2_000


def detect_language(text: str) -> str:
    """Return an ISO 639-1 code; English where the text is too short to tell or the detector is in doubt.

    Enough common English words settle it. Only otherwise is py3langid asked, whose model comes with the package.
    """
    known = load_language_list()
    words = _WORD.findall(text[:_MOST_READ].lower().replace("’", "'"))
    latin = sum(word.isascii() for word in words)
    common = sum(word in known.common_words for word in words)
    if words and latin * 2 < len(words):
        return _ask_detector(text, least=0.0)
    if len(words) < known.least_words or common >= known.least_share * len(words):
        return ENGLISH
    return _ask_detector(text, least=known.least_probability)


def _ask_detector(text: str, *, least: float) -> str:
    code, probability = _load_detector().classify(text[:_MOST_READ])
    return str(code) if float(probability) >= least else ENGLISH


@lru_cache(maxsize=1)
def _load_detector() -> Any:
    """Return the detector; loading its model takes most of a second, so English copy never gets here."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
