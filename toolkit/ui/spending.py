"""What people who sign in may spend with this machine's key, and which addresses they may ask."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.engines import budget
from toolkit.errors import InputError
from toolkit.panel import api, live_runs
from toolkit.store.upkeep import DailyPurse, Spending
from toolkit.ui import keys
from toolkit.ui.sign_in import find_owner, find_rules


def find_machine_url() -> str:
    """Return the address of this machine's own endpoint; "" for the provider's."""
    return os.environ.get("AUDIENCE_BASE_URL") or os.environ.get("OPENAI_BASE_URL") or ""


def choose_key(typed: str, url: str) -> str | None:
    """Return the key to send; None for this machine's own, which goes to no address that was typed into the page."""
    if typed:
        return typed
    return None if url == find_machine_url() else "none"


def uses_machine_key(values: Mapping[str, Any], live: live_runs.LiveRun | None = None) -> bool:
    """Whether what was chosen, or a run that goes on, asks with this machine's key for somebody who signed in."""
    engine = live.engine if live else values.get(keys.ENGINE)
    url = live.base_url or find_machine_url() if live else str(values.get(keys.URL) or "").strip()
    has_key = any(name.endswith("_API_KEY") and value for name, value in os.environ.items())
    is_own = engine == "openai" and has_key and choose_key(values.get(keys.API_KEY) or "", url) is None
    return is_own and find_rules().is_shared


def paying(values: Mapping[str, Any], live: live_runs.LiveRun | None = None) -> contextlib.AbstractContextManager[None]:
    """Let what begins inside be paid from somebody's share of this machine's key, if it is asked with that key."""
    if not uses_machine_key(values, live):
        return contextlib.nullcontext()
    limit = find_rules().dollars_a_day or 0.0
    return budget.paid_from(DailyPurse(Path(api.default_store()), find_owner(), _find_day(), limit))


def describe_share() -> str | None:
    """Return what somebody spent today with this machine's key, and of how much; None where nobody counts."""
    rules = find_rules()
    if not rules.is_shared:
        return None
    if rules.dollars_a_day is None:
        return "This machine's key is not for people who sign in. Type a key of your own."
    with Spending(Path(api.default_store())) as spending:
        spent = spending.find(find_owner(), _find_day())
    return f"Today you spent ${spent:.2f} of ${rules.dollars_a_day:.2f} with this machine's key."


def check_address(url: str) -> None:
    """Raise InputError for an address that people who sign in may not have asked."""
    if not find_rules().allows_address(url, find_machine_url()):
        raise InputError(f"{url}: this page asks no such address; whoever runs it can allow it under [sharing]")


def _find_day() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()
