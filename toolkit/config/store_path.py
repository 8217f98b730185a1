"""Where the file of reactions lies."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def default_store() -> Path:
    """Return the file that keeps reactions: AUDIENCE_STORE, or one in the user's data folder."""
    named = os.environ.get("AUDIENCE_STORE")
    return Path(named) if named else platformdirs.user_data_path("audience-toolkit") / "reactions.sqlite"
