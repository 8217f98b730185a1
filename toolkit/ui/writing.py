"""Where drafts are written: the words, what rules say of them, and beside them how they will appear."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from toolkit.drafts import FORMATS, diff, load_drafts
from toolkit.drafts.lint import Finding
from toolkit.drafts.preview import FLAGGED, Highlight, render_changes
from toolkit.drafts.surfaces import Device, find_surface
from toolkit.errors import InputError
from toolkit.files import languages, read_text, resources
from toolkit.models import Audience, Campaign, Draft, records
from toolkit.ui import ask, caching, keys, mapping, picture_field, screening, state
from toolkit.ui.editor import edit_text
from toolkit.ui.previews import show_preview
from toolkit.ui.session import MOST_DRAFTS, DraftSlot
from toolkit.ui.text import escape, say_here

PARTS = {
    "headline": "Headline of {}",
    "description": "Description of {}",
    "cta": "Button of {}",
    "link": "Link of {}",
    "alt": "What the picture of {} shows",
    "price": "Price of {}",
    "place": "Place of {}",
    "greeting": "First message of the chat of {}",
    "ice_breakers": "Questions to tap of {}, one a line",
    "buttons": "Buttons of {}, one a line",
    "quick_replies": "Quick replies of {}, one a line",
}
"""What to call a part of a draft, by the name of the draft."""
SEVERAL_LINES = {"greeting", *records.LIST_FIELDS}
PLACEHOLDER = "Paste the message, ad or post as people would read it"
MOST_MEGABYTES = 5
MOST_BYTES = 5_242_880
_FIRST_EXAMPLE = "paypal-invoices"
PICTURED = {
    "paypal-invoices": "A message in a chat",
    "click-to-messenger-ad": "An advert",
    "marketplace-listing": "A listing",
}
"""Examples that are shown in pictures, and what to call them."""


def ask_start(*, locked: bool) -> None:
    """Offer one more draft, the examples and a file to start from; what was opened is not left covered."""
    session = state.find_session()
    if session.take_opened():
        state.close(keys.EXAMPLES)
    with st.container(horizontal=True):
        _ask_more(locked=locked or len(session.own_slots) >= MOST_DRAFTS)
        if not any(slot.is_written for slot in session.slots):
            example = resources.find_resource("examples", f"{_FIRST_EXAMPLE}.yaml")
            st.button("Fill in an example", icon=":material/edit_note:", on_click=_open_file, args=(example,))
        _ask_example(locked=locked)
        screening.ask_many(locked=locked)


def ask_import() -> None:
    """Let somebody open a file of drafts as a campaign."""
    kinds = [suffix[1:] for suffix in FORMATS]
    upload = st.file_uploader("A file of drafts", type=kinds, key=keys.UPLOAD, max_upload_size=MOST_MEGABYTES)
    if upload is None:
        return
    if upload.size > MOST_BYTES:
        st.error(escape(f"{upload.name[:80]}: larger than {MOST_MEGABYTES} MB; leave out what is no draft"))
    else:
        _ask_upload(upload.name, upload.getvalue())


def show_examples() -> None:
    """Draw three examples as they will appear, each with a button that opens it."""
    st.subheader("Start from an example", anchor=False)
    columns = st.container(key=keys.PICTURED).columns(len(PICTURED), gap="large")
    for column, (stem, label) in zip(columns, PICTURED.items(), strict=True):
        with column:
            example = caching.find_example(stem).drafts[0]
            show_preview(example.model_copy(update={"language": languages.ENGLISH}))  # else a detector would be read
            path = resources.find_resource("examples", f"{stem}.yaml")
            st.button(label, key=keys.name_picture(stem), on_click=_open_file, args=(path,), width="stretch")


def _ask_example(*, locked: bool) -> None:
    with st.popover(
        "Start from an example or a file", icon=":material/folder_open:", disabled=locked,
        **state.tie_popover(keys.EXAMPLES),
    ):  # fmt: skip
        for path in sorted(resources.find_resource("examples").glob("*.yaml")):
            st.button(
                path.stem.replace("-", " ").capitalize(),
                key=keys.name_example(path.stem),
                on_click=_open_file,
                args=(path,),
                width="stretch",
            )
        ask_import()


def ask_drafts(surface: str, device: Device, audience: Audience | None, *, locked: bool) -> list[dict[str, Any]]:
    """Let the tester write the drafts; return the fields of each, empty ones included."""
    session = state.find_session()
    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key=keys.SIDE_BY_SIDE):
        for slot in session.own_slots:
            _ask_draft(slot, surface, device, audience, locked=locked)
    return [slot.describe(surface) for slot in session.own_slots]


def write_draft(number: int, surface: str, device: Device, audience: Audience | None, *, locked: bool) -> None:
    """Ask for the words and parts of one draft and draw it under them; runs alone while somebody types.

    Where the page as a whole is to follow, it does so after the draft was drawn.
    """
    session = state.find_session()
    slot = session.find_slot(number)
    if slot is None:
        return
    draft, problem = _try_draft(slot.describe(surface))
    findings = caching.find_findings(draft, audience, ask.find_brief()) if draft else []
    words, look = st.container(), st.container()
    with words:
        edit_text(
            f"Draft {slot.name}", slot, findings=findings, placeholder=PLACEHOLDER, locked=locked,
            takes_pictures="image" in find_surface(surface).fields,
        )  # fmt: skip
        if problem:
            st.error(escape(problem))
        picture_field.ask_picture(slot, surface, locked=locked)
        _ask_parts(slot, surface, locked=locked)
    with look:
        if draft is None:
            st.caption("The preview appears here while you write.")
        else:
            show_preview(draft, _flag(findings), device=device, brief=ask.find_brief())
    if session.take_settled():
        st.rerun()


def _ask_draft(slot: DraftSlot, surface: str, device: Device, audience: Audience | None, *, locked: bool) -> None:
    """Draw one draft with its name."""
    session, number = state.find_session(), slot.number
    with st.container(border=True, key=keys.name_draft(number, "draft")):
        with st.container(horizontal=True, vertical_alignment="center"):
            tied = state.tie_to(keys.name_draft(number, "name"), slot.name, _rename, number)
            st.text_input("Name", label_visibility="collapsed", disabled=locked, width=220, **tied)
            st.button(
                "Remove", key=keys.name_draft(number, "remove"), help="You can bring it back", type="tertiary",
                on_click=session.remove_draft, args=(number,), disabled=locked or len(session.own_slots) == 1,
            )  # fmt: skip
        for rival in session.find_rivals(number):
            _ask_rival(slot, rival, surface)
        st.fragment(write_draft)(number, surface, device, audience, locked=locked)


def _ask_rival(slot: DraftSlot, rival: DraftSlot, surface: str) -> None:
    """Show what somebody else made of a draft while it was changed here, and let whoever comes later choose."""
    session = state.find_session()
    who = rival.changed_by or "Another tab"
    with st.container(border=True):
        st.markdown(
            f":material/call_split: **{escape(who)} changed this draft at the same time.** Theirs against yours:"
        )
        ours, theirs = (_try_draft(one.describe(surface))[0] for one in (slot, rival))
        if ours is not None and theirs is not None:
            st.html(str(render_changes(diff.compare_drafts(ours, theirs))))
        else:
            st.text(rival.text or "They left it empty.")
        with st.container(horizontal=True):
            for choice, label in (("ours", "Keep mine"), ("theirs", "Take theirs"), ("both", "Keep both")):
                key = keys.name_rival(rival.number, choice)
                st.button(label, key=key, on_click=session.choose_rival, args=(rival.number, choice))


def _rename(number: int, name: str) -> None:
    state.find_session().change_draft(number, name=name)


def _fill(number: int, part: str, value: str) -> None:
    session = state.find_session()
    session.fill_part(number, part, value)
    session.settle()


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


def _ask_parts(slot: DraftSlot, surface: str, *, locked: bool) -> None:
    """Let the tester fill the further parts that a draft has on its surface."""
    parts = [field for field in find_surface(surface).fields if field in PARTS]
    if not parts:
        return
    # Whether it is open is kept here, not in the browser, which closes a box that moves as findings come above it.
    with st.expander("Its other parts", key=keys.name_draft(slot.number, "parts"), on_change="rerun"):
        for field in parts:
            key, value = keys.name_part(slot.number, field), slot.parts.get(field, "")
            write = st.text_area if field in SEVERAL_LINES else st.text_input
            write(
                PARTS[field].format(slot.name), disabled=locked, **state.tie_to(key, value, _fill, slot.number, field)
            )


def _ask_more(*, locked: bool) -> None:
    session = state.find_session()
    st.button("Add a draft", icon=":material/add:", on_click=session.add_draft, disabled=locked)
    removed = session.find_removed()
    if removed is not None:
        st.button(f"Bring {removed} back", icon=":material/undo:", on_click=session.undo_removal)


def _open_file(path: Path) -> None:
    state.open_campaign(load_drafts(path), read_text(path))
    state.find_session().opened = True


def _ask_upload(name: str, data: bytes) -> None:
    """Show what an uploaded file is read as, and let somebody say which column is what and which drafts to open."""
    try:
        is_table = mapping.is_table(name, data)
        chosen = mapping.ask_mapping(name, data, "drafts") if is_table else mapping.Chosen()
        campaign = caching.read_upload(name, data, load_drafts, columns=chosen.columns, sheet=chosen.sheet)
    except InputError as error:
        st.error(say_here(error))
        return
    mapping.show_notes(campaign.notes)
    ids = _ask_which(campaign)
    if st.button("Open this file", width="stretch", disabled=not ids):
        if said := mapping.remember(name, data, chosen.columns):
            st.toast(escape(said))
        _open_upload(name, data, chosen, ids)


def _ask_which(campaign: Campaign) -> tuple[str, ...]:
    """Ask for one place and for as many drafts as the page tests at once, where a file has more."""
    drafts = list(campaign.drafts)
    places = list(dict.fromkeys(draft.surface for draft in drafts))
    if len(places) > 1:
        key = keys.name_mapping("drafts", "places")
        state.keep_choice(key, places)
        label = "Place to test (the page tests one at a time)"
        place = st.selectbox(label, places, format_func=lambda one: find_surface(one).label, **state.tie(key))
        drafts = [draft for draft in drafts if draft.surface == place]
    if len(drafts) <= MOST_DRAFTS:
        return tuple(draft.id for draft in drafts)
    key, ids = keys.name_mapping("drafts", "drafts"), [draft.id for draft in drafts]
    state.suggest(key, ids[:MOST_DRAFTS])
    state.keep_choices(key, ids)
    screening.offer_screening(drafts)
    label = f"Drafts to test (at most {MOST_DRAFTS} of {len(ids)})"
    return tuple(st.multiselect(label, ids, max_selections=MOST_DRAFTS, **state.tie(key)))


def _open_upload(
    name: str, content: bytes, chosen: mapping.Chosen | None = None, ids: Sequence[str] | None = None
) -> None:
    """Open an uploaded file; what cannot be used is said in one line, and the drafts on the page stay."""
    chosen = chosen or mapping.Chosen()
    try:
        campaign = caching.read_upload(name, content, load_drafts, columns=chosen.columns, sheet=chosen.sheet)
    except InputError as error:
        st.error(escape(str(error)))
        return
    if ids is not None and len(ids) < len(campaign.drafts):
        kept = tuple(draft for draft in campaign.drafts if draft.id in ids)
        campaign = campaign.model_copy(update={"drafts": kept})
    refusal = _refuse(campaign)
    if refusal:
        st.error(escape(f"{name} holds {refusal}"))
        return
    is_whole = ids is None or len(ids) == len(campaign.drafts)
    source = content.decode() if is_whole and name.lower().endswith((".yaml", ".yml")) and _is_plain(content) else None
    state.open_campaign(campaign, source)
    state.find_session().opened = True
    st.rerun()


def _is_plain(content: bytes) -> bool:
    """Whether a file is text as the export writes it."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refuse(campaign: Campaign) -> str:
    """Say why the page cannot hold the drafts of a file as they are; nothing where it can."""
    most = MOST_DRAFTS
    if len(campaign.drafts) > most:
        return f"{len(campaign.drafts):,} drafts. The page tests at most {most} at once: keep {most} in the file"
    places = list(dict.fromkeys(find_surface(draft.surface).label for draft in campaign.drafts))
    if len(places) > 1:
        return f"drafts for several places ({', '.join(places)}). The page tests one at a time: keep one in the file"
    return ""
