"""Which run to talk about or to improve, with the people it asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.improve import interviews
from toolkit.models import Audience, Draft, Persona
from toolkit.panel import connecting
from toolkit.report import seating
from toolkit.results import Run, find_runs, runs
from toolkit.ui import ask, caching, keys, state
from toolkit.ui.people import find_audiences_of
from toolkit.ui.text import escape
from toolkit.ui.ways_on import show_beginning


@dataclass(frozen=True)
class Subject:
    """A run, the audiences it asked as they can be had now, and what answers."""

    run: Run
    audiences: list[Audience]
    options: dict[str, Any] = field(repr=False)

    @property
    def people(self) -> dict[str, Persona]:
        """The personas by the ids of the run."""
        return interviews.find_people(self.audiences)

    @property
    def connection(self) -> connecting.Connection:
        """What answers."""
        return connecting.make_connection(self.options)

    @cached_property
    def heard(self) -> dict[tuple[str, str], seating.Cell]:
        """What each persona did and said, by persona and draft."""
        return seating.hear_run(self.run)

    def find_names(self, personas: Sequence[str]) -> list[str]:
        """Return what people are called; who is not in the audience any more, by the id."""
        people = self.people
        return [people[one].name if one in people else one for one in personas]

    def find_draft(self, draft_id: str) -> Draft:
        """Return a draft of the run."""
        return next(draft for draft in self.run.methods.campaign.drafts if draft.id == draft_id)


def ask_subject() -> Subject | None:
    """Let somebody choose a run; None, with the next step said, where there is none to choose."""
    known = _list_runs()
    if not known:
        show_beginning("No run yet. This page works with the people and drafts of a finished test.")
        return None
    names = list(known)
    state.keep_choice(keys.SUBJECT, names)
    chosen, engine = st.columns([3, 2], gap="large", vertical_alignment="bottom")
    with chosen:
        run_id = st.selectbox("About which run?", names, format_func=known.__getitem__, **state.tie(keys.SUBJECT))
    with engine:
        options = ask.take_first_model(ask.ask_engine())
    try:
        run = _find_run(run_id)
        audiences = _find_audiences(run)
    except ToolkitError as error:
        st.error(escape(str(error)))
        return None
    return Subject(run, audiences, options)


def ask_draft(subject: Subject, *, key: str) -> str:
    """Let somebody choose a draft of the run."""
    names = list(subject.run.drafts)
    state.keep_choice(key, names)
    if len(names) == 1:
        return names[0]
    chosen = st.segmented_control("About which draft?", names, **state.tie(key))
    return str(chosen or names[0])


def _list_runs() -> dict[str, str]:
    """Return run ids with what to call them: the run of this session, then the saved ones, newest first."""
    live = state.find_live()
    found = {}
    if live is not None and live.run is not None:
        found[live.run.run_id] = f"the run of this campaign: {live.describe()}"
    for folder in find_runs(runs.RUNS):
        found.setdefault(folder.name, folder.name)
    return found


def _find_run(run_id: str) -> Run:
    live = state.find_live()
    if live is not None and live.run is not None and live.run.run_id == run_id:
        return live.run
    return caching.open_run(run_id)


def _find_audiences(run: Run) -> list[Audience]:
    """Return the run's audiences as their files are now; say where they are not the ones that were asked."""
    live = state.find_live()
    if live is not None and live.run is not None and live.run.run_id == run.run_id:
        return [live.audience]
    found = find_audiences_of(run)
    for asked in run.methods.audiences:
        name = asked["audience"]
        if name not in found:
            st.warning(escape(f"The audience {name} is missing. Put its file into ./personas."))
        elif found[name].digest != asked["sha256"]:
            st.caption(escape(f"{name} was edited since this run. People are as the file says now."))
    return list(found.values())
