"""Run folders are whole or not there: written beside their place, swapped in one step, and checked on reading.

run.json carries the SHA-256 of the other files, so that a folder put together from two runs, or changed by hand, does
not pass for one. That is no signature: whoever rewrites run.json as well is not found out.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from toolkit.errors import InputError, name_option

RECORD = "run.json"
FILES = (RECORD, "reactions.parquet", "scorecard.parquet", "comparisons.parquet")
PREFERENCES = "preferences.parquet"
"""Written besides where a head-to-head was asked for."""
OWN = (*FILES, PREFERENCES)
_STALE_SECONDS = 3600
"""After how long a folder that was begun and never finished counts as left behind by a process that died."""
_HERE = -100  # AT_FDCWD of Linux: paths start from the working folder
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS
_CHUNK = 1 << 20


def check_folder(folder: Path) -> None:
    """Raise InputError unless a run may be written to `folder`: new, empty, or holding a run."""
    check_place(folder)
    if not folder.is_dir() or (folder / RECORD).is_file():
        return
    if any(path.name not in OWN for path in folder.iterdir()):
        raise InputError(f"{name_option('folder', folder)}: the folder holds other files; name a new or empty one")


def check_place(folder: Path) -> None:
    """Raise InputError where `folder` can neither be written to nor made."""
    try:
        place = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    except OSError as error:
        named = name_option("folder", folder)
        raise InputError(f"{named}: cannot be used: {error.strerror}; name another folder") from None
    if not place.is_dir():
        what = "this" if place == folder else place
        raise InputError(f"{name_option('folder', folder)}: {what} is a file; name a folder to write the run to")
    if not os.access(place, os.W_OK | os.X_OK):
        raise InputError(f"{name_option('folder', folder)}: {place} cannot be written to; name another folder")


def write_folder(folder: Path, files: Mapping[str, bytes], own: Collection[str]) -> None:
    """Put a folder with these files in place of the one that stands there, which stays as it is until then.

    What else stands there is taken along; `own` names what is not. Raises OSError where nothing can be written.
    """
    folder = Path(os.path.realpath(folder))
    if _must_stay(folder):
        _write_inside(folder, files, own)
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear_left_behind(folder)
    staging = folder.with_name(f".{folder.name[:80]}.{secrets.token_hex(4)}.part")
    staging.mkdir()
    try:
        for name, content in files.items():
            _write_synced(staging / name, content)
        if folder.is_dir():
            _take_along(folder, staging, own)
        if not _put_in_place(staging, folder):
            _write_inside(folder, files, own)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def find_digest(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_digests(folder: Path, digests: Mapping[str, str], names: Collection[str]) -> None:
    """Raise ValueError where a file is not the one that run.json was written with; without digests, say nothing."""
    for name in names if digests else ():
        if name not in digests:
            raise ValueError(f"run.json has no digest of {name}")
        if find_digest(folder / name) != digests[name]:
            raise ValueError(
                f"{name} is not the file that run.json was written with: it was changed, or is of another run"
            )


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _take_along(folder: Path, staging: Path, own: Collection[str]) -> None:
    """Give the new folder what somebody put into the old one, such as a report."""
    for path in folder.iterdir():
        if path.name in own:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, staging / path.name, symlinks=True, copy_function=_link)
        else:
            _link(path, staging / path.name)


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _must_stay(folder: Path) -> bool:
    """Return whether a folder cannot be swapped: somebody works in it, or nothing can be written beside it."""
    if not folder.is_dir():
        return False
    return Path.cwd().is_relative_to(folder) or folder.is_mount() or not os.access(folder.parent, os.W_OK | os.X_OK)


def _put_in_place(staging: Path, folder: Path) -> bool:
    """Swap the two folders, and leave the old one where the new one was; False where the system cannot."""
    if not folder.exists():
        staging.rename(folder)
        return True
    try:
        _exchange(staging, folder)
    except OSError:
        return False
    return True


def _exchange(one: Path, other: Path) -> None:
    """Exchange two folders in one step; raise OSError where the system cannot."""
    call = _find_exchange()
    if call is None:
        raise OSError("this system cannot exchange folders")
    if call(os.fsencode(one), os.fsencode(other)):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _find_exchange() -> Callable[[bytes, bytes], int] | None:
    if os.name != "posix":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        return lambda one, other: int(library.renameat2(_HERE, one, _HERE, other, _EXCHANGE))
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        return lambda one, other: int(library.renamex_np(one, other, _EXCHANGE))
    return None


def _write_inside(folder: Path, files: Mapping[str, bytes], own: Collection[str]) -> None:
    """Write file by file, run.json taken away first and put back last: a folder without it is no run."""
    for name in (RECORD, *(name for name in own if name not in files)):
        (folder / name).unlink(missing_ok=True)
    for name in sorted(files, key=lambda name: name == RECORD):
        staging = folder / f".{name}.{secrets.token_hex(4)}"
        try:
            _write_synced(staging, files[name])
            staging.replace(folder / name)
        finally:
            staging.unlink(missing_ok=True)


def _clear_left_behind(folder: Path) -> None:
    """Remove what a process that was killed in here began long ago."""
    for path in folder.parent.glob(f".{folder.name[:80].replace('[', '[[]')}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
