"""Every error the toolkit raises on purpose.

    ToolkitError
    ├── InputError            a file, a name or an option cannot be used       exit 2
    │   └── StoreUnusable     the file that keeps reactions fails              exit 2
    ├── EngineError
    │   ├── EngineUnavailable no reply can be had at all: key, model, address  exit 2
    │   ├── CallFailed        one call got no usable reply; the run goes on
    │   └── MissingReply      the store holds no reply to this question        exit 3
    ├── BudgetReached         the next call could pass the cost limit          exit 4
    └── Interrupted           somebody asked the run to stop                   exit 130

Each message is one line: what is wrong, where, what is allowed, what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


class ToolkitError(Exception):
    """An expected failure: shown as one line, never as a traceback."""

    exit_code = 2


class InputError(ToolkitError):
    """A file, a name or an option cannot be used as given."""


class StoreUnusable(InputError):
    """The file that keeps reactions cannot be read or written."""


class Interrupted(ToolkitError):
    """Somebody asked the run to stop; nothing new is asked."""

    exit_code = 130


class EngineError(ToolkitError):
    """An engine could not answer."""


class EngineUnavailable(EngineError):
    """No call to this engine can succeed until somebody changes something."""


class CallFailed(EngineError):
    """One call got no usable reply after its retries; other calls may."""

    def __init__(self, message: str, *, free: bool = False) -> None:
        super().__init__(message)
        self.free = free
        """True where the provider surely charged nothing for the last attempt: it refused it."""


class MissingReply(EngineError):
    """A replay was asked for a reply that the store does not hold."""

    exit_code = 3


class BudgetReached(ToolkitError):
    """The worst case of the next call would pass the cost limit."""

    exit_code = 4


def suggest(name: str, allowed: Iterable[str]) -> str:
    """Return "; did you mean X?" for the nearest allowed names, or an empty string."""
    nearest = difflib.get_close_matches(name, list(allowed), n=2, cutoff=0.5)
    return f"; did you mean {' or '.join(nearest)}?" if nearest else ""


def check_options(given: Iterable[str], allowed: Collection[str], function: str) -> None:
    """Raise InputError for the first option that a function does not take, with the nearest one that it does.

    `allowed` may be a TypedDict's `__annotations__`.

    Example:
        >>> check_options(["concurency"], ["concurrency", "seed"], "run")
        Traceback (most recent call last):
        toolkit.errors.InputError: unknown option 'concurency'; did you mean 'concurrency'?
    """
    for name in given:
        if name not in allowed:
            nearest = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.7)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"{function} takes: {', '.join(sorted(allowed))}"
            raise InputError(f"unknown option {name!r}; {hint}")
