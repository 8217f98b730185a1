"""The rounds of a campaign on a line, each with its drafts, what changed in them, and what they reached."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import streamlit as st

from toolkit.drafts import diff, kept
from toolkit.drafts.preview import render_changes
from toolkit.errors import InputError, ToolkitError
from toolkit.models import Campaign, Draft, records
from toolkit.results import Run, archive
from toolkit.store.campaigns import Round
from toolkit.ui import caching, keeping, keys, state
from toolkit.ui.text import escape, say_here


def ask_round() -> Round | None:
    """Draw the rounds as v1, v2, v3 and let the reader choose one; the last to begin with, None where there is none."""
    session = state.find_session()
    try:
        rounds = keeping.list_rounds(session)
    except ToolkitError as error:
        st.error(say_here(error))
        return None
    if not rounds:
        return None
    key = keys.name_round(session.kept_id or "")
    numbers = [one.number for one in rounds]
    state.keep_choice(key, numbers, numbers[-1])
    names = {one.number: _name(one, last=one is rounds[-1]) for one in rounds}
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        chosen = st.segmented_control(
            "Rounds", numbers, format_func=names.__getitem__, required=True, label_visibility="collapsed",
            **state.tie(key),
        )  # fmt: skip
        found = next((one for one in rounds if one.number == chosen), rounds[-1])
        with st.popover("Drafts of this round", width="content", **state.tie_popover(keys.CHANGES)) as place:
            if place.open:
                _show_round(found, [one for one in rounds if one.number < found.number])
    return found


def _show_round(one: Round, earlier_rounds: Sequence[Round]) -> None:
    """Say what changed since the round before, what each draft reached in both, and offer the drafts again."""
    before = next((other for other in reversed(earlier_rounds) if other.asked), None)
    drafts, run = find_drafts(one), find_run(one)
    earlier = find_drafts(before) if before else ()
    rates, old_rates = _find_rates(run), _find_rates(find_run(before)) if before else {}
    who = f" by {one.asked_by}" if one.asked_by else ""
    since = f". Marked: what changed since v{before.number}" if before else ""
    st.caption(escape(f"{'Asked' if one.asked else 'Set aside'} {records.say_moment(one.asked_at)}{who}{since}"))
    for draft in drafts:
        was = next((other for other in earlier if other.id == draft.id), None)
        _show_draft(draft, was, rates.get(draft.id), old_rates.get(draft.id), before)
    gone = [draft.id for draft in earlier if draft.id not in {other.id for other in drafts}]
    if gone:
        st.caption(escape(f"Not in this round: {', '.join(gone)}"))
    if drafts:
        key = keys.name_campaign(f"{one.campaign}-{one.number}", "again")
        st.button("Use these drafts again", icon=":material/edit_note:", key=key, on_click=_use, args=(one,))


def find_run(one: Round | None) -> Run | None:
    """Return the saved run of a round; None where it goes on, was never finished, or is not in this folder."""
    if one is None or not one.run_id:
        return None
    try:
        return caching.open_run(one.run_id)
    except ToolkitError:
        return None


def find_drafts(one: Round) -> Sequence[Draft]:
    """Return the drafts of a round as they were asked about; what cannot be made a draft is left out."""
    made = _make_campaign(one)
    return made.drafts if made else ()


def offer_rest(one: Round) -> None:
    """Offer to ask the rest of a round whose run was never finished."""
    key = keys.name_campaign(f"{one.campaign}-{one.number}", "rest")
    st.button("Ask the rest", icon=":material/play_arrow:", type="primary", key=key, on_click=_ask_rest, args=(one,))


def _ask_rest(one: Round) -> None:
    made = _make_campaign(one)
    if made is not None:
        state.ask_again(made, json.loads(one.content).get("values", {}))


def _show_draft(draft: Draft, was: Draft | None, rate: str | None, old: str | None, before: Round | None) -> None:
    st.markdown(f"**{escape(draft.id)}**" + (f": {escape(rate)}" if rate else ""))
    if was is None:
        st.text(draft.text)
        if before:
            st.caption(f"New since v{before.number}.")
        return
    if was.digest == draft.digest:
        st.text(draft.text)
        st.caption("The same words as before." + (f" Then: {escape(old)}" if old else ""))
        return
    st.html(str(render_changes(diff.compare_drafts(was, draft))))
    if old and before:
        st.caption(escape(f"In v{before.number}: {old}"))


def _find_rates(run: Run | None) -> Mapping[str, str]:
    return archive.say_rates(run) if run is not None else {}


def _make_campaign(one: Round) -> Campaign | None:
    run = find_run(one)
    if run is not None:
        return run.methods.campaign
    try:
        return kept.content.read_campaign(json.loads(one.content))
    except InputError:
        return None


def _use(one: Round) -> None:
    state.close(keys.CHANGES)
    made = _make_campaign(one)
    if made is not None:
        state.open_again(made)


def _name(one: Round, *, last: bool) -> str:
    if not one.asked:
        return f"v{one.number}, not asked"
    return f"v{one.number} (now)" if last else f"v{one.number}"
