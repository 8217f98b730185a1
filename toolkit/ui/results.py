"""The page that shows a finished run: verdict, numbers, what people said."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.models import LABEL
from toolkit.runs import Run, find_runs, load_run

_COLUMNS = ("draft_id", "measure", "estimate", "low", "high", "personas", "reactions")
_SAID = ("draft_id", "persona_id", "action", "verbatim", "objection")


def show() -> None:
    """Show one run of the folder `runs`, chosen by the reader."""
    st.title("What the simulated audience said")
    st.caption(LABEL)
    folder = ask_folder()
    if folder is None:
        st.info("No run yet. In a terminal: `audience demo`, then reload this page.")
        return
    try:
        show_run(load_run(folder))
    except ToolkitError as error:
        st.error(str(error))


def ask_folder() -> Path | None:
    """Let the reader choose among the run folders, newest first."""
    folders = find_runs(Path("runs"))
    return st.selectbox("Run", folders, format_func=lambda folder: folder.name) if folders else None


def show_run(run: Run) -> None:
    """Draw the verdict, the scorecard and the verbatims."""
    verdict = run.verdict()
    st.subheader(f"{verdict.draft} is best" if verdict.draft else verdict.decision.capitalize())
    st.write(verdict.because)
    for warning in run.methods.warnings:
        st.warning(warning)
    st.dataframe(run.scorecard().select(_COLUMNS), hide_index=True)
    st.subheader("What they said")
    st.dataframe(run.reactions.select(_SAID).drop_nulls("verbatim"), hide_index=True)
