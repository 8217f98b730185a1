"""A run on the page, in the order of a client's questions: who won, by how much, who said what, and why trust it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import streamlit as st

from toolkit.models import LABEL
from toolkit.report import FORMATS, Report, blocks, charts, list_methods, seating, summaries
from toolkit.results import Run
from toolkit.ui import caching, keys
from toolkit.ui.people import find_people_of
from toolkit.ui.previews import show_preview
from toolkit.ui.room import show_room
from toolkit.ui.text import escape, say_here
from toolkit.ui.ways_on import show_ways_on

MOST_BESIDE = 3
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LEGEND = (
    '<p style="font-size:13px;opacity:.85;margin:0">Underlined: '
    '<span style="text-decoration:underline solid #009e73 3px">liked</span>, '
    '<span style="text-decoration:underline wavy #0072b2 2px">misread</span>, '
    '<span style="text-decoration:underline dashed #d55e00 3px">disliked</span>, '
    '<span style="text-decoration:underline double #cc79a7 3px">liked by some and disliked by others</span></p>'
)
Item = TypeVar("Item")


def show_result(run: Run, seats: Sequence[seating.Seat] | None = None) -> None:
    """Draw a run from the decision down to the method; `seats` say who the people are, where that is known."""
    report = caching.report_of(run)
    known, note = ({}, "") if seats else find_people_of(run)
    people = list(seats or seating.seat_run(run, known))
    show_decision(report)
    show_drafts(report)
    show_people(report, people, note)
    show_answers(report)
    voices = st.container()
    show_ways_on(run)
    show_segments(report)
    evidence = st.container()
    show_health(report)
    fold("Method", show_method, report)
    show_downloads(report)
    with voices:  # what takes longest comes last: the browser draws the charts meanwhile
        show_voices(report, {seat.persona: seat.name for seat in people})
    with evidence:
        show_evidence(report)


def show_decision(report: Report) -> None:
    """Say the decision in words, with its label."""
    decision = report.decision
    st.header(escape(decision.headline), anchor=False)
    st.markdown(escape(" ".join(filter(None, (decision.sentence, decision.advice)))))
    st.caption(escape(f"{LABEL} {decision.validation}"))
    for warning in report.run.methods.warnings:
        st.caption(f":material/info: {say_here(warning)}")


def show_drafts(report: Report) -> None:
    """Draw the drafts side by side as they will appear, with the words that people named, and who acted."""
    for column, draft in lay_out(report.run.methods.campaign.drafts):
        with column:
            st.subheader(escape(draft.id), anchor=False)
            show_preview(draft, report.highlights[draft.id])
            st.html(str(blocks.render_funnel(report.funnels[draft.id])))
    if any(report.highlights.values()):
        st.html(_LEGEND)


def show_people(report: Report, seats: Sequence[seating.Seat], note: str) -> None:
    """Draw the room, with what there is to say about who sits in it."""
    st.subheader("Who did what", anchor=False)
    st.caption(
        "Each tile is a persona, larger if it stands for more people. Each stripe is a draft, from left to right."
    )
    show_room(seats, report.run.drafts, caching.hear(report.run), key=keys.ROOM)
    if note:
        st.caption(escape(note))


def show_answers(report: Report) -> None:
    """Show what was answered to questions of one's own, each with its counts; nothing where none was asked."""
    if not report.answers:
        return
    st.subheader("Your own questions", anchor=False)
    for one in report.answers:
        st.markdown(f"**{escape(one.question.question)}**")
        st.caption(escape(f"{one.question.id}, asked {one.asked}. With 95 % intervals."))
        if one.drafts[0].figures:
            figures = [
                {
                    "draft": draft.draft,
                    **{figure.name: figure.words for figure in draft.figures},
                    "answers": draft.counts,
                }
                for draft in one.drafts
            ]
            st.dataframe(figures, hide_index=True, alt=f"Answers to {one.question.id}, with counts and intervals")
        for draft in one.drafts:
            for persona, words in draft.quotes:
                st.markdown(f"- {escape(f'{draft.draft}, {persona}: “{words}”')}")
            if not draft.figures:
                st.caption(escape(f"{draft.draft}: {draft.counts}"))


def show_voices(report: Report, names: Mapping[str, str]) -> None:
    """Show objections, the most common first, and what was said with them; everything on request."""
    st.subheader("What they said", anchor=False)
    for column, draft in lay_out(report.run.drafts):
        with column:
            st.markdown(f"**{escape(draft)}**")
            st.html(str(blocks.render_objections(summaries.list_objections(report.objections[draft], names))))
            st.html(str(blocks.render_voices(summaries.pick_voices(report.verbatims, draft, names))))
    fold("Every reaction", show_reactions, report.run, names)


def fold(label: str, draw: Callable[..., None], *args: object) -> None:
    """Offer what is drawn only once somebody opens it."""
    st.fragment(_draw_folded)(label, draw, *args)


def _draw_folded(label: str, draw: Callable[..., None], *args: object) -> None:
    place = st.expander(label, key=keys.name_fold(label), on_change="rerun")
    if place.open:
        with place:
            draw(*args)


def show_reactions(run: Run, names: Mapping[str, str]) -> None:
    """Show every reaction in a table that is searched as one types."""
    search, drafts, actions = st.columns([2, 1, 1])
    words = search.text_input("Words in it", key=keys.SAID_WORDS, live=True)
    chosen = drafts.multiselect("Drafts", run.drafts, key=keys.SAID_DRAFTS, placeholder="all")
    doing = actions.multiselect(
        "Would", list(charts.ACTION_COLOURS), key=keys.SAID_ACTIONS, placeholder="all", format_func=_say_action
    )
    found = summaries.find_said(run.reactions, words, chosen, doing, names)
    st.caption(f"{found.height:,} of {run.counts.planned:,} reactions")
    st.dataframe(found, hide_index=True, lazy=True, height=420, alt="Every reaction, one row each")


def show_segments(report: Report) -> None:
    """Show where groups of people differ, and how those who stopped rated the drafts."""
    left, right = st.columns(2, gap="large")
    with left:
        if not report.spread.is_empty():
            st.altair_chart(
                charts.chart_segments(report.spread),
                width="stretch",
                alt="Share that reached the objective per draft and segment value, with intervals; a table follows",
            )
    with right:
        if not report.levels.is_empty():
            st.altair_chart(
                charts.chart_levels(report.levels),
                alt="Distribution of the ratings from 1 to 5 of those who stopped, per measure and draft",
            )
    if not report.spread.is_empty():
        fold("Every segment as a table", _show_segment_table, report)
    fold("Every figure as a table, with counts", _show_scorecard, report)


def show_evidence(report: Report) -> None:
    """Show what else speaks for or against the panel: control reader, outcome model, head-to-head."""
    st.subheader("What else speaks for it", anchor=False)
    control = summaries.say_control(report.control)
    if control:
        st.markdown(escape(control))
    evidence = report.evidence
    if evidence:
        st.html(str(blocks.render_evidence([(row.sentence, row.count_words) for row in evidence])))
        st.caption(escape(evidence[0].worth))
        st.markdown(escape(report.disagreement or "The sources that favour a draft favour the same one."))
    if report.people:
        st.markdown("**Real people beside the panel**")
        st.caption(escape(report.people.label))
        st.markdown("\n".join(f"- {escape(sentence)}" for sentence in report.people.sentences))
    if len(report.run.drafts) > 1 and report.comparisons["difference"].is_not_null().any():
        fold("Draft against draft", _show_pairs, report)
    if not report.models.is_empty():
        st.markdown(f"{summaries.MODELS_HEADING}:")
        st.dataframe(report.models, hide_index=True, alt="Share that reached the objective, by draft and by model")
    if not report.strengths.is_empty():
        st.markdown("Head to head, share of wins against an average rival:")
        st.dataframe(report.strengths, hide_index=True, alt="Strengths from the head-to-head, with intervals")


def _show_segment_table(report: Report) -> None:
    st.html(str(blocks.render_segments(report.spread.to_dicts(), report.run.drafts)))


def _show_scorecard(report: Report) -> None:
    st.dataframe(report.scorecard.drop("segment", "value"), hide_index=True, alt="Scorecard of the whole audience")


def _show_pairs(report: Report) -> None:
    st.altair_chart(
        charts.chart_differences(report.comparisons),
        alt="Difference in the objective rate of each pair of drafts, with intervals; a table follows",
    )
    st.dataframe(report.comparisons, hide_index=True, alt="Comparisons of the whole audience")


def show_health(report: Report) -> None:
    """Say in plain words whether the run is worth its numbers."""
    doubts = [check for check in report.health if not check.ok]
    with st.expander(f"Health of the run: {'nothing to doubt' if not doubts else f'{len(doubts)} to look at'}"):
        for check in report.health:
            st.markdown(f"{':material/check:' if check.ok else ':material/warning:'} {escape(check.sentence)}")


def show_method(report: Report) -> None:
    """Give the methods statement."""
    for what, how in list_methods(report.run):
        st.markdown(f"**{escape(what)}**: {escape(how)}")
    if st.toggle("Every setting, as it is recorded", key=keys.METHOD):
        st.json(report.run.methods.model_dump(mode="json"), expanded=1)


def show_downloads(report: Report) -> None:
    """Offer the run as files, and an address that opens it again."""
    run = report.run
    downloads = {
        "Report": (lambda: FORMATS[".html"](report), "html", "text/html"),
        "Workbook": (lambda: FORMATS[".xlsx"](report), "xlsx", _EXCEL),
        "Reactions": (lambda: summaries.write_table(run.reactions), "csv", "text/csv"),
        "Chart": (lambda: FORMATS[".png"](report), "png", "image/png"),
        "Run folder": (run.pack, "zip", "application/zip"),
    }
    with st.container(horizontal=True):
        for label, (make, suffix, kind) in downloads.items():
            st.download_button(
                f"{label} (.{suffix})",
                make,
                f"{run.run_id}.{suffix}",
                kind,
                on_click="ignore",
                key=keys.name_download(suffix),
            )
    st.markdown(f"[Link to this result](result?run={run.run_id})")


def lay_out(items: Iterable[Item]) -> Iterator[tuple[st.delta_generator.DeltaGenerator, Item]]:
    """Yield each item with its place, at most three side by side."""
    several = list(items)
    for start in range(0, len(several), MOST_BESIDE):
        beside = several[start : start + MOST_BESIDE]
        yield from zip(st.columns(min(len(several), MOST_BESIDE), gap="large"), beside, strict=False)


def _say_action(action: str) -> str:
    return action.replace("_", " ")
