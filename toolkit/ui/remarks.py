"""Comments on a draft, and the changes that people request."""

from __future__ import annotations

import datetime

import streamlit as st

from toolkit.errors import InputError, ToolkitError
from toolkit.models import Draft, records
from toolkit.panel import api
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
    signed = name_user()
    box = st.expander(f"Comment on {slot.name}", icon=":material/add_comment:")
    with box, st.form(key=keys.name_remark(slot.name, "form"), border=False, clear_on_submit=True):
        words = st.text_area("Comment", max_chars=_MOST_WORDS, key=keys.name_remark(slot.name, "words"))
        quote = st.text_input(
            "About which words (optional)", max_chars=_MOST_WORDS, key=keys.name_remark(slot.name, "quote")
        )
        asks = st.checkbox("This requests a change", key=keys.name_remark(slot.name, "change"))
        name = signed or st.text_input("Your name", max_chars=_MOST_NAME, key=keys.name_remark(slot.name, "name"))
        if not st.form_submit_button(f"Comment as {signed}" if signed else "Comment"):
            return
    if not words.strip() or not name.strip():
        st.error("Type your words and your name. A comment needs both.")
        return
    comment = Comment(
        campaign=state.settle_name(),
        draft_id=slot.name,
        digest=draft.digest if draft else "",
        quote=quote.strip(),
        words=words.strip(),
        asks_change=asks,
        said_by=name.strip(),
        said_at=datetime.datetime.now(datetime.UTC),
    )
    _carry_out(lambda comments: comments.add(comment))
    keeping.keep(state.find_session())
    keeping.note(
        state.find_session().kept_id or "", f"{'requested a change of' if asks else 'commented on'} {slot.name}", name
    )
    st.rerun()


def _settle(comment: Comment) -> None:
    now, who = datetime.datetime.now(datetime.UTC), name_user() or "whoever uses this page"
    if comment.is_open:
        _carry_out(lambda comments: comments.settle(comment.number, who, now))
    else:
        _carry_out(lambda comments: comments.reopen(comment.number))
    what = "settled" if comment.is_open else "reopened"
    keeping.note(state.find_session().kept_id or "", f"{what} a comment on {comment.draft_id}")


def _carry_out(work: object) -> None:
    try:
        with Comments(api.default_store()) as comments:
            work(comments)  # type: ignore[operator]
    except ToolkitError as error:
        state.find_session().said = str(error)


def _make_draft(slot: DraftSlot) -> Draft | None:
    try:
        return records.make_draft(slot.describe(str(state.recall(keys.SURFACE) or "messenger_message")))
    except InputError:
        return None
