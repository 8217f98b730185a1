"""The page "Improve": objections, a rewrite, what changed, lint and retest of both, every version kept."""

from __future__ import annotations

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.improve import Objection, list_objections, retesting, rewriting
from toolkit.models import LABEL, Draft
from toolkit.panel import background, estimating
from toolkit.results import Run, runs
from toolkit.store import version_log
from toolkit.ui import keys, spending, state
from toolkit.ui.choosing import Subject, ask_draft, ask_subject
from toolkit.ui.improve_versions import ask_version, keep, show_history, show_version
from toolkit.ui.text import escape, say_here
from toolkit.ui.waiting import show_job


def show() -> None:
    """Draw the page: which draft, what to answer, the new version beside the old one, its history."""
    st.title("Improve a draft", anchor=False)
    st.caption(LABEL)
    subject = ask_subject()
    if subject is None or not subject.audiences:
        return
    draft_id = ask_draft(subject, key=keys.IMPROVE_DRAFT)
    draft = subject.find_draft(draft_id)
    objections, wish = ask_reasons(subject, draft_id)
    show_rewriting(subject, draft, objections, wish)
    versions = _list_versions(subject, draft)
    version = ask_version(versions)
    if version is not None:
        before = next(one for one in versions if one.number == (version.parent or 0))
        show_version(subject, before, version)
        show_retest(subject, before, version)
    show_history(subject, draft, versions)


def ask_reasons(subject: Subject, draft_id: str) -> tuple[list[Objection], str]:
    """Let the writer choose which objections to answer, and wish for more."""
    listed = list_objections(subject.run, draft_id, subject.people)
    if not listed:
        st.info("Nobody objected. Say below what you want instead.")
    elif not listed[0].named:
        st.caption("Nobody named an objection. These are the thoughts of people who left.")
    else:
        st.caption("These are the objections, the most common first. Choose which ones the rewrite should answer.")
    chosen = [objection for objection in listed if _ask_objection(objection, subject, draft_id)]
    wish = st.text_input(
        "What else should the wording do?",
        max_chars=rewriting.MOST_WISHED,
        placeholder="shorter, warmer, ...",
        **state.tie(keys.WISH, ""),
    )
    return chosen, wish.strip()


def show_rewriting(subject: Subject, draft: Draft, objections: list[Objection], wish: str) -> None:
    """Offer the rewrite, by the model or by hand, and keep what comes as a version."""
    name = keys.name_rewrite(draft.digest)
    job = state.find_session().jobs.get(name)
    going = job is not None and not job.is_over
    if st.button("Rewrite it", type="primary", disabled=going):
        if objections or wish:
            _start_rewrite(name, subject, draft, objections, wish)
            st.rerun()
        st.info("Choose an objection, or say what the wording should do.")
    if job is None:
        return
    show_job(name, "The model is rewriting", done=None)
    written: rewriting.Rewrite | None = job.outcome
    if written is not None and written.draft is None:
        st.warning(escape(f"No usable rewrite: {written.problem}"))


def show_retest(subject: Subject, before: version_log.Version, version: version_log.Version) -> None:
    """Offer the test of both, on the same people or on others, and draw what it came to."""
    name = keys.name_retest(before.draft.digest, version.draft.digest)
    job = state.find_session().jobs.get(name)
    same = retesting.choose_same(subject.run, subject.audiences)
    fresh = retesting.choose_fresh([subject.run], subject.audiences)
    going = job is not None and not job.is_over
    again, others = st.columns(2)
    if again.button(
        f"Test both again on the same {same.personas}", type="primary", disabled=going, width="stretch",
        key=keys.RETEST_SAME, help="This keeps people, wordings and seed. Only the new version takes calls.",
    ):  # fmt: skip
        _start_retest(name, subject, before, version, same)
        st.rerun()
    said = f"Test both on {fresh.personas} people not asked before" if fresh else "Everybody was asked already"
    if (
        others.button(said, key=keys.RETEST_FRESH, disabled=going or fresh is None, width="stretch")
        and fresh is not None
    ):
        _start_retest(name, subject, before, version, fresh)
        st.rerun()
    if job is not None:
        show_job(name, "reactions", done=None)
    if job is not None and job.outcome is not None:
        show_outcome(*job.outcome)
    else:
        if version.tests:
            st.markdown("  \n".join(escape(retesting.say_difference(tested)) for tested in version.tests))
        st.caption(same.note)


def show_outcome(run: Run, choice: retesting.Choice) -> None:
    """Draw the verdict of a retest with its difference, whom it asked, and what to make of it."""
    tested = retesting.sum_up(run, fresh=choice.fresh)
    with st.container(border=True):
        st.markdown(f"**{escape(tested.verdict.headline)}**: {escape(tested.verdict.reason)}")
        st.markdown(escape(retesting.say_difference(tested)))
        st.caption(
            f"{run.counts.ok} of {run.counts.planned} reactions, {run.counts.from_store} from the store. {LABEL}"
        )
        if run.methods.stopped:
            st.warning(say_here(run.methods.stopped))
        st.warning(choice.note) if not choice.fresh else st.info(choice.note)


def _ask_objection(objection: Objection, subject: Subject, draft_id: str) -> bool:
    people, names = estimating.count_people(len(objection.personas)), subject.find_names(objection.personas)
    key = keys.name_objection(subject.run.run_id, draft_id, objection.number)
    tied = state.tie(key, objection.number <= 3)  # noqa: PLR2004 - the three most common
    return st.checkbox(escape(objection.text), help=escape(f"{people}: {', '.join(names)}"), **tied)


def _start_rewrite(name: str, subject: Subject, draft: Draft, objections: list[Objection], wish: str) -> None:
    async def work(stop: object, tell: object) -> rewriting.Rewrite:  # noqa: ARG001 - a call or three, nothing to count
        written = await rewriting.ask_rewrite(
            draft, objections, rewriting.add_brief(wish, subject.run), subject.connection
        )
        if written.draft is not None:
            reasons = [objection.text for objection in objections]
            keep(subject, draft, written.draft, answers=reasons, wish=wish, note=written.note)
        return written

    state.forget(keys.VERSION)
    with spending.paying(state.find_session().values):
        state.find_session().keep_job(name, background.Job(work, about="rewrite"))


def _start_retest(
    name: str, subject: Subject, before: version_log.Version, version: version_log.Version, choice: retesting.Choice
) -> None:
    async def work(stop: object, tell: object) -> tuple[Run, retesting.Choice]:
        run = await retesting.retest(
            subject.run, before.draft, version.draft, choice, subject.options, stop=stop, on_reaction=tell,  # type: ignore[arg-type]
        )  # fmt: skip
        with version_log.Versions(subject.connection.store_path) as kept:
            kept.keep_test(version.draft, version.number, retesting.sum_up(run, fresh=choice.fresh))
        runs.keep_run(run, runs.RUNS)
        return run, choice

    planned = retesting.count_planned(subject.run, choice)
    with spending.paying(state.find_session().values):
        state.find_session().keep_job(name, background.Job(work, about="retest", planned=planned))


def _list_versions(subject: Subject, draft: Draft) -> list[version_log.Version]:
    try:
        with version_log.Versions(subject.connection.store_path) as kept:
            return kept.list_versions(draft)
    except ToolkitError as error:
        st.error(say_here(error))
        return []
