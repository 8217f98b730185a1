"""What a text states as fact: links, prices, numbers, placeholders, handles and names. A rewrite keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.models import Record

_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>\"”]+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|uk|co|de|eu|app|me|ly)\b\S*"
)
_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b")
_PLACEHOLDER = re.compile(r"\{\{[^{}]{1,80}\}\}|\{[\w .-]{1,60}\}|%\w+%|\[\w[\w ]{0,40}\]")
_HANDLE = re.compile(r"(?<!\w)[@#]\w[\w.]*\w")
_NUMBER = re.compile(
    r"(?:[£$€¥]\s?)?\d+(?:[.,:/]\d+)*(?:\s?(?:%|‰|£|€|\$|p\b|am\b|pm\b|th\b|st\b|nd\b|rd\b|k\b|m\b))?", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_][\w'\u2019&.-]*[\w]|[^\W\d_]")
_SENTENCE = re.compile(r"(?<=[.!?:…])\s+|\n+")
_MOST_READ = 20_000
_TRAILING = ".,;:!?)]}'\"”\u2019"
_MOST_CAPITALS = 0.6
_NOT_NAMES = frozenset({
    "i", "i'm", "i'd", "i'll", "i've", "ok", "okay", "faq", "diy", "tv", "am", "pm", "new", "free", "now", "yes", "no",
    "hi", "hello", "hey", "dear", "mum", "mom", "dad",
})  # fmt: skip


class Fact(Record):
    """One stated thing."""

    kind: str
    """link, address, placeholder, handle, number or name."""
    text: str
    """As it is written."""

    @property
    def key(self) -> str:
        """The form in which two mentions of one fact are the same."""
        plain = self.text.casefold().replace("\u2019", "'")
        return re.sub(r"\s+", "", plain) if self.kind == "number" else plain


def find_facts(text: str) -> list[Fact]:
    """Return the facts that a text states, each once, in order; of a very long text the first 20,000 characters.

    Numbers are those in digits, with the currency or unit they carry. A name is a word with a capital where a sentence
    does not begin, or with a capital inside; lines in title case or capitals name nobody.
    """
    found: dict[tuple[str, str], Fact] = {}
    rest = text[:_MOST_READ]
    for kind, pattern in (
        ("address", _MAIL), ("link", _LINK), ("placeholder", _PLACEHOLDER), ("handle", _HANDLE), ("number", _NUMBER),
    ):  # fmt: skip
        for match in pattern.finditer(rest):
            fact = Fact(kind=kind, text=match[0].strip().rstrip(_TRAILING if kind == "link" else ""))
            found.setdefault((kind, fact.key), fact)
        rest = pattern.sub(_cover, rest)
    for name in _find_names(rest):
        fact = Fact(kind="name", text=name)
        found.setdefault(("name", fact.key), fact)
    return list(found.values())


def find_lost(before: str, after: str) -> list[Fact]:
    """Return the facts of one text that another no longer states."""
    kept = after[:_MOST_READ].casefold().replace("\u2019", "'")
    stated = {fact.key for fact in find_facts(after)}
    return [
        fact
        for fact in find_facts(before)
        if fact.key not in stated and (fact.kind == "number" or not _mentions(kept, fact.key))
    ]


def find_invented(before: str, after: str) -> list[Fact]:
    """Return the facts that a text states and that its origin, in any spelling of its letters, does not mention."""
    known = {fact.key for fact in find_facts(before)}
    mentioned = before.casefold().replace("\u2019", "'")
    return [
        fact
        for fact in find_facts(after)
        if fact.key not in known and not (fact.kind == "name" and _mentions(mentioned, fact.key))
    ]


def _mentions(text: str, key: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(key)}(?!\w)", text) is not None


def _cover(match: re.Match[str]) -> str:
    """Return a mark in the place of a fact, with the stop that may end its sentence."""
    return f" · {match[0][len(match[0].rstrip(_TRAILING)) :]}"


def _find_names(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(text):
        words = [match[0] for match in _WORD.finditer(sentence)]
        capital = sum(word[0].isupper() for word in words)
        if len(words) > 1 and capital > _MOST_CAPITALS * len(words):
            yield from (word for word in words if _is_inner_capital(word))
            continue
        for place, word in enumerate(words):
            plain = word.replace("\u2019", "'").removesuffix("'s")
            if plain.lower() in _NOT_NAMES:
                continue
            if _is_inner_capital(plain) or (place > 0 and plain[0].isupper() and not plain.isupper()):
                yield plain


def _is_inner_capital(word: str) -> bool:
    """Return whether a capital stands inside a word that is not all capitals, as in PayPal or iPhone."""
    return len(word) > 1 and not word.isupper() and any(letter.isupper() for letter in word[1:])
