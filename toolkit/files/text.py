"""Text of unknown encoding, read without loss or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

from toolkit.errors import InputError
from toolkit.files import resources

MOST_BYTES = 64 * 2**20
LARGE_FILE = b"version https://git-lfs.github.com/spec/"
"""How a file begins that Git LFS keeps elsewhere."""
_LEAST_NUL_SHARE = 0.3
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_text(source: str | Path) -> str:
    """Return the text of a file, or of standard input for "-", with line feeds as line breaks.

    UTF-8 with or without mark, UTF-16 with mark or with the NUL bytes that give it away, otherwise the encoding that
    was named, or that of Western Windows where the text is surely Western. Raises InputError for any other, with what
    it looks like, and for what is missing, a folder, unreadable, binary or larger than 64 MB.
    """
    return decode_text(read_bytes(source), str(source))


def read_bytes(source: str | Path) -> bytes:
    """Return the bytes of a file, or of standard input for "-"; raise InputError as `read_text` does."""
    if str(source) == resources.STANDARD_INPUT:
        return sys.stdin.buffer.read(MOST_BYTES)
    path = Path(source)
    if path.is_dir():
        raise InputError(f"{path}: this is a folder; name a file in it")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: larger than 64 MB; split the file")
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check the name and the folder you are in") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; check its permissions") from None


def decode_text(data: bytes, source: str) -> str:
    """Return bytes as text; `source` stands in messages."""
    if data.startswith(LARGE_FILE):
        raise InputError(f"{source}: a pointer of Git LFS stands here, not the file itself; run `git lfs pull`")
    text = _decode(data, source)
    if "\x00" in text:
        raise InputError(f"{source}: this is not a text file; save it as UTF-8 text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes, source: str) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if len(data) > 1 and data[1::2].count(0) > _LEAST_NUL_SHARE * len(data) / 2:
        return data.decode("utf-16-le", errors="replace")
    if len(data) > 1 and data[0::2].count(0) > _LEAST_NUL_SHARE * len(data) / 2:
        return data.decode("utf-16-be", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        from toolkit.files.encodings import decode_old

        return decode_old(data, source)
