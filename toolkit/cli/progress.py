"""Live progress on a terminal: count, rate, time left, cost so far, latest reaction. Silent in pipes."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from toolkit.cli.terminal import Bar, Console, escape

if TYPE_CHECKING:
    from toolkit.engines import Price
    from toolkit.questionnaire import Preference, Reaction, Usage

_DID = {
    "scroll_past": "scrolls past",
    "read": "reads on",
    "react": "reacts",
    "click": "taps it",
    "reply": "replies",
    "share": "shares it",
    "save": "saves it",
    "hide": "hides it",
    "report": "reports it",
}

_WAITS = "another process"
_WORTH_A_LINE = ("sent", "failed", "full", "is loading its model", _WAITS)
"""What an engine says that people wait for; the rest is among the warnings at the end."""


class ShownProgress:
    """Shows reactions on standard error as they arrive."""

    def __init__(self, total: int, *, quiet: bool, verbose: bool, price: Price | None) -> None:
        self._console = Console(stderr=True)
        self._verbose = verbose
        self._quiet = quiet
        self._told: set[str] = set()
        self._price = price
        self._cost = 0.0
        self._done = 0
        self.total = total
        self.saved = 0
        """How many of the planned reactions and choices are saved."""
        self._started = time.monotonic()
        shown = self._console.is_terminal and not quiet
        self._bar = Bar(self._console, total, shown=shown)

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bar."""
        self._bar.stop()

    def advance(self, reaction: Reaction) -> None:
        """Count one reaction and show what it says."""
        self.saved += reaction.status != "failed"
        self._count(describe_reaction(reaction), reaction.usage)

    def advance_pair(self, preference: Preference) -> None:
        """Count one choice between two drafts and show it."""
        self.saved += preference.status != "failed"
        self._count(describe_preference(preference), preference.usage)

    def note(self, said: str) -> None:
        """Show a note of the engine: on the bar, or in a pipe only what it sent and what went wrong."""
        if self._bar.shown:
            self._bar.update(said)
        elif any(word in said for word in _WORTH_A_LINE) and said not in self._told and not self._quiet:
            self._told.add(said)
            self._console.print(escape(said))

    def hear(self, trouble: str | None) -> None:
        """Say that another process is waited for; what else goes wrong with a call is tried again in silence."""
        if trouble is not None and _WAITS in trouble:
            self.note(trouble)

    def _count(self, said: str, usage: Usage) -> None:
        self._done += 1
        if usage.fresh and usage.cost_usd is not None and self._price is None:
            self._cost += usage.cost_usd
        elif self._price is not None:
            self._cost += self._price.cost(
                usage.fresh_prompt_tokens, usage.fresh_completion_tokens, usage.fresh_cached_tokens
            )
        if self._verbose:
            self._console.print(escape(said))
        seconds = max(time.monotonic() - self._started, 1e-6)
        cost = f"${self._cost:.4f}" if self._cost else ""
        self._bar.update(said, done=self._done, rate=f"{self._done / seconds:.1f}/s", cost=cost)


def describe_reaction(reaction: Reaction) -> str:
    """Return one line: the persona, what they do with which draft, what they think."""
    who = f"{reaction.name} on {reaction.task.draft.id}"
    if reaction.answer is None:
        return f"{who}: {reaction.status} ({reaction.error})"
    thought = " ".join(reaction.answer.verbatim.split())
    return f"{who}: {_DID[reaction.answer.action]}. “{thought}”"


def describe_preference(preference: Preference) -> str:
    """Return one line: the persona, which of two drafts they choose, and why."""
    pairing = preference.pairing
    who = f"{pairing.persona.name} between {pairing.first.id} and {pairing.second.id}"
    if preference.status != "ok":
        return f"{who}: {preference.status} ({preference.error})"
    reason = f". “{' '.join(preference.because.split())}”" if preference.because else ""
    return f"{who}: {preference.chosen or 'neither'}{reason}"
