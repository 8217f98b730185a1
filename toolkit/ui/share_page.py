"""Share a run with a client: how the page looks, its files, a link to read it, the client's answer, approvals."""

from __future__ import annotations

import datetime
from functools import partial

import streamlit as st

from toolkit.errors import InputError, ToolkitError
from toolkit.models import LABEL
from toolkit.panel import api
from toolkit.report import saving
from toolkit.results import Run
from toolkit.store import approvals
from toolkit.store.campaigns import Comment, Comments, ShareLink, ShareLinks
from toolkit.ui import caching, client_view, keeping, keys, state
from toolkit.ui.approving import show_approval
from toolkit.ui.sign_in import find_owner, find_rules, name_user
from toolkit.ui.text import escape, say_here
from toolkit.ui.ways_on import show_beginning

_MOST_TITLE = 120
_KINDS = {
    ".html": ("Page", "text/html"),
    ".pdf": ("PDF", "application/pdf"),
    ".pptx": ("Slides", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
}


def show() -> None:
    """Share the run of the address `share?run=RUN_ID`, or the one that was looked at last."""
    st.title("Share with a client", anchor=False)
    st.caption(LABEL)
    asked = state.find_asked_run() or state.recall(keys.SUBJECT)
    if asked is None:
        show_beginning("Finish a test first. Then its result can be shared here.")
        return
    try:
        run = caching.open_run(str(asked))
    except ToolkitError as error:
        st.error(say_here(error))
        return
    state.ask_for_run(run.run_id)
    show_sharing(run)


def show_sharing(run: Run) -> None:
    """Draw everything about sharing one run."""
    delivery = ask_letterhead(run)
    if delivery is not None:
        show_files(run, delivery)
        client_view.draw_page(run, delivery)
        show_links(run, delivery)
    ask_answer(run)
    st.header("Approve the drafts", anchor=False)
    for draft in run.methods.campaign.drafts:
        with st.container(border=True):
            st.markdown(f"**{escape(draft.id)}**")
            st.text(draft.text)
            show_approval(run, draft)


def ask_letterhead(run: Run) -> saving.Delivery | None:
    """Ask what stands on the page; None if something that was given cannot be used."""
    name, address, logo = st.columns([3, 3, 4], gap="large")
    title = name.text_input(
        "Name at the top", placeholder="the campaign", max_chars=_MOST_TITLE, **state.tie(keys.SHARE_TITLE)
    )
    reply_to = address.text_input(
        "Answers go to", placeholder="ada@example.org", max_chars=200, **state.tie(keys.SHARE_REPLY_TO)
    )
    with address:
        comments = st.checkbox("With comments", **state.tie(keys.SHARE_COMMENTS, True))  # noqa: FBT003 - its value
    picture = logo.file_uploader(
        "Logo (PNG or JPEG)", type=["png", "jpg", "jpeg"], max_upload_size=1, key=keys.SHARE_LOGO
    )
    given = {
        "title": title or _name_now(run),
        "reply_to": reply_to or "",
        "logo": picture.getvalue() if picture else None,
    }
    try:
        return saving.make_delivery([], view="client", comments=bool(comments), paper="a4", **given)
    except InputError as error:
        st.error(say_here(error))
        return None


def _name_now(run: Run) -> str:
    """Return what the campaign is called now: a run of a rewrite, or of before, has another name."""
    try:
        return saving.list_names(run)[0][:_MOST_TITLE]
    except ToolkitError:  # the page names the run's own
        return ""


def show_files(run: Run, delivery: saving.Delivery) -> None:
    """Offer the page as files; what this machine cannot write, it says."""
    report = caching.report_of(run)
    missing = []
    with st.container(horizontal=True):
        for suffix, (label, kind) in _KINDS.items():
            problem = saving.say_missing(suffix)
            if problem:
                missing.append(f"{label}: {problem}")
                continue
            st.download_button(
                f"{label} ({suffix})",
                partial(saving.render_as, report, suffix, delivery),
                f"{run.run_id}-client{suffix}",
                kind,
                type="primary" if suffix == ".html" else "secondary",
                on_click="ignore",
                key=keys.name_share(run.run_id, suffix),
            )
    for problem in missing:
        st.caption(escape(problem))


def show_links(run: Run, delivery: saving.Delivery) -> None:
    """Offer a link to read the page, where people sign in; each can be taken back."""
    rules = find_rules()
    st.header("A link to read it", anchor=False)
    if not rules.is_shared:
        st.caption("This page serves this machine alone, so a link leads nowhere. Send a file instead.")
        return
    st.caption(
        "Whoever has the link and signs in reads this page and nothing else. It shows approvals and comments as they "
        "are when it is opened."
    )
    owner = find_owner()
    if st.button("Make a link", icon=":material/link:", key=keys.SHARE_LINK):
        with ShareLinks(api.default_store()) as links:
            links.make(run.methods.campaign.campaign, run.run_id, delivery.model_dump_json(), name_user() or "", owner)
    with ShareLinks(api.default_store()) as links:
        kept = links.list_links(run.run_id, owner)
    for link in kept:
        words, back = st.columns([5, 1], vertical_alignment="center")
        words.code(f"{rules.origin}/?{client_view.ADDRESS}={link.token}", language=None)
        words.caption(escape(f"made by {link.describe()}"))
        back.button("Take back", key=keys.name_revoking(link.token), on_click=_revoke, args=(link,), width="stretch")


def _revoke(link: ShareLink) -> None:
    with ShareLinks(api.default_store()) as links:
        links.revoke(link.token, find_owner())


def ask_answer(run: Run) -> None:
    """Take the text that a client sent back, and keep it as an approval or a requested change."""
    st.header("The client's answer", anchor=False)
    with st.form(key=keys.name_share(run.run_id, "form"), border=False, clear_on_submit=True):
        text = st.text_area("Paste what came back", key=keys.name_share(run.run_id, "answer"), max_chars=20_000)
        if not st.form_submit_button("Keep this answer"):
            return
    try:
        said = keep_answer(run, text)
    except ToolkitError as error:
        st.error(say_here(error))
    else:
        st.success(escape(said))


def _note(run: Run, what: str) -> None:
    keeping.note(keeping.find_campaign(run.run_id) or "", what)


def keep_answer(run: Run, text: str) -> str:
    """Keep a client's answer about this run's drafts and return what was kept; raise InputError if it is none."""
    answer = saving.read_answer(text, run.methods.campaign)
    if not answer.said_by:
        raise InputError('the answer has no name; add one in its line that begins with "Name:"')
    now, draft, campaign = datetime.datetime.now(datetime.UTC), answer.draft, saving.list_names(run)[0]
    if answer.kind == "approve":
        pasted = f"answer pasted by {name_user()}" if name_user() else "pasted answer"
        approval = approvals.Approval(
            digest=draft.digest, campaign=campaign, draft_id=draft.id, approved_by=answer.said_by, approved_at=now,
            run_id=run.run_id, note=f"{answer.note} ({pasted})" if answer.note else pasted,
        )  # fmt: skip
        with approvals.Approvals(api.default_store()) as kept:
            kept.approve(approval)
        _note(run, f"kept an answer of {answer.said_by}, who approves {draft.id}")
        return f"{answer.said_by} approves {draft.id}."
    if not answer.note:
        raise InputError("the answer asks for a change and does not say which; ask the client")
    comment = Comment(
        campaign=campaign, draft_id=draft.id, digest=draft.digest, words=answer.note, asks_change=True,
        said_by=answer.said_by, said_at=now, run_id=run.run_id,
    )  # fmt: skip
    with Comments(api.default_store()) as comments:
        comments.add(comment)
    _note(run, f"kept an answer of {answer.said_by}, who asks for a change of {draft.id}")
    return f"{answer.said_by} asks for a change of {draft.id}."
