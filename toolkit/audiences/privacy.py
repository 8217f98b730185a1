"""What in a table is about a real person: names, addresses, numbers and places, found by heading and by content.

The patterns are the toolkit's own: the libraries that look for such data bring a language model along, and a table
needs the shapes of addresses and numbers alone.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence

from toolkit.files import tables

_MOSTLY = 0.5
"""The share of a column's cells of one shape from which the column is of that shape."""
_HEADINGS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("e-mail addresses", re.compile(r"e-?mail|mail ?adress|correo|courriel|username", re.IGNORECASE)),
    ("IP addresses", re.compile(r"\bip[ _-]?(?:addr\w*|adresse)?\b|ipaddr|ip_?address", re.IGNORECASE)),
    (
        "telephone numbers",
        re.compile(
            r"\b(?:tele)?phone ?(?:no|number|nr)?\b$|\bmobile ?(?:no|number|nr)\b|^mobile$|telefon|t\u00e9l\u00e9phone|"
            r"tel[\u00e9e]fono|whatsapp (?:no|number)|handynummer|^tel\.?$|\bcell ?(?:phone|no|number)",
            re.IGNORECASE,
        ),
    ),
    (
        "names",
        re.compile(
            r"(?:^|[ _.-])(?:last|sur|family|full|maiden|middle)[ _-]?name|^(?:nach|familien)name|recipient\w*name|"
            r"lastname|"
            r"apellidos?$|^nom(?: de famille)?$|contact name|your name|^vor- und nachname",
            re.IGNORECASE,
        ),
    ),
    (
        "addresses",
        re.compile(
            r"(?:street|home|postal|mailing|billing|shipping) ?address|^address(?: ?line)? ?\d?$|^street$|"
            r"stra(?:\u00df|ss)e$|anschrift|"
            r"hausnummer|house (?:no|number)",
            re.IGNORECASE,
        ),
    ),
    (
        "postcodes",
        re.compile(r"post ?code|postal ?code|^zip(?:[ _-]?code)?$|^plz$|postleitzahl|code postal", re.IGNORECASE),
    ),
    (
        "coordinates",
        re.compile(r"latitude|longitude|^(?:lat|lon|lng|long)$|coordinates|geo ?location|^gps", re.IGNORECASE),
    ),
    (
        "platform ids",
        re.compile(
            r"^(?:psid|asid|igsid|wa_?id|fb_?id|facebook[ _]id|user[ _-]?id|device[ _-]?id|advertising[ _-]?id|cookie|"
            r"prolific[ _]?(?:pid|id)?|worker[ _]?id|network id|panel(?:ist)?[ _]?id|mturk.*|idfa|gaid)$",
            re.IGNORECASE,
        ),
    ),
    (
        "official numbers",
        re.compile(
            r"\bssn\b|social security|passport|national insurance|steuer-?id|\biban\b|tax ?id|driver'?s? licen",
            re.IGNORECASE,
        ),
    ),
    ("dates of birth", re.compile(r"^(?:date of birth|dob|birth ?date|birthday|geburtsdatum)$", re.IGNORECASE)),
)
_FIRST_NAMES = re.compile(
    r"^(?:recipient)?(?:first|given|fore)[ _-]?name$|^vorname$|^pr\u00e9nom$|^name$|^nombre$", re.IGNORECASE
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE)
_FOUR = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_SIX = re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w+.,])(?:\+|00)[1-9](?:[\s().-]{0,2}\d){7,13}(?!\d)|(?<!\w)0\d{2,4}[\s/-]\d{3,4}[\s-]?\d{3,5}(?!\w)"
)
_US_PHONE = re.compile(r"(?<![\d-])(?:\(\d{3}\)\s?|\d{3}[-.])\d{3}[-.]\d{4}(?![\d-])")
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{5}-\d{4}|[A-Z]\d[A-Z] ?\d[A-Z]\d", re.IGNORECASE)
_PLACE = re.compile(r"-?\d{1,2}\.\d{3,}\s*[,; ]\s*-?\d{1,3}\.\d{3,}")
_HEX = re.compile(r"[0-9a-f]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SHAPES = (
    ("e-mail addresses", _MAIL), ("telephone numbers", _PHONE), ("telephone numbers", _US_PHONE),
    ("postcodes", _POSTCODE), ("coordinates", _PLACE), ("platform ids", _HEX),
)  # fmt: skip


def find_personal(
    rows: Sequence[tables.Row],
    columns: Iterable[str],
    questions: Mapping[str, str] | None = None,
    *,
    persona_set: bool = False,
) -> dict[str, str]:
    """Return the columns that look personal, and as what: "e-mail addresses", "names", "postcodes".

    In a persona set people are made up, and their names are no real person's. A first name alone is personal only
    beside other contact data.
    """
    columns = list(columns)
    found: dict[str, str] = {}
    for column in columns:
        what = _judge_heading(column, (questions or {}).get(column, "")) or _judge_cells(rows, column)
        if what is not None and not (persona_set and what == "names"):
            found[column] = what
    if found and not persona_set:
        found |= {column: "names" for column in columns if _FIRST_NAMES.search(column)}
    return {column: found[column] for column in columns if column in found}


def redact(text: str) -> str:
    """Return text in which e-mail and IP addresses and telephone numbers are replaced by what they are."""
    if "@" in text:
        text = _MAIL.sub("[e-mail left out]", text)
    if not any(letter.isdigit() for letter in text):
        return text
    text = _FOUR.sub(lambda found: "[IP address left out]" if _is_address(found[0]) else found[0], text)
    if ":" in text:
        text = _SIX.sub(lambda found: "[IP address left out]" if _is_address(found[0]) else found[0], text)
    return _US_PHONE.sub("[telephone number left out]", _PHONE.sub("[telephone number left out]", text))


def find_in_text(text: str) -> bool:
    """Whether a text holds an e-mail or IP address or a telephone number."""
    return redact(text) != text


def is_nameless(name: str) -> bool:
    """Whether what would stand as a name is none: a number, a long code, nothing."""
    plain = name.strip()
    return (
        not plain
        or plain.lower() in {"nan", "none", "null"}
        or bool(re.search(r"\d", plain))
        or bool(_HEX.fullmatch(plain))
    )


def _judge_heading(column: str, question: str) -> str | None:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.strip())
    texts = [column.strip(), spaced] + ([question] if question and len(question.split()) <= 4 else [])  # noqa: PLR2004
    return next(
        (what for what, pattern in _HEADINGS for text in texts if pattern.search(text) and _is_short(text)), None
    )


def _is_short(text: str) -> bool:
    """Tell a heading from a question about a thing, such as how often one reads e-mail."""
    most = 6
    return len(text.split()) <= most and not re.search(
        r"\b(?:how|do you|prefer|often|use|like|trust)\b", text, re.IGNORECASE
    )


def _judge_cells(rows: Sequence[tables.Row], column: str) -> str | None:
    cells = [str(row.cells[column]).strip() for row in rows[:2000] if column in row.cells]
    cells = [cell for cell in cells if cell]
    if not cells:
        return None
    least = _MOSTLY * len(cells)
    for what, pattern in _SHAPES:
        if sum(bool(pattern.fullmatch(cell)) for cell in cells) > least:
            return what
    return "IP addresses" if sum(_is_address(cell) for cell in cells) > least else None


def _is_address(text: str) -> bool:
    if text.count(".") != 3 and text.count(":") < 2:  # noqa: PLR2004 - cheap before exact
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
