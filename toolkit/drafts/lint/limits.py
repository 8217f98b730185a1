"""Lengths and counts against a surface's dated limits."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.drafts import samples
from toolkit.drafts.counts import count_units, find_place, measure_message
from toolkit.drafts.lint.records import Finding, Part
from toolkit.drafts.surfaces import Limit, Surface
from toolkit.models import Draft, records

_PARTS = ("headline", "description", "cta", "price", "place", "greeting", "ice_breakers", "buttons", "quick_replies")


def find_limits(draft: Draft, surface: Surface) -> Iterator[Finding]:
    """Yield a retirement, every limit passed, and every part that the surface does not show.

    A verified hard limit is an error, any other a warning; of several limits on one part, the gravest is told.
    """
    text = Part(draft, "text", draft.text)
    if surface.retired is not None:
        yield text.find(
            "surface.retired",
            (0, 0),
            f"{surface.name}: {surface.label} was retired on {records.say_day(surface.retired)}, nothing appears there",
            severity="error",
            url=surface.url,
            suggestion=f"use {surface.replacement}",
        )
    passed: dict[str, tuple[Limit, Part]] = {}
    longest = samples.fill_longest(draft)
    for limit in surface.limits:
        if limit.kind != "fold" and limit.holds_for(draft):
            for part in _passing(draft, longest, limit):
                known = passed.get(part.name)
                if known is None or (limit.refuses, limit.value) > (known[0].refuses, known[0].value):
                    passed[part.name] = (limit, part)
    for limit, part in passed.values():
        yield _describe(part, longest, limit, surface)
    yield from _find_unused(draft, surface)


def _passing(draft: Draft, longest: Draft, limit: Limit) -> Iterator[Part]:
    """Yield the parts that pass the limit with their longest samples; a count of items is of the whole list."""
    value = getattr(draft, limit.field)
    if limit.unit == "items":
        if isinstance(value, tuple) and len(value) > limit.value:
            yield Part(draft, limit.field, " | ".join(value))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            if count_units(item, limit.unit) > limit.value:
                yield Part(draft, f"{limit.field}[{index}]", item)
    elif isinstance(value, str) and count_units(getattr(longest, limit.field), limit.unit) > limit.value:
        yield Part(draft, limit.field, value)


def _describe(part: Part, longest: Draft, limit: Limit, surface: Surface) -> Finding:
    does = {"hard": "takes at most", "recommended": "reads best with at most", "fold": "shows"}[limit.kind]
    doubt = "" if limit.verified else ", unverified"
    note = f"; {limit.note}" if limit.note else ""
    items = tuple(getattr(part.draft, limit.field)) if limit.unit == "items" else ()
    filled = getattr(longest, part.name) if part.name in samples.FIELDS else part.text
    count = len(items) or count_units(filled, limit.unit)
    start = len(" | ".join(items[: limit.value])) if items else find_place(part.text, limit.value, limit.unit)
    unit = limit.unit.removesuffix("s") if limit.value == 1 else limit.unit
    counted = f" of {measure_message(filled).alphabet}" if limit.unit == "message parts" else ""
    counted += " with its longest samples" if filled != part.text else ""
    return part.find(
        f"limit.{limit.field}",
        (start or 0, len(part.text)),
        f"{part.name} has {count:,} {limit.unit}{counted}; a {surface.label} {does} {limit.value:,} {unit} "
        f"({limit.source}, checked {records.say_day(limit.checked)}{doubt}{note})",
        severity="error" if limit.refuses else "warning",
        url=limit.url,
        suggestion=f"leave out {count - limit.value:,} {limit.unit.removesuffix('s')}{'s' * (count - limit.value > 1)}",
    )


def _find_unused(draft: Draft, surface: Surface) -> Iterator[Finding]:
    for name in _PARTS:
        value = getattr(draft, name)
        if not value or name in surface.fields:
            continue
        words = " | ".join(value) if isinstance(value, tuple) else str(value)
        message = f"a {surface.label} shows no {name.replace('_', ' ')}"
        suggestion = "say it in the text, or leave it out"
        yield Part(draft, name, words).find("style.unused-part", (0, len(words)), message, suggestion=suggestion)
