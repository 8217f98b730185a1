"""Pages that are loaded when somebody opens them, so that the first one is there sooner."""

from __future__ import annotations

import importlib
from collections.abc import Callable


def open_later(name: str) -> Callable[[], None]:
    """Return what draws the page in the module `toolkit.ui.NAME`, which is loaded then."""

    def show() -> None:
        importlib.import_module(f"toolkit.ui.{name}").show()

    return show
