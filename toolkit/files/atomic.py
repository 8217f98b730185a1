"""Files are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from toolkit.errors import InputError


def write_atomically(path: Path, data: bytes) -> None:
    """Write to a temporary file in the same folder, then put it in place; raise InputError where that fails.

    Who may read it follows the user's umask.
    """
    staging = path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
            stream.write(data)
        staging.replace(path)
    except OSError as error:
        staging.unlink(missing_ok=True)
        raise InputError(
            f"{path}: cannot be written: {error.strerror}; free space or permissions, or name another place"
        ) from None
