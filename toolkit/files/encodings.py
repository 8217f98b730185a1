"""Files that are neither UTF-8 nor UTF-16: which old encoding they look like, by name, so that people can say it."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from toolkit.errors import InputError, name_option, name_step
from toolkit.files import resources
from toolkit.files.languages import detect_language

WESTERN = "cp1252"
"""What Windows writes in Western Europe and the Americas; read without asking where nothing speaks against it."""
_MOST_BEYOND = 0.2
"""The share of letters beyond a to z that several Western languages together have at most."""
_SIGNS = {"So", "Sc", "Sk", "No", "Po", "Sm", "Pi", "Pf", "Cc", "Ps", "Pc"}
_BETWEEN = "’‘·…–—“”«»\u00ad"
"""Marks that may stand between two letters."""
_NEVER_BEHIND = "±¶¿¡¼¾¯¦"
"""Signs that never follow a letter."""
_MOST_READ = 64_000
"""Bytes that are looked at: letters repeat."""


class _Alphabet(NamedTuple):
    """The letters beyond a to z that a language is written in."""

    encoding: str
    language: str
    letters: frozenset[str]


_LABELS = {
    "cp1250": "Windows-1250, Central European",
    "iso8859_2": "ISO 8859-2, Central European",
    "cp1251": "Windows-1251, Cyrillic",
    "cp1252": "Windows-1252, Western",
    "cp1253": "Windows-1253, Greek",
    "cp1254": "Windows-1254, Turkish",
    "cp1255": "Windows-1255, Hebrew",
    "cp1256": "Windows-1256, Arabic",
    "cp1257": "Windows-1257, Baltic",
    "cp932": "Shift-JIS, Japanese",
    "euc_jp": "EUC-JP, Japanese",
    "gb18030": "GB 18030, Chinese",
    "big5": "Big5, Chinese",
    "cp949": "Windows-949, Korean",
    "cp874": "Windows-874, Thai",
}
_SEVERAL = "mul"
"""Several Western languages in one file, which counts where no single language fits."""
_ALPHABETS = tuple(
    _Alphabet(encoding, language, frozenset(letters))
    for encoding, language, letters in (
        ("cp1252", "en", "éèêëïöôçàâñüæœ"), ("cp1252", "de", "äöüßéàáèê"), ("cp1252", "fr", "àâæçéèêëîïôœùûüÿ"),
        ("cp1252", "es", "áéíñóúüçª º"), ("cp1252", "pt", "áâãàçéêíóôõúüèª º"), ("cp1252", "it", "àèéìíòóùúî"),
        ("cp1252", "nl", "áéëïíóöüèêàâûçñ"), ("cp1252", "da", "æøåéèêäöüóôà"), ("cp1252", "sv", "åäöéèàüáæø"),
        ("cp1252", "fi", "åäöšžé"), ("cp1252", "is", "áðéíóúýþæö"), ("cp1252", "ca", "àçèéíïòóúü·"),
        ("cp1250", "pl", "ąćęłńóśźżéäöü"), ("cp1250", "cs", "áčďéěíňóřšťúůýžäľĺôŕöü"), ("cp1250", "hu", "áéíóöőúüűä"),
        ("cp1250", "hr", "čćđšžé"), ("cp1250", "ro", "ăâîşţé"),
        ("iso8859_2", "pl", "ąćęłńóśźżéäöü"), ("iso8859_2", "cs", "áčďéěíňóřšťúůýžäľĺôŕöü"),
        ("iso8859_2", "hu", "áéíóöőúüűä"),
        ("cp1254", "tr", "çğıöşüâîûé"),
        ("cp1252", _SEVERAL, "àáâãäåæçèéêëìíîïñòóôõöøœùúûüÿßª º"),
        ("cp1257", "lt", "ąčęėįšųūž"), ("cp1257", "lv", "āčēģīķļņšūž"), ("cp1257", "et", "äöõüšž"),
    )
)  # fmt: skip
_LATIN = {alphabet.encoding for alphabet in _ALPHABETS}


def check_encoding(name: str) -> str:
    """Return an encoding's name; raise InputError for one that nobody knows."""
    try:
        codecs.lookup(name)
        "a".encode(name)
    except (LookupError, UnicodeError):
        known = ", ".join(_LABELS)
        raise InputError(f"{name_option('encoding', name)}: no such encoding; allowed: {known} and others") from None
    return name


def decode_old(data: bytes, source: str) -> str:
    """Return bytes that are neither UTF-8 nor UTF-16 as text: in the encoding that was named, or surely Western.

    Raises InputError with the encodings that they look like where neither holds.
    """
    chosen = resources.find_encoding()
    if chosen is not None:
        try:
            return data.decode(check_encoding(chosen))
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise InputError(
                f"{source}:{line}: not {chosen} either; try another {name_option('encoding')}, or save it as UTF-8"
            ) from None
    guesses = guess_encodings(data)
    if guesses[:1] == [WESTERN]:
        return data.decode(WESTERN, errors="replace")
    if not guesses:
        named = name_option("encoding") + name_step("encoding")
        raise InputError(f"{source}: neither UTF-8 nor UTF-16; save it as UTF-8, or name its {named}")
    looks = " or ".join(_LABELS[guess] for guess in guesses)
    named = " or ".join(name_option("encoding", guess) for guess in guesses) + name_step("encoding")
    raise InputError(f"{source}: neither UTF-8 nor UTF-16, looks like {looks}: {named}, or save it as UTF-8")


def guess_encodings(data: bytes) -> list[str]:
    """Return the encodings that bytes look like, the likeliest first, at most two; Western is first where it may be."""
    from charset_normalizer import from_bytes

    start = data[:_MOST_READ]
    matches = from_bytes(start, cp_isolation=list(_LABELS))
    ranked = [str(match.encoding) for match in matches]
    latin = _rank_latin(start)
    if ranked and ranked[0] not in _LATIN and WESTERN not in latin:
        return [ranked[0], *latin[:1]]
    return latin or [one for one in ranked if one not in _LATIN][:1] or ranked[:1]


def _rank_latin(data: bytes) -> list[str]:
    """Return the Latin encodings under which all letters are of one language, that of the text first."""
    fitting = [alphabet for encoding in sorted(_LATIN) for alphabet in _fitting(data, encoding)]
    if any(alphabet.language != _SEVERAL for alphabet in fitting):
        fitting = [alphabet for alphabet in fitting if alphabet.language != _SEVERAL]
    encodings = list(dict.fromkeys(alphabet.encoding for alphabet in fitting))
    if len(encodings) < len(_LATIN) and encodings:
        told = [alphabet.encoding for alphabet in fitting if alphabet.language == _tell_language(data, alphabet)]
        first = WESTERN if WESTERN in told or (WESTERN in encodings and not told) else next(iter(told), encodings[0])
        return [first, *(one for one in encodings if one != first)][:2]
    return [WESTERN] if WESTERN in encodings else encodings[:2]


def _tell_language(data: bytes, alphabet: _Alphabet) -> str | None:
    return detect_language(data.decode(alphabet.encoding, errors="replace")).language


def _fitting(data: bytes, encoding: str) -> Iterator[_Alphabet]:
    """Yield the alphabets of an encoding that hold all letters of a text beyond ASCII."""
    text = data.decode(encoding, errors="replace")
    if "\N{REPLACEMENT CHARACTER}" in text or _has_signs_in_words(text):
        return
    spelt = [letter for letter in text.lower() if letter.isalpha()]
    beyond = [letter for letter in spelt if not letter.isascii()]
    many = len(beyond) > _MOST_BEYOND * len(spelt)
    for one in _ALPHABETS:
        if one.encoding == encoding and one.letters.issuperset(beyond) and not (many and one.language == _SEVERAL):
            yield one


def _has_signs_in_words(text: str) -> bool:
    """Tell whether a sign such as ¹ or ¿ stands between or behind letters, as it does in words read wrongly."""
    return any(
        before.isalpha()
        and (
            sign in _NEVER_BEHIND or (after.isalpha() and unicodedata.category(sign) in _SIGNS and sign not in _BETWEEN)
        )
        for before, sign, after in zip(text, text[1:], f"{text[2:]} ", strict=False)
        if not sign.isascii()
    )
