"""Who has taken a question in hand, so that two processes on one store do not both pay for it.

A machine is told from another by its name, its start and its process numbers: a container that replaces another may
have the name of that one, and gives its own processes the same numbers.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import secrets
from functools import cache
from pathlib import Path

_open: set[str] = set()


def make_owner() -> str:
    """Return a name for one open store: machine, process, and a random word."""
    owner = f"{find_machine()}:{os.getpid()}:{secrets.token_hex(4)}"
    _open.add(owner)
    return owner


def retire_owner(owner: str) -> None:
    """Say that a store was closed."""
    _open.discard(owner)


@cache
def find_machine() -> str:
    """Return what tells this machine, since it started, and this container from all others."""
    marks = [platform.node().replace(":", "-")]
    with contextlib.suppress(OSError):
        marks.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()[:8])
        marks.append(re.sub(r"\D", "", Path("/proc/self/ns/pid").readlink().name))
    return "/".join(marks)


def is_here(owner: str) -> bool:
    """Whether an owner is a process of this machine; earlier versions wrote the machine's name alone."""
    return owner.rsplit(":", 2)[0] in {find_machine(), platform.node()} and os.name == "posix"


def is_alive(owner: str) -> bool:
    """Tell whether somebody may still be at work; of another machine nobody can say."""
    if not is_here(owner):
        return True
    process = owner.rsplit(":", 2)[1]
    if int(process) == os.getpid():
        return owner in _open
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
