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
from collections.abc import Iterable


class ToolkitError(Exception):
    """An expected failure: shown as one line, never as a traceback."""

    exit_code = 2


class InputError(ToolkitError):
    """A file, a name or an option cannot be used as given."""


class StoreUnusable(InputError):
    """The file that keeps reactions cannot be read or written.

    Example:
        >>> toolkit.run(drafts, audience, engine="replay", store="examples")
        Traceback (most recent call last):
        toolkit.errors.StoreUnusable: ...
    """


class Interrupted(ToolkitError):
    """You asked the run to stop; nothing new is asked, and the store has every reply so far.

    Example:
        >>> toolkit.Interrupted.exit_code
        130
    """

    exit_code = 130


class EngineError(ToolkitError):
    """An engine could not answer; what you catch for any fault of a model or its address.

    Example:
        >>> issubclass(toolkit.EngineUnavailable, toolkit.EngineError)
        True
    """


class EngineUnavailable(EngineError):
    """No call to this engine can succeed until you change something: the key, the model, the address, the balance.

    Example:
        >>> toolkit.run(drafts, audience, model="any", base_url="http://127.0.0.1:9/v1", sample=1)
        Traceback (most recent call last):
        toolkit.errors.EngineUnavailable: ...
    """


class CallFailed(EngineError):
    """One call got no usable reply after its retries; other calls may. The run goes on, and the reaction is "failed".

    Example:
        >>> raise toolkit.CallFailed("the answer is no JSON")
        Traceback (most recent call last):
        toolkit.errors.CallFailed: the answer is no JSON
    """

    def __init__(self, message: str, *, free: bool = False) -> None:
        super().__init__(message)
        self.free = free
        """True where the provider surely charged nothing for the last attempt: it refused it."""


class MissingReply(EngineError):
    """A replay was asked for a reply that the store does not hold.

    Example:
        >>> toolkit.MissingReply.exit_code
        3
    """

    exit_code = 3


class BudgetReached(ToolkitError):
    """The worst case of the next call would pass the cost limit; nothing more is asked, and what came is kept.

    Example:
        >>> toolkit.BudgetReached.exit_code
        4
    """

    exit_code = 4


def suggest(name: str, allowed: Iterable[str]) -> str:
    """Return "; did you mean X?" for the nearest allowed names, or an empty string."""
    nearest = difflib.get_close_matches(name, list(allowed), n=2, cutoff=0.5)
    return f"; did you mean {' or '.join(nearest)}?" if nearest else ""
