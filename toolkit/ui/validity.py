"""The page that says how often the tool was right about real people: those of your results, and published ones."""

from __future__ import annotations

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.models import LABEL
from toolkit.report import charts
from toolkit.results.outcome_model import domains
from toolkit.ui import caching, keys, outcome_entry
from toolkit.ui.text import escape
from toolkit.validity.outcomes import load_published, validating, wording

_TOO_FEW = "Too few results to say how often anything was right."
_WHO = (
    "The panel is the personas. The control reader is the same model without a persona. "
    "The outcome model learned from real clicks and asks nobody. "
    "A source is worth its price if it beats the longer draft and TF-IDF, which count words."
)
_WORDS = """\
**Right**: how often the source favoured the draft that did better. Only pairs that differ beyond chance count, and a
coin is right in 50%. **Tau**: how well the source ranks all drafts of an experiment, from -1 (upside down) to 1.
**Log loss**: how far its probabilities were off. A coin has 0.693, and less is better.
**Calibration error**: how far "80% sure" is from being right 80% of the time.
"""


def show() -> None:
    """Draw the record of every source on the results in the store, what is missing, and the record that ships."""
    st.title("How often is it right?", anchor=False)
    st.caption(LABEL)
    st.subheader("About your audience", anchor=False)
    try:
        checked = caching.read_validation()
    except ToolkitError as error:
        st.error(escape(str(error)))
    else:
        show_yours(checked)
    outcome_entry.show_kept()
    outcome_entry.show_upload()
    st.subheader("Where a forecast is given", anchor=False)
    st.caption("Anywhere else the outcome model gives no chance: nothing was measured there.")
    st.table([{name: escape(value) for name, value in row.items()} for row in domains.list_domains()])
    st.subheader("About published experiments", anchor=False)
    published = load_published().combine()
    st.caption(escape(wording.say_origin(published)))
    show_record(published, key="published")


def show_yours(checked: validating.Validation) -> None:
    """Draw the record on the results in the store, or say how to begin one."""
    if checked.results == 0:
        st.info(
            "No results yet. Type what happened under a run, upload a table below, or use `audience outcomes add FILE`."
        )
        return
    if not checked.leakage.passed:
        st.error(escape(checked.leakage.sentence))
    show_record(checked, key="yours")
    show_places(checked)
    st.markdown(escape(wording.say_needed(checked)))
    st.caption("`audience outcomes calibrate` refits the link from evidence to people on these results.")


def show_places(checked: validating.Validation) -> None:
    """Say what to do with each source at each surface and objective that your results speak of."""
    if not checked.places:
        return
    st.markdown("**What to do with each source, by surface and objective**")
    st.table([{name: escape(str(cell)) for name, cell in row.items()} for row in _list_rows(checked)])
    for place in checked.places:
        st.caption(escape(f"{domains.name_place(place.surface, place.objective)}: {place.worth.say()}"))


def _list_rows(checked: validating.Validation) -> list[dict[str, object]]:
    return list(wording.tabulate_places(checked.places).iter_rows(named=True))


def show_record(checked: validating.Validation, *, key: str) -> None:
    """Say how often each source was right, draw it against a coin, and fold away every figure and what it rests on."""
    findings = list(wording.list_findings(checked))
    for sentence in findings or [_TOO_FEW]:
        st.markdown(escape(sentence))
    if findings:
        st.altair_chart(
            charts.chart_record(wording.tabulate(checked)),
            key=keys.name_record(key),
            width="stretch",
            alt="How often each source was right, with intervals, against chance; a table follows",
        )
        st.caption(_WHO)
    with st.expander("Every figure, and what it rests on"):
        st.dataframe(wording.tabulate_words(checked), hide_index=True, alt="Every figure of every source")
        st.markdown(_WORDS)
        for sentence in wording.list_sentences(checked):
            st.markdown(f"- {escape(sentence)}")
