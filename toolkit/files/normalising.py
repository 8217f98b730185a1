"""Text in the form in which two writings of the same are equal."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from toolkit.files.templating import clean_text

GUARDED = re.compile(r"'[=+\-@]")


def normalise_text(text: str) -> str:
    """Return a draft's words as they are compared: composed, no control characters, single spaces.

    An apostrophe that a spreadsheet put before = + - or @ is not part of them.
    """
    text = unicodedata.normalize("NFC", " ".join(clean_text(text).split()))
    return text[1:] if GUARDED.match(text) else text


def hash_text(text: str) -> str:
    """Return SHA-256 over a draft's normalised words, hexadecimal."""
    return hashlib.sha256(normalise_text(text).encode()).hexdigest()
