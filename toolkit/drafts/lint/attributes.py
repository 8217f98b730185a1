"""Personal attributes: copy that says, implies or asks what somebody is.

"You" alone is fine, and so is an attribute alone. What is looked for is the tie between them: "are you X", "your X",
"other X", "X like you", a question that leaves out its "you", and a request to be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from toolkit.drafts.lint.phrases import compile_any, read_data
from toolkit.drafts.lint.records import MOST_READ, Finding, Part
from toolkit.models import Audience, Persona

RULE = "policy.personal-attributes"
_FAMILY = (
    "son|daughter|child|kid|kids|children|boy|girl|mum|mom|mother|dad|father|parents?|husband|wife|partner|spouse|"
    "brother|sister|gran|grandma|grandad|grandpa|family|loved ones?|baby|teen|teenager|boyfriend|girlfriend"
)
_YOU = rf"(?:you|your\s+(?:{_FAMILY}))"
_BETWEEN = (
    r"(?:(?:a|an|one|of|the|not|also|still|just|always|all|both|feeling|being|getting|living|young|older|single|married|"
    r"proud|practising|practicing|devout|registered|bit|little|too|very|so|often|ever|tired|stressed|and|or|been|been|"
    r"convicted|diagnosed|as|long-term|busy|working|retired|stay-at-home|new|first-time|parent|parents|mum|mom|dad|man|"
    r"woman|person|who|is|are|kind|sort|former|out|most|already|now|type|becoming|struggling|with|suffering|from|"
    r"sick|worried|about|child|son|daughter|good|lifelong|fellow|anyone|someone|[\w-]+ly),?\s+){0,5}?"
)
_NO_LINK = r"(?!(?:to|for|about|on|with|of|and|or|from|against|in|at|by|is|are|as|than|our|we|us|into|against)\b)"
_QUALIFIED = rf"(?:{_NO_LINK}[\w'’-]+,?\s+){{0,2}}?"
_HAVING = (
    r"(?:have|has|had|having|(?:suffer|suffers|suffering|suffered)\s+(?:from|with)|got|get|owe|owes|face|facing|"
    r"(?:live|lives|living|struggle|struggles|struggling|deal|dealing|cope|coping|diagnosed|battle|battling|fight|"
    r"fighting|manage|managing|experience|experiencing|been\s+diagnosed|born)(?:\s+with)?|"
    r"worried\s+about|ashamed\s+of|recovering\s+from|tired\s+of|use|uses|in\s+a|need\s+a)"
)
_LEADS = (
    r"(?:got|have|had|feeling|feel|living|live|struggling|suffering|dealing|coping|battling|fighting|tired|fed\s+up|sick|"
    r"worried|ashamed|questioning|recently|newly|just|still|always|secretly|drowning|buried|diagnosed|been|being|managing|"
    r"hiding|exploring|stuck|trapped|recovering|overwhelmed|do\s+you\s+feel)"
)
_FILLERS = (
    r"(?:(?:a|an|your|the|with|of|from|about|by|being|too|so|very|in|long-term|chronic|severe|constant|bad)\s+){0,3}"
)
_OPENS = r"(?:^|(?<=[.!?:\n…])\s*|(?<=[—–])\s*)"
_HAILS = r"(?:attention|calling(?:\s+all)?|hey|hi|hello|dear|listen\s+up|good\s+news(?:\s+for)?)"
_GREETS = r"(?:hi|hey|hello|dear|good\s+(?:morning|afternoon|evening)|happy\s+birthday|congrat\w+|welcome\s+back|psst)"


@dataclass(frozen=True)
class AttributeList:
    """The compiled list: expressions that tie an attribute to the reader, and what each attribute belongs to."""

    ties: tuple[tuple[str, re.Pattern[str]], ...]
    """What a text must contain, in lower case, and the expression."""
    phrases: tuple[tuple[str, frozenset[str], re.Pattern[str]], ...]
    """Category, words of which one is needed, and expression of what implies an attribute by itself."""
    asking: re.Pattern[str]
    vocabulary: dict[str, re.Pattern[str]]
    """Every word of a category."""
    names: tuple[str, ...]
    why: str
    suggestion: str
    url: str


def find_attributes(part: Part, audience: Audience | None = None) -> Iterator[Finding]:
    """Yield what a part says or implies of its reader; with an audience, also whose description it echoes."""
    known, text = load_attributes(), part.text[:MOST_READ]
    taken = -1
    for start, end, category in sorted(_find_all(part, known, audience)):
        if start < taken:
            continue
        taken = end
        echo = _find_echo(text[start:end], category, audience) if audience is not None else ""
        message = f"{category}: {known.why}{echo}"
        yield part.find(RULE, (start, end), message, url=known.url, suggestion=known.suggestion)


@lru_cache(maxsize=1)
def load_attributes() -> AttributeList:
    """Return the attribute list, compiled."""
    data = read_data("personal-attributes")
    categories = data["categories"]
    are = _guard(
        [word for category in categories.values() for word in category.get("are", ())],
        frozenset(data["guarded"]),
        _any_of([*data["followers"], *data["people_nouns"]]),
    )
    have = _any_of(word for category in categories.values() for word in category.get("have", ()))
    people = _any_of(word for category in categories.values() for word in category.get("people", ()))
    people = rf"(?:{people}|{are}\s+{_any_of(data['people_nouns'])})"
    return AttributeList(
        ties=tuple(
            (needed, re.compile(tie, re.IGNORECASE | re.MULTILINE)) for needed, tie in _write_ties(are, have, people)
        ),
        phrases=tuple(
            (name, frozenset(category.get("needs", ())), compile_any(tuple(category["phrases"])))
            for name, category in categories.items()
            if "phrases" in category
        ),
        asking=compile_any(tuple(data["asking"])),
        vocabulary={name: _compile_words(category) for name, category in categories.items()},
        names=tuple(name.capitalize() for name in data["given_names"]),
        **{key: data[key] for key in ("why", "suggestion", "url")},
    )


def _write_ties(are: str, have: str, people: str) -> list[tuple[str, str]]:
    """Return expressions, each with what a text must contain before it is tried; the earliest match wins."""
    whatever = r"(?<!whatever )(?<!regardless of )(?<!no matter )(?<!matter what )(?<!despite )"
    rest = r"[^.!?\n]{0,30}"
    feels = r"(?:['’]?re|\s+are|\s+is|\s+were|\s+(?:may|might)\s+be|\s+feel|\s+become|\s+identify\s+as|['’]ve\s+been)"
    aside = "may|might|could|also|currently|still|ever|are|is|were|was|been|just|recently|have|has"
    also = rf"(?:\s+(?:{aside}|or\s+\w+\s+\w+))*"
    listed = r"(?:\s*,\s*[\w\s,]{0,25}|\s+(?:and|or|but)\s+[\w\s]{0,25})"
    leads = rf"(?:{_LEADS}\s+(?:(?:of|from|with|about)\s+)?){{1,3}}"
    you = r"\byou(?:r|rs|['’]re|['’]ve)?\b"
    having = r"(?:with|who\s+have|suffering\s+from|living\s+with)"
    somebody = rf"(?:{people}|(?:people|men|women|adults|those|folks)\s+{having}\s+{_QUALIFIED}{have})"
    place = r"(?:\s+(?:in|from|near|around|across)\s+[\w'’-]+(?:\s+[\w'’-]+){0,2})"
    price = r"(?!\s*(?:[£$€]|\d|free\b|half\b))"
    return [
        ("you", rf"\b(?:are|aren['’]t|were|is|isn['’]t)\s+{_YOU}\s+{_BETWEEN}{are}(?!\s+(?:to|spots?)\b)"),
        ("you", rf"\b{_YOU}(?:\s+who)?{feels}\s+{_BETWEEN}{are}(?!\s+(?:to|spots?)\b)"),
        ("you", rf"\b{_YOU}(?:['’](?:ve|re))?{also}\s+{_HAVING}\s+{_QUALIFIED}{have}"),
        ("your", rf"{whatever}\byour\s+(?:(?:{_FAMILY})['’]s\s+)?{_QUALIFIED}{have}"),
        ("?", rf"{_OPENS}{leads}{_FILLERS}(?:{have}|{are}){rest}\?"),
        ("?", rf"{_OPENS}(?:so\s+|too\s+|a\s+|an\s+)?{are}{listed}?\?"),
        ("?", rf"{_OPENS}{_FILLERS}{have}(?:{listed}|{rest}{you}{rest})?\?"),
        ("other", rf"\bother\s+(?:[\w-]+\s+)?{people}"),
        ("fellow", rf"\bfellow\s+(?:[\w-]+\s+)?{people}"),
        ("like you", rf"{somebody}\s*,?\s+(?:just\s+)?like\s+(?:you|yourself)\b"),
        ("you", rf"\byou\s+{people}"),
        ("", rf"\b{_HAILS}\s*[,:!]?\s+(?:all\s+)?(?:[\w-]+\s+)?(?:{people}|{having}\s+{have})"),
        ("you", rf"{_OPENS}{people}\s*[,:!—–-]+\s*[^.!?\n]{{0,60}}{you}"),
        (":", rf"{_OPENS}{somebody}(?:{place}\s*:|\s*:{price})"),
        ("you", rf"\bas\s+an?\s+(?:[\w-]+\s+)?{are}\b[^.!?\n]{{0,60}}\byou\b"),
        ("you", rf"\byou\b[^.!?\n]{{0,30}}\bas\s+an?\s+(?:[\w-]+\s+)?{are}"),
    ]


def _find_all(part: Part, known: AttributeList, audience: Audience | None) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and category of every tie; trimmed of the space it began with."""
    text = part.text[:MOST_READ]
    lowered = " ".join(text.lower().split())
    for needed, tie in known.ties:
        if needed in lowered:
            for match in tie.finditer(text):
                start = match.end() - len(match[0].lstrip())
                yield start, match.end(), _name_category(match[0], known)
    for category, needed_words, phrase in known.phrases:
        if not needed_words or not needed_words.isdisjoint(part.words):
            yield from ((match.start(), match.end(), category) for match in phrase.finditer(text))
    if "you" in lowered:
        yield from ((match.start(), match.end(), "asking to be told") for match in known.asking.finditer(text))
    names = known.names + tuple(persona.name for persona in audience.personas) if audience else known.names
    for match in _compile_names(names).finditer(text):
        start, end = match.span(match.lastindex or 0)
        yield start, end, "name"


def _name_category(words: str, known: AttributeList) -> str:
    return next((name for name, vocabulary in known.vocabulary.items() if vocabulary.search(words)), "attribute")


@lru_cache(maxsize=16)
def _compile_names(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return an expression for somebody called by name: a greeting, or a name and comma before "you"."""
    name = rf"(?-i:{'|'.join(re.escape(name) for name in sorted(set(names), key=len, reverse=True))})"
    called = rf"({name}(?:\s+(?-i:[A-Z])[a-z]+)?)"
    return re.compile(
        rf"{_OPENS}(?:{_GREETS}[,!]?\s+){called}\b(?!\s+(?:here|from|at|and\s+the\s+team)\b)"
        rf"|{_OPENS}{called}\s*[,:!—–]\s*[^.!?\n]{{0,80}}\byou(?:r|['’]re)?\b",
        re.IGNORECASE | re.MULTILINE,
    )


def _compile_words(category: dict[str, list[str]]) -> re.Pattern[str]:
    words = [word for kind in ("are", "have", "people") for word in category.get(kind, ())]
    return re.compile(_any_of(words) if words else r"(?!)", re.IGNORECASE)


def _any_of(words: Iterable[str]) -> str:
    ordered = sorted({str(word) for word in words}, key=len, reverse=True)
    written = "|".join(re.escape(word).replace(r"\ ", r"\s+").replace("'", "['’]") for word in ordered)
    return rf"(?<![\w-])(?:{written})(?![\w-])"


def _guard(words: Iterable[str], guarded: frozenset[str], followers: str) -> str:
    """Return an expression for any of the words; one that also describes things needs what follows a person."""
    plain = [word for word in words if word not in guarded]
    return rf"(?:{_any_of(plain)}|{_any_of(guarded)}(?=\s*(?:$|[.,!?;:…—–)\]])|[-–—\s]+{followers}))"


def _find_echo(words: str, category: str, audience: Audience) -> str:
    """Return the clause that quotes the description a finding repeats, or an empty string."""
    for persona in audience.personas:
        sentence = _matching_sentence(words, category, persona)
        if sentence:
            return f"; it repeats what is known of persona {persona.id}: “{sentence}”"
    return ""


def _matching_sentence(words: str, category: str, persona: Persona) -> str | None:
    if category == "name":
        return f"called {persona.name}" if persona.name.lower() in words.lower() else None
    if category == "age":
        return f"age {persona.age}" if persona.age is not None and re.search(rf"\b{persona.age}\b", words) else None
    vocabulary = load_attributes().vocabulary.get(category)
    if vocabulary is None:
        return None
    said = [piece.strip() for piece in re.split(r"(?<=[.!?])\s+", persona.about)]
    said += [f"{key}: {value}" for key, value in persona.segments.items()]
    return next((sentence for sentence in said if vocabulary.search(sentence)), None)
