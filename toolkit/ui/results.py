"""A run on the page, in the order of a client's questions: who won, by how much, who said what, and why trust it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import streamlit as st

from toolkit import charts, summaries
from toolkit.health import find_health
from toolkit.models import CONTROL, LABEL
from toolkit.report import render_report
from toolkit.room import Heard, Seat, hear_run
from toolkit.runs import Run
from toolkit.ui.previews import show_preview
from toolkit.ui.room import show_room
from toolkit.ui.text import escape

_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SAID = {
    "draft_id": "draft",
    "persona_id": "persona",
    "action": "would",
    "verbatim": "says",
    "objection": "objects",
}


def show_result(run: Run, seats: Sequence[Seat]) -> None:
    """Draw a run from the verdict down to the method."""
    heard = hear_run(run)
    show_verdict(run)
    show_drafts(run)
    show_rates(run)
    show_people(run, seats, heard)
    show_voices(run)
    show_method(run)


def show_verdict(run: Run) -> None:
    """Say the verdict in words, with its label."""
    verdict = run.verdict()
    st.header(verdict.headline, anchor=False)
    st.markdown(escape(verdict.because))
    control = summaries.say_control(run.control_scorecard()) if run.methods.control_counts else None
    if control is not None:
        st.markdown(escape(control))
    st.caption(f"{LABEL} {escape(run.methods.validation.capitalize())}.")
    for warning in run.methods.warnings:
        st.warning(escape(warning))


def show_drafts(run: Run) -> None:
    """Draw the drafts side by side as they will appear, with the words that people named."""
    heard = summaries.select_heard(run.reactions)
    drafts = run.methods.campaign.drafts
    for column, draft in zip(st.columns(len(drafts), gap="large"), drafts, strict=True):
        with column:
            st.markdown(f"**{escape(draft.id)}**")
            show_preview(draft, summaries.find_quoted(heard, draft))


def show_rates(run: Run) -> None:
    """Draw the rates, what people did, and draft against draft."""
    left, right = st.columns(2, gap="large")
    left.altair_chart(charts.chart_rates(run.scorecard()), width="stretch")
    heard = summaries.select_heard(run.reactions)
    right.altair_chart(charts.chart_actions(summaries.share_actions(heard, run.drafts)), width="stretch")
    if len(run.drafts) > 1:
        left.altair_chart(charts.chart_differences(run.compare()), width="stretch")
    right.altair_chart(charts.chart_ratings(run.scorecard()), width="stretch")
    with st.expander("The same as a table, with counts"):
        st.dataframe(run.scorecard().drop("segment", "value"), hide_index=True)
        if run.methods.control_counts:
            st.caption("The control reader: the same model with no persona.")
            st.dataframe(run.control_scorecard().drop("segment", "value"), hide_index=True)


def show_people(run: Run, seats: Sequence[Seat], heard: Heard) -> None:
    """Draw the room."""
    st.subheader("Who did what", anchor=False)
    st.caption("One tile a persona, larger where it stands for more people; one stripe a draft, from left to right.")
    show_room(seats, run.drafts, heard, key="ask-room")


def show_voices(run: Run) -> None:
    """Show objections, the most common first, and everything that was said."""
    st.subheader("What they said", anchor=False)
    heard = summaries.select_heard(run.reactions)
    for column, draft in zip(st.columns(len(run.drafts), gap="large"), run.drafts, strict=True):
        with column.container(border=True):
            st.markdown(f"**{escape(draft)}**")
            _show_objections(heard, draft)
            for row in summaries.choose_verbatims(heard, draft, 3).iter_rows(named=True):
                st.caption(f"{escape(row['persona_id'])} · {row['action'].replace('_', ' ')}")
                st.text(f"“{row['verbatim']}”")
    with st.expander("Every reaction"):
        said = run.reactions.filter(pl.col("persona_id") != CONTROL).select(list(_SAID)).rename(_SAID)
        st.dataframe(said.with_columns(pl.col("would").str.replace("_", " ")), hide_index=True)


def show_method(run: Run) -> None:
    """Offer the downloads and the methods statement."""
    downloads = {
        "Report (.html)": (lambda: render_report(run, ".html"), "html", "text/html"),
        "Workbook (.xlsx)": (lambda: render_report(run, ".xlsx"), "xlsx", _EXCEL),
        "Reactions (.csv)": (lambda: summaries.write_table(run.reactions), "csv", "text/csv"),
        "Run folder (.zip)": (run.pack, "zip", "application/zip"),
    }
    for column, (label, (make, suffix, kind)) in zip(st.columns(len(downloads)), downloads.items(), strict=True):
        column.download_button(
            label, make, f"{run.run_id}.{suffix}", kind, icon=":material/download:", on_click="ignore", width="stretch"
        )
    show_health(run)
    with st.expander("Method"):
        st.json(run.methods.model_dump(mode="json"), expanded=1)


def show_health(run: Run) -> None:
    """Say in plain words whether the run is worth its numbers."""
    checks = find_health(run.reactions, run.order_effects())
    doubts = sum(not check.ok for check in checks)
    with st.expander(f"Health of the run: {'nothing to doubt' if not doubts else f'{doubts} to look at'}"):
        for check in checks:
            icon = ":material/check:" if check.ok else ":material/warning:"
            st.markdown(f"{icon} {escape(check.sentence)}")


def _show_objections(heard: pl.DataFrame, draft: str) -> None:
    themes = summaries.group_objections(heard, draft)
    if not themes:
        st.caption("Nobody named an objection.")
    for theme in themes[:4]:
        people = "1 person" if len(theme.members) == 1 else f"{len(theme.members)} people"
        st.markdown(f"{escape(theme.text)}  \n:gray[{people}: {escape(', '.join(theme.members))}]")
