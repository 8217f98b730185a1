"""What in a table names a real person: it has no place in the description of a persona, which a model gets to read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolkit.files import tables
from toolkit.models import Audience

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_NUMBER = re.compile(r"(?<![\w.])(?:\+|\(0|0)\d[\d ()./-]{6,16}\d")
_FEWEST_DIGITS = 9
_NAMES = (
    "email", "mail", "phone", "mobile", "telephone", "tel", "whatsapp", "surname", "lastname", "familyname", "fullname",
    "address", "street", "postcode", "zip", "zipcode", "postalcode", "iban", "ip", "ipaddress", "passport", "ssn",
    "nationalinsurance", "dateofbirth", "dob", "birthday", "birthdate", "username", "handle",
)  # fmt: skip
_MOST = 0.5
"""Share of a column's cells that look like an address or a number from which the column is one of contacts."""


def find_personal_columns(rows: Sequence[tables.Row]) -> list[str]:
    """Return the columns that hold contacts or names of real people, by what they are called or what is in them."""
    columns = dict.fromkeys(name for row in rows for name in row.cells)
    return [name for name in columns if _is_named_so(name) or _holds_contacts(rows, name)]


def count_contacts(audience: Audience) -> int:
    """Return how many personas are described with an e-mail address or a phone number."""
    return sum(
        bool(_ADDRESS.search(text) or _find_phone(text))
        for text in (f"{persona.name}. {persona.about}" for persona in audience.personas)
    )


def _is_named_so(column: str) -> bool:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower()
    plain = re.sub(r"[^a-z]", "", words)
    return plain in _NAMES or any(word in _NAMES for word in re.split(r"[^a-z]+", words)) or plain.endswith("email")


def _holds_contacts(rows: Sequence[tables.Row], column: str) -> bool:
    cells = [str(row.cells[column]).strip() for row in rows if column in row.cells]
    found = sum(bool(_ADDRESS.search(cell)) or _find_phone(cell) for cell in cells)
    return bool(cells) and found > _MOST * len(cells)


def _find_phone(text: str) -> bool:
    return any(sum(map(str.isdigit, found)) >= _FEWEST_DIGITS for found in _NUMBER.findall(text))
