"""What a browser session remembers of talks, rewrites and an audience being edited.

Beside `state`, which holds what is tested, this alone touches `session_state` and the caches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from toolkit.audiences import editing, uploads
from toolkit.panel import background

_SUBJECT = "ask-subject"


def begin(pages: Sequence[Any]) -> None:
    """Note the pages of this run of the script, so that one can lead to another."""
    st.session_state["pages"] = {page.url_path: page for page in pages}


def open_page(name: str, run_id: str | None = None) -> None:
    """Go to another page, with a run to work on."""
    if run_id is not None:
        st.session_state[_SUBJECT] = run_id
    page = find_page(name)
    if page is not None:
        st.switch_page(page)


def find_page(name: str) -> Any:
    """Return a page of the list, "" for the first; None where a page is drawn without the list."""
    return st.session_state.get("pages", {}).get(name)


def keep_job(name: str, job: background.Job[Any, Any]) -> None:
    """Make a job the one of that name; an earlier one is stopped."""
    forget_job(name)
    st.session_state[f"job-{name}"] = job


def find_job(name: str) -> background.Job[Any, Any] | None:
    """Return the job of that name, going on or over."""
    job: background.Job[Any, Any] | None = st.session_state.get(f"job-{name}")
    return job


def forget_job(name: str) -> None:
    """Stop and forget the job of that name."""
    job = st.session_state.pop(f"job-{name}", None)
    if job is not None:
        job.stop()


def set_value(key: str, value: Any) -> None:
    """Give a widget a value before it is drawn."""
    st.session_state[key] = value


def find_value(key: str, otherwise: Any = None) -> Any:
    """Return what a widget holds."""
    return st.session_state.get(key, otherwise)


def limit_page(key: str, pages: int) -> None:
    """Keep a page number within how many there are now; the first where none was chosen."""
    st.session_state[key] = min(st.session_state.get(key, 1), pages)


def find_desk() -> editing.Desk | None:
    """Return the audience that this session edits, with its history."""
    desk: editing.Desk | None = st.session_state.get("desk")
    return desk


def keep_desk(desk: editing.Desk) -> None:
    """Remember the audience that this session edits."""
    st.session_state["desk"] = desk


def drop_desk() -> None:
    """Let go of the audience that this session edits; it is opened anew from its file."""
    st.session_state.pop("desk", None)
    close_form()


def want_audience(name: str) -> None:
    """Ask for an audience to be the one chosen when the page is drawn next."""
    st.session_state["wanted-audience"] = name


def take_wanted() -> str | None:
    """Return, once, the audience that was asked for."""
    wanted: str | None = st.session_state.pop("wanted-audience", None)
    return wanted


def open_form(persona: str) -> None:
    """Begin to edit a persona; "" begins a new one."""
    st.session_state["edited"] = persona
    st.session_state["faults"] = {}


def find_edited() -> str | None:
    """Return the persona in the form, "" for a new one, None where the form is closed."""
    edited: str | None = st.session_state.get("edited")
    return edited


def close_form() -> None:
    """Close the form."""
    st.session_state.pop("edited", None)
    st.session_state["faults"] = {}


def keep_faults(faults: dict[str, str]) -> None:
    """Remember what is wrong with each field of the form."""
    st.session_state["faults"] = faults


def find_faults() -> dict[str, str]:
    """Return what is wrong with each field of the form."""
    faults: dict[str, str] = st.session_state.get("faults", {})
    return faults


def say_once(words: str) -> None:
    """Say something when the page is drawn next."""
    st.session_state["said"] = words


def take_said() -> str | None:
    """Return, once, what there is to say."""
    said: str | None = st.session_state.pop("said", None)
    return said


def find_fields(prefix: str) -> dict[str, Any]:
    """Return what the widgets hold whose keys begin with a prefix, by the rest of their keys."""
    return {
        str(key).removeprefix(prefix): value for key, value in st.session_state.items() if str(key).startswith(prefix)
    }


@st.cache_resource(show_spinner=False, max_entries=5)
def read_rows(name: str, data: bytes) -> uploads.Table:
    """Return an uploaded table, read once; raise InputError where it cannot be used."""
    return uploads.read_table(name, data)
