"""Where files are: the bundled ones, and those that a file of somebody else may name.

A file names others inside its own folder, unless the user says otherwise: what it names is sent to a provider.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from toolkit.errors import InputError, name_option

_PACKAGE = Path(__file__).parent.parent
DATA = _PACKAGE / "data"
"""The folder of files that ship inside the package."""
STANDARD_INPUT = "-"
"""How a user names standard input in place of a file."""
_outside: ContextVar[bool] = ContextVar("outside", default=False)
_encoding: ContextVar[str | None] = ContextVar("encoding", default=None)


@contextlib.contextmanager
def reading_as(encoding: str | None) -> Iterator[None]:
    """Read files that are neither UTF-8 nor UTF-16 in this encoding, inside the block; None changes nothing."""
    token = _encoding.set(encoding or _encoding.get())
    try:
        yield
    finally:
        _encoding.reset(token)


def find_encoding() -> str | None:
    """Return the encoding that was named for files that are neither UTF-8 nor UTF-16."""
    return _encoding.get()


@contextlib.contextmanager
def allowing_outside(*, allowed: bool = True) -> Iterator[None]:
    """Let files name others outside their own folder, inside the block."""
    token = _outside.set(allowed or _outside.get())
    try:
        yield
    finally:
        _outside.reset(token)


def is_within_reach(path: Path, folder: Path) -> bool:
    """Return whether a file in `folder` may name this path: one inside, links resolved, or any if allowed."""
    return _outside.get() or path.resolve().is_relative_to(folder.resolve())


def find_named(name: str | Path, folder: Path, place: str) -> Path:
    """Return the path of what a file in `folder` names; `place`, such as "a.yaml:3: rows", stands in the message.

    Raises InputError for what lies outside, symbolic links resolved, unless that is allowed.
    """
    path = folder / name
    if not is_within_reach(path, folder):
        raise InputError(
            f"{place}: {name} is outside {folder.resolve()}; only files in there are read and sent to a model: "
            f"move it there, or if it is your own pass {name_option('allow_outside')}"
        )
    return path


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
