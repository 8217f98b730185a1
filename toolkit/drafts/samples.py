"""Variables of a text and what stands in their place: samples for people and limits, else plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from toolkit.models import Draft

_FORMS = (
    r"\{\{\s*(?P<a>[\w .]+?)\s*\}\}",
    r"\*\|(?P<b>[\w:]+)\|\*",
    r"<<(?P<c>[\w .]+?)>>",
    r"%(?P<d>[A-Z][A-Z_]+)%",
    r"(?<!\{)\{(?P<e>[A-Za-z_]\w*)\}(?!\})",
    r"\[(?P<f>[A-Z][A-Z_ ]+)\]",
)
PLACEHOLDER = re.compile("|".join(_FORMS))
"""{{1}}, *|FNAME|*, <<Name>>, %NAME%, {first_name} and [LINK]."""
FIELDS = ("text", "headline", "description", "cta", "greeting", "link")
"""Parts of a draft whose variables are filled."""
_NAMES = {"name", "fname", "firstname", "lname", "lastname", "fullname", "username", "userfirstname", "customername"}
_LINKS = {"link", "url", "website", "shortlink", "cta", "ctalink"}
_CAPITALS = {
    "DATE", "TIME", "DAY", "CITY", "PRICE", "PRODUCT", "COMPANY", "EMAIL", "PHONE", "CODE", "DISCOUNT", "AMOUNT",
    "ORDER", "STORE", "SHOP", "BRAND", "ADDRESS", "EVENT", "LOCATION", "NUMBER", "TITLE", "PLACE", "TOWN",
    "COUNTRY", "ITEM",
}  # fmt: skip
"""Words in capitals that stand for others; [NEW] and %OFF% are words themselves."""


class Filled(NamedTuple):
    """A text with its variables filled, and where each of them stood."""

    text: str
    moved: tuple[tuple[int, int, int, int], ...]
    """Start and end of a variable in the text as it was written, and of what stands there now."""

    def place(self, offset: int) -> int:
        """Return where an offset into the written text is in the filled one; inside a variable, its end."""
        shift = 0
        for start, end, _, after in self.moved:
            if offset <= start:
                break
            if offset < end:
                return after
            shift = after - end
        return offset + shift


def fill_samples(draft: Draft) -> Draft:
    """Return the draft as people read it: each variable by its first sample, or in plain words.

    A sample is found by FIELD.NAME, else by NAME, such as "headline.1" and "1" for {{1}} in a headline.
    """
    return _fill(draft, lambda field: _choose_shown(draft, field))


def fill_longest(draft: Draft) -> Draft:
    """Return the draft with the longest sample of each variable, which limits count; others stay as they are."""
    return _fill(draft, lambda field: _choose_longest(draft, field)) if draft.samples else draft


def fill_field(draft: Draft, field: str) -> Filled:
    """Return one part of a draft as people read it, and where its variables stood."""
    return _replace(getattr(draft, field) or "", _choose_shown(draft, field))


def name_variable(found: re.Match[str]) -> str:
    """Return the name of a variable, whatever its form."""
    return next(value for value in found.groups() if value is not None)


def stands_for_words(found: re.Match[str]) -> bool:
    """Whether what looks like a variable is one: [NEW] may be a word in capitals, [LINK] is none."""
    capitals = found["d"] or found["f"]
    if capitals is None:
        return True
    plain = capitals.replace("_", "").replace(" ", "").lower()
    return "_" in capitals or plain in _NAMES | _LINKS or bool(_CAPITALS & set(re.split(r"[ _]", capitals)))


def find_samples(draft: Draft, field: str, name: str) -> list[str]:
    """Return the samples of a variable in one part of a draft, the first one first."""
    own = [words for key, words in draft.samples if key == f"{field}.{name}"]
    return own or [words for key, words in draft.samples if key == name]


def _fill(draft: Draft, choose: Callable[[str], Callable[[re.Match[str]], str]]) -> Draft:
    words: Mapping[str, object] = {name: getattr(draft, name) for name in FIELDS}
    filled = {name: _replace(value, choose(name)).text for name, value in words.items() if isinstance(value, str)}
    changed = {name: value for name, value in filled.items() if value != words[name]}
    return draft.model_copy(update=changed) if changed else draft


def _replace(text: str, choose: Callable[[re.Match[str]], str]) -> Filled:
    parts, moved, at, length = [], [], 0, 0
    for found in PLACEHOLDER.finditer(text):
        words = choose(found)
        if words == found[0]:
            continue
        length += found.start() - at
        parts += [text[at : found.start()], words]
        moved.append((found.start(), found.end(), length, length + len(words)))
        length += len(words)
        at = found.end()
    return Filled("".join([*parts, text[at:]]), tuple(moved))


def _choose_shown(draft: Draft, field: str) -> Callable[[re.Match[str]], str]:
    def choose(found: re.Match[str]) -> str:
        samples = find_samples(draft, field, name_variable(found))
        if samples:
            return samples[0]
        return _say_plainly(name_variable(found)) if field != "link" and stands_for_words(found) else found[0]

    return choose


def _choose_longest(draft: Draft, field: str) -> Callable[[re.Match[str]], str]:
    return lambda found: max(find_samples(draft, field, name_variable(found)), key=len, default=found[0])


def _say_plainly(name: str) -> str:
    """Return what people read of a variable without a sample: "(your name)", "(order date)"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").replace(".", " ").split()
    plain = "".join(words).lower()
    if plain.isdecimal():
        return "(a word for you)"
    if plain in _NAMES:
        return "(your name)"
    return "(link)" if plain in _LINKS else f"({' '.join(words).lower()})"
