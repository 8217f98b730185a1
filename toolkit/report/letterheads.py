"""What a sender puts on a client's page: a name, a logo, an address for the answer."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, field_validator

from toolkit.errors import InputError, name_option
from toolkit.models import Record

Paper = Literal["a4", "letter"]
PAPERS: tuple[Paper, ...] = get_args(Paper)
LARGEST_LOGO = 1_000_000
"""Bytes; the logo stands inside every file."""
LONGEST_TITLE = 120
_KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}
"""What a page, a printer and a slide can all show, by its first bytes."""
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")


class Letterhead(Record):
    """Name, logo and address on what a client gets; each may be empty."""

    title: str = Field(default="", max_length=LONGEST_TITLE)
    """What stands at the top; the name of the campaign if empty."""
    logo: str = ""
    """A picture as a data address."""
    reply_to: str = ""
    """The mail address that an answer goes to."""

    @property
    def logo_bytes(self) -> bytes | None:
        """The picture of the logo; None without one."""
        return base64.b64decode(self.logo.partition(",")[2]) if self.logo else None

    @field_validator("title")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return " ".join(value.split())


def make_letterhead(
    title: str | None = None, logo: str | Path | bytes | None = None, reply_to: str | None = None
) -> Letterhead:
    """Return a letterhead; `logo` is a PNG or JPEG picture, as a path or as its bytes.

    Raises InputError for a title too long, a picture that cannot be used, or an address that is none.
    """
    title, address = " ".join((title or "").split()), (reply_to or "").strip()
    if len(title) > LONGEST_TITLE:
        raise InputError(
            f"{name_option('title')}: {len(title)} characters; at most {LONGEST_TITLE} fit at the top of a page"
        )
    if address and not _ADDRESS.fullmatch(address):
        raise InputError(f"{name_option('reply_to', address)}: not a mail address, such as ada@example.org")
    return Letterhead(title=title, logo="" if logo is None else _embed(logo), reply_to=address)


def _embed(logo: str | Path | bytes) -> str:
    where = name_option("logo") if isinstance(logo, bytes) else name_option("logo", str(logo))
    try:
        data = logo if isinstance(logo, bytes) else Path(logo).read_bytes()
    except OSError as error:
        raise InputError(f"{where}: the picture cannot be read: {(error.strerror or str(error)).lower()}") from None
    kind = next((kind for start, kind in _KINDS.items() if data.startswith(start)), None)
    if kind is None:
        raise InputError(f"{where}: not a picture that can be used; give a PNG or JPEG file")
    if len(data) > LARGEST_LOGO:
        raise InputError(f"{where}: {len(data) / 1e6:.1f} MB; give a picture of at most {LARGEST_LOGO / 1e6:.0f} MB")
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
