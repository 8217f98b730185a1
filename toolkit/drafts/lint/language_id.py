"""Which language a draft is in: lists of English phrases are no use on German copy, and must say so."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import Any

from toolkit.drafts.lint.phrases import load_language_list

ENGLISH = "en"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_MOST_READ = 2_000
_LEAST_WORDS = 8
_LEAST_LETTERS = 12
_LATIN_END = 0x24F
_SURE = 0.999
_FAMILIES = (
    ("da", "nb", "nn", "no", "sv"),
    ("hr", "bs", "sl", "sr"),
    ("pt", "gl", "es", "ca", "an"),
    ("cs", "sk"),
    ("id", "ms", "jv"),
    ("nl", "af"),
    ("ru", "be", "bg", "mk", "uk", "ky", "mn"),
    ("hi", "mr", "ne"),
)
_FAMILY_OF = {code: family[0] for family in _FAMILIES for code in family}


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


def identify_language(text: str) -> str | None:
    """Return the family of the language that a text is surely in, by its first member; None where it is not sure.

    Enough common English words are sure English; anything else takes eight words, or a dozen letters of another
    script, and a detector that has no doubt. Languages that it often takes for one another count as one.
    """
    known = load_language_list()
    words = _WORD.findall(text[:_MOST_READ].lower().replace("’", "'"))
    foreign = sum(len(word) for word in words if not word.isascii() and ord(word[0]) > _LATIN_END)
    if len(words) < _LEAST_WORDS and foreign < _LEAST_LETTERS:
        return None
    if sum(word in known.common_words for word in words) >= known.least_share * len(words):
        return ENGLISH
    shares: defaultdict[str, float] = defaultdict(float)
    for code, probability in _load_detector().rank(text[:_MOST_READ]):
        shares[_FAMILY_OF.get(code, code)] += float(probability)
    likeliest = max(shares, key=lambda language: shares[language])
    return likeliest if shares[likeliest] >= _SURE else None


def is_likely_english(text: str) -> bool:
    """Tell whether English is the likeliest of all languages, by the detector alone: no text is too short to ask."""
    return bool(_load_detector().classify(text[:_MOST_READ])[0] == ENGLISH)


def _ask_detector(text: str, *, least: float) -> str:
    code, probability = _load_detector().classify(text[:_MOST_READ])
    return str(code) if float(probability) >= least else ENGLISH


@lru_cache(maxsize=1)
def _load_detector() -> Any:
    """Return the detector; loading its model takes most of a second, so English copy never gets here."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
