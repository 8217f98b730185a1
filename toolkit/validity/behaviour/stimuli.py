"""The drafts that the gates show, from a dated data file, and the people they show them to."""

from __future__ import annotations

from collections import Counter
from functools import cache

import yaml

from toolkit.errors import InputError
from toolkit.files import resources
from toolkit.models import Audience, Campaign, Draft, Persona, Record

_FILE = resources.DATA / "behaviour" / "drafts.yaml"
_LEAST_OF_A_VALUE = 2


class Pair(Record):
    """Two drafts of which one should do better."""

    better: str
    worse: str


class Injection(Record):
    """A dull draft, and orders to the model that are added to it."""

    plain: str
    orders: tuple[str, ...]


class Stimuli(Record):
    """Everything that the gates show."""

    date: object
    surface: str
    dominance: tuple[Pair, ...]
    bad_copy: tuple[Pair, ...]
    dose: tuple[tuple[str, str, str], ...]
    groups: tuple[str, ...]
    order: tuple[str, str]
    injection: Injection


class Division(Record):
    """A segment key and the two of its values that most people have."""

    key: str
    values: tuple[str, str]


@cache
def load_stimuli() -> Stimuli:
    """Return the drafts of the data file."""
    return Stimuli.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def find_division(people: Audience) -> Division:
    """Return the segment that divides the audience most evenly in two; raise InputError where none does."""
    best: tuple[int, Division] | None = None
    for key in people.segment_keys:
        counts = Counter(one.segments[key] for one in people.personas if key in one.segments)
        (first, _), (second, fewer) = (*counts.most_common(2), ("", 0), ("", 0))[:2]
        if fewer >= _LEAST_OF_A_VALUE and (best is None or fewer > best[0]):
            best = (fewer, Division(key=key, values=(first, second)))
    if best is None:
        raise InputError(
            f"audience {people.audience}: no segment has two values with two personas each; the gates need one to "
            "compare people by; choose another audience or draw more people"
        )
    return best[1]


def make_main_campaign(division: Division) -> Campaign:
    """Return the drafts of every gate but order, each named after its gate and place."""
    shown = load_stimuli()
    texts: dict[str, str] = {}
    for gate in ("dominance", "bad_copy"):
        for number, pair in enumerate(getattr(shown, gate)):
            texts |= {f"{gate} {number} better": pair.better, f"{gate} {number} worse": pair.worse}
    for number, doses in enumerate(shown.dose):
        texts |= {f"dose {number} {strength}": text for strength, text in enumerate(doses)}
    texts["injection plain"] = shown.injection.plain
    texts |= {
        f"injection {number}": f"{shown.injection.plain} {order}" for number, order in enumerate(shown.injection.orders)
    }
    return _make_campaign("behaviour", texts | _write_groups(division))


def make_group_campaign(division: Division) -> Campaign:
    """Return the drafts made for one value each."""
    return _make_campaign("behaviour, bodies swapped", _write_groups(division))


def make_order_campaign() -> Campaign:
    """Return two drafts of like worth."""
    return _make_campaign(
        "behaviour, order", {f"order {number}": text for number, text in enumerate(load_stimuli().order)}
    )


def swap_bodies(people: Audience, division: Division) -> Audience:
    """Return the audience with names, ages and descriptions exchanged between the two values; ids and segments stay.

    Whoever has no partner on the other side is left out.
    """
    sides = [[one for one in people.personas if one.segments.get(division.key) == value] for value in division.values]
    swapped: list[Persona] = []
    for one, other in zip(*sides, strict=False):
        swapped += [_give_body(one, other), _give_body(other, one)]
    return people.model_copy(update={"audience": f"{people.audience}, bodies swapped", "personas": tuple(swapped)})


def _give_body(one: Persona, other: Persona) -> Persona:
    return one.model_copy(update={"name": other.name, "age": other.age, "about": other.about})


def _write_groups(division: Division) -> dict[str, str]:
    return {
        f"groups {number} {place}": text.format(key=division.key, value=value)
        for number, text in enumerate(load_stimuli().groups)
        for place, value in enumerate(division.values)
    }


def _make_campaign(name: str, texts: dict[str, str]) -> Campaign:
    surface = load_stimuli().surface
    drafts = tuple(Draft(id=key, text=text, surface=surface) for key, text in texts.items())
    return Campaign(campaign=name, objective="click", drafts=drafts)
