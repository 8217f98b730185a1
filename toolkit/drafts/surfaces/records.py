"""The records of a surface and its limits."""

from __future__ import annotations

import datetime
import re
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from toolkit.drafts.counts import Unit
from toolkit.errors import suggest
from toolkit.models import Draft, Record, records

Device = Literal["phone", "desktop"]
DraftField = Literal[
    "text", "headline", "description", "cta", "link", "image", "alt", "price", "place", "greeting", "ice_breakers",
    "buttons", "quick_replies", "tag", "promotional",
]  # fmt: skip

_LABEL = re.compile(r"[^\W\d_][\w ]{0,39}")
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
    labels: dict[str, str] = Field(default_factory=dict)
    """Further things to do there in words of its own, each with the action it counts as: {add to basket: click}."""
    expected: tuple[DraftField, ...] = ()
    """The parts that readers miss where they are absent."""
    limits: tuple[Limit, ...] = ()
    """What is counted there."""

    @property
    def deeds(self) -> dict[str, str]:
        """The action that each label counts as, labels as a reply names them: "add_to_basket"."""
        return {"_".join(label.casefold().split()): action for label, action in self.labels.items()}

    @field_validator("actions")
    @classmethod
    def _are_actions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for action in value:
            if action not in records.OBJECTIVES:
                near, allowed = suggest(action, records.OBJECTIVES), ", ".join(records.OBJECTIVES)
                raise ValueError(
                    f"{action!r} is no action{near}; allowed: {allowed}; words of your own go below labels, as in "
                    f"labels: {{{action}: click}}"
                )
        return value

    @field_validator("labels")
    @classmethod
    def _labels_count_as_actions(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        possible = (*info.data.get("actions", records.OBJECTIVES), *records.NEGATIVE)
        for label, action in value.items():
            if not _LABEL.fullmatch(label) or label.casefold() in records.ACTIONS:
                raise ValueError(
                    f"{label!r} is no label; give 1 to 40 letters, digits and blanks, and no action's name"
                )
            if action not in possible:
                near = suggest(action, possible)
                raise ValueError(
                    f"{label!r} counts as {action!r}, which nobody does there{near}; allowed: {', '.join(possible)}"
                )
        return value

    @model_validator(mode="after")
    def _retirement_is_told_whole(self) -> Surface:
        if (self.status == "retired") != (self.retired is not None and self.replacement is not None):
            raise ValueError("a retired surface says when it was retired and its replacement; an active one neither")
        return self
