"""From evidence to the chance that people agree: P(B wins) = 1 / (1 + exp(-slope z)), shipped or refitted."""

from __future__ import annotations

import math
from collections.abc import Mapping

from toolkit.models.records import Record

NAMES = {
    "panel": "panel",
    "control": "control reader",
    "outcome_model": "outcome model",
    "shares": "forecast of shares",
    "combined": "all together",
}

SOURCES = ("panel", "control", "outcome_model")
"""What a chance is made of, alone and all together."""
JUDGED = (*SOURCES, "shares")
"""What is judged by results. A forecast of shares has no chance before they show it right, and enters no total."""
UNANIMOUS = math.log(0.6 / 0.4)
"""Slope under which a unanimous panel, a difference of 1 between two rates, is worth 0.6 and no more.

A choice, not a measurement: published panels picked the better of two headlines 56 to 65 times in a hundred (arXiv
2406.02611), and nothing is known of yours before its first results.
"""
_STEEPEST = 700.0


class Link(Record):
    """Slopes from what a source says to the log-odds that people agree.

    z is the difference of two rates for panel and control reader, and the log-odds of the outcome model's own
    probability. There is no intercept: which of two drafts is called B is arbitrary.
    """

    version: int = 0
    """0 is the link that ships; refitted ones count from 1."""
    made: str | None = None
    """When it was fitted, ISO 8601, UTC."""
    slopes: dict[str, float] = {"panel": UNANIMOUS, "control": UNANIMOUS, "outcome_model": 1.0}  # noqa: RUF012 - frozen
    """Each source alone."""
    joint: dict[str, float] = {"panel": UNANIMOUS / 2, "control": UNANIMOUS / 2, "outcome_model": 1.0}  # noqa: RUF012
    """All sources together; one that is missing counts as z = 0."""
    results: int = 0
    """Results of yours it was fitted on."""
    pairs: int = 0
    """Pairs of drafts among them that differ beyond chance."""
    record: str = ""
    """How often the panel was right about them, in words."""

    @property
    def is_fitted(self) -> bool:
        """Whether it has seen results."""
        return self.version > 0

    def say(self) -> str:
        """Return "not validated", or on how many results it rests and how often the panel was right."""
        if not self.is_fitted:
            return "not validated"
        return f"validated on {self.results} of your results" + (f": {self.record}" if self.record else "")

    def weigh(self, source: str, z: float) -> float:
        """Return the chance that B wins, from one source alone."""
        return squash(self.slopes[source] * z)

    def weigh_all(self, evidence: Mapping[str, float]) -> float:
        """Return the chance that B wins, from the z of every source that speaks."""
        return squash(sum(self.joint[source] * z for source, z in evidence.items()))


SHIPPED = Link()
PRIOR_SLOPES: Mapping[str, float] = {**SHIPPED.slopes, "shares": UNANIMOUS}
"""From what each judged source says to log-odds, before any result of yours."""


def squash(log_odds: float) -> float:
    """Return the probability of log-odds."""
    return 1.0 / (1.0 + math.exp(-max(-_STEEPEST, min(_STEEPEST, log_odds))))


def stretch(probability: float) -> float:
    """Return the log-odds of a probability, held between 0.001 and 0.999."""
    held = min(max(probability, 0.001), 0.999)
    return math.log(held / (1.0 - held))
