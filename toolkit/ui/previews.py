"""Drafts as they will appear, on a page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from toolkit.drafts.preview import Highlight, load_style, render_preview
from toolkit.drafts.surfaces import Device
from toolkit.models import Draft, records
from toolkit.panel import api
from toolkit.store.campaigns import pictures


def show_preview(
    draft: Draft,
    highlights: Sequence[Highlight] = (),
    *,
    device: Device = "phone",
    brief: records.Brief | None = None,
) -> None:
    """Draw one draft as its surface shows it on a device, with its picture if one was uploaded."""
    folder = pictures.find_folder(api.default_store())
    drawn = render_preview(draft, device=device, highlights=highlights, folder=folder, brief=brief)
    st.html(f"<style>{load_style()}</style>{drawn}")
