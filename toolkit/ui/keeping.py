"""What is typed goes into the store at once, and comes back: after a reload, in another tab, tomorrow."""

from __future__ import annotations

import contextlib
import datetime
import json
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from toolkit.drafts import kept
from toolkit.errors import ToolkitError
from toolkit.panel import api
from toolkit.results import Run
from toolkit.store import approvals, campaign_log
from toolkit.store.campaigns import Event, Round, Rounds
from toolkit.ui import keys
from toolkit.ui.session import Content, Session, list_changes, merge
from toolkit.ui.sign_in import find_owner, name_user
from toolkit.ui.telling import Telling

_ADDRESS, _NEW = "campaign", "new"


def keep(session: Session) -> None:
    """Keep what the session holds if it changed; what another tab kept meanwhile is taken over with it."""
    session.note_step()
    content = session.dump()
    if content == session.kept or (session.kept_id is None and not session.is_written):
        return
    try:
        with campaign_log.Campaigns(api.default_store()) as log:
            _keep(log, session, content)
    except ToolkitError as error:
        session.lost = f"Your drafts could not be saved: {error}"


def take_up(session: Session) -> bool:
    """Take up the campaign that the address names, "new" for an empty one, once a session; tell whether there is one.

    Afterwards the address follows the session, and never the other way round.
    """
    named = st.query_params.get(_ADDRESS)
    found = False
    if named == _NEW and not session.begun:
        session.show_campaign()
    elif named and not session.begun:
        found = reopen(session, str(named))
    elif session.kept_id is not None:
        _catch_up(session)
    session.begun = True
    if session.kept_id is not None and st.query_params.get(_ADDRESS) != session.kept_id:
        st.query_params[_ADDRESS] = session.kept_id
    elif session.kept_id is None:
        st.query_params.pop(_ADDRESS, None)
    return found


def reopen(session: Session, identity: str) -> bool:
    """Put a kept campaign on the page; tell whether there is one of that id."""
    try:
        with campaign_log.Campaigns(api.default_store()) as log:
            found = log.find(identity, find_owner())
    except ToolkitError as error:
        session.lost = str(error)
        return False
    if found is None:
        return False
    session.restore(json.loads(found.content))
    session.forget_steps()
    session.note_step()
    session.identity, session.kept_version, session.kept = found.id, found.version, session.dump()
    return True


@dataclass(frozen=True)
class Begun:
    """A round that was begun."""

    store: Path
    campaign: str
    number: int
    is_new: bool = True
    """Whether it is another round than the last: the same drafts may be asked about the same people again."""

    def note(self, run: Run) -> None:
        """Note the saved run."""
        with Rounds(self.store) as rounds:
            rounds.name_run(self.campaign, self.number, run.run_id)

    def drop(self) -> None:
        """Take the round back: nobody was asked."""
        if not self.is_new:
            return
        with Rounds(self.store) as rounds:
            rounds.drop(self.campaign, self.number)


def take_elsewhere(telling: Telling, session: Session) -> None:
    """Take over words that come late for a campaign that is not on the page.

    Those of one that was never kept come onto the page if nothing was written there, else into a campaign of theirs.
    """
    other = Session()
    if not reopen(other, telling.campaign):
        if not telling.is_new:
            return
        if not session.is_written and session.kept_id is None:
            other = session
        other.identity = telling.campaign
    other.take(telling)
    keep(other)


def begin_round(session: Session, audience: str) -> Begun | None:
    """Keep the drafts as they are asked about, and of whom; None where the store cannot be used."""
    asked = session.dump()
    asked["values"] = asked["values"] | {keys.AUDIENCE: audience}
    keep(session)
    try:
        return _add_round(session, asked)
    except ToolkitError as error:
        session.lost = f"This round could not be saved: {error}"
        return None


def note_asked(begun: Begun, people: int) -> None:
    """Note how many people a round asks."""
    count = "1 person" if people == 1 else f"{people:,} people"
    with contextlib.suppress(ToolkitError):  # the run goes on, whatever the history lacks
        note(begun.campaign, f"asked {count} (v{begun.number})")


def set_aside(session: Session) -> None:
    """Keep the drafts on the page as a version, unless a round has the same words."""
    try:
        if session.is_written:
            _add_round(session)
    except ToolkitError as error:
        session.lost = f"Your drafts could not be saved: {error}"


def list_rounds(session: Session) -> list[Round]:
    """Return the rounds of the campaign on the page, the first first."""
    if session.kept_id is None:
        return []
    with Rounds(api.default_store()) as rounds:
        return rounds.list_rounds(session.kept_id)


def list_events(session: Session) -> list[Event]:
    """Return what was done to the campaign on the page, approvals included, the last first."""
    if session.kept_id is None:
        return []
    with Rounds(api.default_store()) as rounds, approvals.Approvals(api.default_store()) as approved:
        given = [
            Event(
                campaign=session.kept_id,
                done_by=one.approved_by,
                done_at=one.approved_at,
                what=f"approved {one.draft_id}",
            )
            for one in approved.list_approvals(session.name)
        ]
        return sorted([*rounds.list_events(session.kept_id), *given], key=lambda one: one.done_at, reverse=True)


def note(identity: str, what: str, who: str = "") -> None:
    """Note what whoever looks at the page did to a campaign, under the name that they typed or signed in with."""
    if identity:
        kept.shelf.note_event(api.default_store(), identity, name_user() or who, what)


def move_remarks(before: str, after: str) -> None:
    """Let what people said of a campaign follow it to its new name."""
    with contextlib.suppress(ToolkitError):  # the name itself is kept, and says what is wrong with the store
        kept.shelf.move_remarks(api.default_store(), before, after)


def find_campaign(run_id: str) -> str | None:
    """Return the id of the campaign that a run is a round of; None where it is of none."""
    with Rounds(api.default_store()) as rounds:
        return rounds.find_campaign(run_id)


def may_open(identity: str) -> bool:
    """Whether whoever looks at the page may open a campaign."""
    with campaign_log.Campaigns(api.default_store()) as log:
        return log.find(identity, find_owner()) is not None


def find_last_surface() -> str | None:
    """Return the place that the campaign changed last is for, of whoever looks at the page; None if there is none."""
    store = api.default_store()
    try:
        if not store.exists():
            return None
        with campaign_log.Campaigns(store) as log:
            last = log.find_last(find_owner())
    except (OSError, ToolkitError):
        return None
    return json.loads(last.content)["values"].get(keys.SURFACE) if last else None


def has_any() -> bool:
    """Whether whoever looks at the page has a campaign, or a run that becomes one."""
    try:
        store = api.default_store()
        if not store.exists():
            return False
        if not find_owner():
            kept.adopt_runs(store)
        with campaign_log.Campaigns(store) as log:
            return log.has_any(find_owner())
    except (OSError, ToolkitError):
        return False


def find_free_name(wanted: str, *, apart_from: str | None = None) -> str:
    """Return a name that no other campaign of whoever looks at the page has."""
    try:
        return kept.shelf.find_free_name(api.default_store(), wanted, find_owner(), apart_from=apart_from)
    except ToolkitError:
        return wanted


def _add_round(session: Session, asked: Content | None = None) -> Begun | None:
    """Keep the drafts that were asked about as a round, or those on the page as set aside."""
    if session.kept_id is None:
        return None
    store, content = api.default_store(), {**(asked or session.dump()), "source": None}
    with Rounds(store) as rounds:
        known = rounds.list_rounds(session.kept_id)
        if asked is None and any(_list_drafts(json.loads(one.content)) == _list_drafts(content) for one in known):
            return None
        if asked is not None and known and _ask_the_same(json.loads(known[-1].content), content):
            return Begun(store, session.kept_id, known[-1].number, is_new=False)
        begun = rounds.begin(
            Round(
                campaign=session.kept_id,
                asked=asked is not None,
                asked_by=name_user() or "",
                asked_at=datetime.datetime.now(datetime.UTC),
                content=json.dumps(content, ensure_ascii=False),
            )
        )
    return Begun(store, begun.campaign, begun.number)


def _ask_the_same(one: Content, other: Content) -> bool:
    """Whether two rounds ask about the same drafts, the same people, in the same way."""

    def tell(content: Content) -> tuple[object, ...]:
        asking = {key: value for key, value in content["values"].items() if keys.is_about_asking(key)}
        return _list_drafts(content), asking

    return tell(one) == tell(other)


def _list_drafts(content: Content) -> list[object]:
    """Return the drafts that hold something, whatever their numbers: drafts that are used again get others."""
    slots = {str(number): slot for number, slot in content["slots"].items()}
    placed = [slots[str(number)] for number in content["order"]]
    return [slot for slot in placed if slot["text"].strip() or slot["parts"]]


def _keep(log: campaign_log.Campaigns, session: Session, content: Content) -> None:
    identity = session.identity
    written = campaign_log.KeptCampaign(
        id=identity,
        owner=find_owner(),
        title=session.describe(),
        content=json.dumps({**content, "by": name_user() or ""}, ensure_ascii=False),
        version=session.kept_version + 1,
        changed=datetime.datetime.now(datetime.UTC),
    )
    if log.keep(written):
        edited = [] if written.version == 1 else session.list_unnoted(session.kept, content)
        session.kept_version, session.kept = written.version, content
        if written.version == 1:
            note(identity, "began it")
        if edited:
            note(identity, f"edited {', '.join(edited)}")
        return
    found = log.find(identity, written.owner)
    if found is None:
        return
    _merge(session, found)
    _keep(log, session, session.dump())


def _catch_up(session: Session) -> None:
    """Take over what another tab kept since this one did."""
    try:
        with campaign_log.Campaigns(api.default_store()) as log:
            if log.find_version(session.kept_id or "") <= session.kept_version:
                return
            found = log.find(session.kept_id or "", find_owner())
    except ToolkitError as error:
        session.lost = str(error)
        return
    if found is not None:
        _merge(session, found)


def _merge(session: Session, found: campaign_log.KeptCampaign) -> None:
    theirs: Content = json.loads(found.content)
    base, ours = session.kept, session.dump()
    merged = merge(base, ours, theirs)
    session.surprised |= any(
        merged["values"].get(key) != ours["values"].get(key) for key in merged["values"] if keys.is_about_asking(key)
    )
    session.restore(merged)
    session.forget_steps()
    changed = [name for name in list_changes(base, theirs) if name not in list_changes(base, ours)] if base else []
    by = theirs.pop("by", "")
    if changed and by and by != name_user():
        session.said = f"{by} changed {', '.join(changed)}."
    session.kept_version, session.kept = found.version, theirs
