"""What an endpoint says when it does not answer, in whatever shape it says it.

Errors come as the object of OpenAI, as a list (Gemini), a text (Ollama), FastAPI's `detail`, Mistral's
`message.detail[].loc`, plain text, a page, or inside an answer with status 200 (OpenRouter). Structure is read first;
words only where they are all there is.
"""

from __future__ import annotations

import ast
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.engines.headers import find_gemini_reset, read_duration, read_reset, read_wait
from toolkit.models import exchange

MOST_SAID = 300
_SAYING = ("message", "error", "detail", "msg", "error_description", "error_message", "errors", "title", "reason")
_CODES = ("code", "type", "status", "reason", "quotaId")
_AGAIN = re.compile(
    r"(?:try again|retry|retry after|available|reset\w*|wait)\s+(?:in|after|for)?\s*(?:about\s+)?"
    r"(?P<time>(?:\d+(?:\.\d+)?\s*(?:ms|h(?:ours?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)\s*)+)",
    re.IGNORECASE,
)
_UNITS = {"hours": "h", "hour": "h", "minutes": "m", "minute": "m", "mins": "m", "min": "m", "seconds": "s",
          "second": "s", "secs": "s", "sec": "s"}  # fmt: skip
_TAGS = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^<>]{1,300}>", re.DOTALL | re.IGNORECASE)
_DEEPEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One answer that is no reply."""

    status: int
    """Of HTTP, or what the body gives in its place; 0 where nothing answered."""
    words: str = ""
    """The provider's own, on one line, cleaned and cut to a readable length."""
    codes: frozenset[str] = frozenset()
    """Its codes and types, in small letters."""
    named: tuple[str, ...] = ()
    """Parameters that it names by structure."""
    wait: float | None = None
    """Seconds that it asks to wait."""
    headers: Mapping[str, str] = field(default_factory=dict)
    timed_out: bool = False
    """True where the request was taken and nothing came."""
    unreached: bool = False
    """True where nobody took the connection."""
    is_hidden: bool = False
    """True where it came with status 200, in the place of an answer."""


def read_complaint(status: int, headers: Mapping[str, str], content: bytes | str | Mapping[str, Any]) -> Complaint:
    """Return what an answer complains of, whatever its body is."""
    text = content.decode(errors="replace") if isinstance(content, bytes) else content
    body = _load(text) if isinstance(text, str) else text
    if body is None:
        words = _shorten(_TAGS.sub(" ", str(text)))
        return Complaint(status=status, words=words, wait=_find_wait(headers, None, words), headers=headers)
    words = _shorten("; ".join(dict.fromkeys(word for word in _list_words(body) if word)))
    codes = frozenset(str(code).casefold() for code in _list_codes(body))
    own = next((int(code) for code in codes if code.isdecimal() and 400 <= int(code) < 600), None)  # noqa: PLR2004
    return Complaint(
        status=own if own is not None and status < 400 else status,  # noqa: PLR2004 - the border of HTTP's errors
        words=words,
        codes=codes,
        named=tuple(dict.fromkeys(_list_named(body, words))),
        wait=_find_wait(headers, body, words),
        headers=headers,
    )


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _shorten(text: str) -> str:
    words = " ".join(exchange.clean_words(text).split())
    return words if len(words) <= MOST_SAID else f"{words[: MOST_SAID - 1]}…"


def _list_words(body: Any, depth: int = 0) -> Iterator[str]:
    """Yield what a body says to people, the outermost first; upstream's own words after the gateway's."""
    if isinstance(body, str):
        inner = _load(body) if body.lstrip().startswith(("{", "[")) else None
        yield from _list_words(inner, depth + 1) if inner and depth < _DEEPEST else [body.strip()]
    elif isinstance(body, list) and depth < _DEEPEST:
        for item in body[:5]:
            yield from _list_words(item, depth + 1)
    elif isinstance(body, dict) and depth < _DEEPEST:
        place = _read_place(body)
        if place and isinstance(body.get("msg"), str):
            yield f"{place}: {body['msg']}"
            return
        for name in _SAYING:
            if isinstance(body.get(name), (str, list, dict)):
                yield from _list_words(body[name], depth + 1)
        metadata = body.get("metadata")
        if isinstance(metadata, dict) and metadata.get("raw"):
            yield from _list_words(metadata["raw"], depth + 1)


def _list_dicts(body: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield every object in a body, the outermost first."""
    if isinstance(body, list) and depth < _DEEPEST:
        for item in body:
            yield from _list_dicts(item, depth + 1)
    elif isinstance(body, dict) and depth < _DEEPEST:
        yield body
        for value in body.values():
            yield from _list_dicts(value, depth + 1)


def _list_codes(body: Any) -> Iterator[str | int]:
    for one in _list_dicts(body):
        for name in _CODES:
            value = one.get(name)
            if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
                yield value


def _list_named(body: Any, words: str) -> Iterator[str]:
    """Yield the parameters that a body names by structure: `param`, and places of FastAPI and pydantic."""
    for one in _list_dicts(body):
        if isinstance(one.get("param"), str) and one["param"]:
            yield one["param"]
        place = _read_place(one)
        if place:
            yield place
    if "'loc'" in words:  # pydantic's list, written out by Python
        for match in re.finditer(r"'loc':\s*(\([^()]*\)|\[[^\[\]]*\])", words):
            try:
                place = _read_place({"loc": list(ast.literal_eval(match[1]))})
            except (ValueError, SyntaxError, TypeError):
                continue
            if place:
                yield place


def _read_place(one: Mapping[str, Any]) -> str:
    loc = one.get("loc")
    if not isinstance(loc, list):
        return ""
    return ".".join(str(part) for part in loc if part not in ("body", "query"))


def _find_wait(headers: Mapping[str, str], body: Any, words: str) -> float | None:
    """Return the seconds that an answer asks to wait, in the order of how sure they are."""
    now = time.time()
    wait = read_wait(headers, now)
    if any("perday" in str(one.get("quotaId", "")).casefold() for one in _list_dicts(body)):
        return find_gemini_reset(now) or wait
    if wait is not None:
        return wait
    for one in _list_dicts(body):
        told = read_duration(str(one["retryDelay"])) if "retryDelay" in one else one.get("estimated_time")
        if isinstance(told, (int, float)) and not isinstance(told, bool) and told >= 0:
            return float(told)
        inner = one.get("headers")
        if isinstance(inner, dict):
            reset = read_reset({str(name).casefold(): str(value) for name, value in inner.items()}, now)
            if reset is not None:
                return reset
    match = _AGAIN.search(words)
    if match is not None:
        units = re.sub(r"[a-z]+", lambda unit: _UNITS.get(unit[0], unit[0]), match["time"].casefold())
        return read_duration(re.sub(r"\s+", "", units))
    return read_reset(headers, now)
