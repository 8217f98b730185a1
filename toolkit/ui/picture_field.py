"""Pictures on the page: uploaded or pasted, and kept beside the store."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import partial

import streamlit as st

from toolkit.drafts import pictures as picture_files
from toolkit.drafts.surfaces import find_surface
from toolkit.errors import InputError
from toolkit.panel import api
from toolkit.store.campaigns import pictures
from toolkit.ui import keys, state
from toolkit.ui.session import DraftSlot
from toolkit.ui.text import escape

_MEGABYTES = 5
_KINDS = ["jpg", "jpeg", "png", "webp"]
_IMAGE, _ALT = "image", "alt"


def ask_picture(slot: DraftSlot, surface: str, *, locked: bool) -> None:
    """Let the tester give the draft a picture, if its surface shows one."""
    if _IMAGE not in find_surface(surface).fields:
        return
    held = str(slot.parts.get(_IMAGE) or "")
    place = st.expander(
        "Picture", icon=":material/image:", key=keys.name_draft(slot.number, "picture-box"), on_change="rerun"
    )
    if place.open:
        with place:
            st.caption("You can also paste a picture into the words. Models that see pictures get it.")
            ask_file(
                f"Picture of {slot.name}", keys.name_draft(slot.number, "picture"), held,
                partial(put_picture, slot.number), locked=locked,
            )  # fmt: skip
    if held and not slot.parts.get(_ALT):
        st.caption(
            ":material/info: Say in “Its other parts” what the picture shows. "
            "People who cannot see it hear that, and models that only read get it."
        )


def ask_file(label: str, key: str, held: str, take: Callable[[str], None], *, locked: bool = False) -> None:
    """Let the tester upload a picture; `take` gets the name of the kept one, or "" once it was removed."""
    changes = state.find_session().changes.get(key, 0)
    field = keys.name_changed(key, changes)

    def keep() -> None:
        found = state.read_field(field)
        if found is not None:
            say(lambda: take(_keep(found.getvalue())), f"{found.name[:80]}: ")

    def remove() -> None:
        state.find_session().changes[key] = changes + 1
        take("")

    st.file_uploader(
        label, type=_KINDS, max_upload_size=_MEGABYTES, disabled=locked, key=field, on_change=keep,
        help="JPEG, PNG or WebP, at most 5 MB",
    )  # fmt: skip
    if held:
        st.button("Remove the picture", key=f"{key}-remove", on_click=remove, disabled=locked, type="tertiary")


def take_pasted(number: int, address: str) -> None:
    """Keep a picture that was pasted into the words of a draft, given as a data address."""
    say(lambda: put_picture(number, _keep(_decode(address))), "The pasted picture: ")


def put_picture(number: int, name: str) -> None:
    """Give a draft a kept picture by its name, or none."""
    session = state.find_session()
    session.fill_part(number, _IMAGE, name)
    session.settle()


def say(keep: Callable[[], None], what: str) -> None:
    """Keep a picture; where that cannot be done, say why when the page is drawn next."""
    try:
        keep()
    except InputError as error:
        session = state.find_session()
        session.said = escape(f"{what}{error}")
        session.settle()


def _decode(address: str) -> bytes:
    try:
        return base64.b64decode(address.partition(",")[2], validate=True)
    except binascii.Error:
        raise InputError("it could not be read; save it as a file and upload it") from None


def _keep(data: bytes) -> str:
    return picture_files.keep_picture(data, pictures.find_folder(api.default_store()))
