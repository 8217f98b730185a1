"""The page of audiences: who is in one, who is missing, and everything that changes it."""

from __future__ import annotations

import functools
from pathlib import Path

import streamlit as st

from toolkit.audiences import editing, list_audiences, write_audience
from toolkit.errors import InputError, ToolkitError
from toolkit.report import summaries
from toolkit.ui import caching, keys, state
from toolkit.ui.audience_cards import show_people
from toolkit.ui.audience_coverage import show_coverage
from toolkit.ui.audience_importing import show_import
from toolkit.ui.audience_privacy import show_contacts
from toolkit.ui.text import escape, say_here

_VIEWS = ("People", "Who is missing", "Import rows")


def show() -> None:
    """Draw the page: which audience, what to do with it."""
    st.title("Audiences", anchor=False)
    st.caption("An audience is a set of described AI personas, not real people.")
    desk = ask_audience()
    tied = state.tie(keys.VIEW, _VIEWS[0])
    view = st.segmented_control("View", _VIEWS, label_visibility="collapsed", **tied)
    if view == _VIEWS[2]:
        show_import()
    elif desk is not None:
        show_head(desk)
        if view == _VIEWS[1]:
            show_coverage(desk.audience)
        else:
            show_people(desk)


def ask_audience() -> editing.Desk | None:
    """Let somebody choose an audience; what is being changed stays until it is let go on purpose."""
    found = dict(list_audiences())
    session = state.find_session()
    desk = session.desk
    if desk is not None and desk.is_changed:
        st.selectbox(
            "Audience", [desk.name], disabled=True, help="Save or discard your changes to open another audience."
        )
        return desk
    names = list(found)
    wanted = session.take_wanted()
    if wanted in names:
        state.put(keys.EDITED, wanted)
    state.keep_choice(keys.EDITED, names)
    name = st.selectbox("Audience", names, **state.tie(keys.EDITED))
    if desk is not None and desk.name != name:
        session.drop_desk()
        desk = None
    if desk is None or not _is_current(desk, found[name]):
        try:
            desk = editing.open_desk(name, found[name], caching.read_audience(found[name]))
        except ToolkitError as error:
            st.error(escape(str(error)))
            return None
        session.desk = desk
    return desk


def show_head(desk: editing.Desk) -> None:
    """Say what the audience is, and offer undo, saving and export."""
    audience = desk.audience
    st.markdown(escape(" ".join(audience.description.split())) or "No description.")
    kept = "comes with the program, so saving makes a copy" if desk.bundled else f"personas/{desk.name}.yaml"
    st.caption(escape(f"{len(audience.personas)} personas · source: {audience.source or 'not said'} · {kept}"))
    with st.container(horizontal=True):
        st.button("Undo", icon=":material/undo:", on_click=state.find_session().undo_edit, disabled=len(desk.steps) < 2)  # noqa: PLR2004
        st.button("Discard", on_click=state.find_session().drop_desk, disabled=not desk.is_changed)
        with st.popover("Save", icon=":material/save:"):
            ask_save(desk)
        for label, write, mime in (
            ("YAML", write_audience, "application/yaml"),
            ("CSV", summaries.write_people, "text/csv"),
        ):  # written when it is pressed: 20,000 people take seconds
            name = f"{desk.name}.{label.lower()}"
            st.download_button(label, functools.partial(write, audience), name, mime, on_click="ignore")
    if desk.is_changed:
        st.info("You have unsaved changes.", icon=":material/edit:")
    show_contacts(desk)


def ask_save(desk: editing.Desk) -> None:
    """Let somebody name the file; one that exists is replaced only where that was ticked.

    The suggested name is the field's own: one set beside it is lost where the page is drawn anew before this opens.
    """
    suggested = f"{desk.name}-copy" if desk.bundled else desk.name
    name = st.text_input(
        "Name", suggested, key=keys.name_save(desk.name, "name"), help="The file is ./personas/NAME.yaml"
    )
    replace = st.checkbox("Replace the file if it exists", key=keys.name_save(desk.name, "replace"))
    if st.button("Save the audience", type="primary"):
        try:
            saved, path = editing.save_desk(desk, name, overwrite=replace)
        except InputError as error:
            st.error(say_here(error))
            return
        session = state.find_session()
        session.desk, session.wanted_audience, session.said = saved, saved.name, f"You saved {path}."
        st.rerun()


def _is_current(desk: editing.Desk, path: Path) -> bool:
    """Return whether the file still holds what was opened; a steps-only desk keeps its history."""
    return caching.read_audience(path).digest == desk.opened
