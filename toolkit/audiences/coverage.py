"""Who is missing from an audience: every pair of segment values, and shares against what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from toolkit.audiences.vetting import LEAST_PEOPLE, share_segments
from toolkit.models import Audience, Record

NONE = "(none)"
NEAR = 0.05
"""Difference from a wanted share up to which it counts as met."""
_MOST_NAMED = 6


class Crossing(Record):
    """The personas who have two segment values at once."""

    row: str
    column: str
    personas: int
    share: float
    """Of the weight of the whole audience, from 0 to 1."""

    @property
    def state(self) -> Literal["empty", "thin", "fine"]:
        """empty: nobody; thin: fewer than two; else fine."""
        return "empty" if not self.personas else "thin" if self.personas < LEAST_PEOPLE else "fine"

    @property
    def words(self) -> str:
        """What a table says of it."""
        if self.state == "empty":
            return "nobody"
        return f"{self.personas} ({self.share:.0%}){', only one' if self.state == 'thin' else ''}"


class Gap(Record):
    """How far a segment value is from what is wanted."""

    value: str
    personas: int
    share: float
    wanted: float
    """From 0 to 1."""

    @property
    def difference(self) -> float:
        """Share minus wanted share."""
        return self.share - self.wanted

    @property
    def sentence(self) -> str:
        """What the difference means, in words."""
        has = f"{self.value}: {self.share:.0%} of the weight from {self.personas} personas, {self.wanted:.0%} wanted"
        if abs(self.difference) <= NEAR:
            return f"{has}: met within {NEAR:.0%}"
        if not self.personas:
            return f"{has}: nobody speaks for them; add personas"
        return f"{has}: {'too many or too heavy' if self.difference > 0 else 'too few or too light'}"


def cross_segments(audience: Audience, row_key: str, column_key: str) -> list[Crossing]:
    """Return every pair of values of two segment keys, empty ones included, row by row."""
    total = sum(persona.weight for persona in audience.personas)
    held: dict[tuple[str, str], list[float]] = {}
    for persona in audience.personas:
        pair = (persona.segments.get(row_key, NONE), persona.segments.get(column_key, NONE))
        held.setdefault(pair, []).append(persona.weight)
    rows, columns = ({pair[place]: None for pair in sorted(held)} for place in (0, 1))
    return [
        Crossing(row=row, column=column, personas=len(weights), share=sum(weights) / total)
        for row in rows
        for column in sorted(columns)
        for weights in [held.get((row, column), [])]
    ]


def say_missing(crossings: list[Crossing]) -> list[str]:
    """Return who is missing and who is alone, in words."""
    sentences = []
    for state, words in (("empty", "Nobody is"), ("thin", "Only one is")):
        pairs = [f"{one.row} and {one.column}" for one in crossings if one.state == state]
        if pairs:
            more = f", and {len(pairs) - _MOST_NAMED} more" if len(pairs) > _MOST_NAMED else ""
            sentences.append(f"{words}: {'; '.join(pairs[:_MOST_NAMED])}{more}.")
    return sentences or ["Every pair has two or more personas."]


def compare_shares(audience: Audience, key: str, wanted: Mapping[str, float]) -> list[Gap]:
    """Return each value of a segment key against its wanted share; the wanted are scaled to a sum of one."""
    total = sum(wanted.values())
    held = share_segments(audience).get(key, {})
    if total <= 0:
        return []
    return [
        Gap(value=value, personas=held.get(value, (0, 0.0))[0], share=held.get(value, (0, 0.0))[1], wanted=part / total)
        for value, part in wanted.items()
    ]


def suggest_wanted(audience: Audience, key: str) -> dict[str, float]:
    """Return each value's present share in whole percent, to begin from."""
    return {value: float(round(100 * share)) for value, (_, share) in share_segments(audience).get(key, {}).items()}
