"""What a text states as fact: links, prices, numbers, placeholders, handles and names. A rewrite keeps them.

A link is what begins with a scheme, or what X would take for one by the list of all top-level domains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from toolkit.drafts.links import find_links
from toolkit.models import Record

_SCHEME = re.compile(
    r"(?<![\w+.-])(?:[a-z][a-z\d+.-]{1,30}://|(?:mailto|tel|sms|smsto|mms|callto|facetime|skype|viber|geo|upi|bitcoin|"
    r"ethereum|magnet|intent|market|data|javascript|vbscript|urn):(?=[^\s<>\"”“]))[^\s<>\"”“]+",
    re.IGNORECASE,
)
"""Links by how they begin: also those to a host that no list of domains knows, or to none."""
_HOST = re.compile(r"(?:[a-z][a-z\d+.-]*://)?[^/?#]*", re.IGNORECASE)
_RUN_ON = re.compile(r"[^\W\d_]+\.[A-Z][a-z]+")
"""Two sentences with no space between, such as "jam.It", which a link can be only by chance."""
_DOTS = re.compile("[\uff0e\uff61]|\u3002(?=[A-Za-z])")
"""What browsers read as the dot of a host name."""
_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b")
_PLACEHOLDER = re.compile(
    r"\{\{[^{}]{1,80}\}\}|\$?\{[\w .-]{1,60}\}|%%?[\w.]+%%?|\[\[?\w[\w .]{0,40}\]\]?"
    r"|\*\|\w[\w:]{0,40}\|\*|<<\w[\w .]{0,40}>>"
)
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
        if self.kind == "link":  # a host has no case; a path has, and "/AbC" leads elsewhere than "/abc"
            return _HOST.sub(lambda match: match[0].casefold(), self.text, count=1)
        plain = self.text.casefold().replace("\u2019", "'")
        return re.sub(r"\s+", "", plain) if self.kind == "number" else plain


def find_facts(text: str) -> list[Fact]:
    """Return the facts that a text states, each once, in order; of a very long text the first 20,000 characters.

    Numbers are those in digits, with the currency or unit they carry. A name is a word with a capital where a sentence
    does not begin, or with a capital inside; lines in title case or capitals name nobody.
    """
    found: dict[tuple[str, str], Fact] = {}
    rest = _DOTS.sub(".", text[:_MOST_READ])
    rest = _take("address", _find_all(_MAIL, rest), rest, found)
    rest = _take("link", _find_all_links(rest), rest, found)
    for kind, pattern in (("placeholder", _PLACEHOLDER), ("handle", _HANDLE), ("number", _NUMBER)):
        rest = _take(kind, _find_all(pattern, rest), rest, found)
    for name in _find_names(rest):
        fact = Fact(kind="name", text=name)
        found.setdefault(("name", fact.key), fact)
    return list(found.values())


def find_lost(before: str, after: str) -> list[Fact]:
    """Return the facts of one text that another no longer states; a name may also stand in other letters."""
    kept = after[:_MOST_READ].casefold().replace("\u2019", "'")
    stated = {(fact.kind, fact.key) for fact in find_facts(after)}
    return [
        fact
        for fact in find_facts(before)
        if (fact.kind, fact.key) not in stated
        and not (fact.kind == "name" and _mentions(kept, fact.key))
        and not (fact.kind == "link" and _RUN_ON.fullmatch(fact.text))
    ]


def find_invented(before: str, after: str) -> list[Fact]:
    """Return the facts that a text states and that its origin, in any spelling of its letters, does not mention."""
    known = {(fact.kind, fact.key) for fact in find_facts(before)}
    mentioned = before.casefold().replace("\u2019", "'")
    return [
        fact
        for fact in find_facts(after)
        if (fact.kind, fact.key) not in known and not (fact.kind == "name" and _mentions(mentioned, fact.key))
    ]


def _mentions(text: str, key: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(key)}(?!\w)", text) is not None


def _find_all(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [match.span() for match in pattern.finditer(text)]


def _find_all_links(text: str) -> list[tuple[int, int]]:
    """Return where links stand: what a list of domains finds, and what begins with a scheme elsewhere, in order."""
    by_scheme = _find_all(_SCHEME, text)
    covered = {place for start, end in by_scheme for place in range(start, end)}
    return sorted([*by_scheme, *(span for span in find_links(text) if covered.isdisjoint(range(*span)))])


def _take(kind: str, places: Sequence[tuple[int, int]], text: str, found: dict[tuple[str, str], Fact]) -> str:
    """Note the facts at these places, and return the text with a mark in place of each."""
    pieces, last = [], 0
    for start, end in places:
        written = text[start:end]
        plain = written.strip().rstrip(_TRAILING) if kind == "link" else written.strip()
        if not plain:
            continue
        fact = Fact(kind=kind, text=plain)
        found.setdefault((kind, fact.key), fact)
        pieces += [text[last:start], " · ", written[len(written.rstrip(_TRAILING)) :]]  # the stop ends its sentence
        last = end
    return "".join([*pieces, text[last:]])


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
