"""Text in the form in which two writings of the same are equal."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

GUARDED = re.compile(r"'[=+\-@]")
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\u30fc\u3005\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Characters of scripts that put no spaces between words, for a class of the `regex` package."""
_GRAPHEME = regex.compile(r"\X")
_JOINERS = regex.compile(r"\u200c|(?<![\p{So}\p{Sk}\p{Mn}])\u200d")
_IGNORED = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}\u0640]")
"""What nobody sees, and the stroke that stretches Arabic words."""
_ALIKE = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u00b4\u0060\u02bc\uff07", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u300c\u300d\u300e\u300f\uff02\u05f4", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-")
    | {"\u2026": "...", "\u0649": "\u06cc", "\u064a": "\u06cc", "\u0643": "\u06a9"}
)
"""Quotation marks, dashes and letters that writers and keyboards use for one another."""
_TRIMMED = " \"'.,!?\u3002\u061f\u060c\uff0c\uff01\uff1f"


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as it is searched, and where each of its characters comes from."""

    text: str
    starts: tuple[int, ...]
    """For each character, where what it stands for begins in the text as it was written."""
    ends: tuple[int, ...]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the text as written of a span that is not empty in this one."""
        return self.starts[start], self.ends[end - 1]


def normalise_text(text: str) -> str:
    """Return a draft's words as they are compared: composed, no control characters, single spaces.

    An apostrophe that a spreadsheet put before = + - or @ is not part of them, nor are joiners between letters.
    """
    from toolkit.files.templating import clean_text  # brings Jinja, which a search for words does without

    text = unicodedata.normalize("NFC", " ".join(_JOINERS.sub("", clean_text(text)).split()))
    return text[1:] if GUARDED.match(text) else text


def hash_text(text: str) -> str:
    """Return SHA-256 over a draft's normalised words, hexadecimal."""
    return hashlib.sha256(normalise_text(text).encode()).hexdigest()


@lru_cache(maxsize=64)
def fold_text(text: str) -> Folded:
    """Return a text in which case, width, composed and decomposed letters, joiners and kinds of quotes are alike.

    White space is one space. A letter with its marks stays together, so that a span never tears one apart.
    """
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end, folded in _fold_pieces(text):
        if folded == " " and letters and letters[-1] == " ":
            ends[-1] = end
            continue
        letters += folded
        starts += [start] * len(folded)
        ends += [end] * len(folded)
    return Folded("".join(letters), tuple(starts), tuple(ends))


def find_words(text: str, words: str) -> tuple[int, int] | None:
    """Return where quoted words stand in a text, as written or as folded; None where they do not.

    The quotation marks and the full stop that a writer put around what is quoted are no part of it.
    """
    if not words:
        return None
    start = text.find(words)
    if start >= 0:
        return start, start + len(words)
    wanted = fold_text(words).text.strip(_TRIMMED)
    if not wanted:
        return None
    folded = fold_text(text)
    place = folded.text.find(wanted)
    return folded.place(place, place + len(wanted)) if place >= 0 else None


def _fold_pieces(text: str) -> Iterator[tuple[int, int, str]]:
    if text.isascii():
        for place, letter in enumerate(text):
            yield place, place + 1, " " if letter.isspace() else letter.lower().translate(_ALIKE)
        return
    for match in _GRAPHEME.finditer(text):
        seen = _IGNORED.sub("", match[0])
        if not seen:
            continue
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold()).translate(_ALIKE)
        yield match.start(), match.end(), " " if folded.isspace() else folded
