"""Settings of this browser session: what answers, within which limits, and where things are kept."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.panel import api
from toolkit.results import runs
from toolkit.store.upkeep import About, Forgotten, Upkeep
from toolkit.ui import ask, keys, spending, state
from toolkit.ui.sign_in import find_rules, show_signed_in
from toolkit.ui.text import escape, say_here


def show() -> None:
    """Draw the page."""
    st.title("Settings", anchor=False)
    st.caption("Settings are kept with your drafts. The key is forgotten with this browser session.")
    engine, rest = st.columns(2, gap="large")
    with engine:
        st.subheader("What answers", anchor=False)
        ask.ask_answering()
    with rest:
        st.subheader("Limits", anchor=False)
        ask.ask_limits()
        st.subheader("Sign-in", anchor=False)
        show_signed_in()
        share = spending.describe_share()
        if share:
            st.caption(share)
        st.subheader("Kept on this machine", anchor=False)
        show_places()
        if not find_rules().is_shared:
            show_forgetting()


def show_places() -> None:
    """Say where replies and runs are kept."""
    st.caption("Drafts, replies, approvals and results are in this file. AUDIENCE_STORE names another.")
    st.text(api.default_store())
    st.caption("Finished runs are in this folder.")
    st.text(runs.RUNS.resolve())


def show_forgetting() -> None:
    """Say how large the store is, and let somebody forget a draft, a persona or a campaign, or what is old."""
    path = Path(api.default_store())
    if not path.exists():
        return
    try:
        with Upkeep(path) as upkeep:
            size = upkeep.measure()
    except ToolkitError as error:
        st.caption(escape(say_here(error)))
        return
    st.caption(f"The file holds {size.tables['replies']:,} replies and takes {size.megabytes}.")
    st.download_button(
        "Export the file", partial(_export, path), file_name="audience-store.jsonl", mime="application/jsonl",
        on_click="ignore", help="Everything in the file, as lines of JSON. Keys are not in it.",
    )  # fmt: skip
    with st.expander("Forget"):
        st.caption(
            "What you forget is deleted from the file, and cannot be brought back. Saved runs stay: delete those."
        )
        kind = st.selectbox(
            "What", list(_KINDS), format_func=_KINDS.__getitem__, **state.tie(keys.FORGET_KIND, "draft")
        )
        if kind == "older_than":
            days = st.number_input("Days", 1, 36_500, **state.tie(keys.FORGET_DAYS, 90))
            st.button("Delete what is older", on_click=_prune, args=(path, int(days)))
        else:
            name = st.text_input("Name", **state.tie(keys.FORGET_NAME, "")).strip()
            found = _count(path, kind, name) if name else 0
            if name:
                st.caption(f"Entries about it: {found:,}." if found else "Nothing in the file is about it.")
            st.button("Delete", disabled=not found, on_click=_forget, args=(path, kind, name))
        if size.untold:
            untold = f"{size.untold:,} replies of earlier versions do not say what they are about."
            st.caption(f"{untold} You can delete them by age.")


_KINDS = {
    "draft": "a draft, by its name",
    "persona": "a person, by their id",
    "campaign": "a campaign, by its name",
    "older_than": "what is old",
}


def _count(path: Path, kind: str, name: str) -> int:
    """Return how many entries are about a draft, a persona or a campaign."""
    try:
        with Upkeep(path) as upkeep:
            return upkeep.count(About(**{kind: name}))
    except ToolkitError as error:
        st.error(say_here(error))
        return 0


def _export(path: Path) -> bytes:
    """Return every entry of the file as a line of JSON."""
    with Upkeep(path) as upkeep:
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in upkeep.export()).encode()


def _forget(path: Path, kind: str, name: str) -> None:
    _tell(path, lambda upkeep: upkeep.forget(About(**{kind: name})))


def _prune(path: Path, days: int) -> None:
    _tell(path, lambda upkeep: upkeep.prune(datetime.timedelta(days=days)))


def _tell(path: Path, work: Callable[[Upkeep], Forgotten]) -> None:
    """Delete, and say what was deleted."""
    try:
        with Upkeep(path) as upkeep:
            gone = work(upkeep)
    except ToolkitError as error:
        st.toast(say_here(error))
        return
    more = " Another process has the file open: close it and delete again." if gone.busy else ""
    st.toast(f"{gone.rows:,} entries deleted.{more}" if gone.rows else "There was nothing to delete.")
