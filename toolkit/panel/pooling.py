"""Several audiences as one panel: what each weighs, and who is in it more than once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.errors import InputError
from toolkit.models import Audience, Persona


def drop_repeated(audiences: Sequence[Audience]) -> list[Audience]:
    """Return each audience once; raise InputError if two that differ bear one name."""
    distinct: dict[str, Audience] = {}
    for audience in audiences:
        known = distinct.setdefault(audience.audience, audience)
        if known is not audience and known.digest != audience.digest:
            raise InputError(f"two audiences are called {audience.audience!r}; give each its own name")
    return list(distinct.values())


def find_factors(audiences: Sequence[Audience], *, keep_weights: bool = False) -> dict[str, float]:
    """Return by what the weights of each of several audiences are multiplied, so that a person averages 1 in each.

    A weight may be in any unit, so those of two audiences cannot be added up as they are, unless whoever knows that
    they share one says so: `keep_weights`. One audience keeps its own.
    """
    if keep_weights or len(audiences) == 1:
        return dict.fromkeys((one.audience for one in audiences), 1.0)
    return {one.audience: len(one.personas) / sum(persona.weight for persona in one.personas) for one in audiences}


def count_distinct(panel: Sequence[Persona]) -> int:
    """Return in how many ways the people are described, to the model's eyes."""
    return len(set(_number_people(panel)))


def count_effective(panel: Sequence[Persona]) -> float:
    """Return the effective number of people; those described alike count as one, for the model answers them alike."""
    import numpy as np

    from toolkit.stats import intervals

    people, weights = _number_people(panel), [persona.weight for persona in panel]
    return intervals.effective_size(np.bincount(people, weights))


def list_notes(
    given: Sequence[Audience], audiences: Sequence[Audience], panel: Sequence[Persona], *, keep_weights: bool = False
) -> Iterator[str]:
    """Yield what there is to know of a panel that was put together, in sentences without a full stop."""
    if len(given) > len(audiences):
        names = [one.audience for one in given]
        twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
        yield f"the audience {twice} was given more than once; its people are asked once"
    if len(audiences) > 1 and keep_weights:
        yield f"weights were kept as given, in one unit for all audiences: {_say_shares(panel)}"
    elif len(audiences) > 1:
        yield "each audience was weighed so that a person counts 1 on average, whatever unit its weights are in"
    distinct = count_distinct(panel)
    if distinct < len(panel):
        yield (
            f"{len(panel):,} personas are described in {distinct:,} ways; those described alike answer alike and count "
            "once for the size of the panel"
        )


def _say_shares(panel: Sequence[Persona]) -> str:
    """Return the share of all weight that each audience has among those drawn, such as "a 91 %, b 9 %"."""
    sums: dict[str, float] = {}
    for persona in panel:
        name = persona.segments["audience"]
        sums[name] = sums.get(name, 0.0) + persona.weight
    whole = sum(sums.values())
    return ", ".join(f"{name} {share / whole:.0%}".replace("%", " %") for name, share in sorted(sums.items()))


def _number_people(panel: Sequence[Persona]) -> list[int]:
    """Return a number for each persona, the same for those whom the model is shown alike."""
    numbers: dict[tuple[str, int | None, str], int] = {}
    return [numbers.setdefault((one.name, one.age, one.about), len(numbers)) for one in panel]
