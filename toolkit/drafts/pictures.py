"""Pictures of drafts: small files beside the campaign, never fetched from anywhere."""

from __future__ import annotations

import base64
from pathlib import Path

from toolkit.files import resources

LARGEST_PICTURE = 5_000_000
"""Bytes; a larger picture is left to its description."""
_KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}


def load_picture(image: str | None, folder: Path | None) -> str | None:
    """Return a picture as a data address, or None where `image` is not a small picture file inside `folder`.

    What kind it is, its first bytes say. A web address is never followed, and a path that leaves the folder is only
    where `resources.allowing_outside` lets it.
    """
    if not image or folder is None or "://" in image:
        return None
    path = (folder / image).resolve()
    if not resources.is_within_reach(path, folder) or not path.is_file() or path.stat().st_size > LARGEST_PICTURE:
        return None
    data = path.read_bytes()
    kind = next((kind for start, kind in _KINDS.items() if data.startswith(start)), None)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}" if kind else None
