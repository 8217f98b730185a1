"""How long a text is, in each unit that some platform counts in.

A platform seldom counts what people see: X weighs, Threads counts the bytes of an emoji, a text message travels in
parts of 7-bit or 16-bit characters. Every count here can be asked where it passes a value, never inside a grapheme.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import regex

from toolkit.drafts.links import find_links

Unit = Literal[
    "characters",
    "columns",
    "graphemes",
    "bytes",
    "weighted characters",
    "threads characters",
    "message parts",
    "lines",
    "items",
]

LINE_WIDTH = 40
"""Letters taken as one line of a chat on a phone, where a platform folds after lines; half as many wide characters."""

_LINK_WEIGHT = 23
_SEARCHED = 200  # code points for each unit: a place beyond is looked for only where links are very long
_SINGLE_WEIGHT = ((0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_WIDE = regex.compile(
    r"[[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]--[\uff61-\uff9f]]",
    regex.VERSION1,
)
"""A character as wide as two letters."""
_GRAPHEME = regex.compile(r"\X")
_EMOJI = regex.compile(r"\p{Regional_Indicator}{2}|(?![0-9#*©®™])\p{Emoji}|[0-9#*]\uFE0F?\u20E3|[©®™]\uFE0F")
_SEQUENCE = regex.compile(
    r"\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3|[©®™]\uFE0F"
    r"|(?![0-9#*©®™])\p{Emoji}[\uFE0F\p{Emoji_Modifier}]?[\U000E0020-\U000E007F]*"
    r"(?:\u200D\p{Emoji}[\uFE0F\p{Emoji_Modifier}]?)*"
)
"""An emoji with all its parts, without what else a writer may have put on top of it."""

# GSM 7-bit default alphabet and its extension table, 3GPP TS 23.038 sections 6.2.1 and 6.2.1.1.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
_LAST_OF_16_BITS = "\uffff"


class MessageSize(NamedTuple):
    """What a text message takes."""

    alphabet: Literal["GSM-7", "UCS-2"]
    characters: int
    """7-bit characters, or 16-bit units for UCS-2; an extension character takes two."""
    parts: int
    """Messages it travels in."""


def count_units(text: str, unit: Unit) -> int:
    """Return the length of a text in a unit; raise KeyError for "items", which a text has none of."""
    return _COUNTS[unit](text)


def split_graphemes(text: str) -> list[str]:
    """Return what readers take for single characters: a letter with its accents, an emoji with all its parts."""
    return _GRAPHEME.findall(text)


def count_emoji(text: str) -> int:
    """Return how many emoji a text shows, a sequence such as a family counted once."""
    return 0 if text.isascii() else sum(is_emoji(piece) for piece in split_graphemes(text))


def is_emoji(grapheme: str) -> bool:
    """Return whether a grapheme is drawn as an emoji."""
    return _EMOJI.match(grapheme) is not None


def count_weighted(text: str) -> int:
    """Return the weighted length as X counts it (twitter-text 3.1.0, configuration 3): at most 280 may be posted.

    After NFC: a link 23, an emoji sequence 2, code points of the four light ranges 1, all others 2.
    """
    text = unicodedata.normalize("NFC", text)
    links = list(find_links(text))
    if text.isascii():
        return len(text) + sum(_LINK_WEIGHT - (end - start) for start, end in links)
    total, place = 0, 0
    for start, end in links:
        total += sum(map(_weigh_on_x, split_graphemes(text[place:start]))) + _LINK_WEIGHT
        place = end
    return total + sum(map(_weigh_on_x, split_graphemes(text[place:])))


def measure_message(text: str) -> MessageSize:
    """Return alphabet, characters and parts of a text message.

    160 GSM-7 characters or 70 of UCS-2 fit into one part; in longer texts each part carries 153 or 67, and neither an
    escaped character nor a surrogate pair is torn apart.
    """
    if all(character in _GSM or character in _GSM_EXTENSION for character in text):
        return _pack("GSM-7", [2 if character in _GSM_EXTENSION else 1 for character in text], 160, 153)
    return _pack("UCS-2", [2 if character > _LAST_OF_16_BITS else 1 for character in text], 70, 67)


def find_place(text: str, value: int, unit: Unit) -> int | None:
    """Return the offset up to which `value` units fit, or None where the whole text fits; never inside a grapheme.

    At least one grapheme stands before the place, for a cut has to show something.
    """
    if count_units(text, unit) <= value:
        return None
    if unit == "characters":
        return _last_edge(text, value)
    start = text[: value * _SEARCHED]
    text = start if count_units(start, unit) > value else text
    edges = [0, *(match.end() for match in _GRAPHEME.finditer(text))]
    low, high = 1, len(edges) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count_units(text[: edges[middle]], unit) <= value else (low, middle - 1)
    return edges[low]


def _last_edge(text: str, value: int) -> int:
    """Return the last grapheme edge at or before `value` code points, or the first edge where there is none."""
    place = 0
    for match in _GRAPHEME.finditer(text):
        if match.end() > value and place:
            break
        place = match.end()
        if place >= value:
            break
    return place


def _weigh_on_x(grapheme: str) -> int:
    if len(grapheme) == 1 and grapheme < "\u1100":
        return 1
    emoji = _SEQUENCE.match(grapheme)
    others = grapheme[emoji.end() :] if emoji else grapheme
    weight = sum(1 if any(low <= ord(point) <= high for low, high in _SINGLE_WEIGHT) else 2 for point in others)
    return weight + (2 if emoji else 0)


def _weigh_on_threads(grapheme: str) -> int:
    return len(grapheme.encode()) if is_emoji(grapheme) else len(grapheme)


def _pack(alphabet: Literal["GSM-7", "UCS-2"], sizes: list[int], single: int, part: int) -> MessageSize:
    total = sum(sizes)
    if total <= single:
        return MessageSize(alphabet, total, 1 if sizes else 0)
    parts, used = 1, 0
    for size in sizes:
        if used + size > part:
            parts, used = parts + 1, 0
        used += size
    return MessageSize(alphabet, total, parts)


def _count_on_threads(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_weigh_on_threads, split_graphemes(text)))


def count_columns(text: str) -> int:
    """Return the width of a text in letters: a Chinese, Japanese, Korean or full-width character is as wide as two."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def _count_lines(text: str) -> int:
    return sum(max(1, -(-count_columns(line) // LINE_WIDTH)) for line in text.split("\n")) if text else 0


_COUNTS: Mapping[Unit, Callable[[str], int]] = {
    "characters": len,
    "columns": count_columns,
    "graphemes": lambda text: len(split_graphemes(text)),
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "weighted characters": count_weighted,
    "threads characters": _count_on_threads,
    "message parts": lambda text: measure_message(text).parts,
    "lines": _count_lines,
}
