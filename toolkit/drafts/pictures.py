"""Pictures of drafts: small files beside the campaign, never fetched from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from toolkit.errors import InputError
from toolkit.files import resources, write_atomically
from toolkit.models import Campaign

LARGEST_PICTURE = 5_000_000
"""Bytes; a larger picture is left to its description."""
KEPT_KINDS = ("jpg", "png", "webp")
"""What may be uploaded; browsers and models take these."""
_WEBP = slice(8, 12)
_LETTERS = 32
_KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}


def load_picture(image: str | None, folder: Path | None) -> str | None:
    """Return a picture as a data address, or None where `image` is not a small picture file inside `folder`.

    What kind it is, its first bytes say. A web address is never followed, and a path that leaves the folder is only
    where `resources.allowing_outside` lets it.
    """
    path = _find_file(image, folder)
    if path is None or path.stat().st_size > LARGEST_PICTURE:
        return None
    data = path.read_bytes()
    kind = _find_kind(data)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}" if kind else None


def keep_picture(data: bytes, folder: Path) -> str:
    r"""Keep a picture in a folder under the hash of its bytes, and return that name.

    Raises InputError for more than 5 MB and for anything but JPEG, PNG and WebP, whatever the file was called.

    Examples:
        >>> import pathlib, tempfile
        >>> from toolkit.drafts import pictures
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> name = pictures.keep_picture(b"\x89PNG\r\n\x1a\n and so on", folder)
        >>> name.endswith(".png"), (folder / name).is_file()
        (True, True)
    """
    if len(data) > LARGEST_PICTURE:
        raise InputError(f"the picture has {len(data) / 1e6:.1f} MB; give one of at most 5 MB")
    kind = _find_kind(data)
    suffix = {"jpeg": "jpg"}.get(kind or "", kind)
    if suffix not in KEPT_KINDS:
        raise InputError("the file is no JPEG, PNG or WebP picture; save it as one of these and try again")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{hashlib.sha256(data).hexdigest()[:_LETTERS]}.{suffix}"
    if not (folder / name).is_file():
        write_atomically(folder / name, data)
    return name


def find_pictures(campaign: Campaign, folder: Path) -> Campaign:
    """Return a campaign that finds the pictures of its drafts in a folder, if any stands there."""
    has_any = any(draft.image and (folder / Path(draft.image).name).is_file() for draft in campaign.drafts)
    return campaign.read_from(str(folder / "campaign.yaml"), {}) if has_any else campaign


def take_pictures(campaign: Campaign, folder: Path, into: Path) -> tuple[Campaign, dict[str, str]]:
    """Keep the pictures that a campaign of a file in `folder` names; return it under their names, and what they were.

    A picture that is not there, lies outside or cannot be kept stays a name, and people hear its description.
    """
    called: dict[str, str] = {}

    def take(image: str | None) -> str | None:
        path = _find_file(image, folder)
        if image is None or path is None:
            return image
        try:
            name = keep_picture(path.read_bytes(), into)
        except (InputError, OSError):
            return image
        # a kept picture is called one thing: under its second name it stays a name, and the file keeps its words
        return name if called.setdefault(name, image) == image else image

    return rename_pictures(campaign, take), called


def rename_pictures(campaign: Campaign, rename: Callable[[str | None], str | None]) -> Campaign:
    """Return a campaign whose drafts and brand name their pictures otherwise."""
    drafts = tuple(draft.model_copy(update={"image": rename(draft.image)}) for draft in campaign.drafts)
    brief = campaign.brief and campaign.brief.model_copy(update={"avatar": rename(campaign.brief.avatar)})
    return campaign.model_copy(update={"drafts": drafts, "brief": brief})


def write_pictures(campaign: Campaign, called: Mapping[str, str], folder: Path, into: Path) -> tuple[int, list[str]]:
    """Write the kept pictures of a campaign beside its file; return how many, and the names that other files bear.

    `folder` holds them, and `called` says what each was in the file that it came from.
    """
    names = [draft.image for draft in campaign.drafts] + ([campaign.brief.avatar] if campaign.brief else [])
    written, taken = 0, []
    for name in dict.fromkeys(filter(None, names)):
        held, wanted = folder / Path(name).name, called.get(name, name)
        path = into / wanted
        if not held.is_file() or not resources.is_within_reach(path, into):
            continue
        data = held.read_bytes()
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, data)
            written += 1
        elif not path.is_file() or path.read_bytes() != data:
            taken.append(wanted)
    return written, taken


def _find_file(image: str | None, folder: Path | None) -> Path | None:
    """Return the picture file that `image` names in a folder; None for an address, and for what is not there."""
    if not image or folder is None or "://" in image:
        return None
    path = (folder / image).resolve()
    return path if resources.is_within_reach(path, folder) and path.is_file() else None


def _find_kind(data: bytes) -> str | None:
    kind = next((kind for start, kind in _KINDS.items() if data.startswith(start)), None)
    return None if kind == "webp" and data[_WEBP] != b"WEBP" else kind
