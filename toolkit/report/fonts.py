"""Which letters the fonts of this machine lack: a picture shows them as empty boxes, and says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import regex
import vl_convert

_CJK = "Noto Sans CJK"
_SCRIPTS = {
    "Japanese": (r"[\p{Hiragana}\p{Katakana}]", _CJK),
    "Chinese or Japanese": (r"\p{Han}", _CJK),
    "Korean": (r"\p{Hangul}", _CJK),
    **{
        name: (rf"\p{{{name}}}", f"Noto Sans {name}")
        for name in (
            "Arabic", "Hebrew", "Devanagari", "Bengali", "Gujarati", "Gurmukhi", "Tamil", "Telugu", "Kannada",
            "Malayalam", "Sinhala", "Thai", "Lao", "Khmer", "Myanmar", "Ethiopic", "Georgian", "Armenian", "Cyrillic",
            "Greek",
        )
    },
}  # fmt: skip
"""Scripts by what people call them, with an expression for a letter, and a free font that has them."""
_IN_NO_FONT = "\U0010fffd"
_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
    '<text x="4" y="30" font-size="24" font-family="sans-serif">&#{};</text></svg>'
)


def say_lacking(texts: Iterable[str]) -> str:
    """Return one sentence on the scripts that no font here has, with what to install; empty where all can be drawn."""
    lacking = dict(_list_lacking("".join(texts)))
    if not lacking:
        return ""
    installed = " and ".join(dict.fromkeys(lacking.values()))
    return f"No font on this machine has {' and '.join(lacking)} letters, so they are empty boxes: install {installed}."


def _list_lacking(text: str) -> Iterator[tuple[str, str]]:
    if text.isascii():
        return
    for name, (pattern, font) in _SCRIPTS.items():
        letter = regex.search(pattern, text)
        if letter and _draw(letter[0]) == _draw(_IN_NO_FONT):
            yield name, font


@lru_cache(maxsize=64)
def _draw(letter: str) -> bytes:
    """Return the picture of one letter: one that no font has is a box, always the same."""
    return vl_convert.svg_to_png(_PICTURE.format(ord(letter)))
