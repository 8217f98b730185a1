"""Who is missing: two segments crossed, shares against what is wanted, doubts in words."""

from __future__ import annotations

import itertools

import polars as pl
import streamlit as st

from toolkit.audiences import coverage, vetting
from toolkit.models import Audience
from toolkit.ui import keys, state
from toolkit.ui.text import escape

_COLUMNS = 4
_MOST_DOUBTS = 30


def show_coverage(audience: Audience) -> None:
    """Draw the coverage view from top to bottom."""
    segments = list(audience.segment_keys)
    if not segments:
        st.info("There are no segments to cross. Give the personas some, such as role: seller.")
    elif len(segments) > 1:
        show_crossing(audience, segments)
    if segments:
        show_wanted(audience, segments)
    show_doubts(audience)


def show_crossing(audience: Audience, segments: list[str]) -> None:
    """Draw every pair of values of two segments; empty and thin pairs say so in words."""
    st.subheader("Who is missing", anchor=False)
    rows, columns = st.columns(2)
    for name, place in (("rows", 0), ("columns", 1)):
        state.keep_choice(keys.name_crossed(name), segments, segments[place])
    row_key = rows.selectbox("Down", segments, **state.tie(keys.name_crossed("rows")))
    column_key = columns.selectbox("Across", segments, **state.tie(keys.name_crossed("columns")))
    if row_key == column_key:
        st.caption("Choose two different segments.")
        return
    crossings = coverage.cross_segments(audience, row_key, column_key)
    for sentence in coverage.say_missing(crossings):
        st.markdown(escape(sentence))
    cells = pl.DataFrame([{row_key: one.row, "column": one.column, "cell": one.words} for one in crossings])
    st.dataframe(cells.pivot(on="column", index=row_key, values="cell"), hide_index=True)
    st.caption("Each cell shows its personas and their share of the weight.")


def show_wanted(audience: Audience, segments: list[str]) -> None:
    """Let somebody type the shares that are wanted, and say how far the audience is from them."""
    st.subheader("Against what you want", anchor=False)
    state.keep_choice(keys.WANTED, segments)
    key = st.selectbox("Segment", segments, **state.tie(keys.WANTED))
    wanted = {}
    for (value, share), column in zip(
        coverage.suggest_wanted(audience, key).items(), itertools.cycle(st.columns(_COLUMNS)), strict=False
    ):
        tied = state.tie(keys.name_wanted(key, value), share)
        wanted[value] = column.number_input(f"{value}, %", 0.0, 100.0, step=1.0, format="%g", **tied)
    st.caption("Your shares need not add up to 100. They are scaled.")
    for gap in coverage.compare_shares(audience, key, wanted):
        st.markdown(f"- {escape(gap.sentence)}")


def show_doubts(audience: Audience) -> None:
    """Say what makes the audience worth less than its number of personas."""
    st.subheader("Doubts", anchor=False)
    st.markdown(f"With their weights, {len(audience.personas)} personas count as {vetting.count_voices(audience):.1f}.")
    doubts = vetting.find_doubts(audience)
    for doubt in doubts[:_MOST_DOUBTS]:
        st.markdown(f"- {escape(doubt.message)}")
    if doubts[_MOST_DOUBTS:]:
        st.caption(f"These are {_MOST_DOUBTS} of {len(doubts)}. `audience personas validate` lists them all.")
    if not doubts:
        st.caption("Nothing to doubt. No description repeats, no segment dominates, and no weight outweighs the rest.")
