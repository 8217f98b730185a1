"""Some of an audience: a sample, or a quota for each value of a segment; weights keep speaking for everybody."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from toolkit.errors import InputError, name_option, suggest
from toolkit.models import Audience, Persona


def rank_personas(personas: Sequence[Persona], seed: int) -> list[Persona]:
    """Return personas by SHA-256 of seed and id: a draw at random that depends on no order, the same for one seed."""
    return sorted(personas, key=lambda persona: hashlib.sha256(f"{make_salt(seed)}{persona.id}".encode()).digest())


def make_salt(seed: int) -> str:
    """Return what stands before an id in the SHA-256 that ranks it."""
    return f"{seed}\x1f"


def draw_sample(audience: Audience, count: int, seed: int) -> Audience:
    """Return `count` personas drawn without replacement, weights scaled to the sum of all.

    Raises InputError where there are fewer.
    """
    check_sample(count, len(audience.personas))
    return _keep(audience, _scale(rank_personas(audience.personas, seed)[:count], audience.personas))


def fill_quotas(audience: Audience, key: str, quotas: Mapping[str, int], seed: int) -> Audience:
    """Return that many personas of each value of segment `key`; values without a quota are left out.

    Within each value, weights are scaled to the sum of all who have it (post-stratification, Holt and Smith 1979), so
    that quotas change how many speak for a group and not how much the group counts.
    Raises InputError for an unknown key or value, or more than there are.
    """
    check_key(key, audience.segment_keys)
    drawn: list[Persona] = []
    check_quotas(key, quotas, Counter(persona.segments.get(key, "") for persona in audience.personas))
    for value, count in quotas.items():
        group = [persona for persona in audience.personas if persona.segments.get(key) == value]
        drawn += _scale(rank_personas(group, seed)[:count], group)
    return _keep(audience, drawn)


def check_sample(count: int, there: int) -> None:
    """Raise InputError where a sample is larger than the audience."""
    if count > there:
        raise InputError(f"{name_option('sample', count)}: there are {there} personas; choose 1 to {there}")


def check_key(key: str, known: Sequence[str]) -> None:
    """Raise InputError for a quota of something that is no segment."""
    if key not in known:
        raise InputError(
            f"{name_option('quotas', key)}: no such segment{suggest(key, known)}; "
            f"it has: {', '.join(known) or 'none'}; keep a column with {name_option('segments')}"
        )


def check_quotas(key: str, quotas: Mapping[str, int], there: Mapping[str, int]) -> None:
    """Raise InputError for the first value of a segment of which there are fewer than its quota."""
    for value, count in quotas.items():
        if there.get(value, 0) < count:
            named = name_option("quotas", f"{key}={value}:{count}")
            raise InputError(
                f"{named}: {there.get(value, 0)} have it{suggest(value, there)}; "
                f"values: {', '.join(sorted(set(there) - {''}))}"
            )


def choose_segments(audience: Audience, wanted: Mapping[str, Collection[str]]) -> Audience:
    """Return those who have one of the wanted values of every segment key; a key without values asks for nothing.

    Weights stay as they are: whoever is left speaks for themselves only. Raises InputError where nobody is left.
    """
    asked = {key: values for key, values in wanted.items() if values}
    if not asked:
        return audience
    left = [one for one in audience.personas if all(one.segments.get(key) in asked[key] for key in asked)]
    said = "; ".join(f"{key}: {', '.join(sorted(values))}" for key, values in sorted(asked.items()))
    if not left:
        raise InputError(f"nobody in {audience.audience} is {said}; choose fewer or other values")
    described = f"{audience.description.strip()} Only {said}.".strip()
    return audience.model_copy(update={"personas": tuple(left), "description": described})


def _scale(drawn: Sequence[Persona], everybody: Sequence[Persona]) -> list[Persona]:
    factor = sum(persona.weight for persona in everybody) / sum(persona.weight for persona in drawn)
    return [persona.model_copy(update={"weight": persona.weight * factor}) for persona in drawn]


def _keep(audience: Audience, drawn: Sequence[Persona]) -> Audience:
    """Return the audience of those drawn, in their order in the file."""
    places = {persona.id: place for place, persona in enumerate(audience.personas)}
    return audience.model_copy(update={"personas": tuple(sorted(drawn, key=lambda persona: places[persona.id]))})
