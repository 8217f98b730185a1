"""What really happened to the drafts of a run, typed in after publishing; kept beside what the run had said."""

from __future__ import annotations

import datetime
from typing import Any

import streamlit as st

from toolkit.drafts.surfaces import find_surface, surface_names
from toolkit.errors import InputError, ToolkitError
from toolkit.panel import api
from toolkit.results import Run
from toolkit.results.track_record import matching
from toolkit.store import outcome_log
from toolkit.ui import caching, keys, mapping, state
from toolkit.ui.text import escape, say_here
from toolkit.validity.outcomes import Addition, add_outcomes, find_batch, read_outcome, read_upload, wording
from toolkit.validity.people import add_answers, answering

_COUNTS = {"shown": "shown to", "clicks": "clicks", "replies": "replies", "shares": "shares", "hides": "hides"}


def show_outcomes(run: Run) -> None:
    """Draw the form, what became of the last time it was sent, and what happened beside what was said."""
    st.subheader("What really happened", anchor=False)
    show_kept()
    show_after(run)
    ask_outcomes(run)


def ask_outcomes(run: Run) -> None:
    """Let somebody type what happened to the drafts of a run, or upload it as a table."""
    st.caption("After publishing, type how many people saw each draft and what they did. Leave unknown counts empty.")
    with st.form(key=keys.name_outcomes(run.run_id)):
        day = st.date_input("Published on", value="today", max_value="today", format="YYYY-MM-DD")
        rows = [_ask_row(run, draft_id) for draft_id in run.drafts]
        if st.form_submit_button("Keep these results"):
            _keep(run, day, rows)
    show_upload()


def show_after(run: Run) -> None:
    """Set what the run said beside what happened, for each draft, and say how often the tool was right so far."""
    try:
        found = caching.report_of(run).set_beside(api.default_store())
        checked = caching.read_validation() if found else None
    except ToolkitError as error:
        st.error(say_here(error))
        return
    if found is None:
        return
    st.markdown("**Simulated beside real**")
    st.table([{name: escape(cell) for name, cell in row.items()} for row in found.tabulate().iter_rows(named=True)])
    st.markdown("\n".join(f"- {escape(sentence)}" for sentence in found.sentences))
    st.caption(found.caution)
    if checked is not None:
        record = list(wording.list_findings(checked)) or ["Too few results to say how often anything was right."]
        st.markdown(f"**Your record so far**: {escape(' '.join(record))}")


def show_upload() -> None:
    """Draw the upload of a table of results: its columns, and what reading it found before anything is kept."""
    types = ["csv", "tsv", "txt", "xlsx", "xlsm", "xls", "ods", "parquet", "jsonl"]
    upload = st.file_uploader("A table of results, as the platform exports it", type=types, key=keys.RESULTS)
    if upload is None:
        return
    name, data = upload.name, upload.getvalue()
    try:
        answers = answering.read_uploaded_answers(name, data)
        if answers is not None:
            _show_answers(name, answers)
            return
        chosen = mapping.ask_mapping(name, data, "results")
        found, notes = caching.read_upload(
            name, data, read_upload, by_path=False,
            surface=_ask_surface(name, data), columns=chosen.columns, sheet=chosen.sheet,
        )  # fmt: skip
        matched, hard = matching.report_matches(api.default_store(), found)
    except ToolkitError as error:
        st.error(say_here(error))
        return
    st.info(say_here("\n\n".join([f"Of {len(found)} in the table, {matched} of tested drafts", *notes, *hard])))
    if st.button("Keep the results of the table", key=keys.KEEP_RESULTS):
        try:
            added = add_outcomes(api.default_store(), found, name)
        except ToolkitError as error:
            st.error(say_here(error))
            return
        if said := mapping.remember(name, data, chosen.columns):
            st.toast(escape(said))
        state.find_session().kept_outcomes = added
        st.rerun()


def _show_answers(name: str, answers: list[outcome_log.PersonAnswer]) -> None:
    """Say what the answers of real people are about, and offer to keep them."""
    people, matched = len({one.person for one in answers}), answering.count_tested(api.default_store(), answers)
    who = "1 real person" if people == 1 else f"{people} real people"
    st.info(f"Answers of {who}: {matched} of {len(answers)} are about tested drafts")
    if st.button("Keep the answers", key=keys.KEEP_RESULTS):
        state.find_session().kept_outcomes = add_answers(api.default_store(), answers, name)
        st.rerun()


def _ask_surface(name: str, data: bytes) -> str | None:
    """Ask where rows were published that do not say; nothing where the table has a column of places."""
    tables = caching.read_tables(name, data, "results")
    if any("surface" in mapping.find_fields(table, "results", {}) for table in tables):
        return None
    key = keys.name_mapping("results", "published")
    choices = [mapping.NONE, *surface_names()]
    state.keep_choice(key, choices, mapping.NONE)
    chosen = st.selectbox(
        "Published on", choices, help="For rows that do not say where.", format_func=_name_surface, **state.tie(key)
    )
    return None if chosen == mapping.NONE else chosen


def _name_surface(name: str) -> str:
    return name if name == mapping.NONE else find_surface(name).label


def _ask_row(run: Run, draft_id: str) -> dict[str, int | None]:
    st.markdown(f"**{escape(draft_id)}**")
    columns = st.columns(len(_COUNTS))
    return {
        name: column.number_input(
            label.capitalize(), min_value=0, value=None, step=1, key=keys.name_outcome(run.run_id, draft_id, name)
        )
        for column, (name, label) in zip(columns, _COUNTS.items(), strict=True)
    }


def _keep(run: Run, day: datetime.date, rows: list[dict[str, int | None]]) -> None:
    """Check every row before the first is kept; a fault is told with its draft, and what was typed stays."""
    methods = run.methods
    found: list[outcome_log.Outcome] = []
    for draft, row in zip(methods.campaign.drafts, rows, strict=True):
        if any(count is not None for count in row.values()):
            cells: dict[str, Any] = {
                **row, "draft": draft.digest, "draft_id": draft.id, "surface": draft.surface,
                "campaign": methods.campaign.campaign, "date": day.isoformat(),
            }  # fmt: skip
            try:
                found.append(read_outcome(cells, datetime.datetime.now(datetime.UTC).date()))
            except InputError as error:
                st.error(escape(f"{draft.id}: {error}"))
                return
    if not found:
        st.error("You typed no counts. Type how many people saw a draft and what they did.")
        return
    try:
        added = add_outcomes(api.default_store(), found, f"the page, {run.run_id}")
    except ToolkitError as error:
        st.error(escape(str(error)))
        return
    state.find_session().kept_outcomes = added
    st.rerun()


def show_kept() -> None:
    """Say what was kept the last time, and offer to take it back."""
    addition = state.find_session().take_outcomes()
    if addition is not None:
        _show_kept(addition)


def _show_kept(addition: Addition) -> None:
    said = [f"New results kept: {addition.added}", f"known already: {addition.known}", *addition.replaced]
    words, back = st.columns([4, 1], vertical_alignment="center")
    words.success(escape("; ".join(said)), icon=":material/check:")
    if addition.batch is not None:
        back.button("Take back", key=keys.TAKE_BACK, on_click=_take_back, args=(addition.batch,), width="stretch")


def _take_back(batch: int) -> None:
    with outcome_log.Outcomes(api.default_store()) as kept:
        kept.mark(find_batch(kept, batch, removed=False).batch, removed=True)
