"""The one JSON object in a reply: strict about what it says, patient about what stands around it.

Prose, fences, reasoning, template tokens, a list of one and the same object twice are seen through. Slips of the pen
(a trailing comma, single quotes, a comment) are mended where every word of the result stands in the reply. What was
cut off is never completed, and of two objects that differ none is chosen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from toolkit.engines.replies.reasoning import drop_reasoning
from toolkit.models import exchange

_MOST_STARTS = 200
"""Braces at which an object is looked for; text with more of them is no reply."""
_DEEPEST_WRAPPING = 2
_CODES = re.compile(r"\\u([0-9a-fA-F]{4})")
_LAYOUT = str.maketrans("", "", "\n\t")
_BLANKS = re.compile(r"[\s\\\"'\u201c\u201d\u2018\u2019`]+")


class NoObjectError(ValueError):
    """A reply holds no object that can be read; `kind` says why in a word or two."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def find_object(text: str, names: Sequence[str] = ()) -> dict[str, Any]:
    """Return the object of a reply, its strings cleaned; raise NoObjectError where there is none, or no certain one.

    `names` are the fields that the object should have: they tell it from others and from what it is wrapped in, and
    are found in any case. No field is ever added.
    """
    try:
        found = _find(text.strip().lstrip("\ufeff").strip(), names)
        if not _is_harmless(text):
            found = _clean(found)
    except RecursionError:
        raise NoObjectError("the reply is nested too deeply", "wrong form") from None
    return found


def _is_harmless(text: str) -> bool:
    """Tell whether nothing that stands in a text needs cleaning: printable, and without JSON's escapes.

    What is nested deeply is looked through as ever, and refused on the way.
    """
    if text.count("{") + text.count("[") > _MOST_STARTS:
        return False
    return text.isascii() and "\\" not in text and text.translate(_LAYOUT).isprintable()


def _find(bare: str, names: Sequence[str]) -> dict[str, Any]:
    if not bare:
        raise NoObjectError("the reply is empty", "empty")
    loaded = _load(bare)
    if loaded is None:
        answer, thoughts = drop_reasoning(bare)
        found = list(_list_objects(answer if answer.strip() else thoughts, names))
        if not found and not answer.strip():
            raise NoObjectError("the reply is reasoning alone", "empty")
        if not found:
            raise NoObjectError("the reply is not JSON", "not JSON")
        loaded = found
    elif isinstance(loaded, str) and loaded.lstrip().startswith(("{", "[")):
        loaded = _load(loaded)
    return _choose(loaded if isinstance(loaded, list) else [loaded], names)


def _load(text: str) -> Any:
    """Return what a text is as JSON, line breaks inside strings allowed; None where it is none, or null."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _choose(found: Sequence[Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the one object among those found, without its wrapping."""
    if names and len(found) == 1 and isinstance(found[0], dict) and all(name in found[0] for name in names):
        whole: dict[str, Any] = found[0]
        return whole
    objects = [_name_fields(_unwrap(one, names), names) for one in found if isinstance(one, dict)]
    if not objects or len(objects) < len(found):
        raise NoObjectError("the reply is not a JSON object", "wrong form")
    most = max(sum(name in one for name in names) for one in objects)
    best = [one for one in objects if sum(name in one for name in names) == most]
    if any(one != best[0] for one in best):
        raise NoObjectError("the reply holds several objects that differ; give one", "wrong form")
    return best[0]


def _unwrap(fields: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the object inside the likes of {"reaction": {...}} and {"name": ..., "arguments": {...}}."""
    for _ in range(_DEEPEST_WRAPPING):
        if not names or any(name in names for name in map(_plain, fields)):
            break
        inner = [_load(one) if isinstance(one, str) and one.startswith("{") else one for one in fields.values()]
        fits = [one for one in inner if isinstance(one, dict) and any(_plain(name) in names for name in one)]
        deeper = [one for one in inner if isinstance(one, dict)]
        if len(fits or deeper) != 1:
            break
        fields = (fits or deeper)[0]
    return fields


def _name_fields(fields: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the fields under their own names, where they came in another case."""
    if all(name in fields for name in names):
        return fields
    return {_plain(name) if _plain(name) in names and _plain(name) not in fields else name: value
            for name, value in fields.items()}  # fmt: skip


@lru_cache(maxsize=256)
def _plain(name: str) -> str:
    """Return a name as ours are written: firstGlance and First-Glance are first_glance."""
    return re.sub(r"[\s\-_]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())).casefold()


def _list_objects(text: str, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the objects that stand whole in a text, none inside another."""
    start, tried = text.find("{"), 0
    while start >= 0 and tried < _MOST_STARTS:
        end, tried = _find_end(text, start), tried + 1
        span = text[start:end] if end else ""
        loaded = (_load(span) or _mend(span, names)) if span else None
        if end and isinstance(loaded, dict) and loaded:
            yield loaded
            start = text.find("{", end)
        else:
            start = text.find("{", start + 1)


def _find_end(text: str, start: int) -> int | None:
    """Return where the object that begins at `start` ends; None where it is cut off."""
    depth, quoted, escaped = 0, False, False
    for place in range(start, len(text)):
        letter = text[place]
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = letter == "\\", letter != '"'
        elif letter == '"':
            quoted = True
        elif letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
            if not depth:
                return place + 1
    return None


def _mend(span: str, names: Sequence[str]) -> dict[str, Any] | None:
    """Return an object with slips of the pen mended; None where that would say what does not stand there."""
    if ":" not in span:
        return None
    import json_repair

    try:
        mended = json_repair.loads(span, skip_json_loads=True)
    except (ValueError, RecursionError, IndexError, TypeError):
        return None
    if not isinstance(mended, dict) or not mended:
        return None
    if names and not all(_belongs(name, names) for name in mended):
        return None
    said = _squeeze(span)
    return mended if all(_squeeze(word) in said for word in _list_words(mended)) else None


def _belongs(name: str, names: Sequence[str]) -> bool:
    """Tell whether a field is one of those asked for, or a part of one written out at the top."""
    plain = _plain(str(name))
    return plain in names or any(plain.startswith(f"{one}{mark}") for one in names for mark in "_./")


def _list_words(value: Any) -> Iterator[str]:
    """Yield every name and value of something loaded, as text."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield str(name)
            yield from _list_words(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _list_words(inside)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield f"{value:g}"


def _squeeze(text: str) -> str:
    """Return a text without blanks, quotation marks and escapes, in which mended words can be looked for."""
    text = _CODES.sub(lambda code: chr(int(code[1], 16)), text.replace("\\n", "").replace("\\t", ""))
    return _BLANKS.sub("", text)


def _clean(value: Any) -> Any:
    """Return a loaded value with every text in it cleaned: JSON's escapes hide what the reply itself does not show."""
    if isinstance(value, str):
        return exchange.clean_words(value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {exchange.clean_words(name): _clean(one) for name, one in value.items()}
    return value
