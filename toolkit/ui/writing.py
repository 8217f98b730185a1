"""Where drafts are written: the words, what rules say of them, and beside them how they will appear."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from toolkit.drafts import FORMATS, load_drafts
from toolkit.drafts.lint import Finding
from toolkit.drafts.preview import FLAGGED, Highlight
from toolkit.drafts.surfaces import Device, find_surface
from toolkit.errors import InputError
from toolkit.files import resources
from toolkit.models import Audience, Campaign, Draft, records
from toolkit.ui import state, workbench
from toolkit.ui.editor import edit_text
from toolkit.ui.previews import show_preview
from toolkit.ui.text import escape

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
MOST_MEGABYTES = 5
_FIRST_EXAMPLE = "paypal-invoices"
_OPENED = "opened"


def ask_start(*, locked: bool) -> None:
    """Offer the examples and a file to start from; what was opened is not left covered."""
    if state.take_note(_OPENED):
        workbench.set_value("start-from", value=False)
    with st.popover(
        "Start from an example or a file", icon=":material/folder_open:", disabled=locked, key="start-from",
        on_change="rerun",
    ):  # fmt: skip
        for path in sorted(resources.find_resource("examples").glob("*.yaml")):
            st.button(
                path.stem.replace("-", " ").capitalize(),
                key=f"example-{path.stem}",
                on_click=_open_file,
                args=(path,),
                width="stretch",
            )
        kinds = [suffix[1:] for suffix in FORMATS]
        upload = st.file_uploader("or a file of drafts", type=kinds, key="upload", max_upload_size=MOST_MEGABYTES)
        if upload is not None and st.button("Open this file", width="stretch"):
            _open_upload(upload.name, upload.getvalue())


def ask_drafts(surface: str, device: Device, audience: Audience | None, *, locked: bool) -> list[dict[str, Any]]:
    """Let the tester write the drafts; return the fields of each, empty ones included."""
    slots = state.list_slots()
    names = [_ask_draft(slot, surface, device, audience, locked=locked) for slot in slots]
    if not any(state.find_text(slot).strip() for slot in slots):
        example = resources.find_resource("examples", f"{_FIRST_EXAMPLE}.yaml")
        st.button("Fill in an example", icon=":material/edit_note:", on_click=_open_file, args=(example,))
    _ask_more(locked=locked or len(slots) >= state.MOST_DRAFTS)
    return [_gather(slot, name, surface) for slot, name in zip(slots, names, strict=True)]


def write_draft(slot: int, name: str, surface: str, device: Device, audience: Audience | None, *, locked: bool) -> None:
    """Ask for the words and parts of one draft and draw it beside them; runs alone while somebody types.

    Where the page as a whole is to follow, it does so after the draft was drawn.
    """
    draft, problem = _try_draft(_gather(slot, name, surface))
    findings = state.find_findings(draft, audience) if draft else []
    words, look = st.columns(2, gap="large")
    with words:
        edit_text(f"Draft {name}", slot, findings=findings, placeholder=PLACEHOLDER, locked=locked)
        if problem:
            st.error(escape(problem))
        _ask_parts(slot, name, surface, locked=locked)
    with look:
        if draft is None:
            st.caption("Here you will see it as people will, while you write.")
        else:
            show_preview(draft, _flag(findings), device=device)
    if state.take_settled():
        st.rerun()


def _ask_draft(slot: int, surface: str, device: Device, audience: Audience | None, *, locked: bool) -> str:
    """Draw one draft with its name and return the name."""
    with st.container(border=True, key=f"draft-{slot}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            name = st.text_input("Name", key=f"name-{slot}", label_visibility="collapsed", disabled=locked, width=220)
            st.button(
                "Remove", key=f"remove-{slot}", help="It can be brought back", type="tertiary",
                on_click=state.remove_draft, args=(slot,), disabled=locked or len(state.list_slots()) == 1,
            )  # fmt: skip
        st.fragment(write_draft)(slot, name, surface, device, audience, locked=locked)
    return name


def _gather(slot: int, name: str, surface: str) -> dict[str, Any]:
    return {**state.find_parts(slot), "id": name, "text": state.find_text(slot), "surface": surface}


def _try_draft(fields: dict[str, Any]) -> tuple[Draft | None, str | None]:
    """Return the draft of what stands on the page, or why there is none; nothing of either where it is empty."""
    if not fields["text"].strip():
        return None, None
    try:
        return records.make_draft(fields), None
    except InputError as error:
        return None, str(error)


def _flag(findings: list[Finding]) -> list[Highlight]:
    return [
        Highlight(finding.start, finding.end, FLAGGED, 0)
        for finding in findings
        if finding.field == "text" and finding.start < finding.end
    ]


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
            write(f"{label} of {name}", key=f"part-{slot}-{field}", disabled=locked, on_change=state.mark_settled)


def _ask_more(*, locked: bool) -> None:
    with st.container(horizontal=True):
        st.button("Add a draft", icon=":material/add:", on_click=state.add_draft, disabled=locked)
        removed = state.find_removed()
        if removed is not None:
            st.button(f"Bring {removed} back", icon=":material/undo:", on_click=state.undo_removal)


def _open_file(path: Path) -> None:
    state.open_campaign(load_drafts(path))
    state.leave_note(_OPENED, note=True)


def _open_upload(name: str, content: bytes) -> None:
    """Open an uploaded file; what cannot be used is said in one line, and the drafts on the page stay."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder).joinpath(f"upload{Path(name).suffix}")
        path.write_bytes(content)
        try:
            campaign = load_drafts(path)
        except InputError as error:
            st.error(escape(str(error).replace(str(path), name)))
            return
    refusal = _refuse(campaign)
    if refusal:
        st.error(escape(f"{name} holds {refusal}"))
        return
    state.open_campaign(campaign)
    state.leave_note(_OPENED, note=True)
    st.rerun()


def _refuse(campaign: Campaign) -> str:
    """Say why the page cannot hold the drafts of a file as they are; nothing where it can."""
    most = state.MOST_DRAFTS
    if len(campaign.drafts) > most:
        return f"{len(campaign.drafts):,} drafts; the page tests at most {most} at once: keep {most} in the file"
    places = list(dict.fromkeys(find_surface(draft.surface).label for draft in campaign.drafts))
    if len(places) > 1:
        return f"drafts for several places ({', '.join(places)}); the page tests one at a time: keep one in the file"
    return ""
