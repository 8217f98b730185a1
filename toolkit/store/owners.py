"""Who has taken a question in hand, so that two processes on one store do not both pay for it."""

from __future__ import annotations

import os
import platform
import secrets

_open: set[str] = set()


def make_owner() -> str:
    """Return a name for one open store: machine, process, and a random word."""
    owner = f"{platform.node()}:{os.getpid()}:{secrets.token_hex(4)}"
    _open.add(owner)
    return owner


def retire_owner(owner: str) -> None:
    """Say that a store was closed."""
    _open.discard(owner)


def is_alive(owner: str) -> bool:
    """Tell whether somebody may still be at work; of another machine only the end of its lease can say no."""
    machine, process, _ = owner.rsplit(":", 2)
    if machine != platform.node() or os.name != "posix":
        return True
    if int(process) == os.getpid():
        return owner in _open
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
