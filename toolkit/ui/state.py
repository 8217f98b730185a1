"""The session between two runs of the script; nothing else touches `session_state` or the address of the page.

Each browser session has one `Session`: drafts and keys are shared with no other. A field of the page shows what the
session holds, and what is typed into it reaches the session by its callback alone: whatever becomes of a run of the
script, nothing else changes what is held. Runs belong to the process, and a session finds its own by a link that
cannot be guessed, which stands in the address of the page.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypedDict

import streamlit as st

from toolkit.audiences import list_audiences
from toolkit.drafts.surfaces import find_surface
from toolkit.errors import InputError
from toolkit.models import Audience, Campaign
from toolkit.panel import live_runs
from toolkit.results import Run
from toolkit.ui import caching, keeping, keys, spending
from toolkit.ui.session import RESULT, Session
from toolkit.ui.sign_in import find_owner
from toolkit.ui.telling import Telling

_SESSION = "session"


class Tied(TypedDict):
    """Options of a Streamlit field that tie it to the session."""

    key: str
    on_change: Callable[..., None]
    args: tuple[Any, ...]
    persist_state: Literal["session"]


class TiedPopover(TypedDict):
    """Options of a Streamlit popover that tie it to the session."""

    key: str
    on_change: Literal["rerun"]


def find_session() -> Session:
    """Return what this browser session holds; it begins with two empty drafts."""
    if _SESSION not in st.session_state:
        st.session_state[_SESSION] = Session()
    session: Session = st.session_state[_SESSION]
    return session


def begin() -> None:
    """Take over the run that the address names."""
    find_session().take_settled()  # the page is drawn anew: starting over on the way would drop the press that led here
    session = find_session()
    keeping.keep(session)
    is_new = not session.begun
    _follow_link(is_new=is_new, keeps_words=keeping.take_up(session))


def enter(page: str) -> None:
    """Note which page is drawn."""
    find_session().enter(page)


def suggest(key: str, value: Any) -> None:
    """Give a field its first value; what was chosen since then stays."""
    find_session().values.setdefault(key, value)


def keep_choice(key: str, allowed: Any, suggestion: Any = None) -> None:
    """Put the suggestion, else the first, in the place of a choice that is no longer allowed."""
    session = find_session()
    if session.values.get(key) not in allowed:
        session.put(key, suggestion if suggestion in allowed else next(iter(allowed), None))


def keep_choices(key: str, allowed: Any) -> None:
    """Forget those of several choices that are no longer allowed."""
    session = find_session()
    session.put(key, [choice for choice in session.values.get(key, []) if choice in allowed])


def limit_number(key: str, most: int) -> None:
    """Bring a number down to what is now the most; if everybody was chosen, everybody stays chosen."""
    session = find_session()
    before = session.values.get(keys.name_most(key))
    chosen = session.values.get(key, most)
    session.put(key, most if chosen == before else min(chosen, most))
    session.values[keys.name_most(key)] = most


def limit_page(key: str, pages: int) -> None:
    """Keep a page number within how many there are now; the first if none was chosen."""
    session = find_session()
    session.put(key, min(session.values.get(key, 1), pages))


def recall(key: str) -> Any:
    """Return what a field of any page holds; None if it was never drawn or is empty."""
    return find_session().values.get(key)


def put(key: str, value: Any) -> None:
    """Give a field a value."""
    find_session().put(key, value)


def forget(key: str) -> None:
    """Forget what was chosen, so that the field falls back to its suggestion."""
    find_session().values.pop(key, None)


def tie(key: str, first: Any = None) -> Tied:
    """Return the options that tie a field to what the session holds under its key, `first` to begin with."""
    suggest(key, first)
    session = find_session()
    return tie_to(keys.name_changed(key, session.changes.get(key, 0)), session.values[key], _keep, key)


def tie_by(key: str, change: Callable[..., None], first: Any = None) -> Tied:
    """Return the options that tie a field to what the session holds under its key, changed by a function of yours."""
    suggest(key, first)
    session = find_session()
    return tie_to(keys.name_changed(key, session.changes.get(key, 0)), session.values[key], change)


def tie_to(key: str, value: Any, change: Callable[..., None], *about: Any) -> Tied:
    """Return the options by which a field shows `value` and passes what is typed on: `change(*about, typed)`."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return {"key": key, "on_change": _take, "args": (key, change, *about), "persist_state": "session"}


def close(key: str) -> None:
    """Close a popover before it is drawn: from now on it is another one to the browser.

    A browser that draws it in another place meanwhile would go on holding that it is open, and open it again.
    """
    changes = find_session().changes
    changes[key] = changes.get(key, 0) + 1
    st.session_state[key] = False


def tie_popover(key: str) -> TiedPopover:
    """Return the options of a popover that `close` can close; what is in it need be drawn only while it is open."""
    changed = keys.name_changed(key, find_session().changes.get(key, 0))
    if changed != key:
        st.session_state[changed] = bool(st.session_state.get(key)) or bool(st.session_state.get(changed))
        st.session_state[key] = False
    return {"key": changed, "on_change": "rerun"}


def read_field(key: str, name: str | None = None) -> Any:
    """Return what a field of the page holds by itself, tied to nothing; of a component, one of its values."""
    found = st.session_state.get(key)  # what tells of a run of the script that was broken off may know no field yet
    return found if name is None or found is None else found.get(name)


def take_typed(key: str) -> None:
    """Take over what the editor of that key was left with, and keep it."""
    typed = read_field(key, "typed")
    if typed is not None:
        _take_over(Telling.model_validate(typed), is_standing=True)


def take_late() -> None:
    """Take over what was typed into boxes that went, or were given other words, before they told it."""
    for one in read_field(keys.LEAVING_PART, "late") or []:
        _take_over(Telling.model_validate(one))


def list_taken() -> tuple[str, ...]:
    """Return what was taken over of boxes: entry and moment of each, so that the tab forgets it."""
    return tuple(f"{one.entry} {one.at:.0f}" for one in find_session().taken.values())


def _take_over(telling: Telling, *, is_standing: bool = False) -> None:
    session = find_session()
    if telling.campaign == session.identity:
        session.take(telling, is_standing=is_standing)
        keeping.keep(session)
    else:
        keeping.take_elsewhere(telling, session)
        session.note_taken(telling)


def open_campaign(campaign: Campaign, source: str | None = None) -> None:
    """Put a campaign on the page as a new one, with the text of its file; what stands there stays kept."""
    session = find_session()
    keeping.keep(session)
    forget_live()
    session.put_campaign(campaign, dict(list_audiences()), source)
    session.put(keys.CAMPAIGN_NAME, keeping.find_free_name(campaign.campaign))


def open_again(campaign: Campaign, run_id: str | None = None) -> None:
    """Put the drafts of a round on the page: into the campaign that it is a round of, else into a new one.

    The drafts that stood there are kept as a version that nobody was asked about, unless they are those of a round.
    """
    session = find_session()
    identity = keeping.find_campaign(run_id) if run_id else session.kept_id
    if identity is None or not (identity == session.kept_id or keeping.may_open(identity)):
        open_campaign(campaign)
        return
    if identity != session.kept_id:
        reopen_campaign(identity)
    keeping.set_aside(session)
    session.note_step()
    session.put_drafts(campaign, dict(list_audiences()))
    session.show_campaign()


def open_run_again(run: Run) -> None:
    """Put the drafts of a run on the page, with its objective and its audience."""
    audiences = [str(asked["audience"]) for asked in run.methods.audiences]
    campaign = run.methods.campaign
    changes = {"objective": run.methods.settings.objective, "audience": campaign.audience or audiences[0]}
    open_again(campaign.model_copy(update=changes), run.run_id)


def reopen_campaign(identity: str) -> None:
    """Put a kept campaign on the page."""
    session = find_session()
    keeping.keep(session)
    forget_live()
    if keeping.reopen(session, identity):
        session.show_campaign()


def begin_anew() -> None:
    """Put two empty drafts on the page; those that stand there stay kept."""
    session = find_session()
    keeping.keep(session)
    forget_live()
    session.begin_anew()


def leave_for_list() -> None:
    """Show the list of campaigns; the one that stands on the page stays kept."""
    session = find_session()
    keeping.keep(session)
    forget_live()
    session.leave_for_list()


def settle_name() -> str:
    """Return the name of the campaign; one that has none is called by its place and the day, and keeps that.

    No word of a draft is in it: the name stands beside every reply, and forgetting a draft would not reach it there.
    """
    session = find_session()
    if not str(session.values.get(keys.CAMPAIGN_NAME) or "").strip():
        place = find_surface(str(session.values.get(keys.SURFACE) or "facebook_post")).label
        name = f"{place}, {datetime.datetime.now(datetime.UTC):%-d %B}"
        session.put(keys.CAMPAIGN_NAME, keeping.find_free_name(name, apart_from=session.kept_id))
    return session.name


def rename_campaign(name: str) -> None:
    """Give the campaign another name, with a number where another has it; what people said of it follows."""
    session, wanted = find_session(), " ".join(name.split())
    before = str(session.values.get(keys.CAMPAIGN_NAME) or "").strip()
    free = keeping.find_free_name(wanted, apart_from=session.kept_id) if wanted else ""
    if free != wanted:
        session.said = f"Another campaign is called {wanted}."
    if free == name:
        session.values[keys.CAMPAIGN_NAME] = free
    else:
        session.put(keys.CAMPAIGN_NAME, free)
    if before and free and free != before:
        keeping.move_remarks(before, free)


def is_at_list() -> bool:
    """Whether the list of campaigns is to be shown; a newcomer, who has none yet, begins at once."""
    session = find_session()
    if session.at_list is None:
        session.at_list = not (session.kept_id or session.is_written or session.live) and keeping.has_any()
    return session.at_list


def step(direction: Literal["undo", "redo"]) -> None:
    """Undo the last step in the drafts, or do it again."""
    session = find_session()
    session.undo() if direction == "undo" else session.redo()
    keeping.keep(session)


def find_live() -> live_runs.LiveRun | None:
    """Return the run of this session, going on or finished."""
    return caching.live_runs_of_process().find(find_session().live)


def start_live(campaign: Campaign, audience: Audience, options: Mapping[str, Any]) -> None:
    """Start a run and make it the one of this session; raise InputError where it cannot be started."""
    spending.check_address(str(options.get("base_url") or ""))
    session = find_session()
    begun = keeping.begin_round(session, audience.audience)
    try:
        with spending.paying(session.values):
            found = caching.live_runs_of_process()
            keep = begun.note if begun else None
            _begin(found.start(campaign, audience, owner=_name_visitor(), on_kept=keep, **options))
    except InputError:
        if begun:
            begun.drop()
        raise
    session.show_campaign(RESULT)
    session.live_round = begun.number if begun else None
    if begun:
        _note_round(begun.campaign, begun.number)
        keeping.note_asked(begun, int(options.get("sample") or len(audience.personas)))
        session.put(keys.name_round(begun.campaign), begun.number)


def continue_live(limits: Mapping[str, Any]) -> None:
    """Ask what the run of this session lacks, with the key that is typed on the page, within the limits of now."""
    session = find_session()
    live = find_live()
    machine = spending.find_machine_url()
    key = spending.choose_key(str(recall(keys.API_KEY) or ""), (live.base_url if live else "") or machine)
    try:
        with spending.paying(session.values, live):
            _begin(caching.live_runs_of_process().go_on(session.live or "", key, limits, owner=_name_visitor()))
        if session.kept_id and session.live_round is not None:
            _note_round(session.kept_id, session.live_round)
    except InputError as error:
        session.lost = str(error)


def take_up_round(number: int) -> live_runs.LiveRun | None:
    """Make the run behind a round of the campaign on the page the one of this session, if it is in this process.

    It may have been begun in another tab, or before this one was closed.
    """
    session = find_session()
    link = caching.rounds_of_process().get((session.kept_id or "", number))
    live = caching.live_runs_of_process().find(link)
    if link is None or live is None or (live.is_over and live.run is None):
        return None
    _hold(link)
    session.live_round = number
    return live


def ask_again(campaign: Campaign, values: Mapping[str, Any]) -> None:
    """Put the drafts of a round on the page, with what was chosen for it, and ask."""
    open_again(campaign)
    session = find_session()
    for key, value in values.items():
        if keys.is_about_asking(key):
            session.put(key, value)
    session.press()


def forget_live() -> None:
    """Let go of the run of this session; one that still goes on does so to its end and is saved."""
    find_session().live = find_session().live_round = None
    st.query_params.pop("live", None)


def find_asked_run() -> str | None:
    """Return the id of the saved run that the address of the page asks for."""
    asked = st.query_params.get("run")
    return str(asked) if asked else None


def ask_for_run(run_id: str) -> None:
    """Put the id of a saved run into the address of the page, so that the address opens it again."""
    st.query_params["run"] = run_id


def _keep(key: str, value: Any) -> None:
    find_session().values[key] = value


def _take(key: str, change: Callable[..., None], *about: Any) -> None:
    if key not in st.session_state:  # the run of the script that drew the field was broken off, and left no trace of it
        return
    change(*about, st.session_state[key])
    keeping.keep(find_session())


def _follow_link(*, is_new: bool, keeps_words: bool) -> None:
    """Take over the run that the address names, once a session, or put the session's own into the address.

    The drafts of the run come with it, unless the campaign of the address brought newer words. An address that comes
    later, such as by the browser's way back, names a run of a time before, and counts for nothing.
    """
    session = find_session()
    named = st.query_params.get("live")
    if named and named not in session.followed:
        live = caching.live_runs_of_process().find(named)
        if live is None:
            st.query_params.pop("live", None)
            session.lost = "The run of this link is no longer in memory. You find finished runs under Runs."
        elif is_new:
            if not keeps_words:
                _put_live(session, live, named)
            _hold(named)
            session.show_campaign(RESULT)
    if session.live is not None and find_live() is not None:
        _hold(session.live)


def _put_live(session: Session, live: live_runs.LiveRun, link: str) -> None:
    """Put the campaign on the page that a run is a round of; else its drafts, with what was chosen for it."""
    identity = keeping.find_campaign(live.run.run_id) if live.run else None
    if identity is not None and keeping.reopen(session, identity):
        return
    session.put_campaign(live.campaign, dict(list_audiences()))
    session.forget_steps()
    for key, value in caching.choices_of_runs().get(link, {}).items():
        session.put(key, value)


def _note_round(campaign: str, number: int) -> None:
    link = find_session().live
    if link is not None:
        caching.rounds_of_process()[campaign, number] = link


def _begin(link: str) -> None:
    """Make a run the one of this session, and note what was chosen for it: its link shows the same choices."""
    chosen, choices = find_session().values, caching.choices_of_runs()
    for earlier in list(choices):
        if caching.live_runs_of_process().find(earlier) is None:
            choices.pop(earlier, None)
    choices[link] = {key: value for key, value in chosen.items() if key != keys.API_KEY}
    _hold(link)


def _name_visitor() -> str:
    """Return what tells one who asks from all others: who signed in, else this browser session."""
    return find_owner() or find_session().visitor


def _hold(link: str) -> None:
    """Make a run the one of this session, here and in the address."""
    session = find_session()
    session.live = link
    session.followed.add(link)
    st.query_params["live"] = link
