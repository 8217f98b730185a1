"""Whether a text is of the kind the outcome model learned from: one or two sentences of English."""

from __future__ import annotations

import re

from toolkit.drafts.lint import language_id

_WORD = re.compile(r"[^\W\d_]{2,}")
_LEAST_WORDS, _MOST_CHARACTERS = 3, 240


def is_in_scope(text: str) -> bool:
    """Tell whether a text has at least 3 words and at most 240 characters, and reads as English.

    The headlines behind the model have 16 to 120 characters. A language is told apart from four words or so.
    """
    if len(text) > _MOST_CHARACTERS or len(_WORD.findall(text)) < _LEAST_WORDS:
        return False
    return language_id.detect_language(text) == language_id.ENGLISH
