"""What has just come is brought into sight, once."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from toolkit.files import resources
from toolkit.ui import keys


def bring_into_sight(what: str, place: str) -> None:
    """Scroll to the container of that key the first time that a browser draws `what`."""
    _register()(key=f"{keys.ARRIVING}-{place}", data={"run": what, "place": place}, height=1)


@lru_cache(maxsize=1)
def _register() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component("audience_arriving", js=resources.read_data("arriving", "arriving.js"))
