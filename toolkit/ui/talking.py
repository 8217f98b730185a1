"""A talk with one persona about a draft: what was said, the answer as it comes, the place to ask the next question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from toolkit.improve import interviews, streaming
from toolkit.models import Persona
from toolkit.panel import background
from toolkit.store import conversations
from toolkit.ui import keys, spending, state
from toolkit.ui.choosing import Subject
from toolkit.ui.text import escape
from toolkit.ui.waiting import show_job


def show_talk(subject: Subject, persona: Persona, persona_id: str, draft: str) -> None:
    """Draw the conversation so far, the answer that is on its way, and the input."""
    run_id = subject.run.run_id
    with conversations.Conversations(subject.connection.store_path) as kept:
        turns = kept.list_turns(run_id, persona_id, draft)
        talks = kept.list_talks(run_id)
    name = keys.name_talk(run_id, persona_id, draft)
    job = state.find_session().jobs.get(name)
    for turn in turns:
        _show_turn(persona, turn.question, turn.answer)
    if not turns and job is None:
        st.caption(f"Ask {escape(persona.name)} anything about this draft. The answer is kept with this run.")
    if job is not None:
        _show_answering(name, job, persona, answered=bool(turns) and turns[-1].question == job.about)
    going = job is not None and not job.is_over
    most = interviews.MOST_ASKED
    asked = st.chat_input(f"Ask {persona.name}", key=keys.name_chat(name), max_chars=most, disabled=going)
    if asked:
        _start_talk(name, subject, persona_id, draft, asked)
        st.rerun()
    show_export(run_id, persona, draft, turns, talks)


def show_export(
    run_id: str,
    persona: Persona,
    draft: str,
    turns: Sequence[conversations.Turn],
    talks: Sequence[tuple[str, str, int]],
) -> None:
    """Offer the conversation as a file, and name the other ones about this run."""
    if turns:
        st.download_button(
            "This talk (.md)", interviews.write_transcript(run_id, persona, draft, turns), f"{run_id}-{persona.id}.md",
            "text/markdown", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    others = [f"{who} about {what}" for who, what, _ in talks if (who, what) != (persona.id, draft)]
    if others:
        st.caption("You also talked with: " + escape("; ".join(others)))


def _show_turn(persona: Persona, question: str, answer: str | None) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        st.text(question)
    if answer is not None:
        _show_answer(persona, answer)


def _show_answer(persona: Persona, answer: str) -> None:
    with st.chat_message("assistant", avatar=":material/theater_comedy:"):
        st.caption(f"{escape(persona.name)} · AI persona")
        st.text(answer)


def _show_answering(
    name: str, job: background.Job[str, conversations.Turn], persona: Persona, *, answered: bool
) -> None:
    """Draw the question that is being answered; what went wrong is said beside it, and the question stays."""
    if not (job.is_over and answered):
        _show_turn(persona, job.about, None)
    show_job(name, f"{persona.name} is answering", done=None, draw=partial(_show_answer, persona))


def _start_talk(name: str, subject: Subject, persona_id: str, draft: str, asked: str) -> None:
    async def work(stop: asyncio.Event, tell: Callable[[str], None]) -> conversations.Turn:
        people, connection = subject.people, subject.connection
        return await streaming.break_off(
            stop, interviews.talk(subject.run, persona_id, draft, asked, people, connection, tell=tell)
        )

    with spending.paying(state.find_session().values):
        state.find_session().keep_job(name, background.Job(work, about=asked))
