"""The page of one saved run, which its address names."""

from __future__ import annotations

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.ui import state
from toolkit.ui.results import show_result
from toolkit.ui.text import escape


def show() -> None:
    """Show the saved run of the address `result?run=RUN_ID`."""
    asked = state.find_asked_run()
    if asked is None:
        st.title("Result", anchor=False)
        st.info("A link to a result names its run. Test two drafts on the first page, or choose a run under Runs.")
        return
    try:
        run = state.open_run(asked)
    except ToolkitError as error:
        st.error(escape(str(error)))
        return
    show_result(run)
