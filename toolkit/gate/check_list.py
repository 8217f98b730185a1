"""The checks of a campaign file: read, named and placed; faults are told with their line and the nearest right name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from toolkit.errors import InputError, suggest
from toolkit.files import Located, located_yaml
from toolkit.gate.checks import KINDS, BoundCheck, Check, PairCheck
from toolkit.gate.names import BASELINE, OwnMeasures, is_same_name, name_own
from toolkit.models import Campaign, Record, records


class PlacedCheck(Record):
    """A check with its place in the campaign file."""

    check: Check
    name: str
    """The check in words, told apart from others that read alike."""
    line: int | None

    @property
    def draft_id(self) -> str | None:
        """The one draft it is about."""
        return next(iter(self.check.drafts), None)


def read_checks(campaign: Campaign, questions: Sequence[records.OwnQuestion] | None = None) -> tuple[PlacedCheck, ...]:
    """Return the checks of a campaign; raise InputError with FILE:LINE for the first that cannot be used.

    `questions` are those that checks may be about, the audience's among them; the campaign's own if left out.
    """
    own = name_own(campaign.questions if questions is None else questions)
    if not campaign.checks:
        way = "add some" if campaign.file else "add some to the file, or pass Campaign.from_frame(..., checks=[...])"
        raise InputError(f"{campaign.file or campaign.campaign}: there are no checks; {way}, see docs/gate.md")
    _refuse_baseline(campaign)
    located = Located({"checks": list(campaign.checks)}, campaign.file or campaign.campaign, _find_lines(campaign))
    placed: list[PlacedCheck] = []
    for index, entry in enumerate(campaign.checks):
        path: located_yaml.Path = ("checks", index)
        check = _find_kind(entry, located, path, own).read(located, entry, path, own)
        _check_drafts(check, campaign, located, path)
        name = _tell_apart(check.describe(), [earlier.name for earlier in placed])
        placed.append(PlacedCheck(check=check, name=name, line=campaign.find_line("checks", str(index))))
    return tuple(placed)


def _find_kind(entry: dict[str, Any], located: Located, path: located_yaml.Path, own: OwnMeasures) -> type[Check]:
    words: dict[str, type[Check]] = {word: kind for kind in KINDS for word in kind.word}
    words |= dict.fromkeys(own, BoundCheck)
    found = {words[key]: key for key in entry if key in words}
    if len(found) > 1:
        first, second = list(found.values())[:2]
        raise InputError(
            f"{located.place((*path, second))}: one check holds both {first} and {second}; write one check for each"
        )
    if found:
        return next(iter(found))
    known = {*words, *(name for kind in KINDS for name in kind.list_keys())}
    unknown = next((key for key in entry if key not in known), None)
    allowed = f"allowed: {', '.join(words)}"
    if unknown is not None:
        place = located.place((*path, unknown))
        raise InputError(f"{place}: {unknown!r} is no check{suggest(unknown, known)}; {allowed}")
    raise InputError(f"{located.place(path)}: this check does not say what must hold; {allowed}")


def _check_drafts(check: Check, campaign: Campaign, located: Located, path: located_yaml.Path) -> None:
    ids = [draft.id for draft in campaign.drafts]
    paired = isinstance(check, PairCheck)
    for written in check.drafts:
        if any(is_same_name(one, written) for one in ids) or (paired and written == BASELINE):
            continue
        key = check.word[0] if paired and written == check.drafts[1] else "draft"
        more = [BASELINE] if paired and key != "draft" else []
        allowed = ", ".join([*ids, *more])
        near = suggest(written, [*ids, *more])
        raise InputError(f"{located.place((*path, key))}: no draft is called {written!r}{near}; allowed: {allowed}")
    if paired and check.drafts[0] == check.drafts[1]:
        raise InputError(f"{located.place(path)}: {check.drafts[0]!r} is compared with itself; name another draft")


def _refuse_baseline(campaign: Campaign) -> None:
    if any(draft.id == BASELINE for draft in campaign.drafts):
        raise InputError(
            f"{campaign.place(BASELINE)}: the id {BASELINE!r} is kept for what a recording accepted; rename the draft"
        )


def _find_lines(campaign: Campaign) -> dict[located_yaml.Path, int]:
    def walk(value: Any, path: located_yaml.Path) -> Iterator[located_yaml.Path]:
        yield path
        pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in pairs:
            yield from walk(item, (*path, key))

    lines: dict[located_yaml.Path, int] = {}
    for index, entry in enumerate(campaign.checks):
        for path in walk(entry, (index,)):
            line = campaign.find_line("checks", ".".join(map(str, path)))
            if line is not None:
                lines["checks", *path] = line
    return lines


def _tell_apart(name: str, taken: list[str]) -> str:
    count = 1 + sum(one == name or one.startswith(f"{name} (") for one in taken)
    return name if count == 1 else f"{name} ({count})"
