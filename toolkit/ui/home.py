"""The list of campaigns: found, opened, renamed, copied, tagged, put away; and the head of the one that is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from toolkit.drafts import kept
from toolkit.drafts.surfaces import find_surface, surface_names
from toolkit.errors import InputError, ToolkitError
from toolkit.models import LABEL
from toolkit.panel import api
from toolkit.store import approvals, campaign_log
from toolkit.ui import caching, keeping, keys, state, writing
from toolkit.ui.sign_in import find_owner, find_rules, name_user
from toolkit.ui.text import escape, say_here

PAGE = 20
"""Campaigns on one page of the list."""
_MOST_NAME = 80


def show_list() -> None:
    """Draw the campaigns, the one changed last first, with a search, and ways to begin another."""
    session = state.find_session()
    st.title("Campaigns", anchor=False)
    st.caption(LABEL)
    for words in filter(None, (session.take_lost(), session.take_said())):
        st.info(escape(words))
    try:
        found = kept.list_kept(api.default_store(), find_owner())
    except ToolkitError as error:
        st.error(say_here(error))
        found = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("New campaign", type="primary", icon=":material/add:", key=keys.NEW, on_click=state.begin_anew)
        with st.popover("Import", icon=":material/upload_file:", **state.tie_popover(keys.EXAMPLES)) as place:
            if place.open:
                writing.ask_import()
        words = st.text_input(
            "Search", placeholder="name, tag or words of a draft", live=True, **state.tie(keys.HOME_WORDS, "")
        )
        archived = any(one.archived for one in found) and st.toggle(
            "Archived", **state.tie(keys.HOME_ARCHIVED, first=False)
        )
    shown = [one for one in found if one.archived == bool(archived) and _has_words(one, words)]
    _show_rows(shown)
    if not shown:
        st.info(_say_nothing(found, words))
    writing.show_examples()


def _say_nothing(found: Sequence[kept.Kept], words: str) -> str:
    """Say why no campaign is listed, and what to do where there is none at all."""
    if words.strip():
        return "No campaign has all these words."
    return "No campaign here." if found else "No campaign yet. Press New campaign, or open an example."


def show_head(*, may_undo: bool = True) -> None:
    """Draw the way back to the list, the name of the campaign, undo and redo, and what can be done to it."""
    session = state.find_session()
    st.button("All campaigns", icon=":material/arrow_back:", key=keys.ALL, on_click=state.leave_for_list)
    st.text_input(
        "Campaign", placeholder="Name of this campaign", label_visibility="collapsed", width=220,
        max_chars=_MOST_NAME, **state.tie_by(keys.CAMPAIGN_NAME, state.rename_campaign, ""),
    )  # fmt: skip
    for what, there in ((keys.UNDO, session.past), (keys.REDO, session.future)) if may_undo else ():
        st.button(
            what.capitalize(), icon=f":material/{what}:", key=what, type="tertiary", disabled=not there,
            on_click=state.step, args=(what,),
        )  # fmt: skip
    with st.popover("More", on_change="rerun", key=keys.MORE) as place:
        if place.open:
            _ask_more()


def ask_team() -> None:
    """Let the owner open the campaign to everybody who may sign in; nothing where nobody has to."""
    session = state.find_session()
    if not find_rules().is_shared or session.kept_id is None:
        return
    with campaign_log.Campaigns(api.default_store()) as log:
        marks = log.find_marks().get(session.kept_id, campaign_log.Marks())
    label = "Everybody who signs in can open and change this campaign"
    key = keys.name_campaign(session.kept_id, "shared")
    st.checkbox(label, **state.tie_to(key, marks.shared, _mark, session.kept_id, marks, "shared"))


def _ask_more() -> None:
    session = state.find_session()
    if session.kept_id is None:
        st.caption("Write a draft first.")
        return
    st.button("Copy", icon=":material/content_copy:", on_click=_copy, args=(session.kept_id,), width="stretch")
    _offer_export(session.kept_id, session.name)


def _show_rows(shown: Sequence[kept.Kept]) -> None:
    starts = dict(enumerate(range(0, len(shown), PAGE), 1))
    pages = len(starts)
    state.limit_page(keys.HOME_PAGE, max(pages, 1))
    start = starts.get(state.recall(keys.HOME_PAGE), 0)
    verdicts = {run.folder.name: run.verdict for run in caching.read_shelf()[0]} if shown else {}
    for one in shown[start : start + PAGE]:
        _show_row(one, verdicts)
    if pages > 1:
        st.number_input(f"Page, of {pages}", 1, pages, width=140, **state.tie(keys.HOME_PAGE, 1))


def _show_row(one: kept.Kept, verdicts: Mapping[str, str]) -> None:
    with st.container(border=True, key=keys.name_campaign(one.id, "row")):
        name, more = st.columns([6, 1], vertical_alignment="center")
        with name:
            st.button(
                escape(one.name),
                key=keys.name_campaign(one.id, "open"),
                type="tertiary",
                on_click=_open,
                args=(one.id,),
            )
            st.caption(escape(" · ".join(_describe(one, verdicts))))
        with more.popover("More", on_change="rerun", key=keys.name_campaign(one.id, "more")) as place:
            if place.open:
                _ask_about(one)


def _describe(one: kept.Kept, verdicts: Mapping[str, str]) -> list[str]:
    """Return what is said of a campaign in the list: surface, last round and verdict, approvals, tags."""
    said = [find_surface(one.surface).label if one.surface in surface_names() else one.surface]
    if one.drafts or not one.waiting:
        said.append(f"{len(one.drafts)} drafts" if len(one.drafts) != 1 else "1 draft")
    if one.waiting:
        said.append(f"{one.waiting} to screen")
    said.append(f"v{one.rounds}" if one.rounds else "not asked yet")
    if one.last_run in verdicts:
        said.append(f"“{verdicts[one.last_run]}”")
    with approvals.Approvals(api.default_store()) as approved:
        names = {each.draft_id for each in approved.list_approvals(one.name)} & set(one.drafts)
    if names:
        said.append(f"{', '.join(sorted(names))} approved")
    return said + [f"#{tag}" for tag in one.tags] + (["open to the team"] if one.shared else [])


def _ask_about(one: kept.Kept) -> None:
    marks = campaign_log.Marks(archived=one.archived, tags=one.tags, shared=one.shared)
    key = keys.name_campaign(one.id, "name")
    st.text_input("Name", max_chars=_MOST_NAME, **state.tie_to(key, one.name, _rename, one.id))
    key = keys.name_campaign(one.id, "tags")
    tags = ", ".join(one.tags)
    st.text_input("Tags, with commas between", **state.tie_to(key, tags, _tag, one.id, marks))
    st.button("Copy", key=keys.name_campaign(one.id, "copy"), on_click=_copy, args=(one.id,), width="stretch")
    st.button(
        "Take out of the archive" if one.archived else "Archive", key=keys.name_campaign(one.id, "archive"),
        on_click=_mark, args=(one.id, marks, "archived", not one.archived), width="stretch",
    )  # fmt: skip
    _offer_export(one.id, one.name)


def _offer_export(identity: str, name: str) -> None:
    """Offer the campaign as a file."""
    st.download_button(
        "Export (.yaml)", partial(_export, api.default_store(), identity, find_owner()), file_name=f"{name}.yaml",
        mime="application/yaml", on_click="ignore", key=keys.name_campaign(identity, "export"), width="stretch",
        help="Its drafts and brief. The command `audience campaigns export` writes its pictures beside it.",
    )  # fmt: skip


def _export(store: Path, identity: str, owner: str) -> bytes:
    return kept.export_kept(store, identity, owner).encode()


def _has_words(one: kept.Kept, words: str) -> bool:
    return all(word in one.words for word in words.casefold().split())


def _open(identity: str) -> None:
    state.reopen_campaign(identity)


def _copy(identity: str) -> None:
    _carry_out(
        lambda: state.reopen_campaign(
            kept.shelf.duplicate_kept(api.default_store(), identity, find_owner(), done_by=name_user() or "").id
        )
    )


def _rename(identity: str, name: str) -> None:
    _carry_out(lambda: kept.rename_kept(api.default_store(), identity, name, find_owner(), done_by=name_user() or ""))


def _tag(identity: str, marks: campaign_log.Marks, typed: str) -> None:
    tags = tuple(dict.fromkeys(filter(None, (" ".join(tag.split()).lstrip("#") for tag in typed.split(",")))))
    _mark(identity, marks, "tags", tags)


def _mark(identity: str, marks: campaign_log.Marks, what: str, value: object) -> None:
    def mark() -> None:
        with campaign_log.Campaigns(api.default_store()) as log:
            log.mark(identity, find_owner(), marks.model_copy(update={what: value}))
        if what != "tags":
            keeping.note(identity, _DONE[what, bool(value)])

    _carry_out(mark)


_DONE = {
    ("archived", True): "archived it",
    ("archived", False): "took it out of the archive",
    ("shared", True): "opened it to the team",
    ("shared", False): "closed it to the team",
}


def _carry_out(work: Callable[[], object]) -> None:
    """Do something to a campaign; what cannot be done is said in one line."""
    try:
        work()
    except (InputError, ToolkitError) as error:
        state.find_session().said = str(error)
