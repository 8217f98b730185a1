"""Files are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from toolkit.errors import InputError


def write_atomically(path: Path, data: bytes) -> None:
    """Write to a temporary file in the same folder, then put it in place; raise InputError where that fails."""
    staging = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, staging = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        Path(staging).chmod(0o644)
        Path(staging).replace(path)
    except OSError as error:
        if staging:
            Path(staging).unlink(missing_ok=True)
        raise InputError(
            f"{path}: cannot be written: {error.strerror}; free space or permissions, or name another place"
        ) from None
