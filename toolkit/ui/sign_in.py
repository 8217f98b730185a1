"""Who may use the page: everybody on this machine, or whom an OpenID Connect provider signs in and the rules let in.

What is checked when the page starts is checked here again, in every session: the file of secrets may have changed, and
the page may have been started by other means than `audience app`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import streamlit as st
from streamlit import runtime

from toolkit.config import sharing
from toolkit.errors import InputError
from toolkit.ui import keys


def require_sign_in(admits_guest: Callable[[], bool] = lambda: False) -> None:
    """Draw the way in and nothing else, unless nobody has to sign in or somebody has who may come in.

    `admits_guest` is asked about somebody who signed in and is not among the people of the rules: whoever is let in
    as a guest may be shown one thing, and the caller shows nothing else.
    """
    try:
        rules = find_rules()
    except InputError as error:
        _refuse(str(error))
    if not rules.is_shared:
        if _is_exposed():
            _refuse("Others could reach this page, and nobody has to sign in. Start it with `audience app`.")
        return
    if not st.user.is_logged_in:
        st.title("Sign in", anchor=False)
        st.write("This page is for people of your organisation.")
        if "link" in st.query_params:
            st.write("You have a link to one result. Sign in, then open the link again.")
        for name in rules.providers:
            label = f"Sign in with {name}" if name else "Sign in"
            args = (name,) if name else ()
            st.button(label, key=keys.name_sign_in(name), type="primary", on_click=st.login, args=args)
        st.stop()
    if not rules.admits(st.user.to_dict()) and not admits_guest():
        st.title("Not for you", anchor=False)
        st.write("You signed in, and you are not among those who may use this page. Ask whoever runs it.")
        _offer_way_out()
        st.stop()


def show_signed_in() -> None:
    """Say who is signed in, and offer the way out; nothing where nobody has to sign in."""
    name = name_user()
    if name is None:
        st.caption("Nobody has to sign in. To ask for it, add `[auth]` to .streamlit/secrets.toml: see docs/page.md.")
        return
    st.text(f"Signed in as {name}")
    _offer_way_out()


def name_user() -> str | None:
    """Return the name of who is signed in; None where nobody has to."""
    if not find_rules().is_shared:
        return None
    for claim in ("name", "email", "sub"):
        value = st.user.get(claim)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def find_owner() -> str:
    """Return what tells one who signed in from all others; "" if nobody has to."""
    if not find_rules().is_shared:
        return ""
    return " ".join(str(st.user.get(claim) or "") for claim in ("iss", "sub", "email")).strip()


def find_rules() -> sharing.Sharing:
    """Return who may use the page and what they may spend; raise InputError for a file that is incomplete."""
    if not st.secrets.load_if_toml_exists():
        if any(Path(path).exists() for path in st.get_option("secrets.files")):
            raise InputError(f"{sharing.FILE}: the file cannot be read; correct it")
        return sharing.Sharing()
    return sharing.read_sharing(st.secrets.to_dict())


def _is_exposed() -> bool:
    """Whether the server listens to others, or was asked for under a name that is not this machine's own."""
    if not runtime.exists() or not (host := st.context.headers.get("host")):
        return False
    return not (_is_own(st.get_option("server.address") or "") and _is_own(urlsplit(f"//{host}").hostname or ""))


def _is_own(name: str) -> bool:
    bare = name.strip("[]").rstrip(".").lower()
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def _offer_way_out() -> None:
    st.button("Sign out", on_click=st.logout)


def _refuse(line: str) -> NoReturn:
    st.title("Not served", anchor=False)
    st.error(line)
    st.stop()
