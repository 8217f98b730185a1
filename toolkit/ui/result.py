"""The page of one saved run, which its address names."""

from __future__ import annotations

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.ui import caching, state
from toolkit.ui.results import show_result
from toolkit.ui.text import escape
from toolkit.ui.ways_on import show_beginning


def show() -> None:
    """Show the saved run of the address `result?run=RUN_ID`."""
    asked = state.find_asked_run()
    if asked is None:
        st.title("Result", anchor=False)
        show_beginning(
            "A link to a result names its run, and this one names none. Choose a run under Runs, or test two drafts."
        )
        return
    try:
        run = caching.open_run(asked)
    except ToolkitError as error:
        st.error(escape(str(error)))
        return
    show_result(run)
