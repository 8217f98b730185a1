"""Who approved a draft, under a finished run: bound to its words, so that an edit voids it."""

from __future__ import annotations

import datetime

import streamlit as st

from toolkit.models import Draft
from toolkit.panel import api
from toolkit.results import Run
from toolkit.store import approvals
from toolkit.ui import keeping, keys
from toolkit.ui.sign_in import name_user
from toolkit.ui.text import escape


def show_approval(run: Run, draft: Draft) -> None:
    """Say who approved a draft as it stands, and offer to approve it or to take that back."""
    campaign = run.methods.campaign.campaign
    with approvals.Approvals(api.default_store()) as kept:
        standing, voided = kept.find(campaign, draft), kept.find_voided(campaign, draft)
    for approval in standing:
        words, back = st.columns([4, 1], vertical_alignment="center")
        note = f": {approval.note}" if approval.note else ""
        words.markdown(f":material/verified: Approved by {escape(approval.describe() + note)}")
        key = keys.name_approval_withdrawal(campaign, draft.id, approval.approved_by)
        back.button("Take back", key=key, on_click=_withdraw, args=(approval,), width="stretch")
    for approval in voided:
        st.markdown(f":material/history: An edit voided the approval by {escape(approval.describe())}.")
    ask_approval(run, draft)


def ask_approval(run: Run, draft: Draft) -> None:
    """Let somebody approve a draft, bound to its words; who signed in approves under that name."""
    signed = name_user()
    with st.form(key=keys.name_approval(run.run_id, draft.id), border=False):
        name = signed or st.text_input("Your name", max_chars=120)
        note = st.text_input("Note (optional)", max_chars=500)
        if st.form_submit_button(f"Approve as {signed}" if signed else "Approve these words"):
            _approve(run, draft, name.strip(), note.strip())


def _approve(run: Run, draft: Draft, name: str, note: str) -> None:
    if not name:
        st.error("Type your name. An approval needs one.")
        return
    approval = approvals.Approval(
        digest=draft.digest,
        campaign=run.methods.campaign.campaign,
        draft_id=draft.id,
        approved_by=name,
        approved_at=datetime.datetime.now(datetime.UTC),
        run_id=run.run_id,
        note=note,
    )
    with approvals.Approvals(api.default_store()) as kept:
        kept.approve(approval)
    st.rerun()


def _withdraw(approval: approvals.Approval) -> None:
    with approvals.Approvals(api.default_store()) as kept:
        kept.withdraw(approval)
    what = f"took back the approval of {approval.draft_id} by {approval.approved_by}"
    keeping.note(keeping.find_campaign(approval.run_id) or "", what)
