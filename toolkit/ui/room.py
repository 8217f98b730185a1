"""The wall of tiles, drawn in the browser; a click on a tile opens the person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from toolkit.files import resources
from toolkit.report import seating
from toolkit.ui import keys, state

_HTML = """<div class="room"><ul class="key" aria-label="what the colours mean"></ul>
<p class="note"></p><div class="rows"></div>
<div class="says" aria-live="polite">
Point at a person to read what they say. Click to see their profile and answers.
Arrow keys go from one to the next.</div></div>"""


def show_room(seats: Sequence[seating.Seat], drafts: Sequence[str], heard: seating.Heard, *, key: str) -> None:
    """Draw the room in rows by a segment the reader chooses; a press on a tile opens that persona."""
    segments = sorted({name for seat in seats for name in seat.segments})
    state.keep_choice(key, [seating.EVERYONE, *segments], segments[0] if segments else seating.EVERYONE)
    grouped = st.segmented_control("Seat them by", [seating.EVERYONE, *segments], **state.tie(key))
    room = seating.arrange_room(seats, drafts, heard, None if grouped in {None, seating.EVERYONE} else grouped)
    opened = mount_room(room, key=keys.name_tiles(key))
    if opened is not None:
        show_persona(next(seat for seat in seats if seat.persona == opened), drafts, heard)


def mount_room(room: seating.Room, *, key: str) -> str | None:
    """Draw the tiles; return the id of the persona that was just pressed."""
    result = _register()(key=key, data=room.model_dump(), on_opened_change=lambda: None)
    opened = result.get("opened")
    return str(opened) if opened in {tile.persona for tile in room.tiles} else None


@st.dialog("Meet the persona", width="medium")
def show_persona(seat: seating.Seat, drafts: Sequence[str], heard: seating.Heard) -> None:
    """Show who somebody is and what they said to each draft."""
    st.subheader(f"{seat.name}, {seat.age}" if seat.age else seat.name, anchor=False)
    st.caption(
        "An AI persona, not a real person. " + " · ".join(f"{key}: {value}" for key, value in seat.segments.items())
    )
    if seat.about:
        st.text(seat.about)
    for draft in drafts:
        cell = heard.get((seat.persona, draft))
        with st.container(border=True):
            st.caption(draft if cell is None else f"{draft} · {cell.action.replace('_', ' ')}")
            st.text((cell and cell.says) or "No answer yet.")


@lru_cache(maxsize=1)
def _register() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component(
        "audience_room",
        html=_HTML,
        css=resources.read_data("room", "room.css"),
        js=resources.read_data("room", "room.js"),
    )
