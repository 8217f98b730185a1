"""Where in a text a fold or a limit falls."""

from __future__ import annotations

from toolkit.drafts.counts import find_place
from toolkit.drafts.surfaces.records import Device, Limit, Surface
from toolkit.models import Draft


def limits_of(surface: Surface, field: str, draft: Draft | None = None) -> list[Limit]:
    """Return the limits on one part of a draft; without a draft, those that hold for any."""
    return [
        limit
        for limit in surface.limits
        if limit.field == field
        and (limit.holds_for(draft) if draft is not None else limit.when is None and limit.unless is None)
    ]


def place_fold(text: str, surface: Surface, device: Device = "phone") -> int | None:
    """Return the offset from which the device hides the text, or None where all of it shows.

    Figures are of letters; a wide character takes the room of two.
    """
    places = [
        find_place(text, limit.value, "columns" if limit.unit == "characters" else limit.unit)
        for limit in limits_of(surface, "text")
        if limit.kind == "fold" and limit.device in {device, None}
    ]
    return min((place for place in places if place is not None), default=None)


def find_limit_place(text: str, surface: Surface, field: str, draft: Draft | None = None) -> int | None:
    """Return the offset from which a part of a draft is refused as too long, or None."""
    places = [
        find_place(text, limit.value, limit.unit)
        for limit in limits_of(surface, field, draft)
        if limit.refuses and limit.unit != "items"
    ]
    return min((place for place in places if place is not None), default=None)
