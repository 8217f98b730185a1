"""The page "Ask them why": a talk with one persona about a draft, or one question to everybody."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from toolkit import summaries
from toolkit.background import Job
from toolkit.errors import ToolkitError
from toolkit.estimating import say_people
from toolkit.interviewing import (
    MOST_ASKED,
    NOTE,
    FollowUp,
    ask_everybody,
    check_question,
    estimate_cost,
    find_asked,
    say_deed,
    talk,
    write_transcript,
)
from toolkit.models import LABEL, Persona
from toolkit.store import Conversations, Turn
from toolkit.ui import state, workbench
from toolkit.ui.choosing import Subject, ask_draft, ask_subject
from toolkit.ui.text import escape
from toolkit.ui.waiting import show_job

_ONE, _ALL = "One person", "Everybody"


def show() -> None:
    """Draw the page: which run, one person or everybody, the talk."""
    st.title("Ask them why", anchor=False)
    st.caption(f"{NOTE} {LABEL}")
    subject = ask_subject()
    if subject is None:
        return
    if not find_asked(subject.run, subject.people):
        st.info("Nobody of this run is described here any more; put its audience file into ./personas.")
        return
    state.suggest("ask-whom", _ONE)
    whom = st.segmented_control("Whom?", [_ONE, _ALL], key="ask-whom", label_visibility="collapsed")
    draft = ask_draft(subject, key="ask-why-draft")
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
    asked = find_asked(subject.run, subject.people)
    names = {persona: _name(subject, persona, draft) for persona in asked}
    state.keep_choice("ask-why-persona", asked)
    return st.selectbox("Whom do you want to ask?", asked, format_func=names.__getitem__, key="ask-why-persona")


def show_persona(subject: Subject, persona: Persona, persona_id: str, draft: str) -> None:
    """Show who somebody is, the draft, and what they did with it."""
    with st.container(border=True):
        st.markdown(f"**{escape(persona.name)}, {persona.age}**")
        st.caption("AI persona · " + escape(" · ".join(f"{key}: {item}" for key, item in persona.segments.items())))
        st.text(persona.about)
    with st.container(border=True):
        st.caption(escape(f"What they saw: {draft}"))
        st.text(subject.find_draft(draft).text)
    cell = subject.heard.get((persona_id, draft))
    with st.container(border=True):
        st.caption(f"What they did: {say_deed(cell.action) if cell else 'not known'}")
        st.text((cell and cell.says) or "Nothing said.")


def show_talk(subject: Subject, persona: Persona, persona_id: str, draft: str) -> None:
    """Draw the conversation so far, the answer that is on its way, and the input."""
    run_id = subject.run.run_id
    with Conversations(subject.connection.store_path) as kept:
        turns = kept.list_turns(run_id, persona_id, draft)
        talks = kept.list_talks(run_id)
    name = f"talk-{run_id}-{persona_id}-{draft}"
    job = workbench.find_job(name)
    for turn in turns:
        _show_turn(persona, turn.question, turn.answer)
    if not turns and job is None:
        st.caption(f"Ask {escape(persona.name)} anything about this draft. Their answer stays with this run.")
    if job is not None:
        _show_answering(name, job, persona, answered=bool(turns) and turns[-1].question == job.about)
    asked = st.chat_input(f"Ask {persona.name}", key=f"chat-{name}", max_chars=MOST_ASKED, disabled=bool(
        job is not None and not job.is_over
    ))  # fmt: skip
    if asked:
        _start_talk(name, subject, persona_id, draft, asked)
        st.rerun()
    show_export(run_id, persona, draft, turns, talks)


def show_export(
    run_id: str, persona: Persona, draft: str, turns: Sequence[Turn], talks: Sequence[tuple[str, str, int]]
) -> None:
    """Offer the conversation as a file, and name the other ones about this run."""
    if turns:
        st.download_button(
            "This talk (.md)", write_transcript(run_id, persona, draft, turns), f"{run_id}-{persona.id}.md",
            "text/markdown", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    others = [f"{who} about {what}" for who, what, _ in talks if (who, what) != (persona.id, draft)]
    if others:
        st.caption("Also talked with: " + escape("; ".join(others)))


def show_everybody(subject: Subject, draft: str) -> None:
    """Let somebody put one question to everybody, and draw what they answered."""
    question, pressed = ask_question(subject, draft)
    name = f"everybody-{subject.run.run_id}"
    if pressed:
        _start_everybody(name, subject, draft, question)
        st.rerun()
    job = workbench.find_job(name)
    if job is not None:
        show_job(name, "answers", done="Asked.")
    show_answers(subject, draft)


def ask_question(subject: Subject, draft: str) -> tuple[str, bool]:
    """Let somebody write the question; say what asking it costs."""
    question = st.text_input(
        "What do you want to ask all of them?", key="ask-everybody", max_chars=MOST_ASKED,
        placeholder="What would have made you stop?",
    )  # fmt: skip
    people = len(find_asked(subject.run, subject.people))
    cost = estimate_cost(subject.run, draft, question, subject.people, subject.connection)
    said = "cost unknown" if cost is None else "free" if cost == 0 else f"about ${cost:.2f}"
    pressed = st.button(f"{say_people(people)}, {said}", type="primary", key="start-everybody")
    if pressed and not question.strip():
        st.info("Type the question first.")
    return question, pressed and bool(question.strip())


def show_answers(subject: Subject, draft: str) -> None:
    """Draw what everybody answered to one of the questions asked so far."""
    run_id = subject.run.run_id
    with Conversations(subject.connection.store_path) as kept:
        asked = [question for about, question in kept.list_questions(run_id) if about == draft]
        if not asked:
            return
        state.keep_choice("ask-earlier", asked)
        question = st.selectbox("Question", asked, key="ask-earlier") if len(asked) > 1 else asked[0]
        answers = kept.list_answers(run_id, draft, question)
    follow_up = FollowUp(run_id=run_id, draft=draft, question=question, answers=tuple(answers))
    st.subheader(escape(question), anchor=False)
    st.caption(f"{len(follow_up.heard)} of {len(answers)} answered. {NOTE} {LABEL}")
    if follow_up.missing:
        first = next(one for one in answers if one.status != "ok")
        st.warning(escape(f"{follow_up.missing} gave no answer: {first.error}. Ask the same again to ask only them."))
    show_themes(subject, follow_up)
    table = summaries.write_table(follow_up.table(subject.people))
    st.download_button(
        "Answers (.csv)", table, f"{run_id}-answers.csv", "text/csv", icon=":material/download:", on_click="ignore"
    )


def show_themes(subject: Subject, follow_up: FollowUp) -> None:
    """Draw the answers, those that say the same together, the most common first, with who said them."""
    said = {one.persona: one.answer or "" for one in follow_up.heard}
    for theme in follow_up.themes():
        with st.container(border=True):
            people = "1 person" if len(theme.members) == 1 else f"{len(theme.members)} people"
            st.markdown(f"**{people}**")
            st.text(f"“{theme.text}”")
            names = [subject.people[one].name if one in subject.people else one for one in theme.members]
            st.caption(escape(", ".join(names)))
            if len(theme.members) > 1:
                with st.expander("In their own words"):
                    for one, called in zip(theme.members, names, strict=True):
                        st.text(f"{called}: “{said[one]}”")


def _show_turn(persona: Persona, question: str, answer: str | None) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        st.text(question)
    if answer is not None:
        with st.chat_message("assistant", avatar=":material/theater_comedy:"):
            st.caption(f"{escape(persona.name)} · AI persona")
            st.text(answer)


def _show_answering(name: str, job: Job[None, Turn], persona: Persona, *, answered: bool) -> None:
    """Draw the question that is being answered; what went wrong is said beside it, and the question stays."""
    if not (job.is_over and answered):
        _show_turn(persona, job.about, None)
    show_job(name, f"{persona.name} is thinking", done=None)


def _start_talk(name: str, subject: Subject, persona_id: str, draft: str, asked: str) -> None:
    async def work(stop: object, tell: object) -> Turn:  # noqa: ARG001 - one call, nothing to count
        return await talk(subject.run, persona_id, draft, asked, subject.people, subject.connection)

    workbench.keep_job(name, Job(work, about=asked))


def _start_everybody(name: str, subject: Subject, draft: str, question: str) -> None:
    try:
        asked = check_question(question)
    except ToolkitError as error:
        st.error(escape(str(error)))
        st.stop()

    async def work(stop: object, tell: object) -> FollowUp:
        return await ask_everybody(
            subject.run, draft, asked, subject.people, subject.connection, stop=stop, on_answer=tell,  # type: ignore[arg-type]
        )  # fmt: skip

    workbench.keep_job(name, Job(work, about=asked, planned=len(find_asked(subject.run, subject.people))))


def _name(subject: Subject, persona_id: str, draft: str) -> str:
    persona = subject.people[persona_id]
    cell = subject.heard.get((persona_id, draft))
    return f"{persona.name}, {persona.age}: {say_deed(cell.action) if cell else 'not asked'}"
