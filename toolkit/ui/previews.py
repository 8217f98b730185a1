"""Drafts as they will appear, on a page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from toolkit.drafts.preview import Highlight, load_style, render_preview
from toolkit.drafts.surfaces import Device
from toolkit.models import Draft


def show_preview(draft: Draft, highlights: Sequence[Highlight] = (), *, device: Device = "phone") -> None:
    """Draw one draft as its surface shows it on a device."""
    st.html(f"<style>{load_style()}</style>{render_preview(draft, device=device, highlights=highlights)}")
