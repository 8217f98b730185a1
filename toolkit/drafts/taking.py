"""What people pass as drafts, be it a path, a text, a frame or records, as one campaign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from toolkit.drafts.loading import FORMATS, load_drafts, make_drafts, make_table_drafts, merge_campaigns
from toolkit.errors import InputError
from toolkit.files import Located, frames, make_record
from toolkit.models import Campaign, Draft, records

DraftsLike: TypeAlias = "Campaign | Draft | Sequence[Draft | str | Path] | str | Path | records.AnyRows"
"""A campaign, drafts, a path, texts, or a frame with the columns id, text, surface and so on."""
_FRAME = "the frame of drafts"
_GIVE = "pass a path, a frame, a Campaign or a list of Draft"


def take_drafts(drafts: Any) -> Campaign:
    """Return drafts as a campaign.

    A text with spaces that names no file is one draft's words, and so is each text of a list. A list may also hold
    paths of files, which are read and put together. Rows of a frame or mappings are drafts under the columns of a
    table of drafts. Raises InputError for anything else.
    """
    if isinstance(drafts, Campaign):
        return drafts
    if isinstance(drafts, (str, Path)):
        return _make_of_texts([drafts]) if _is_text(drafts) else load_drafts(drafts)
    if isinstance(drafts, Draft):
        return _gather([drafts])
    rows = frames.read_rows(drafts, _FRAME)
    if rows is not None:
        return make_drafts(rows, _FRAME)
    return _take_list(drafts)


def _take_list(drafts: Any) -> Campaign:
    """Return several drafts, texts or files as a campaign."""
    if isinstance(drafts, (bytes, Mapping)) or not isinstance(drafts, Iterable):
        raise InputError(f"drafts are of type {type(drafts).__name__}; {_GIVE}")
    listed: list[Any] = list(drafts)
    if not listed:
        raise InputError("no drafts given; pass at least one")
    if all(isinstance(one, str) and not _is_file(one) for one in listed):
        return _make_of_texts(listed)
    if all(isinstance(one, (str, Path)) for one in listed):
        return merge_campaigns([take_drafts(one) for one in listed])
    return _gather(listed)


def make_campaign(frame: Any, columns: Mapping[str, str | None], fields: Mapping[str, Any]) -> Campaign:
    """Return what `Campaign.from_frame` does; `columns` names the column of a draft's field, `fields` a campaign's."""
    rows = frames.read_rows(frame, _FRAME)
    if rows is None:
        raise InputError(f"{_FRAME}: {frames.name_kind(frame)} is no table; {frames.GIVE}")
    found = make_table_drafts(rows, _FRAME, {own: column for own, column in columns.items() if column})
    given = {name: value for name, value in fields.items() if value is not None}
    shared = {"objective": found.objective} if found.objective is not None else {}
    made = make_record(Campaign, Located(None, _FRAME), {**shared, **given, "drafts": found.drafts})
    return made.read_from("", {}, found.notes)


def _make_of_texts(texts: Sequence[Any]) -> Campaign:
    return make_drafts([{"text": str(one)} for one in texts], "the list of texts")


def _is_text(given: str | Path) -> bool:
    """Whether a text is what people are to read, and no path: it has a space, no ending of a file, and no file."""
    return isinstance(given, str) and any(map(str.isspace, given.strip())) and not _is_file(given)


def _is_file(given: str) -> bool:
    if "\n" in given.strip() or Path(given).suffix.lower() in FORMATS:
        return "\n" not in given.strip()
    try:
        return Path(given).exists()
    except OSError:  # too long for a path
        return False


def _gather(drafts: Sequence[Any]) -> Campaign:
    return make_record(Campaign, Located(None, "drafts"), {"campaign": "drafts", "drafts": tuple(drafts)})
