"""Comments on a draft, and the changes that people request."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from toolkit.errors import InputError, ToolkitError
from toolkit.models import Draft, records
from toolkit.panel import api
from toolkit.report import saving
from toolkit.results import Run
from toolkit.store.campaigns import Comment, Comments
from toolkit.ui import keeping, keys, state
from toolkit.ui.session import DraftSlot
from toolkit.ui.sign_in import name_user
from toolkit.ui.text import escape, say_here

_MOST_WORDS, _MOST_NAME = 2_000, 120


def show_remarks(slot: DraftSlot) -> None:
    """Draw what people said of a draft of the campaign on the page, and let somebody say more."""
    try:
        with Comments(api.default_store()) as comments:
            said = comments.list_comments(state.find_session().name, slot.name)
    except ToolkitError as error:
        st.error(say_here(error))
        return
    draft = _make_draft(slot)
    for comment in said:
        _show_comment(comment, draft)
    _ask_comment(slot, draft)


def count_open(draft_id: str) -> int:
    """Return how many requested changes of a draft of the campaign on the page are open."""
    with Comments(api.default_store()) as comments:
        return sum(one.draft_id == draft_id for one in comments.list_requested(state.find_session().name))


@st.dialog("Comment on what was said", width="medium")
def comment_on(run: Run, draft_id: str, quote: str) -> None:
    """Take a comment on words that a persona said of a draft in a run; it is kept with the run's campaign."""
    draft = next(one for one in run.methods.campaign.drafts if one.id == draft_id)
    st.markdown(f"On **{escape(draft_id)}**: “{escape(quote)}”")
    said = _ask_words(keys.REMARK)
    if said is None:
        return
    comment = _make_comment(saving.list_names(run)[0], draft_id, said, digest=draft.digest, quote=quote)
    if _keep(comment.model_copy(update={"run_id": run.run_id}), keeping.find_campaign(run.run_id)):
        st.toast(f"Kept. Your comment stands under Share, on {escape(draft_id)}.")
    st.rerun()


def say_comment(comment: Comment) -> str:
    """Return one comment in a line: on which draft and words, who said what when, and whether it is settled."""
    about = f"{comment.draft_id}, “{comment.quote}”" if comment.quote else comment.draft_id
    asks = "requests a change: " if comment.asks_change else ""
    done = "" if comment.is_open else f" (settled by {comment.settled_by})"
    return f"{about}: {comment.describe()}: {asks}{' '.join(comment.words.split())}{done}"


def _show_comment(comment: Comment, draft: Draft | None) -> None:
    words, settle = st.columns([5, 1], vertical_alignment="center")
    with words:
        icon = ":material/check_circle:" if not comment.is_open else ":material/comment:"
        icon = ":material/edit_note:" if comment.asks_change and comment.is_open else icon
        asks = "requests a change" if comment.asks_change else "said"
        if comment.quote:
            st.caption(f"On “{escape(comment.quote)}”")
        st.markdown(f"{icon} **{escape(comment.said_by)}** {asks}: {escape(comment.words)}")
        notes = [comment.describe()]
        if draft is not None and comment.digest and comment.digest != draft.digest:
            notes.append("about earlier words")
        if not comment.is_open:
            notes.append(f"settled by {comment.settled_by}")
        st.caption(escape("; ".join(notes)))
    label = "Settle" if comment.is_open else "Reopen"
    settle.button(label, key=keys.name_settling(comment.number), on_click=_settle, args=(comment,), width="stretch")


def _ask_comment(slot: DraftSlot, draft: Draft | None) -> None:
    """Ask for a comment; who signed in comments under that name."""
    with st.expander(f"Comment on {slot.name}", icon=":material/add_comment:"):
        said = _ask_words(slot.name, asks_quote=True)
    if said is None:
        return
    digest = draft.digest if draft else ""
    comment = _make_comment(state.settle_name(), slot.name, said, digest=digest, quote=said.quote)
    keeping.keep(state.find_session())
    _keep(comment, state.find_session().kept_id)
    st.rerun()


class _Typed(NamedTuple):
    words: str
    quote: str
    asks_change: bool
    name: str


def _ask_words(about: str, *, asks_quote: bool = False) -> _Typed | None:
    """Return what somebody says and under which name, once it is sent and whole."""
    signed = name_user()
    with st.form(key=keys.name_remark(about, "form"), border=False, clear_on_submit=True):
        words = st.text_area("Comment", max_chars=_MOST_WORDS, key=keys.name_remark(about, "words"))
        quote = ""
        if asks_quote:
            key = keys.name_remark(about, "quote")
            quote = st.text_input("About which words (optional)", max_chars=_MOST_WORDS, key=key)
        asks = st.checkbox("This requests a change", key=keys.name_remark(about, "change"))
        name = signed or st.text_input("Your name", max_chars=_MOST_NAME, key=keys.name_remark(about, "name"))
        if not st.form_submit_button(f"Comment as {signed}" if signed else "Comment"):
            return None
    if not words.strip() or not name.strip():
        st.error("Type your words and your name. A comment needs both.")
        return None
    return _Typed(words.strip(), quote.strip(), asks, name.strip())


def _make_comment(campaign: str, draft_id: str, said: _Typed, *, digest: str, quote: str) -> Comment:
    return Comment(
        campaign=campaign, draft_id=draft_id, digest=digest, quote=quote, words=said.words,
        asks_change=said.asks_change, said_by=said.name, said_at=datetime.datetime.now(datetime.UTC),
    )  # fmt: skip


def _keep(comment: Comment, identity: str | None) -> bool:
    """Keep a comment, and note in the campaign's history who made it; tell whether it could be kept."""
    if not _carry_out(lambda comments: comments.add(comment)):
        return False
    what = "requested a change of" if comment.asks_change else "commented on"
    keeping.note(identity or "", f"{what} {comment.draft_id}", comment.said_by)
    return True


def _settle(comment: Comment) -> None:
    now, who = datetime.datetime.now(datetime.UTC), name_user() or "whoever uses this page"
    if comment.is_open:
        _carry_out(lambda comments: comments.settle(comment.number, who, now))
    else:
        _carry_out(lambda comments: comments.reopen(comment.number))
    what = "settled" if comment.is_open else "reopened"
    keeping.note(state.find_session().kept_id or "", f"{what} a comment on {comment.draft_id}")


def _carry_out(work: Callable[[Comments], object]) -> bool:
    try:
        with Comments(api.default_store()) as comments:
            work(comments)
    except ToolkitError as error:
        state.find_session().said = str(error)
        return False
    return True


def _make_draft(slot: DraftSlot) -> Draft | None:
    try:
        return records.make_draft(slot.describe(str(state.recall(keys.SURFACE) or "messenger_message")))
    except InputError:
        return None
