"""The page that says how often the tool was right about real people: those of your results, and published ones."""

from __future__ import annotations

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.models import LABEL
from toolkit.outcomes.validating import Validation
from toolkit.outcomes.wording import list_sentences, tabulate_words
from toolkit.ui import state
from toolkit.ui.text import escape


def show() -> None:
    """Draw the record of every source on the results in the store, and what is missing from it."""
    st.title("How often is it right?", anchor=False)
    st.caption(LABEL)
    try:
        checked = state.read_validation()
    except ToolkitError as error:
        st.error(escape(str(error)))
        return
    if checked.results == 0:
        st.info("No results yet. Say what happened under a run, or type `audience outcomes add FILE`.")
        return
    show_record(checked)
    show_basis(checked)


def show_record(checked: Validation) -> None:
    """Draw one row per source, figures with their intervals and counts."""
    st.subheader("Right about drafts that competed", anchor=False)
    st.dataframe(tabulate_words(checked), hide_index=True)
    st.caption("On pairs that differ beyond chance. A source worth its price beats the last three rows.")


def show_basis(checked: Validation) -> None:
    """Say in sentences what the figures rest on, and warn where groups leak."""
    if not checked.leakage.passed:
        st.error(escape(checked.leakage.sentence))
    for sentence in list_sentences(checked):
        st.markdown(f"- {escape(sentence)}")
    st.caption("`audience outcomes calibrate` refits the link from evidence to people on these results.")
