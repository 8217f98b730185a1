"""A draft in words: whole, and as far as a phone shows it."""

from __future__ import annotations

from functools import lru_cache

from toolkit.drafts.samples import fill_samples
from toolkit.drafts.surfaces.catalogue import find_surface
from toolkit.drafts.surfaces.places import place_fold
from toolkit.models import Draft


@lru_cache(maxsize=128)
def describe_draft(draft: Draft) -> str:
    """Return the whole draft as its reader meets it: the text first, then each further part on its own line."""
    draft = fill_samples(draft)
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


@lru_cache(maxsize=128)
def cut_at_fold(draft: Draft) -> str:
    """Return what a phone shows of the draft before "See more".

    The text is cut at the surface's fold, never inside a character; headline, picture and button stay in view.
    """
    draft = fill_samples(draft).model_copy(update={"samples": ()})
    fold = place_fold(draft.text, find_surface(draft.surface), "phone")
    if fold is None:
        return describe_draft(draft)
    shown = draft.model_copy(update={"text": f"{draft.text[:fold].rstrip()}… See more"})
    return describe_draft(shown)


@lru_cache(maxsize=128)
def is_folded(draft: Draft) -> bool:
    """Return whether part of the draft's text is hidden on a phone until somebody taps "See more"."""
    return place_fold(fill_samples(draft).text, find_surface(draft.surface), "phone") is not None
