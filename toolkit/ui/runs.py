"""The shelf of finished runs: find one, read it again, set two side by side, approve a draft, say what happened."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import polars as pl
import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.models import LABEL
from toolkit.report import charts
from toolkit.results import Run, archive
from toolkit.results.scoring import deciding
from toolkit.ui import caching, keys, state
from toolkit.ui.approving import show_approval
from toolkit.ui.outcome_entry import show_outcomes
from toolkit.ui.results import show_result
from toolkit.ui.text import escape
from toolkit.ui.ways_on import show_beginning


def show() -> None:
    """Draw the shelf, and under it the run or the two runs that were chosen."""
    st.title("Runs", anchor=False)
    st.caption(LABEL)
    shelf, problems = caching.read_shelf()
    if not shelf:
        show_beginning(
            "No run here yet. The page keeps every finished test here. `audience demo` in a terminal makes one too."
        )
    chosen = ask_runs(shelf) if shelf else []
    for problem in problems:
        st.warning(escape(problem))
    try:
        if len(chosen) == 1:
            show_one(caching.open_run(chosen[0].folder.name))
        elif chosen:
            show_two(*(caching.open_run(run.folder.name) for run in chosen[:2]))
    except ToolkitError as error:
        st.error(escape(str(error)))


def ask_runs(shelf: Sequence[archive.Shelved]) -> list[archive.Shelved]:
    """Let the reader search and choose one run to read, or two to compare.

    Where none is chosen it is the one that the page's address names, else the newest.
    """
    words = st.text_input(
        "Search",
        placeholder="words of a draft, a campaign, an audience, a model",
        **state.tie(keys.SHELF_WORDS, ""),
    )
    found = archive.search_shelf(shelf, words)
    if not found:
        st.info("No run has all these words.")
        return []
    rows = pl.DataFrame([describe(run) for run in found])
    st.caption("Choose one run to read it, or two to compare them.")
    table = st.dataframe(rows, hide_index=True, key=keys.SHELF, on_select="rerun", selection_mode="multi-row")
    chosen = [found[place] for place in table["selection"]["rows"] if place < len(found)]
    if len(chosen) == 1:
        state.ask_for_run(chosen[0].folder.name)
    asked = state.find_asked_run()
    return chosen or [next((run for run in found if run.folder.name == asked), found[0])]


def describe(run: archive.Shelved) -> dict[str, str]:
    """Return a run as a row of the table."""
    when = datetime.datetime.fromisoformat(run.started)
    return {
        "when": f"{when:%Y-%m-%d %H:%M}",
        "campaign": run.campaign,
        "drafts": ", ".join(run.drafts),
        "verdict": run.verdict,
        "people": f"{run.personas} of {', '.join(run.audiences)}",
        "model": run.model,
    }


def show_one(run: Run) -> None:
    """Draw a run as it was, with what can be done about its drafts."""
    show_result(run, takes_outcomes=False)
    st.subheader("Approve the drafts", anchor=False)
    for draft in run.methods.campaign.drafts:
        with st.container(border=True):
            st.markdown(f"**{escape(draft.id)}**")
            st.text(draft.text)
            show_approval(run, draft)
    show_outcomes(run)


def show_two(second: Run, first: Run) -> None:
    """Draw two runs side by side: what changed, what each reached, and the difference where people answered both."""
    found = archive.compare_runs(first, second)
    st.subheader(f"{escape(first.run_id)}, then {escape(second.run_id)}", anchor=False)
    st.markdown(
        "\n".join(f"- {escape(change)}" for change in found.changes) or "Drafts, people and settings are the same."
    )
    st.altair_chart(charts.chart_rates(found.rates), width="stretch")
    show_differences(found)
    with st.expander("The same as a table, with counts"):
        st.dataframe(found.rates.drop("segment", "value"), hide_index=True)


def show_differences(found: archive.SideBySide) -> None:
    """Say for each draft whether it moved."""
    for row in found.differences.iter_rows(named=True):
        draft = row["draft_b"].removesuffix(" (second)")
        verdict = {"A": "worse than before", "B": "better than before"}.get(row["verdict"], row["verdict"])
        st.markdown(f"**{escape(draft)}**: {escape(verdict)}; {escape(deciding.say_difference(row))}.")
    st.caption(found.caution)
