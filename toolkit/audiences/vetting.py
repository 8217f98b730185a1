"""Is an audience worth asking? Near-duplicates, lopsided segments, weights that leave few voices."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from toolkit.audiences import privacy
from toolkit.models import Audience, Record
from toolkit.stats import intervals, lexical

MOST_ALIKE = 0.45
"""Cosine of two descriptions' weighted words from which they may be one person twice.

The nearest two in any bundled audience reach 0.21; of 20 descriptions with a third of their words replaced by another
persona's, 19 kept more than this.
"""
MOST_COMPARED = 2_000
"""People up to which every two descriptions are compared; of more, only those that repeat word for word are found."""
LEAST_PEOPLE = 2
MOST_SHARE = 0.85
MOST_WEIGHT = 0.25
LEAST_VOICES = 0.5


class Doubt(Record):
    """Something about an audience that a reader of its results should know."""

    kind: str
    """twins, lopsided, thin, incomplete, heavy or personal."""
    message: str
    """What, who, and what to do about it."""


def find_doubts(audience: Audience) -> list[Doubt]:
    """Return what makes an audience worth less than its number of personas promises."""
    return [*_find_twins(audience), *_find_lopsided(audience), *_find_heavy(audience), *_find_private(audience)]


def share_segments(audience: Audience) -> dict[str, dict[str, tuple[int, float]]]:
    """Return, per segment key and value, how many personas have it and their share of the weight."""
    total = sum(persona.weight for persona in audience.personas)
    shares: dict[str, dict[str, tuple[int, float]]] = {}
    for key in audience.segment_keys:
        held: dict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
        for persona in audience.personas:
            value = persona.segments.get(key, "(none)")
            count, share = held[value]
            held[value] = (count + 1, share + persona.weight / total)
        shares[key] = dict(sorted(held.items()))
    return shares


def count_voices(audience: Audience) -> float:
    """Return the effective number of personas under their weights (Kish 1965)."""
    return float(intervals.effective_size([persona.weight for persona in audience.personas]))


def _find_twins(audience: Audience) -> Iterator[Doubt]:
    people = audience.personas
    if len(people) > MOST_COMPARED:
        yield from _find_copies(audience)
        return
    alike = lexical.compare_words([_hide_name(persona.about, persona.name) for persona in people])
    for one, other in zip(*np.nonzero(np.triu(alike >= MOST_ALIKE, 1)), strict=True):
        names = f"{people[one].id} and {people[other].id}"
        yield Doubt(
            kind="twins",
            message=f"{names} are described alike (similarity {alike[one, other]:.2f}); give each a life of their own",
        )


def _find_copies(audience: Audience) -> Iterator[Doubt]:
    """Find descriptions that repeat word for word, in time that grows with the people and not with their pairs."""
    held: dict[str, str] = {}
    for persona in audience.personas:
        words = " ".join(_hide_name(persona.about, persona.name).casefold().split())
        first = held.setdefault(words, persona.id)
        if first != persona.id:
            message = f"{first} and {persona.id} are described in the same words; give each a life of their own"
            yield Doubt(kind="twins", message=message)


def _find_private(audience: Audience) -> Iterator[Doubt]:
    for persona_id, kinds in privacy.list_personal(audience).items():
        advice = "take it out, it would be sent to the model"
        yield Doubt(kind="personal", message=f"{persona_id} holds personal data ({', '.join(kinds)}); {advice}")


def _hide_name(about: str, name: str) -> str:
    return re.sub(re.escape(name), "", about, flags=re.IGNORECASE)


def _find_lopsided(audience: Audience) -> Iterator[Doubt]:
    for key, values in share_segments(audience).items():
        if "(none)" in values:
            yield Doubt(kind="incomplete", message=f"{values['(none)'][0]} personas have no {key}; give each one")
        for value, (count, share) in values.items():
            if share > MOST_SHARE:
                advice = "segments this uneven tell little; add people of the others"
                yield Doubt(kind="lopsided", message=f"{key} {value} holds {share:.0%} of the weight; {advice}")
            if count < LEAST_PEOPLE and value != "(none)":
                yield Doubt(kind="thin", message=f"{key} {value} is one person; a segment needs at least two")


def _find_heavy(audience: Audience) -> Iterator[Doubt]:
    people = audience.personas
    total = sum(persona.weight for persona in people)
    if len(people) > 1 / MOST_WEIGHT:
        for persona in people:
            if persona.weight / total > MOST_WEIGHT:
                share = f"{persona.weight / total:.0%}"
                yield Doubt(kind="heavy", message=f"{persona.id} alone holds {share} of the weight; check the weights")
    voices = count_voices(audience)
    if voices < LEAST_VOICES * len(people):
        advice = "uneven weights cost precision; trim the largest"
        yield Doubt(kind="heavy", message=f"{len(people)} personas count as {voices:.1f} under their weights; {advice}")
