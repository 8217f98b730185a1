"""A run on the page: one screen that says what to do, and behind a press each all that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from toolkit.models import records
from toolkit.report import Report, advice, blocks, list_methods, saving, seating, summaries
from toolkit.results import Run
from toolkit.results.scoring import comparisons
from toolkit.ui import caching, keys, pressed, remarks, state
from toolkit.ui.arriving import bring_into_sight
from toolkit.ui.outcome_entry import ask_outcomes, show_after, show_kept
from toolkit.ui.people import find_people_of
from toolkit.ui.room import show_room
from toolkit.ui.text import escape, say_here
from toolkit.ui.ways_on import show_continue, show_ways_on

MOST_BESIDE = 3
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LEGEND = (
    '<p style="font-size:13px;opacity:.85;margin:0">Underlined: '
    '<span style="text-decoration:underline solid #009e73 3px">liked</span>, '
    '<span style="text-decoration:underline wavy #0072b2 2px">misread</span>, '
    '<span style="text-decoration:underline dashed #d55e00 3px">disliked</span>, '
    '<span style="text-decoration:underline double #cc79a7 3px">liked by some and disliked by others</span>. '
    "Press words to read who named them.</p>"
)
Item = TypeVar("Item")


def show_result(
    run: Run,
    seats: Sequence[seating.Seat] | None = None,
    *,
    is_fresh: bool = False,
    is_saved: bool = True,
    takes_outcomes: bool = True,
) -> None:
    """Draw a run: what to do, the drafts, and behind a press each whatever it rests on.

    `seats` say who the people are, where that is known. A fresh result is brought into sight. Each part is worked out
    when it is looked at. With `takes_outcomes` what happened after publishing is asked under Evidence.
    """
    report = caching.report_of(run)
    known, note = ({}, "") if seats else find_people_of(run)
    people = list(seats or seating.seat_run(run, known))
    with st.container(key=keys.RESULT_TOP):
        show_decision(report)
        if not is_fresh:
            show_continue(run)
        show_ways_on(run)
        show_drafts(report, {seat.persona: seat.name for seat in people})
    if is_fresh:
        bring_into_sight(run.run_id, keys.RESULT_TOP)
    st.fragment(_draw_parts)(report, people, note, takes_outcomes=takes_outcomes and is_saved)
    show_downloads(report, is_saved=is_saved)


def _draw_parts(report: Report, people: Sequence[seating.Seat], note: str, *, takes_outcomes: bool) -> None:
    """Draw the part that was chosen, and no other."""
    names = {seat.persona: seat.name for seat in people}
    parts: dict[str, Callable[[], None]] = {
        "People": lambda: show_people(report, people, note),
        "What they said": lambda: show_voices(report, names),
        **({"Your questions": lambda: show_answers(report)} if report.answers else {}),
        "Segments": lambda: show_segments(report),
        "Evidence": lambda: show_evidence(report, takes_outcomes=takes_outcomes),
        "Statistics": lambda: show_statistics(report),
        "Method": lambda: show_method(report),
    }
    tabs = st.tabs(list(parts), key=keys.PARTS, on_change="rerun")
    for tab, draw in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def show_decision(report: Report) -> None:
    """Say what to do in the sentences that every other output says, with the label and what they rest on."""
    first = report.first_recommendation
    with st.container(key=keys.RECOMMENDATION, gap="small"):
        st.header(escape(first.sentences[0]), anchor=False)
        others = st.empty()
        if not report.is_ready:  # objections are grouped while the decision is read
            _say(others, first.sentences[1:])
        st.caption(escape(f"{first.label} {first.rests_on}"))
        for caution in first.cautions:
            st.caption(f":material/info: {escape(caution)}")
        for warning in report.run.methods.warnings:
            st.caption(f":material/info: {say_here(warning)}")
    _say(others, report.recommendation.sentences[1:])


def _say(place: DeltaGenerator, sentences: Sequence[str]) -> None:
    if sentences:
        place.markdown("  \n".join(map(escape, sentences)))


def show_drafts(report: Report, names: Mapping[str, str]) -> None:
    """Draw the drafts side by side as they will appear: where each stands, its rates, and two quotes."""
    drawn = report.list_cards(names)
    st.html(str(blocks.render_cards(drawn, report.run.methods.personas, may_comment=True)))
    if any(report.highlights.values()):
        st.html(_LEGEND)
    st.fragment(pressed.hear_presses)(report, names)


def show_people(report: Report, seats: Sequence[seating.Seat], note: str) -> None:
    """Draw the room, with what there is to say about who sits in it."""
    st.subheader("Who did what", anchor=False)
    st.caption(
        "Each tile is a persona, larger if it stands for more people. Each stripe is a draft, from left to right."
    )
    drafts = report.run.drafts
    if len(drafts) > blocks.MOST_CARDS:  # so many stripes nobody tells apart
        state.keep_choice(keys.ROOM_DRAFT, drafts, report.recommendation.leader)
        drafts = (st.selectbox("Draft", drafts, **state.tie(keys.ROOM_DRAFT)),)
    show_room(seats, drafts, caching.hear(report.run), key=keys.ROOM)
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
            st.html(str(blocks.render_objections(summaries.list_objections(report.objections[draft], names), draft)))
            st.html(str(blocks.render_voices(summaries.pick_voices(report.verbatims, draft, names), draft)))
    if report.comments:
        st.markdown("**What your team said**")
        st.markdown("\n".join(f"- {escape(remarks.say_comment(one))}" for one in report.comments))
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
        "Would", list(records.ACTIONS), key=keys.SAID_ACTIONS, placeholder="all", format_func=_say_action
    )
    found = summaries.find_said(run.reactions, words, chosen, doing, names)
    st.caption(f"{found.height:,} of {run.counts.planned:,} reactions")
    st.dataframe(found, hide_index=True, lazy=True, height=420, alt="Every reaction, one row each")


def show_segments(report: Report) -> None:
    """Show where groups of people differ, and whether that is more than chance."""
    if report.spread.is_empty():
        st.markdown("The audience has no segments, or too few people answered in each.")
        return
    from toolkit.report import charts

    said = list(summaries.say_interactions(report.interactions))
    if said:
        st.markdown("\n".join(f"- {escape(sentence)}" for sentence in said))
        st.caption("Gaps between segments are mostly chance. Only what is said here is more than that.")
    if len(report.run.drafts) <= len(charts.DRAFT_SHAPES):
        st.altair_chart(
            charts.chart_segments(report.spread),
            width="stretch",
            alt="Share that reached the objective per draft and segment value, with intervals; a table follows",
        )
    st.html(str(blocks.render_segments(report.spread.to_dicts(), report.run.drafts)))


def show_statistics(report: Report) -> None:
    """Give every figure that the recommendation rests on, with intervals and counts."""
    from toolkit.report import charts

    decision, told = report.decision, report.recommendation
    st.markdown(f"**{escape(decision.headline)}**")
    st.markdown(escape(" ".join(filter(None, (decision.sentence, decision.advice)))))
    if told.claims:
        st.markdown("\n".join(f"- {escape(advice.say_claim(claim))}" for claim in told.claims))
        st.caption("Other signals, corrected for every pair of drafts in all three rates (Holm).")
    if report.scorecard["estimate"].is_not_null().any():
        st.altair_chart(
            charts.chart_rates(report.scorecard),
            width="stretch",
            alt="Rates per draft, with intervals; a table follows",
        )
        st.altair_chart(
            charts.chart_actions(report.actions), width="stretch", alt="What people did with each draft, as shares"
        )
    if not report.levels.is_empty():
        st.altair_chart(
            charts.chart_levels(report.levels),
            alt="Distribution of the ratings from 1 to 5 of those who stopped, per measure and draft",
        )
    st.markdown("**Every figure**")
    st.dataframe(
        report.scorecard.drop("segment", "value"), hide_index=True, alt="Scorecard of the whole audience, with counts"
    )
    if len(report.run.drafts) > 1 and report.comparisons["difference"].is_not_null().any():
        _show_pairs(report)
    if not report.models.is_empty():
        st.markdown(f"{summaries.MODELS_HEADING}:")
        st.dataframe(report.models, hide_index=True, alt="Share that reached the objective, by draft and by model")
    if not report.strengths.is_empty():
        st.markdown("Head to head, share of wins against an average rival:")
        st.dataframe(report.strengths, hide_index=True, alt="Strengths from the head-to-head, with intervals")


def _show_pairs(report: Report) -> None:
    from toolkit.report import charts

    st.markdown("**Draft against draft**")
    st.altair_chart(
        charts.chart_differences(report.comparisons),
        alt="Difference in the objective rate of each pair of drafts, with intervals; a table follows",
    )
    st.dataframe(report.comparisons, hide_index=True, alt="Comparisons of the whole audience")
    st.caption(comparisons.RULES)


def show_evidence(report: Report, *, takes_outcomes: bool = False) -> None:
    """Show what else speaks for or against the panel: control reader, outcome model, real people."""
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
    if takes_outcomes:
        show_kept()
    show_after(report.run)
    if takes_outcomes:
        fold("Published? Say what really happened", ask_outcomes, report.run)
    if not control and not evidence and not report.people:
        st.markdown("Nothing speaks beside the panel: one draft, and no control reader.")


def show_health(report: Report) -> None:
    """Say in plain words whether the run is worth its numbers."""
    doubts = [check for check in report.health if not check.ok]
    st.markdown(f"**Health of the run: {'nothing to doubt' if not doubts else f'{len(doubts)} to look at'}**")
    for check in report.health:
        st.markdown(f"{':material/check:' if check.ok else ':material/warning:'} {escape(check.sentence)}")


def show_method(report: Report) -> None:
    """Give the health of the run and the methods statement."""
    show_health(report)
    st.markdown("**How it was asked**")
    for what, how in list_methods(report.run):
        st.markdown(f"**{escape(what)}**: {escape(how)}")
    if st.toggle("Every setting, as it is recorded", key=keys.METHOD):
        st.json(report.run.methods.model_dump(mode="json"), expanded=1)


def show_downloads(report: Report, *, is_saved: bool) -> None:
    """Offer the run as files, and once it is saved an address that opens it again."""
    run = report.run
    downloads = {
        "Report": (lambda: saving.FORMATS[".html"](report), "html", "text/html"),
        "Workbook": (lambda: saving.FORMATS[".xlsx"](report), "xlsx", _EXCEL),
        "Reactions": (lambda: summaries.write_table(run.reactions), "csv", "text/csv"),
        "Chart": (lambda: saving.FORMATS[".png"](report), "png", "image/png"),
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
    if is_saved:
        st.markdown(f"[Link to this result](result?run={run.run_id})")


def lay_out(items: Iterable[Item]) -> Iterator[tuple[st.delta_generator.DeltaGenerator, Item]]:
    """Yield each item with its place, at most three side by side."""
    several = list(items)
    for start in range(0, len(several), MOST_BESIDE):
        beside = several[start : start + MOST_BESIDE]
        yield from zip(st.columns(min(len(several), MOST_BESIDE), gap="large"), beside, strict=False)


def _say_action(action: str) -> str:
    return action.replace("_", " ")
