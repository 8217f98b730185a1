"""What a browser session remembers; nothing else touches `session_state` or the caches.

Each session has its own state: drafts, keys and runs are shared with no other.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from toolkit.files.audiences import list_audiences, load_audience
from toolkit.live import LiveRun
from toolkit.models import LIST_FIELDS, Audience, Campaign

MOST_DRAFTS = 6
_KEPT = ("name-", "text-", "part-", "ask-")
_FIRST_NAMES = "ABCDEF"


def begin() -> None:
    """Keep what was typed while another page is shown: Streamlit forgets the widgets of a page that is not drawn."""
    for key in list(st.session_state):
        if str(key).startswith(_KEPT):
            st.session_state[key] = st.session_state[key]
    if "slots" not in st.session_state:
        st.session_state["slots"] = []
        add_draft()
        add_draft()


def list_slots() -> list[int]:
    """Return the numbers of the drafts on the page, in order."""
    return list(st.session_state["slots"])


def add_draft(**fields: Any) -> None:
    """Put one more draft on the page, empty or with `fields` of a Draft."""
    slots = st.session_state["slots"]
    taken = {st.session_state[f"name-{slot}"] for slot in slots}
    slot = st.session_state.get("next_slot", 0)
    st.session_state["next_slot"] = slot + 1
    slots.append(slot)
    free = next((name for name in _FIRST_NAMES if name not in taken), f"draft {slot}")
    st.session_state[f"name-{slot}"] = fields.pop("id", free)
    st.session_state[f"text-{slot}"] = fields.pop("text", "")
    for field, value in fields.items():
        st.session_state[f"part-{slot}-{field}"] = "\n".join(value) if field in LIST_FIELDS else value


def remove_draft(slot: int) -> None:
    """Take a draft off the page; `undo_removal` brings it back."""
    fields = {"id": st.session_state[f"name-{slot}"], "text": st.session_state[f"text-{slot}"]}
    st.session_state["removed"] = fields | find_parts(slot)
    st.session_state["slots"].remove(slot)


def find_removed() -> str | None:
    """Return the name of the draft that was taken off last, where there is room for it again."""
    removed = st.session_state.get("removed")
    return removed["id"] if removed and len(list_slots()) < MOST_DRAFTS else None


def undo_removal() -> None:
    """Bring the draft that was taken off last back."""
    add_draft(**st.session_state.pop("removed"))


def find_parts(slot: int) -> dict[str, Any]:
    """Return what a draft has besides its name and text, each list from the lines of its field."""
    start = f"part-{slot}-"
    parts = {
        str(key).removeprefix(start): value for key, value in st.session_state.items() if str(key).startswith(start)
    }
    return {
        name: tuple(filter(None, map(str.strip, value.split("\n")))) if name in LIST_FIELDS else value
        for name, value in parts.items()
        if value not in {"", None}
    }


def open_campaign(campaign: Campaign) -> None:
    """Put the drafts of a campaign on the page, with its surface, audience and objective."""
    st.session_state["slots"] = []
    for draft in campaign.drafts:
        add_draft(**draft.model_dump(exclude_defaults=True, exclude={"surface"}))
    st.session_state["ask-surface"] = campaign.drafts[0].surface
    if campaign.audience in dict(list_audiences()):
        st.session_state["ask-audience"] = campaign.audience
    if campaign.objective:
        st.session_state["ask-objective"] = campaign.objective
    forget_live()


def suggest(key: str, value: Any) -> None:
    """Give a widget its first value; what somebody chose since then stays."""
    st.session_state.setdefault(key, value)


def keep_choice(key: str, allowed: Any) -> None:
    """Forget a choice that is no longer allowed, so that its widget falls back to the first."""
    if st.session_state.get(key) not in allowed:
        st.session_state.pop(key, None)


def limit_number(key: str, most: int) -> None:
    """Bring a number down to what is now the most."""
    st.session_state[key] = min(st.session_state.get(key, most), most)


def find_live() -> LiveRun | None:
    """Return the run of this session, going on or finished."""
    live: LiveRun | None = st.session_state.get("live")
    return live


def keep_live(live: LiveRun) -> None:
    """Make a run the one of this session; an earlier one that still goes on is stopped."""
    forget_live()
    st.session_state["live"] = live


def forget_live() -> None:
    """Stop and forget the run of this session."""
    live = st.session_state.pop("live", None)
    if live is not None:
        live.stop()


@st.cache_data(show_spinner=False, max_entries=20)
def read_audience(path: str, changed: float) -> Audience:  # noqa: ARG001 - a changed file is read anew
    """Return the audience of a file; raise InputError where it cannot be read."""
    return load_audience(path)
