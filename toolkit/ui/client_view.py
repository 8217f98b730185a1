"""A run as a client reads it, on a page: what a link shows to whoever signed in, and the preview of whoever shares."""

from __future__ import annotations

import json

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.models import LABEL
from toolkit.panel import api
from toolkit.report import saving
from toolkit.results import Run
from toolkit.store.campaigns import ShareLink, ShareLinks
from toolkit.ui import caching
from toolkit.ui.text import escape

ADDRESS = "link"
"""Under this name a link stands in the address of the page."""
_HIGH = 860
"""Pixels of the page of a client: one screen, with room for a comment."""


def follow_link() -> None:
    """Draw the client's view of the run that the address links to, and nothing after it; go on if it names no link.

    Whoever opens it needs to be signed in and no more: the link stands for the permission, and shows one run alone.
    """
    token = st.query_params.get(ADDRESS)
    if not token:
        return
    link = _find_link(str(token))
    try:
        if link is not None:
            draw_page(caching.open_run(link.run_id), read_delivery(link))
    except ToolkitError:
        link = None
    if link is None:
        st.title("Nothing here", anchor=False)
        st.write("This link leads nowhere, or was taken back. Ask whoever sent it for a new one.")
    st.stop()


def has_link() -> bool:
    """Whether the address names a link that leads somewhere."""
    token = st.query_params.get(ADDRESS)
    return bool(token) and _find_link(str(token)) is not None


def draw_page(run: Run, delivery: saving.Delivery) -> None:
    """Draw a run as a client gets it."""
    html = saving.make_page(caching.report_of(run), delivery)
    st.iframe(html, height=_HIGH, alt=f"The page of a client. {escape(LABEL)}")


def read_delivery(link: ShareLink) -> saving.Delivery:
    """Return what stands on the page of a link."""
    return saving.Delivery.model_validate(json.loads(link.content))


def _find_link(token: str) -> ShareLink | None:
    try:
        with ShareLinks(api.default_store()) as links:
            return links.find(token)
    except ToolkitError:
        return None
