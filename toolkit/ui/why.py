"""The page "Ask them why": a talk with one persona about a draft, or one question to everybody."""

from __future__ import annotations

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.improve import interviews
from toolkit.models import LABEL, Persona
from toolkit.panel import background, estimating
from toolkit.report import summaries
from toolkit.store import conversations
from toolkit.ui import keys, spending, state
from toolkit.ui.choosing import Subject, ask_draft, ask_subject
from toolkit.ui.talking import show_talk
from toolkit.ui.text import escape, say_here
from toolkit.ui.waiting import show_job

_ONE, _ALL = "One person", "Everybody"


def show() -> None:
    """Draw the page: which run, one person or everybody, the talk."""
    st.title("Ask them why", anchor=False)
    st.caption(f"{interviews.NOTE} {LABEL}")
    subject = ask_subject()
    if subject is None:
        return
    if not interviews.find_asked(subject.run, subject.people):
        st.info("The people of this run are no longer described here. Put its audience file into ./personas.")
        return
    whom = st.segmented_control("Whom?", [_ONE, _ALL], label_visibility="collapsed", **state.tie(keys.WHOM, _ONE))
    draft = ask_draft(subject, key=keys.WHY_DRAFT)
    if whom == _ALL:
        show_everybody(subject, draft)
    else:
        show_one(subject, draft)


def show_one(subject: Subject, draft: str) -> None:
    """Draw who somebody is, what was said, and the place to ask the next question."""
    persona_id = ask_persona(subject, draft)
    persona = subject.people[persona_id]
    who, said = st.columns([2, 3], gap="large")
    with who:
        show_persona(subject, persona, persona_id, draft)
    with said:
        show_talk(subject, persona, persona_id, draft)


def ask_persona(subject: Subject, draft: str) -> str:
    """Let somebody choose a persona, named with what it did with the draft."""
    asked = interviews.find_asked(subject.run, subject.people)
    names = {persona: _name(subject, persona, draft) for persona in asked}
    state.keep_choice(keys.WHY_PERSONA, asked)
    chosen: str = st.selectbox(
        "Whom do you want to ask?", asked, format_func=names.__getitem__, **state.tie(keys.WHY_PERSONA)
    )
    return chosen


def show_persona(subject: Subject, persona: Persona, persona_id: str, draft: str) -> None:
    """Show who somebody is, the draft, and what they did with it."""
    with st.container(border=True):
        st.markdown(f"**{escape(persona.called)}**")
        st.caption("AI persona · " + escape(" · ".join(f"{key}: {item}" for key, item in persona.segments.items())))
        st.text(persona.about)
    with st.container(border=True):
        st.caption(escape(f"What they saw: {draft}"))
        st.text(subject.find_draft(draft).text)
    cell = subject.heard.get((persona_id, draft))
    with st.container(border=True):
        st.caption(f"What they did: {interviews.say_deed(cell.action) if cell else 'not known'}")
        st.text((cell and cell.says) or "Nothing said.")


def show_everybody(subject: Subject, draft: str) -> None:
    """Let somebody put one question to everybody, and draw what they answered."""
    question, pressed = ask_question(subject, draft)
    name = keys.name_question(subject.run.run_id)
    if pressed:
        _start_everybody(name, subject, draft, question)
        st.rerun()
    job = state.find_session().jobs.get(name)
    if job is not None:
        show_job(name, "answers", done="Asked.")
    show_answers(subject, draft)


def ask_question(subject: Subject, draft: str) -> tuple[str, bool]:
    """Let somebody write the question; say what asking it costs."""
    question = st.text_input(
        "What do you want to ask all of them?", max_chars=interviews.MOST_ASKED,
        placeholder="What would have made you stop?", **state.tie(keys.EVERYBODY, ""),
    )  # fmt: skip
    people = len(interviews.find_asked(subject.run, subject.people))
    cost = interviews.estimate_cost(subject.run, draft, question, subject.people, subject.connection)
    said = "cost unknown" if cost is None else "free" if cost == 0 else f"about ${cost:.2f}"
    pressed = st.button(f"{estimating.say_people(people)}, {said}", type="primary", key=keys.START_EVERYBODY)
    if pressed and not question.strip():
        st.info("Type the question first.")
    return question, pressed and bool(question.strip())


def show_answers(subject: Subject, draft: str) -> None:
    """Draw what everybody answered to one of the questions asked so far."""
    run_id = subject.run.run_id
    with conversations.Conversations(subject.connection.store_path) as kept:
        asked = [question for about, question in kept.list_questions(run_id) if about == draft]
        if not asked:
            return
        state.keep_choice(keys.EARLIER, asked)
        question = st.selectbox("Question", asked, **state.tie(keys.EARLIER)) if len(asked) > 1 else asked[0]
        answers = kept.list_answers(run_id, draft, question)
    follow_up = interviews.FollowUp(run_id=run_id, draft=draft, question=question, answers=tuple(answers))
    st.subheader(escape(question), anchor=False)
    st.caption(f"{len(follow_up.heard)} of {len(answers)} answered. {interviews.NOTE} {LABEL}")
    if follow_up.missing:
        first = next(one for one in answers if one.status != "ok")
        st.warning(
            escape(f"{follow_up.missing} gave no answer: {first.error}. Press the button again to ask only them.")
        )
    show_themes(subject, follow_up)
    table = summaries.write_table(follow_up.table(subject.people))
    st.download_button(
        "Answers (.csv)", table, f"{run_id}-answers.csv", "text/csv", icon=":material/download:", on_click="ignore"
    )


def show_themes(subject: Subject, follow_up: interviews.FollowUp) -> None:
    """Draw the answers, those that say the same together, the most common first, with who said them."""
    said = {one.persona: one.answer or "" for one in follow_up.heard}
    for theme in follow_up.themes():
        with st.container(border=True):
            st.markdown(f"**{estimating.count_people(len(theme.members))}**")
            st.text(f"“{theme.text}”")
            names = subject.find_names(theme.members)
            st.caption(escape(", ".join(names)))
            if len(theme.members) > 1:
                with st.expander("In their own words"):
                    for one, called in zip(theme.members, names, strict=True):
                        st.text(f"{called}: “{said[one]}”")


def _start_everybody(name: str, subject: Subject, draft: str, question: str) -> None:
    try:
        asked = interviews.check_question(question)
    except ToolkitError as error:
        st.error(say_here(error))
        st.stop()

    async def work(stop: object, tell: object) -> interviews.FollowUp:
        return await interviews.ask_everybody(
            subject.run, draft, asked, subject.people, subject.connection, stop=stop, on_answer=tell,  # type: ignore[arg-type]
        )  # fmt: skip

    planned = len(interviews.find_asked(subject.run, subject.people))
    with spending.paying(state.find_session().values):
        state.find_session().keep_job(name, background.Job(work, about=asked, planned=planned))


def _name(subject: Subject, persona_id: str, draft: str) -> str:
    persona = subject.people[persona_id]
    cell = subject.heard.get((persona_id, draft))
    return f"{persona.called}: {interviews.say_deed(cell.action) if cell else 'not asked'}"
