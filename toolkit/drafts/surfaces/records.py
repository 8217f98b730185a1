"""The records of a surface and its limits."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field, model_validator

from toolkit.drafts.counts import Unit
from toolkit.models import Draft, Record

Device = Literal["phone", "desktop"]
DraftField = Literal[
    "text", "headline", "description", "cta", "link", "image", "alt", "price", "place", "greeting", "ice_breakers",
    "buttons", "quick_replies", "tag", "promotional",
]  # fmt: skip

FIELDS: tuple[str, ...] = tuple(
    name for name in Draft.model_fields if name not in {"id", "surface", "language", "samples", "tags"}
)
"""Every part a draft can have."""


class Limit(Record):
    """One figure about one part of a draft."""

    field: DraftField
    """The part of the draft; in a list each item is measured, unless the unit is items."""
    value: int = Field(gt=0)
    """The most that is allowed, shown or recommended."""
    unit: Unit
    """What is counted; "items" counts a list."""
    kind: Literal["hard", "fold", "recommended"]
    """hard: refused beyond; fold: hidden until tapped; recommended: advised."""
    device: Device | None = None
    """The device a fold is for; null for both."""
    when: DraftField | None = None
    """The limit holds only for drafts that have this part."""
    unless: DraftField | None = None
    """The limit holds only for drafts that lack this part."""
    source: str
    """Where the figure comes from."""
    url: str | None = None
    """The page it stands on, where known."""
    checked: datetime.date
    """The day somebody last looked."""
    verified: bool = True
    """False where no first-hand source was found: such a limit only warns."""
    note: str | None = None
    """What else to know, such as a source that disagrees."""

    @property
    def refuses(self) -> bool:
        """Whether passing the limit is known to be refused."""
        return self.kind == "hard" and self.verified

    def holds_for(self, draft: Draft) -> bool:
        """Return whether the draft has, or lacks, what the limit asks for."""
        return (self.when is None or bool(getattr(draft, self.when))) and not (
            self.unless and getattr(draft, self.unless)
        )


class Surface(Record):
    """One place a draft can appear in."""

    name: str
    """The name drafts use."""
    label: str
    """What people call it."""
    layout: Literal["chat", "feed", "advert", "listing", "pin", "caption", "inbox", "notification"]
    """How a preview is drawn."""
    status: Literal["active", "retired"] = "active"
    """Whether anything can still appear there."""
    retired: datetime.date | None = None
    """The day the surface was withdrawn."""
    replacement: str | None = None
    """What took its place."""
    source: str
    """Where the description comes from."""
    url: str | None = None
    """The page it stands on, where known."""
    checked: datetime.date
    """The day somebody last looked."""
    verified: bool = True
    """False where no first-hand source was found."""
    window: bool = False
    """Whether promotion is allowed only within 24 hours of the person's last action."""
    children: bool = False
    """Whether it is about a product for children, so that drafts speak to their parents."""
    template: bool = False
    """Whether drafts are templates, in which {{1}} stands for what is filled in for each person."""
    fields: tuple[DraftField, ...]
    """The parts of a draft that are used there."""
    actions: tuple[str, ...]
    """What a person who stopped can do there, besides hiding and reporting."""
    expected: tuple[DraftField, ...] = ()
    """The parts that readers miss where they are absent."""
    limits: tuple[Limit, ...] = ()
    """What is counted there."""

    @model_validator(mode="after")
    def _retirement_is_told_whole(self) -> Surface:
        if (self.status == "retired") != (self.retired is not None and self.replacement is not None):
            raise ValueError("a retired surface says when it was retired and its replacement; an active one neither")
        return self
