"""What a tester chooses before a run: drafts, surface, people, engine. Widgets in, plain values out."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from toolkit.engines import DEFAULT_MODEL
from toolkit.errors import InputError
from toolkit.files.audiences import list_audiences
from toolkit.files.drafts import FORMATS, load_drafts
from toolkit.files.resources import find_resource
from toolkit.models import Audience, Campaign, make_campaign
from toolkit.surfaces import find_surface, surface_names
from toolkit.ui import state

ENGINES = {"local": "Embedded model, on this machine", "openai": "OpenAI or a compatible endpoint"}
OBJECTIVES = {
    "read": "stop and read",
    "react": "react or like",
    "click": "tap or click",
    "reply": "reply",
    "share": "share",
    "save": "save",
}
PARTS = {
    "headline": ("Headline", False),
    "description": ("Description", False),
    "cta": ("Button", False),
    "link": ("Link", False),
    "alt": ("What the picture shows,", False),
    "price": ("Price", False),
    "place": ("Place", False),
    "greeting": ("First message of the chat", True),
    "ice_breakers": ("Questions to tap, one a line,", True),
    "buttons": ("Buttons, one a line,", True),
    "quick_replies": ("Quick replies, one a line,", True),
}
"""What to call a part, and whether it has several lines."""
PLACEHOLDER = "Paste the message, ad or post as people would read it"


@dataclass(frozen=True)
class Written:
    """One draft as it stands on the page."""

    fields: dict[str, Any]
    notes: DeltaGenerator
    """The place under it."""

    @property
    def has_words(self) -> bool:
        """Whether there is anything to react to."""
        return bool(self.fields["text"].strip())


def ask_start() -> None:
    """Offer the examples and a file to start from."""
    with st.popover("Start from an example or a file", icon=":material/folder_open:"):
        for path in sorted(find_resource("examples").glob("*.yaml")):
            st.button(
                path.stem.replace("-", " ").capitalize(),
                key=f"example-{path.stem}",
                on_click=_open_file,
                args=(path,),
                width="stretch",
            )
        upload = st.file_uploader("or a file of drafts", type=[suffix[1:] for suffix in FORMATS], key="upload")
        if upload is not None and st.button("Open this file", width="stretch"):
            _open_upload(upload.name, upload.getvalue())
            st.rerun()


def ask_drafts(surface: str, *, locked: bool) -> list[Written]:
    """Let the tester write the drafts; return each with the place beside it for notes."""
    slots = state.list_slots()
    written = []
    for slot in slots:
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                name = st.text_input("Name", key=f"name-{slot}", label_visibility="collapsed", disabled=locked)
                st.button(
                    "", icon=":material/close:", key=f"remove-{slot}", help="Remove this draft", type="tertiary",
                    on_click=state.remove_draft, args=(slot,), disabled=locked or len(slots) == 1, width="content",
                )  # fmt: skip
            text = st.text_area(
                f"Draft {name}", key=f"text-{slot}", height=110, placeholder=PLACEHOLDER, disabled=locked
            )
            _ask_parts(slot, name, surface, locked=locked)
            fields = {**state.find_parts(slot), "id": name, "text": text, "surface": surface}
            written.append(Written(fields, st.container()))
    _ask_more(locked=locked or len(slots) >= state.MOST_DRAFTS)
    return written


def _ask_parts(slot: int, name: str, surface: str, *, locked: bool) -> None:
    """Let the tester fill the further parts that a draft has on its surface."""
    parts = [field for field in find_surface(surface).fields if field in PARTS]
    if not parts:
        return
    filled = sum(field in state.find_parts(slot) for field in parts)
    with st.expander(f"Its other parts, {filled} of {len(parts)} filled"):
        for field in parts:
            label, several = PARTS[field]
            state.suggest(f"part-{slot}-{field}", "")
            write = st.text_area if several else st.text_input
            write(f"{label} of {name}", key=f"part-{slot}-{field}", disabled=locked)


def ask_surface() -> str:
    """Let the tester choose where the drafts will appear."""
    names = [name for name in surface_names() if find_surface(name).retired is None]
    state.keep_choice("ask-surface", names)
    return st.selectbox(
        "Where will it appear?", names, format_func=lambda name: find_surface(name).label, key="ask-surface"
    )


def ask_objective(surface: str) -> str:
    """Let the tester declare what counts as success, before the run."""
    actions = find_surface(surface).actions
    state.keep_choice("ask-objective", actions)
    state.suggest("ask-objective", "click" if "click" in actions else "read")
    return st.selectbox(
        "What should they do?",
        actions,
        format_func=OBJECTIVES.__getitem__,
        key="ask-objective",
        help="What counts as success, declared before anybody is asked.",
    )


def ask_audience() -> Audience:
    """Let the tester choose whom to ask; raise InputError where the file cannot be read."""
    found = dict(list_audiences())
    state.keep_choice("ask-audience", found)
    state.suggest("ask-audience", "uk-small-sellers" if "uk-small-sellers" in found else next(iter(found)))
    name = st.selectbox("Who will read it?", list(found), key="ask-audience")
    audience = state.read_audience(str(found[name]), found[name].stat().st_mtime)
    st.caption(" ".join(audience.description.split()))
    return audience


def ask_sample(audience: Audience) -> int:
    """Let the tester choose how many personas are drawn."""
    people = len(audience.personas)
    key = f"ask-sample-{audience.audience}"
    state.limit_number(key, people)
    return st.slider("How many of them?", 1, people, key=key) if people > 1 else 1


def ask_engine() -> dict[str, Any]:
    """Let the tester choose what answers; return options of a run."""
    has_endpoint = bool(_machine_url() or os.environ.get("OPENAI_API_KEY"))
    state.suggest("ask-engine", "openai" if has_endpoint else "local")
    with st.expander("What answers", expanded=False):
        engine = st.radio("Engine", list(ENGINES), format_func=ENGINES.__getitem__, key="ask-engine")
        chosen = {"engine": engine} | (_ask_endpoint() if engine == "openai" else {})
        state.suggest("ask-seed", 0)
        seed = st.number_input("Seed", 0, 2**31 - 1, key="ask-seed", help="Decides the draw and the wordings.")
        return chosen | {"seed": int(seed)}


def make_test(written: list[Written], objective: str) -> Campaign:
    """Return the campaign of the drafts that have words; raise InputError where they make none."""
    return make_campaign("drafts from the page", [draft.fields for draft in written if draft.has_words], objective)


def _ask_more(*, locked: bool) -> None:
    more, back = st.columns(2)
    more.button("Add a draft", icon=":material/add:", on_click=state.add_draft, disabled=locked, width="stretch")
    removed = state.find_removed()
    if removed is not None:
        back.button(f"Bring {removed} back", icon=":material/undo:", on_click=state.undo_removal, width="stretch")


def _ask_endpoint() -> dict[str, Any]:
    state.suggest("ask-url", _machine_url())
    state.suggest("ask-model", os.environ.get("AUDIENCE_MODEL") or ("" if _machine_url() else DEFAULT_MODEL))
    url = st.text_input("Address", key="ask-url", placeholder="https://api.openai.com/v1").strip()
    model = st.text_input("Model", key="ask-model", placeholder=DEFAULT_MODEL).strip()
    key = st.text_input("Key", type="password", key="ask-key", autocomplete="off", help=_KEY_HELP)
    return {"base_url": url or None, "model": model or None, "api_key": _choose_key(key, url)}


_KEY_HELP = "Kept in the memory of this browser session only. Empty: the key of this machine, for its own address."


def _choose_key(typed: str, url: str) -> str | None:
    """Return the key to send; None for this machine's own, which goes to no address that was typed into the page."""
    if typed:
        return typed
    return None if url == _machine_url() else "none"


def _machine_url() -> str:
    return os.environ.get("AUDIENCE_BASE_URL") or os.environ.get("OPENAI_BASE_URL") or ""


def _open_file(path: Path) -> None:
    state.open_campaign(load_drafts(path))


def _open_upload(name: str, content: bytes) -> None:
    """Open an uploaded file; what cannot be read is said in one line, and the drafts on the page stay."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{Path(name).suffix}"
        path.write_bytes(content)
        try:
            state.open_campaign(load_drafts(path))
        except InputError as error:
            st.error(str(error).replace(str(path), name))
            st.stop()
