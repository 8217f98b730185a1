"""Words of others as they can be kept, drawn and printed: no control characters, no half characters."""

from __future__ import annotations

import re

_LAYOUT = str.maketrans("", "", "\n\t")
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # titles, links, device strings
    r"|\x1b[ -/]*[0-~]"
)
"""Control sequences of terminals (ECMA-48, 5.4 and 5.6)."""
_LINE_BREAK = re.compile("\r\n?|[\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufdd0-\ufdef\ufffe\uffff]")
"""Controls, overrides of the writing direction, byte order marks, and what is no character in Unicode."""
_BLANK = re.compile("[\x0b\x0c]")


def clean_words(text: str) -> str:
    """Return text that any file, table and terminal takes: half surrogates, control characters and escapes are gone.

    Halves of one character that came in two pieces are joined. Line breaks and tabs stay.
    """
    if text.isascii() and text.translate(_LAYOUT).isprintable():
        return text  # the same, in a tenth of the time
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = _ESCAPES.sub("", _LINE_BREAK.sub("\n", text))
    return _UNPRINTABLE.sub("", _BLANK.sub(" ", text))
