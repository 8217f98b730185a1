"""Signing in with an OpenID Connect provider, where one is configured in `.streamlit/secrets.toml`."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from toolkit.ui import keys


def require_sign_in() -> None:
    """Draw the way in and nothing else, unless nobody has to sign in or somebody has."""
    providers = list_providers()
    if not providers or st.user.is_logged_in:
        return
    st.title("Sign in", anchor=False)
    st.write("This page is for people of your organisation.")
    for name in providers:
        label = f"Sign in with {name}" if name else "Sign in"
        st.button(label, key=keys.name_sign_in(name), type="primary", on_click=st.login, args=(name,) if name else ())
    st.stop()


def show_signed_in() -> None:
    """Say who is signed in, and offer the way out; nothing where nobody has to sign in."""
    name = name_user()
    if name is None:
        st.caption("Nobody has to sign in. To ask for it, add `[auth]` to .streamlit/secrets.toml: see docs/page.md.")
        return
    st.text(f"Signed in as {name}")
    st.button("Sign out", on_click=st.logout)


def name_user() -> str | None:
    """Return the name of who is signed in; None where nobody has to."""
    if not list_providers():
        return None
    for claim in ("name", "email", "sub"):
        value = st.user.get(claim)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def find_owner() -> str:
    """Return what tells one who signed in from all others; "" if nobody has to."""
    if not list_providers():
        return ""
    return " ".join(str(st.user.get(claim) or "") for claim in ("iss", "sub", "email")).strip()


def list_providers() -> list[str]:
    """Return the names of the providers that are configured; "" stands for the one without a name."""
    if not st.secrets.load_if_toml_exists():
        return []
    section = st.secrets.get("auth", {})
    named = [name for name, value in section.items() if isinstance(value, Mapping) and "client_id" in value]
    return [*([""] if "client_id" in section else []), *named]
