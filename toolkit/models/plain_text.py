"""Words of others as they can be kept, drawn and printed: no control characters, no half characters."""

from __future__ import annotations

import re

_LAYOUT = str.maketrans("", "", "\n\t")
_LINE_BREAK = re.compile("\r\n?|[\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufdd0-\ufdef\ufffe\uffff]")
"""Controls, overrides of the writing direction, byte order marks, and what is no character in Unicode."""
_BLANK = re.compile("[\x0b\x0c]")


def clean_words(text: str) -> str:
    """Return text that any file, table and terminal takes: half surrogates and control characters are gone.

    Halves of one character that came in two pieces are joined. Line breaks and tabs stay, and of a terminal's codes
    the harmless letters.
    """
    if text.isascii() and text.translate(_LAYOUT).isprintable():
        return text  # the same, in a tenth of the time
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = _LINE_BREAK.sub("\n", text)
    return _UNPRINTABLE.sub("", _BLANK.sub(" ", text))
