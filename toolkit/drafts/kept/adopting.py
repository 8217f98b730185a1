"""Runs that no kept campaign knows yet, of an earlier version or from the command line, become rounds of one."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from toolkit.config import default_store
from toolkit.drafts import pictures
from toolkit.drafts.kept.content import (
    NAME,
    OBJECTIVE,
    OF_REWRITE,
    SURFACE,
    Content,
    DraftSlot,
    name_content,
    name_texts,
)
from toolkit.drafts.kept.shelf import add_content, keep_campaign, list_kept, load_campaign
from toolkit.errors import A_PATH, ArgumentKind, accept_only
from toolkit.models import Campaign
from toolkit.store import campaign_log, test_log
from toolkit.store.campaigns import Round, Rounds
from toolkit.store.campaigns import pictures as picture_store

MOST_ADOPTED = 200
"""Runs that are taken in at once, the last ones; the page of runs lists all."""
_LATELY = datetime.timedelta(minutes=2)
_A_CAMPAIGN = ArgumentKind("a Campaign", lambda value: isinstance(value, Campaign))
_PLACEHOLDER = "drafts from the page"
"""What the page of earlier versions called every campaign."""


def adopt_runs(store: Path) -> int:
    """Make each run of the store that is no round yet one of the campaign of its name, a new one where none has it.

    Returns how many there were. The page of earlier versions gave its runs no name of their own: such a run belongs
    to a campaign that has a draft of the same words.
    """
    with Rounds(store) as rounds, test_log.History(store) as history:
        unknown = history.list_runs() - rounds.list_known_runs()
        if not unknown:
            return 0
        with campaign_log.Campaigns(store) as log:
            known = [(one.id, json.loads(one.content)) for one in log.list_campaigns("")]
        tested = [one for one in history.list_tested() if one.run_id in unknown]
        if rounds.has_open():  # a run is known to the history a moment before its round is told of it
            lately = datetime.datetime.now(datetime.UTC) - _LATELY
            tested = [one for one in tested if datetime.datetime.fromisoformat(one.finished) < lately]
        runs = [list(group) for _, group in groupby(tested, key=lambda one: (one.finished, one.run_id))]
        for drafts in runs[-MOST_ADOPTED:]:
            begun = datetime.datetime.fromisoformat(drafts[0].finished)
            found = _find_home(drafts, known)
            content = _make_content(drafts, found and found[1])
            if found is None:
                mark = hashlib.sha256(f"{store}{drafts[0].run_id}".encode()).hexdigest()[:16]
                found = add_content(store, content, identity=mark), content
                known.append(found)
            rounds.begin(Round(campaign=found[0], run_id=drafts[0].run_id, asked_at=begun, content=json.dumps(content)))
        return len(runs)


def _find_home(drafts: Sequence[test_log.Tested], known: Iterable[tuple[str, Content]]) -> tuple[str, Content] | None:
    """Return the campaign that a run belongs to."""
    name, texts = drafts[0].campaign.removeprefix(OF_REWRITE), {one.text for one in drafts}
    for identity, content in known:
        if name != _PLACEHOLDER and name_content(content) == name:
            return identity, content
        if name == _PLACEHOLDER and texts & {slot["text"] for slot in content.get("slots", {}).values()}:
            return identity, content
    return None


def _make_content(drafts: Sequence[test_log.Tested], home: Content | None) -> Content:
    """Return the drafts of a run, as far as the store holds them, as a kept campaign has them."""
    slots = [
        DraftSlot(
            number=number, name=one.draft_id, text=one.text, parts={"headline": one.headline} if one.headline else {}
        )
        for number, one in enumerate(drafts)
    ]
    first = drafts[0]
    named = first.campaign if first.campaign != _PLACEHOLDER else name_texts(slot.text for slot in slots)
    return {
        "slots": {str(slot.number): slot.model_dump(mode="json", exclude={"number", "version"}) for slot in slots},
        "order": [slot.number for slot in slots],
        "removed": None,
        "values": {
            NAME: name_content(home) if home else named,
            SURFACE: first.surface,
            OBJECTIVE: first.objective,
        },
    }


@accept_only(store=A_PATH)
def load_campaigns(*, store: str | Path | None = None) -> list[Campaign]:
    """Return the campaigns that the page and `audience campaigns` keep, the one changed last first.

    Those without words and archived ones are left out. `store` is the file that keeps them: AUDIENCE_STORE, else the
    one in your data folder.

    Examples:
        >>> [campaign.campaign for campaign in toolkit.load_campaigns(store="empty.sqlite")]
        []
    """
    path = Path(store) if store is not None else default_store()
    adopt_runs(path)
    return [load_campaign(path, one.id) for one in list_kept(path) if one.drafts and not one.archived]


@accept_only(campaign=_A_CAMPAIGN, store=A_PATH)
def save_campaign(campaign: Campaign, *, store: str | Path | None = None) -> str:
    """Keep a campaign where the page and `audience campaigns` find it, and return what it is called there.

    A kept one that says the same is left as it is. If another one has its name it gets a number. `store` is the file
    that keeps them: AUDIENCE_STORE, else the one in your data folder. Raises InputError for drafts of several places.

    Examples:
        >>> coats = toolkit.Campaign(campaign="coats", drafts=(toolkit.Draft(id="A", text="Sell your coat."),))
        >>> toolkit.save_campaign(coats, store="kept.sqlite"), toolkit.save_campaign(coats, store="kept.sqlite")
        ('coats', 'coats')
    """
    path = Path(store) if store is not None else default_store()
    called: Mapping[str, str] = {}
    if campaign.file:
        campaign, called = pictures.take_pictures(campaign, Path(campaign.file).parent, picture_store.find_folder(path))
    return keep_campaign(path, campaign, None, done="saved it from Python", called=called).name
