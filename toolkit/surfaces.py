"""Where a draft appears: what shows above the fold and what a person can do there."""

from __future__ import annotations

import datetime
from functools import lru_cache
from pathlib import Path

import yaml

from toolkit.errors import InputError, suggest
from toolkit.models import Draft, Record

_DATA = Path(__file__).parent / "data" / "surfaces.yaml"


class Surface(Record):
    """One place a draft can appear in."""

    name: str
    """The name drafts use."""
    label: str
    """What people call it."""
    fold: int | None
    """Characters a phone shows before "See more"; null where everything shows."""
    actions: tuple[str, ...]
    """What a person who stopped can do there, besides hiding and reporting."""
    source: str
    """Where the figures come from."""
    verified: bool = True
    """False where no first-hand source was found."""
    retired: datetime.date | None = None
    """The day the surface was withdrawn."""
    replacement: str | None = None
    """What took its place."""


@lru_cache(maxsize=1)
def _load_surfaces() -> dict[str, Surface]:
    entries = yaml.safe_load(_DATA.read_text(encoding="utf-8"))
    return {name: Surface(name=name, **entry) for name, entry in entries.items()}


def surface_names() -> tuple[str, ...]:
    """Return the name of every surface, in the order of the data file."""
    return tuple(_load_surfaces())


def find_surface(name: str) -> Surface:
    """Return the surface called `name`; raise InputError with the nearest names otherwise."""
    surfaces = _load_surfaces()
    if name not in surfaces:
        raise InputError(f"unknown surface {name!r}{suggest(name, surfaces)}; allowed: {', '.join(surfaces)}")
    return surfaces[name]


def describe_draft(draft: Draft) -> str:
    """Return the whole draft as its reader meets it: the text first, then each further part on its own line."""
    parts = [("Headline", draft.headline), ("Description", draft.description), ("Price", draft.price)]
    parts += [("Place", draft.place), ("Picture", draft.alt), ("Button", draft.cta), ("Link", draft.link)]
    parts += [("First message of the chat", draft.greeting)]
    lists = [
        ("Questions to tap", draft.ice_breakers),
        ("Buttons", draft.buttons),
        ("Quick replies", draft.quick_replies),
    ]
    parts += [(label, " | ".join(items) or None) for label, items in lists]
    return "\n".join([draft.text, *(f"{label}: {value}" for label, value in parts if value)])


def cut_at_fold(draft: Draft) -> str:
    """Return what a phone shows of the draft before "See more".

    The text is cut at the surface's fold, in characters; headline, picture and button stay in view.
    """
    fold = find_surface(draft.surface).fold
    if not is_folded(draft) or fold is None:
        return describe_draft(draft)
    shown = draft.model_copy(update={"text": f"{draft.text[:fold].rstrip()}… See more"})
    return describe_draft(shown)


def is_folded(draft: Draft) -> bool:
    """Return whether part of the draft's text is hidden until somebody taps "See more"."""
    fold = find_surface(draft.surface).fold
    return fold is not None and len(draft.text) > fold
