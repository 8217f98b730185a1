"""Recordings of two branches put together: the reactions of both are kept, so that nobody is asked again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from toolkit.errors import InputError
from toolkit.files import read_text
from toolkit.gate import recording_file
from toolkit.gate.recording_file import MERGE_MARKS, Entry, Header, Recording
from toolkit.models import Record


class MergeOutcome(Record):
    """What putting recordings together came to."""

    recording: str
    """The file that now holds the reactions of all."""
    reactions: int
    added: int
    """Reactions that the first file did not hold."""


def merge_recordings(*files: str | Path) -> MergeOutcome:
    """Write the reactions of all files into the first, and return how many that added.

    A file may hold the marks that a merge left: both sides of it are read. Where two files answer the same question,
    the first one's answer stays; where one draft has two texts, both stay until `audience record` drops what the
    campaign needs no more. Raises InputError for a file that is no recording, or of recordings of two campaigns.

    Examples:
        >>> from toolkit.gate import merging
        >>> merging.merge_recordings("a.reactions.jsonl", "b.reactions.jsonl").reactions  # doctest: +SKIP
        48
    """
    if not files:
        raise InputError("name the recordings to merge, such as jam.reactions.jsonl")
    sides = [side for file in files for side in _read_sides(Path(file))]
    first = sides[0]
    other = next((side for side in sides if side.header.campaign != first.header.campaign), None)
    if other is not None:
        raise InputError(
            f"{files[0]}: recordings of {first.header.campaign!r} and of {other.header.campaign!r} cannot be merged"
        )
    entries = tuple(_keep_first(entry for side in sides for entry in side.entries))
    whole = _read_quietly(Path(files[0]))
    before = len(whole.entries) if whole is not None else 0
    recording_file.save_recording(Path(files[0]), _merge_headers([side.header for side in sides]), entries)
    return MergeOutcome(recording=str(files[0]), reactions=len(entries), added=len(entries) - before)


def _keep_first(entries: Iterable[Entry]) -> Iterator[Entry]:
    seen = set()
    for entry in entries:
        if entry.identity not in seen:
            seen.add(entry.identity)
            yield entry


def _merge_headers(headers: list[Header]) -> Header:
    """Return the first header, with a baseline and an audience that only another has."""
    first = headers[0]
    baseline = next((header.baseline for header in headers if header.baseline is not None), None)
    audience = next((header.audience for header in headers if header.audience), ())
    return first.model_copy(update={"baseline": baseline, "audience": audience})


def _read_quietly(path: Path) -> Recording | None:
    """Return a recording as it stands, or None if a merge left its marks in it."""
    return None if any(line.startswith(MERGE_MARKS) for line in read_text(path).split("\n")) else _require(path)


def _read_sides(path: Path) -> Iterator[Recording]:
    """Yield a recording, or the two that a merge left in one file."""
    lines = read_text(path).removesuffix("\n").split("\n")
    if not any(line.startswith(MERGE_MARKS) for line in lines):
        yield _require(path)
        return
    header, entries = None, []
    for number, line in enumerate(lines, 1):
        if line.startswith(MERGE_MARKS):
            continue
        fields = recording_file.parse_line(line, path, number)
        if "recording" in fields:
            header = header or recording_file.make_header(fields, path, number)
        else:
            entries.append(recording_file.read_entry(line, path, number))
    if header is None:
        raise InputError(f"{path}: no first line of a recording is left; restore the file from version control")
    yield Recording(header=header, entries=tuple(_keep_first(entries)))


def _require(path: Path) -> Recording:
    found = recording_file.load_recording(path)
    if found is None:
        raise InputError(f"{path}: no such recording; name a file that ends in {recording_file.SUFFIX}")
    return found
