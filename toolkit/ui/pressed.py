"""What is pressed on the cards of a result: a quote to comment on, or words of a draft to hear about."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import streamlit as st

from toolkit.files import resources
from toolkit.report import Report, summaries
from toolkit.ui import keys, remarks
from toolkit.ui.text import escape

_MOST_WORDS = 2_000


def hear_presses(report: Report, names: Mapping[str, str]) -> None:
    """Open the box of whatever was just pressed on the cards that are drawn; `names` are what to call the personas."""
    pressed = _register()(key=keys.PRESSED, data={}, height=1, on_pressed_change=lambda: None).get("pressed")
    if not isinstance(pressed, Mapping) or pressed.get("draft") not in report.run.drafts:
        return
    draft, words = str(pressed["draft"]), str(pressed.get("words", ""))[:_MOST_WORDS]
    if pressed.get("kind") == "words":
        show_named(report, draft, words, names)
    else:
        remarks.comment_on(report.run, draft, words)


@st.dialog("Who said what of these words", width="medium")
def show_named(report: Report, draft: str, words: str, names: Mapping[str, str]) -> None:
    """Show who named some words of a draft, what they felt about them, and what they said."""
    st.markdown(f"**{escape(draft)}**: “{escape(words)}”")
    shown = next(one for one in report.run.methods.campaign.drafts if one.id == draft)
    named = summaries.find_named(report.heard, shown, words, names)
    st.caption(escape(f"{len(named)} of {report.run.methods.personas} simulated people named them. {report.label}"))
    for one in named:
        with st.container(border=True):
            st.markdown(f"**{escape(one.name)}** {one.felt} “{escape(one.words)}” and {escape(one.action)}:")
            st.text(one.says or "Nothing more.")


@lru_cache(maxsize=1)
def _register() -> st.components.v2.types.ComponentRenderer:
    """Return what listens to the cards."""
    return st.components.v2.component("audience_pressed", js=resources.read_data("pressed", "pressed.js"))
