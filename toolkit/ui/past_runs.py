"""The page of finished runs in the folder `runs`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.room import seat_run
from toolkit.runs import find_runs, load_run
from toolkit.ui.results import show_result

FOLDER = Path("runs")


def show() -> None:
    """Show one run, chosen by the reader."""
    st.title("Past runs", anchor=False)
    folders = find_runs(FOLDER)
    if not folders:
        st.info("No run here yet. Test two drafts on the first page and keep the run, or type `audience demo`.")
        return
    folder = st.selectbox("Run", folders, format_func=lambda path: path.name)
    try:
        run = load_run(folder)
    except ToolkitError as error:
        st.error(str(error))
        return
    show_result(run, seat_run(run))
