"""The shelf of kept campaigns: listed, found by name, imported, exported, renamed, duplicated."""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from toolkit.drafts import pictures
from toolkit.drafts.kept.content import (
    CALLED,
    NAME,
    SURFACE,
    Content,
    list_waiting,
    make_content,
    name_content,
    read_called,
    read_campaign,
    title_content,
    write_content,
)
from toolkit.drafts.loading import load_drafts, parse_drafts
from toolkit.errors import InputError, suggest
from toolkit.files import read_text
from toolkit.models import Campaign, Record
from toolkit.store import approvals, campaign_log
from toolkit.store.campaigns import Comment, Comments, Event, Round, Rounds
from toolkit.store.campaigns import pictures as picture_store

_TRIES = 20


class Kept(Record):
    """A kept campaign, as a list shows it."""

    id: str
    name: str
    surface: str
    drafts: tuple[str, ...]
    """The names of the drafts that have words."""
    waiting: int = 0
    """How many more drafts wait for a screening."""
    rounds: int = 0
    last_run: str = ""
    """The run of the last round; empty where there is none, or it goes on."""
    tags: tuple[str, ...] = ()
    archived: bool = False
    shared: bool = False
    changed: datetime.datetime
    words: str = ""
    """Everything a search looks at, in small letters."""


def list_kept(store: Path, owner: str = "") -> list[Kept]:
    """Return the kept campaigns of a store, the one changed last first; `owner` is who signed in."""
    with campaign_log.Campaigns(store) as log, Rounds(store) as rounds:
        marks, last = log.find_marks(), rounds.find_last()
        return [
            _describe(one, marks.get(one.id, campaign_log.Marks()), *last.get(one.id, (0, "")))
            for one in log.list_campaigns(owner)
        ]


def find_kept(store: Path, name: str, owner: str = "") -> Kept:
    """Return a kept campaign by its name or id; raise InputError where there is none, or several have the name."""
    known = list_kept(store, owner)
    found = [one for one in known if one.id == name] or [one for one in known if one.name == name]
    if not found:
        raise InputError(
            f"no campaign is called {name!r}{suggest(name, [one.name for one in known])}; "
            "`audience campaigns list` shows them"
        )
    if len(found) > 1:
        raise InputError(f"{len(found)} campaigns are called {name!r}; name one by its id: {', '.join(_ids(found))}")
    return found[0]


def export_kept(store: Path, identity: str, owner: str = "") -> str:
    """Return a kept campaign as the text of a YAML file; raise InputError where it has no words yet."""
    return export_content(_load(store, identity, owner))


def export_content(content: Content) -> str:
    """Return what is kept of a campaign as the text of a YAML file."""
    text = content.get("source")
    return write_content(content, parse_drafts(str(text), "the file") if text is not None else None)


def write_kept_pictures(store: Path, identity: str, into: Path, owner: str = "") -> tuple[int, list[str]]:
    """Write the pictures of a kept campaign beside its file; return how many, and the names that other files bear."""
    content = _load(store, identity, owner)
    return pictures.write_pictures(read_campaign(content), read_called(content), picture_store.find_folder(store), into)


def import_kept(store: Path, path: Path, owner: str = "", *, done_by: str = "") -> Kept:
    """Keep the campaign of a file; a kept one that says the same is that one, and a name that is taken gets a number.

    Raises InputError for a file that cannot be read.
    """
    source, campaign = None, load_drafts(path)  # what is wrong with it is said with its name and line
    if path.suffix.lower() in {".yaml", ".yml"}:
        source = read_text(path)
        campaign = parse_drafts(source, str(path))
    campaign, called = pictures.take_pictures(campaign, path.parent, picture_store.find_folder(store))
    return keep_campaign(store, campaign, source, owner, done_by=done_by, called=called)


def keep_campaign(
    store: Path,
    campaign: Campaign,
    source: str | None,
    owner: str = "",
    *,
    done_by: str = "",
    done: str = "imported a file",
    called: Mapping[str, str] = MappingProxyType({}),
) -> Kept:
    """Keep a campaign with the text of its file, as `import_kept` does; `done` is what its history says.

    `called` says what the kept pictures are called in that file.
    """
    places = list(dict.fromkeys(draft.surface for draft in campaign.drafts))
    if len(places) > 1:
        raise InputError(
            f"{campaign.campaign}: holds drafts for several places ({', '.join(places)}); a kept campaign is for one: "
            "write a file for each"
        )
    content = make_content(campaign, source)
    if called:
        content["values"][CALLED] = json.dumps(dict(called), ensure_ascii=False)
    for one in list_kept(store, owner):
        if one.name == campaign.campaign and _says_same(_load(store, one.id, owner), content):
            return one
    content["values"][NAME] = find_free_name(store, campaign.campaign, owner)
    identity = add_content(store, content, owner)
    note_event(store, identity, done_by, done)
    return find_kept(store, identity, owner)


def duplicate_kept(store: Path, identity: str, owner: str = "", *, done_by: str = "") -> Kept:
    """Keep a copy of a campaign, without its rounds, and return it."""
    content = _load(store, identity, owner)
    name = find_free_name(store, f"{name_content(content)} copy", owner)
    made = add_content(store, {**content, "values": {**content["values"], NAME: name}}, owner)
    note_event(store, made, done_by, f"copied {name_content(content)}")
    return find_kept(store, made, owner)


def rename_kept(store: Path, identity: str, name: str, owner: str = "", *, done_by: str = "") -> None:
    """Give a campaign another name; what people approved and said goes with it."""
    wanted = " ".join(name.split())
    if not wanted:
        raise InputError("a campaign needs a name; type one")
    before = name_content(_load(store, identity, owner))
    if wanted == before:
        return
    if any(one.name == wanted for one in list_kept(store, owner)):
        raise InputError(f"another campaign is called {wanted!r}; choose another name")
    change_kept(store, identity, lambda content: {**content, "values": {**content["values"], NAME: wanted}}, owner)
    move_remarks(store, before, wanted)
    note_event(store, identity, done_by, f"renamed it from {before}")


def move_remarks(store: Path, before: str, after: str) -> None:
    """Let approvals and comments follow a campaign to its new name."""
    with Comments(store) as comments:
        comments.rename(before, after)
    with approvals.Approvals(store) as approved:
        approved.rename(before, after)


def change_kept(store: Path, identity: str, change: Callable[[Content], Content], owner: str = "") -> None:
    """Change what is kept of a campaign, whoever else changes it meanwhile; raise InputError where there is none."""
    with campaign_log.Campaigns(store) as log:
        for _ in range(_TRIES):
            found = log.find(identity, owner)
            if found is None:
                break
            content = change(json.loads(found.content))
            if log.keep(_write(identity, content, owner, found.version + 1)):
                return
    raise InputError("this campaign is not at hand; look at the list again")


def add_content(store: Path, content: Content, owner: str = "", identity: str | None = None) -> str:
    """Keep a new campaign and return its id."""
    made = identity or secrets.token_urlsafe(12)
    with campaign_log.Campaigns(store) as log:
        log.keep(_write(made, content, owner, 1))
    return made


def note_event(store: Path, identity: str, done_by: str, what: str) -> None:
    """Note who did what to a campaign, now."""
    with Rounds(store) as rounds:
        rounds.note(Event(campaign=identity, done_by=done_by, done_at=datetime.datetime.now(datetime.UTC), what=what))


def list_history(store: Path, kept: Kept) -> tuple[list[Round], list[Comment], list[Event]]:
    """Return the rounds of a campaign, the comments on it, and who did what to it."""
    with Rounds(store) as rounds, Comments(store) as comments:
        return rounds.list_rounds(kept.id), comments.list_comments(kept.name), rounds.list_events(kept.id)


def find_free_name(store: Path, wanted: str, owner: str = "", *, apart_from: str | None = None) -> str:
    """Return a name that no kept campaign has: the wanted one, else with the next free number."""
    taken = {one.name for one in list_kept(store, owner) if one.id != apart_from}
    names = (wanted if number == 1 else f"{wanted} {number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _load(store: Path, identity: str, owner: str) -> Content:
    with campaign_log.Campaigns(store) as log:
        found = log.find(identity, owner)
    if found is None:
        raise InputError("this campaign is not at hand; look at the list again")
    content: Content = json.loads(found.content)
    return content


def _says_same(one: Content, other: Content) -> bool:
    try:
        return read_called(one) == read_called(other) and export_content(one) == export_content(other)
    except InputError:
        return False


def _write(identity: str, content: Content, owner: str, version: int) -> campaign_log.KeptCampaign:
    return campaign_log.KeptCampaign(
        id=identity,
        owner=owner,
        title=title_content(content),
        content=json.dumps(content, ensure_ascii=False),
        version=version,
        changed=datetime.datetime.now(datetime.UTC),
    )


def _describe(one: campaign_log.KeptCampaign, marks: campaign_log.Marks, rounds: int, last_run: str) -> Kept:
    content: dict[str, Any] = json.loads(one.content)
    slots = [slot for slot in content.get("slots", {}).values() if str(slot.get("text", "")).strip()]
    name, waiting = name_content(content), list_waiting(content.get("values", {}))
    told = [*(f"{slot['name']} {slot['text']}" for slot in slots), *waiting]
    words = " ".join([name, *marks.tags, *told]).casefold()
    return Kept(
        id=one.id,
        name=name,
        surface=str(content.get("values", {}).get(SURFACE) or "messenger_message"),
        drafts=tuple(str(slot["name"]) for slot in slots),
        waiting=len(waiting),
        rounds=rounds,
        last_run=last_run,
        changed=one.changed,
        words=words,
        **marks.model_dump(),
    )


def _ids(found: list[Kept]) -> list[str]:
    return [one.id for one in found]


def load_campaign(store: Path, identity: str, owner: str = "") -> Campaign:
    """Return a kept campaign as a Campaign; raise InputError where it has no words yet.

    What the file it came from says beside its drafts, such as checks, is in it.
    """
    content = _load(store, identity, owner)
    if content.get("source") is None:
        campaign = read_campaign(content)
    else:
        kept = {name: one for one, name in read_called(content).items()}
        campaign = parse_drafts(export_content(content), name_content(content))
        campaign = pictures.rename_pictures(campaign, lambda name: kept.get(name or "", name))
    return pictures.find_pictures(campaign, picture_store.find_folder(store))
