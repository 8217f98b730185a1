"""Versions of a draft on the page: what changed, lint before and after, by hand, taken back."""

from __future__ import annotations

from typing import Any

import streamlit as st

from toolkit.drafts import diff
from toolkit.drafts.lint import Finding, lint_for
from toolkit.drafts.preview import render_changes
from toolkit.improve import retesting, rewriting
from toolkit.models import Draft
from toolkit.store import version_log
from toolkit.ui import keys, state
from toolkit.ui.choosing import Subject
from toolkit.ui.previews import show_preview
from toolkit.ui.text import escape
from toolkit.ui.ways_on import open_page


def ask_version(versions: list[version_log.Version]) -> version_log.Version | None:
    """Let the writer choose the version to look at: the newest that was not taken back, unless another is chosen."""
    shown = [version for version in versions if version.number and not version.withdrawn]
    if not shown:
        return None
    names = {version.number: _name(version) for version in shown}
    state.keep_choice(keys.VERSION, list(names), shown[-1].number)
    number = st.selectbox("Version", list(names), format_func=names.__getitem__, **state.tie(keys.VERSION))
    return next(version for version in shown if version.number == number)


def show_version(subject: Subject, before: version_log.Version, version: version_log.Version) -> None:
    """Draw what changed, both versions as they will appear, and what lint says of each."""
    st.subheader(escape(f"{before.draft.id} → {version.draft.id}"), anchor=False)
    st.html(render_changes(diff.compare_drafts(before.draft, version.draft)))
    st.caption("\u2212 struck through: removed. + underlined: added.")
    if version.note:
        st.caption(escape(f"Note: {version.note}"))
    for column, one in zip(st.columns(2, gap="large"), (before, version), strict=True):
        with column:
            st.markdown(f"**{escape(one.draft.id)}**")
            show_preview(one.draft)
            _show_findings(lint_for(one.draft, subject.audiences))
    ask_edit(subject, version)


def ask_edit(subject: Subject, version: version_log.Version) -> None:
    """Let the writer change the words by hand; that is a version of its own."""
    with st.expander("Change it by hand"):
        tied = state.tie(keys.name_version(version.draft.digest), version.draft.text)
        text = st.text_area("Text", height=140, **tied)
        edited = version.draft.model_copy(update={"text": text})
        fault = rewriting.find_fault(version.draft, edited) if text.strip() else "the text is empty"
        if fault and text.strip() != version.draft.text.strip():
            st.warning(escape(f"Look again: {fault}."))
        if st.button("Keep as a version"):
            if text.strip() and text != version.draft.text:
                keep(subject, version.draft, edited, origin="edited")
                st.rerun()
            st.info("You changed nothing yet." if text.strip() else "The text is empty. Write one to keep it.")


def show_history(subject: Subject, draft: Draft, versions: list[version_log.Version]) -> None:
    """Draw every version with its lint and its tests; what was taken back can come back."""
    if len(versions) == 1:
        return
    st.subheader("Versions", anchor=False)
    for version in versions:
        with st.container(border=True):
            st.markdown(f"**{escape(_name(version))}**")
            st.text(version.draft.text)
            findings = lint_for(version.draft, subject.audiences)
            st.caption(f"Lint: {len(findings)} found" if findings else "Lint: nothing found")
            for tested in version.tests:
                st.caption(escape(f"{tested.verdict.headline}: {retesting.say_difference(tested)}"))
            if version.number:
                st.button(
                    "Bring it back" if version.withdrawn else "Take it back", key=keys.name_withdrawal(version.number),
                    on_click=_withdraw, args=(subject, draft, version), type="tertiary",
                )  # fmt: skip
    if st.button("Use the newest in the campaign", icon=":material/edit_note:"):
        _use(subject, versions)
        open_page("")


def _show_findings(findings: list[Finding]) -> None:
    if not findings:
        st.caption("Lint: nothing found.")
    for finding in findings:
        say = st.error if finding.severity == "error" else st.warning
        say(escape(finding.message), icon=":material/rule:")


def keep(subject: Subject, before: Draft, after: Draft, **about: Any) -> None:
    """Keep a new version with what is known about it."""
    with version_log.Versions(subject.connection.store_path) as kept:
        retesting.keep_version(kept, before, after, **about)


def _withdraw(subject: Subject, draft: Draft, version: version_log.Version) -> None:
    with version_log.Versions(subject.connection.store_path) as kept:
        kept.withdraw(draft, version.number, withdrawn=not version.withdrawn)


def _use(subject: Subject, versions: list[version_log.Version]) -> None:
    """Put the original and its newest version beside each other on the page of drafts."""
    newest = [version for version in versions if not version.withdrawn][-1]
    drafts = (versions[0].draft, newest.draft) if newest.number else (newest.draft,)
    state.open_again(subject.run.methods.campaign.model_copy(update={"drafts": drafts}), subject.run.run_id)


def _name(version: version_log.Version) -> str:
    if not version.number:
        return f"{version.draft.id}: the original"
    how = "taken back" if version.withdrawn else f"{version.origin} {version.made[:16].replace('T', ' ')}"
    return f"{version.draft.id}: {how}"
