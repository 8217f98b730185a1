"""What a check of behaviour finds."""

from __future__ import annotations

from typing import Literal

from toolkit.models import LABEL, Record

Outcome = Literal["passed", "failed", "inconclusive"]
OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "inconclusive")


class Gate(Record):
    """One thing whose right answer is known, and what came of it."""

    name: str
    outcome: Outcome
    expected: str
    """What an engine that behaves does."""
    sentence: str
    """What this one did, with its figures."""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    """95 % interval."""
    personas: int = 0
    reactions: int = 0


class Behaviour(Record):
    """The scorecard of an engine and an audience."""

    label: str = LABEL
    engine: str
    model: str
    audience: str
    audience_sha256: str
    personas: int
    wordings: int
    seed: int
    gates: tuple[Gate, ...]
    reactions: int
    """Reactions and choices that were usable."""
    refused: int
    failed: int
    calls: int
    cost_usd: float | None
    seconds: float
    stopped: str | None = None
    """Why it ended before everything was asked."""

    def count(self, outcome: Outcome) -> int:
        """Return how many gates ended so."""
        return sum(gate.outcome == outcome for gate in self.gates)
