"""Where the bundled files are: inside the installed package, or at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

from toolkit.errors import InputError

_PACKAGE = Path(__file__).parent.parent
DATA = _PACKAGE / "data"
"""The folder of files that ship inside the package."""


def find_resource(*parts: str) -> Path:
    """Return the path of a bundled file or folder, such as ("examples", "paypal-invoices.yaml").

    A wheel carries personas, prompts, examples and app.py inside the package; a checkout has them beside it.
    """
    for root in (_PACKAGE, _PACKAGE.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise InputError(f"{'/'.join(parts)}: this part of audience-toolkit is missing; reinstall it")


def read_data(*parts: str) -> str:
    """Return the text of a file that ships inside the package, such as ("room", "room.css")."""
    return DATA.joinpath(*parts).read_text(encoding="utf-8")
