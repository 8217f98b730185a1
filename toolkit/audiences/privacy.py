"""What in a table is about a real person: names, addresses, numbers and places, found by heading and by content.

Headings stand in `data/personal.yaml`, in some twenty languages. The patterns of cells are the toolkit's own: the
libraries that look for such data bring a language model along, or need to know the country of a telephone number.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from toolkit.files import located_yaml, read_text, resources, tables
from toolkit.models import Audience, Persona

FIRST_NAMES = "first names"
BOOKKEEPING = "bookkeeping of the export"
_MOSTLY = 0.5
"""The share of a column's cells of one shape from which the column is of that shape."""
_LOOKED_AT = 2_000
_MOST_WORDS = 6
"""Words up to which a heading is judged as one; a longer one is a question."""
_MOST_ANSWERS = 8
"""Different values up to which a column of words may be the answers to a question about a thing."""
_SHORTEST = 6
_LEAST_CALLED, _MOST_CALLED = 7, 15
_WORTH_A_LOOK = re.compile(r"[@\d/]|\(at\)|\[at\]", re.IGNORECASE)
_LEFT_OUT = re.compile(r"\[([a-zA-Z -]+) left out\]")
_DATED = re.compile(r"\d{1,2}[./ -]\d{1,2}[./ -](?:19|20)\d{2}|\d{2}[./ -](?:19|20)\d{2}")

_MAIL = re.compile(r"[\w.+%'-]*[\w+%-]\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}", re.IGNORECASE)
_FOUR = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)")
_SIX = re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
_ABROAD = re.compile(r"(?<![\w+.,])(?:\+|00)\s?\(?[1-9](?:[\s().\u00a0\u202f/-]{0,2}\d){7,13}(?!\d)")
_TRUNK = re.compile(
    r"(?<![\w.,+])(?:\(0\d{1,5}\)|0\d{1,5})[\s/.\u00a0\u202f-]{1,3}\d{2,8}(?:[\s./\u00a0\u202f-]\d{2,6}){0,4}(?![\w,.]\d|\w)"
    r"|(?<![\w.,+])0\d{9,11}(?!\w)"
)
_US_PHONE = re.compile(r"(?<![\d.,-])(?:1[ .-])?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\d-])")
_SPACED = re.compile(r"(?<![\w.,+])[6-9]\d{4} \d{5}(?!\w|[.,]\d)")
_CALLED = re.compile(
    r"(\b(?:call|phone|text|ring|tel|mobile|cell|whats ?app|sms|telefon|anrufen|handy|appelez|llama|llame|"
    r"ll\u00e1mame|m\u00f3vil|telefono|tel\u00e9fono|telefone|chiama\w*|bel)\b[^\d\n+]{0,24})"
    r"(?<![\w.,])(?!(?:19|20)\d{2}\D)\d(?:[\s.-]?\d){6,12}(?![\w%])",
    re.IGNORECASE,
)
_PROFILE = re.compile(
    r"(?:https?://)?(?:www\.|m\.|[a-z]{2}-[a-z]{2}\.)?"
    r"(?:(?:facebook|instagram|tiktok|twitter|threads|snapchat|onlyfans)\.(?:com|net)|linkedin\.com/in|fb\.(?:com|me)|"
    r"(?<![\w.])x\.com|(?<![\w.])t\.me|(?<![\w.])wa\.me|m\.me|vk\.com)/(?!marketplace|groups?\b|events|business|watch|help|reel|explore|ads)@?[\w.%-]*\w(?:/(?=\s|$))?",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_CARD = re.compile(r"(?<![\d.,-])\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}(?![\d-])")
_SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
_FINE_POSTCODE = re.compile(
    r"(?<!\w)(?:[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d[ABEHMNPRVWXY]) \d[ABD-HJLNP-UW-Z]{2}"
    r"|[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d)(?!\w)"
)
_POINT = re.compile(
    r"(?<![\d.])-?\d{1,2}\.\d{4,}\u00b0?\s*[NS]?\s*[,;/ ]\s*-?\d{1,3}\.\d{4,}\u00b0?\s*[EW]?(?!\d|\.\d)"
)
_DIGIT = re.compile(r"\d")
_DIGITS = re.compile(r"(?:\d[\s().,;\u00a0\u202f/+-]{0,3}){7}")
_POSTED = re.compile(r"\d[A-Z](?:[A-Z]|\d)")


def _has_at(text: str) -> bool:
    return "@" in text or "(at)" in text.lower() or "[at]" in text.lower()


def _has_slash(text: str) -> bool:
    return "/" in text


def _has_digits(text: str) -> bool:
    return len(_DIGIT.findall(text)) >= _LEAST_CALLED and _DIGITS.search(text) is not None


def _has_postcode(text: str) -> bool:
    return _POSTED.search(text) is not None


_INSIDE: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("e-mail", _MAIL, _has_at),
    ("profile", _PROFILE, _has_slash),
    ("postcode", _FINE_POSTCODE, _has_postcode),
    ("account number", _ACCOUNT, _has_digits),
    ("card number", _CARD, _has_digits),
    ("official number", _SSN, _has_digits),
    ("coordinates", _POINT, _has_digits),
    ("telephone number", _ABROAD, _has_digits),
    ("telephone number", _US_PHONE, _has_digits),
    ("telephone number", _TRUNK, _has_digits),
    ("telephone number", _SPACED, _has_digits),
    ("telephone number", _CALLED, _has_digits),
)
"""What stands in the place of what is taken out, its pattern, and what is cheap to look for first."""

_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{5}-\d{4}|[A-Z]\d[A-Z] ?\d[A-Z]\d", re.IGNORECASE)
_PLACE = re.compile(r"(?:POINT ?\()?-?\d{1,3}\.\d{3,}\s*[,; ]\s*-?\d{1,3}\.\d{3,}\)?", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CODE = re.compile(r"(?=(?:\D*\d){2})(?=.*[A-Za-z])(?:[A-Za-z]{1,4}_)?[A-Za-z0-9_-]{10,64}")
_LONG_NUMBER = re.compile(r"\d{9,19}")
_HANDLE = re.compile(r"@[\w.]{2,30}")
_MOMENT = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4},?[T ]\d{1,2}:\d{2}(?::\d{2})?.*")
_AGENT = re.compile(r"Mozilla/\d.*")
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("e-mail addresses", _MAIL), ("telephone numbers", _ABROAD), ("telephone numbers", _US_PHONE),
    ("telephone numbers", _TRUNK), ("telephone numbers", _SPACED), ("official numbers", _SSN),
    ("official numbers", _ACCOUNT), ("official numbers", _CARD),
    ("postcodes", _POSTCODE), ("coordinates", _PLACE), ("platform ids", _HEX), ("platform ids", _PROFILE),
    ("platform ids", _HANDLE), (BOOKKEEPING, _MOMENT), (BOOKKEEPING, _AGENT),
)  # fmt: skip
_CONTACTS = frozenset({
    "e-mail addresses", "IP addresses", "telephone numbers", "addresses", "postcodes", "coordinates",
    "official numbers", "dates of birth",
})  # fmt: skip
"""What no made-up person needs; their names and ids are no real person's."""
_DISTINCT_SHAPES = (("long numbers, such as ids", _LONG_NUMBER), ("platform ids", _CODE))
"""Shapes that mean a person only if nearly every cell has a value of its own."""
_OPINIONS = re.compile(
    r"\b(?:how|which|do you|does|did you|have you|are you|prefer|preference|often|frequen\w*|use|used|using|usage|like|"
    r"trust|when|why|many|much|rate|satisf\w*|opt|consent|subscribed|marketing|newsletter|owner(?:ship)?|brand|model|network|"
    r"provider|carrier|type|size|count|wie oft|welche|nutzen|combien|quelles?|cuantos?)\b"
)


@dataclass(frozen=True, slots=True)
class _Words:
    """The headings of one kind, as patterns over plain words."""

    anywhere: re.Pattern[str]
    alone: re.Pattern[str] | None
    asked: re.Pattern[str] | None

    def names(self, heading: str) -> bool:
        """Whether a heading is one of these and nothing else."""
        return bool(self.anywhere.fullmatch(heading) or (self.alone is not None and self.alone.fullmatch(heading)))

    def are_asked(self, words: str) -> bool:
        """Whether the words after a possessive are of this kind."""
        return bool(self.anywhere.search(words) or (self.asked is not None and self.asked.match(words)))


def find_personal(
    rows: Sequence[tables.Row],
    columns: Iterable[str],
    questions: Mapping[str, str] | None = None,
    *,
    persona_set: bool = False,
    survey: bool = False,
) -> dict[str, str]:
    """Return the columns that look personal, and as what: "e-mail addresses", "names", "postcodes".

    In a persona set people are made up, and their names are no real person's. A first name alone is personal only in
    a survey, or beside other contact data.
    """
    columns = list(columns)
    found: dict[str, str] = {}
    firsts: set[str] = set()
    for column in columns:
        what = _judge_column(rows, column, (questions or {}).get(column, ""))
        if what == FIRST_NAMES:
            firsts.add(column)
        elif what is not None and not (persona_set and what == "names"):
            found[column] = what
    if firsts and not persona_set and (survey or any(what != BOOKKEEPING for what in found.values())):
        found |= dict.fromkeys(firsts, "names")
    return {column: found[column] for column in columns if column in found}


@lru_cache(maxsize=8_192)
def redact(text: str) -> str:
    """Return text in which contacts, accounts and places of one person are replaced by what they are."""
    if len(text) < _SHORTEST or not _WORTH_A_LOOK.search(text):
        return text
    if text.count(".") > 2:  # noqa: PLR2004 - four numbers have three points between them
        text = _FOUR.sub(lambda found: "[IP address left out]" if _is_address(found[0]) else found[0], text)
    if text.count(":") > 2:  # noqa: PLR2004 - fewer are times, or nobody's address
        text = _SIX.sub(lambda found: "[IP address left out]" if _is_long_address(found[0]) else found[0], text)
    gates: tuple[Callable[[str], bool], ...] = (_has_at, _has_slash, _has_postcode, _has_digits)
    worth = {is_near: is_near(text) for is_near in gates}
    for word, pattern, is_near in _INSIDE:
        if worth[is_near]:
            text = _replace(text, word, pattern)
    return text


def _replace(text: str, word: str, pattern: re.Pattern[str]) -> str:
    check, said = _CHECKS.get(word, _is_any), f"[{word} left out]"
    return pattern.sub(
        lambda found: (found[1] if pattern is _CALLED else "") + said if check(found[0]) else found[0], text
    )


def drop_contacts(value: Any, dropped: set[str]) -> Any:
    """Return a made-up person's data without fields that hold contacts; their names are added to `dropped`."""
    if isinstance(value, Mapping):
        kept = {}
        for key, held in value.items():
            if _is_contact(str(key), held):
                dropped.add(str(key))
            else:
                kept[key] = drop_contacts(held, dropped)
        return kept
    return [drop_contacts(one, dropped) for one in value] if isinstance(value, list) else value


def find_in_text(text: str) -> bool:
    """Whether a text holds a contact, account or place of one person."""
    return redact(text) != text


def find_kinds(persona: Persona) -> tuple[str, ...]:
    """Return what is personal in what a persona tells a model: "e-mail", "telephone number"."""
    whole = _join(persona)
    told = redact(whole)
    if told == whole:
        return ()
    return tuple(sorted(Counter(_LEFT_OUT.findall(told)) - Counter(_LEFT_OUT.findall(whole))))


def list_personal(audience: Audience) -> dict[str, tuple[str, ...]]:
    """Return the ids of those whose name, description or segments hold a contact, and what they hold."""
    found = {persona.id: find_kinds(persona) for persona in audience.personas}
    return {persona_id: kinds for persona_id, kinds in found.items() if kinds}


def redact_people(audience: Audience) -> Audience:
    """Return the audience without contacts in names, descriptions and segments; who has none stays as they are."""
    personas = tuple(
        _redact_person(persona, number) if find_kinds(persona) else persona
        for number, persona in enumerate(audience.personas, 1)
    )
    return audience.model_copy(update={"personas": personas})


def is_nameless(name: str) -> bool:
    """Whether what would stand as a name is none: a number, a code, a contact, nothing."""
    plain = name.strip()
    return (
        not plain
        or plain.lower() in {"nan", "none", "null", "<na>", "nat", "n/a", "na", "-", "."}
        or bool(re.search(r"\d|[@/\\_]", plain))
        or bool(re.search(r"[a-z][A-Z].*[a-z][A-Z]", plain))
    )


def _is_contact(key: str, held: Any) -> bool:
    """Whether a field is called as a contact is, and holds more than words."""
    if not isinstance(held, (str, int, float)) or not any(one.isdigit() or one == "@" for one in str(held)):
        return False
    return _judge_heading(key)[0] in _CONTACTS


def _join(persona: Persona) -> str:
    return "\n".join((persona.name, persona.about, *persona.segments.values()))


def _redact_person(persona: Persona, number: int) -> Persona:
    name = f"Person {number}" if find_in_text(persona.name) else persona.name
    segments = {key: redact(value) for key, value in persona.segments.items()}
    return persona.model_copy(update={"name": name, "about": redact(persona.about), "segments": segments})


def _judge_column(rows: Sequence[tables.Row], column: str, question: str) -> str | None:
    cells = [str(row.cells[column]).strip() for row in rows[:_LOOKED_AT] if column in row.cells]
    cells = [cell for cell in cells if cell]
    heading, sure = None, False
    for text in (column, question):
        what, is_whole = _judge_heading(text)
        if what is not None and (heading is None or is_whole):
            heading, sure = what, is_whole
    by_cells = _judge_cells(cells)
    may_be_about_a_thing = not sure or heading not in {"names", FIRST_NAMES, BOOKKEEPING}
    if heading is None or (may_be_about_a_thing and by_cells is None and _are_answers(cells)):
        return by_cells
    return by_cells if by_cells is not None and heading == FIRST_NAMES else heading


@lru_cache(maxsize=4_096)
def _judge_heading(heading: str) -> tuple[str | None, bool]:
    """Return what a heading names, and whether it names nothing else."""
    plain = _split_words(heading)
    if not plain:
        return None, False
    words = plain.split()
    around, possessives, kinds = _load_headings()
    core = _strip(words, around)
    whole = [what for what, known in kinds.items() if known.anywhere.fullmatch(plain)]
    whole += [what for what, known in kinds.items() if known.names(core)]
    if whole:
        return whole[0], True
    if len(words) <= _MOST_WORDS and not _OPINIONS.search(plain):
        within = next((what for what, known in kinds.items() if known.anywhere.search(plain)), None)
        if within is not None:
            return within, False
    return _find_owned(plain, possessives, kinds), True


def _find_owned(plain: str, possessives: str, kinds: Mapping[str, _Words]) -> str | None:
    """Return what a question asks of the reader: "leave your name if you want to be called back"."""
    after = re.search(rf"(?<!\w)(?:{possessives})(?!\w) ((?:\S+ ){{0,2}}.*)", plain)
    near = " ".join(after[1].split()[:3]) if after is not None else ""
    if after is None or _OPINIONS.search(f"{plain[: after.start()]} {near}"):
        return None
    return next((what for what, known in kinds.items() if known.are_asked(near)), None)


def _strip(words: Sequence[str], around: frozenset[str]) -> str:
    """Return what is left of a heading without the words and numbers around it."""
    kept = list(words)
    while len(kept) > 1 and (kept[0] in around or kept[0].isdigit()):
        kept.pop(0)
    while len(kept) > 1 and (kept[-1] in around or kept[-1].isdigit()):
        kept.pop()
    return " ".join(kept)


def _judge_cells(cells: Sequence[str]) -> str | None:
    if not cells:
        return None
    least = _MOSTLY * len(cells)
    for what, pattern in _SHAPES:
        if sum(bool(pattern.fullmatch(cell)) for cell in cells) > least:
            return what
    if sum(_is_address(cell) for cell in cells) > least:
        return "IP addresses"
    if len(set(cells)) > 0.9 * len(cells) and len(cells) > 1:
        for what, pattern in _DISTINCT_SHAPES:
            if sum(bool(pattern.fullmatch(cell)) for cell in cells) > least:
                return what
    return None


def _are_answers(cells: Sequence[str]) -> bool:
    """Tell answers such as yes and no from data of one person, which differ from cell to cell."""
    values = set(cells)
    return bool(values) and (
        len(values) <= min(_MOST_ANSWERS, len(cells) / 2)
        and not any(find_in_text(value) for value in values)
        and all(len(value) == 1 or value.replace(" ", "").isalpha() for value in values)
    )


def _is_address(text: str) -> bool:
    if text.count(".") != 3 and text.count(":") < 2:  # noqa: PLR2004 - cheap before exact
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_long_address(text: str) -> bool:
    return text.count(":") > 2 and _is_address(text)  # noqa: PLR2004 - fewer are times, or nobody's


def _is_any(text: str) -> bool:  # noqa: ARG001 - the pattern says enough
    return True


def _is_telephone(text: str) -> bool:
    """Tell a telephone number from dates and years, by its digits."""
    digits = sum(letter.isdigit() for letter in text)
    return _LEAST_CALLED <= digits <= _MOST_CALLED and not _DATED.match(text)


def _is_card(text: str) -> bool:
    """Check the last digit of a card number (Luhn 1954)."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[::2]]  # noqa: PLR2004 - a digit above 4 has two when doubled
    return (sum(doubled) + sum(digits[1::2])) % 10 == 0


def _split_words(heading: str) -> str:
    """Return the words of a heading in lower case, without accents; camel case and digits are parted."""
    parted = re.sub(r"(?<=[a-z\u00e0-\u00ff])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", heading.strip())
    bare = "".join(one for one in unicodedata.normalize("NFKD", parted.casefold()) if not unicodedata.combining(one))
    bare = bare.replace("\u0142", "l").replace("\u00f8", "o").replace("\u0131", "i")
    bare = re.sub(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", " ", bare)
    return " ".join(re.findall(r"[^\W_]+", bare))


@lru_cache(maxsize=1)
def _load_headings() -> tuple[frozenset[str], str, dict[str, _Words]]:
    """Return the words around a heading, the possessives as a pattern, and the patterns of every kind."""
    path = resources.DATA / "personal.yaml"
    held: Any = located_yaml.load_yaml(read_text(path), str(path)).value
    around = frozenset(_split_words(word) for word in held["around"])
    possessives = "|".join(re.escape(_split_words(word)) for word in held["possessives"])
    kinds = {
        what: _Words(
            anywhere=_compile(words["anywhere"]),
            alone=_compile(words["alone"]) if "alone" in words else None,
            asked=_compile(words["asked"]) if "asked" in words else None,
        )
        for what, words in held["kinds"].items()
    }
    return around, possessives, kinds


def _compile(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_write_pattern, phrases)))


def _write_pattern(phrase: str) -> str:
    plain = re.escape(_split_words(phrase))
    if re.search(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]", phrase):
        return plain  # scripts that put no spaces between words
    before = r"\w*" if phrase.startswith("*") else r"(?<!\w)"
    return before + plain + (r"\w*" if phrase.endswith("*") else r"(?!\w)")


_CHECKS: dict[str, Callable[[str], bool]] = {"card number": _is_card, "telephone number": _is_telephone}
"""What decides, of the shapes that figures of other kinds may have."""
