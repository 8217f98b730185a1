"""What is kept of a campaign, as plain values: its drafts under "slots", by number, and its choices under "values"."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field

from toolkit.drafts import pictures
from toolkit.errors import InputError
from toolkit.files import located_yaml
from toolkit.models import Campaign, Draft, Record, records

Content = dict[str, Any]
"""`slots`, `order`, `removed`, `values`, and `source`: the file it was imported from, as its text."""
SURFACE, OBJECTIVE, AUDIENCE = "ask-surface", "ask-objective", "ask-audience"
NAME, GOAL, TONE, MUST_HAVES = "campaign-name", "brief-goal", "brief-tone", "brief-must-haves"
BRAND, AVATAR = "brief-brand", "brief-avatar"
"""The keys of choices that a campaign file holds, too."""
MANY, SCREENED, FOUND = "many-drafts", "screened", "screening-found"
"""Drafts that wait for a screening, the screening that the drafts are the shortlist of, and what it found; as JSON."""
CALLED = "pictures-called"
"""What the kept pictures are called in the file that the campaign came from; as JSON."""
OF_CAMPAIGN = (NAME, GOAL, TONE, MUST_HAVES, BRAND, AVATAR, MANY, SCREENED, FOUND, CALLED)
"""Choices that never go from one campaign to the next."""
UNNAMED = "untitled"
_SOURCE = "source"
OF_REWRITE = "rewrite of "
"""What stands before the name of a campaign whose run tests a rewrite: that is a round of the campaign itself."""
_TITLE, _NAME_WORDS, _NAME = 60, 6, 80


class DraftSlot(Record):
    """One draft of a kept campaign, as it stands there, with or without words."""

    number: int
    """Which draft of the campaign it is; no other ever has the number."""
    name: str
    text: str = ""
    parts: dict[str, Any] = Field(default_factory=dict)
    """What it has besides its words, by field of a Draft; a list is text with one item a line."""
    version: int = 0
    """How often its words were replaced by other means than typing."""
    rival: int | None = None
    """The draft that somebody else changed at the same time into this one; None for a draft of its own."""
    changed_by: str = ""
    """Who changed a rival; empty where nobody signs in."""

    @property
    def is_written(self) -> bool:
        """Whether it has words."""
        return bool(self.text.strip())

    @property
    def filled(self) -> dict[str, Any]:
        """The parts that hold something, as fields of a Draft."""
        parts = {
            name: tuple(filter(None, map(str.strip, value.split("\n")))) if name in records.LIST_FIELDS else value
            for name, value in self.parts.items()
        }
        return {name: value for name, value in parts.items() if value not in ("", None, ())}

    def describe(self, surface: str) -> dict[str, Any]:
        """Return the fields of a Draft for `surface`, also where they do not make one yet."""
        return {**self.filled, "id": self.name, "text": self.text, "surface": surface}


def fill_slot(number: int, name: str, draft: Draft | None = None) -> DraftSlot:
    """Return a draft as it is kept, or an empty one of that name."""
    fields = draft.model_dump(exclude_defaults=True, exclude={"surface", "id", "text"}) if draft else {}
    parts = {part: "\n".join(value) if part in records.LIST_FIELDS else value for part, value in fields.items()}
    name, text = (draft.id, draft.text) if draft else (name, "")
    return DraftSlot(number=number, name=name, text=text, parts=parts)


def make_content(campaign: Campaign, source: str | None = None) -> Content:
    """Return what is kept of a campaign, with the text of the YAML file that it came from."""
    slots = [fill_slot(number, draft.id, draft) for number, draft in enumerate(campaign.drafts)]
    return {
        "slots": {str(slot.number): slot.model_dump(mode="json", exclude={"number", "version"}) for slot in slots},
        "order": [slot.number for slot in slots],
        "removed": None,
        "values": list_choices(campaign),
        **({_SOURCE: source} if source is not None else {}),
    }


def list_choices(campaign: Campaign) -> dict[str, Any]:
    """Return the choices that a campaign names, by their keys."""
    brief = campaign.brief or records.Brief()
    said = {
        NAME: campaign.campaign,
        SURFACE: campaign.drafts[0].surface,
        OBJECTIVE: campaign.objective,
        AUDIENCE: campaign.audience,
        GOAL: brief.goal,
        TONE: brief.tone,
        MUST_HAVES: "\n".join(brief.must_haves),
        BRAND: brief.brand,
        AVATAR: brief.avatar,
        SCREENED: campaign.screened.model_dump_json() if campaign.screened else "",
    }
    return {key: value for key, value in said.items() if value}


def read_slots(content: Content) -> list[DraftSlot]:
    """Return the drafts in order, those alone that are no rival of another."""
    slots = {
        int(number): DraftSlot(number=int(number), **fields) for number, fields in content.get("slots", {}).items()
    }
    return [slots[number] for number in content.get("order", []) if slots[number].rival is None]


def read_brief(values: Mapping[str, Any]) -> records.Brief:
    """Return the brief that the choices hold."""
    must = [line.strip() for line in str(values.get(MUST_HAVES) or "").splitlines()]
    return records.Brief(
        goal=str(values.get(GOAL) or ""),
        tone=str(values.get(TONE) or ""),
        must_haves=tuple(dict.fromkeys(filter(None, must))),
        brand=str(values.get(BRAND) or ""),
        avatar=values.get(AVATAR) or None,
    )


def list_waiting(values: Mapping[str, Any]) -> list[str]:
    """Return the words of the drafts that wait for a screening."""
    said = str(values.get(MANY) or "")
    return [str(fields.get("text", "")) for fields in json.loads(said)] if said else []


def read_screened(values: Mapping[str, Any]) -> records.Screened | None:
    """Return the screening that the drafts are the shortlist of, as the choices hold it; None for none."""
    said = str(values.get(SCREENED) or "")
    return records.Screened.model_validate_json(said) if said else None


def read_called(content: Content) -> dict[str, str]:
    """Return what the kept pictures are called in the file that the campaign came from, by their names."""
    return dict(json.loads(str(content.get("values", {}).get(CALLED) or "{}")))


def read_campaign(content: Content) -> Campaign:
    """Return the campaign of all drafts that have words; raise InputError where there is none or one cannot be used."""
    values = content.get("values", {})
    surface = str(values.get(SURFACE) or "messenger_message")
    written = [slot.describe(surface) for slot in read_slots(content) if slot.is_written]
    if not written:
        raise InputError(f"{name_content(content)}: no draft has words yet; write one first")
    brief = read_brief(values)
    made = records.make_campaign(name_content(content), written, str(values.get(OBJECTIVE) or "click"))
    return made.model_copy(
        update={
            "objective": values.get(OBJECTIVE),
            "audience": values.get(AUDIENCE),
            "brief": None if brief.is_empty else brief,
            "screened": read_screened(values),
        }
    )


def name_content(content: Content) -> str:
    """Return the name that somebody gave a campaign, else one made of its first words."""
    values = content.get("values", {})
    texts = [*(slot.text for slot in read_slots(content)), *list_waiting(values)]
    return str(values.get(NAME) or "").strip() or name_texts(texts)


def name_texts(texts: Iterable[str]) -> str:
    """Return a name for drafts that have none: the first words of the first that has words."""
    first = next((" ".join(text.split()) for text in texts if text.strip()), "")
    short = " ".join(first.split(" ")[:_NAME_WORDS])[:_NAME].rstrip(" .,;:!?-")
    return short or UNNAMED


def title_texts(texts: Sequence[str]) -> str:
    """Return what to call drafts in a list: the first words, and how many drafts there are."""
    written = [text for text in texts if text.strip()]
    if not written:
        return "No words yet"
    words = textwrap.shorten(written[0], _TITLE, placeholder="…")
    begin = written[0].strip()[:_TITLE] if words == "…" else words  # a long text without spaces
    return f"{begin} · {'1 draft' if len(written) == 1 else f'{len(written)} drafts'}"


def title_content(content: Content) -> str:
    """Return what to call a campaign in a list."""
    named = str(content.get("values", {}).get(NAME) or "").strip()
    return named or title_texts([slot.text for slot in read_slots(content)])


def write_content(content: Content, source: Campaign | None = None) -> str:
    """Return a campaign as YAML; `source` is what the text of its file is read as.

    A file that was imported and not changed is the same to the byte. After a change, what the page does not know of
    stays: checks, raised and silenced rules, models, samples.
    """
    called = read_called(content)
    campaign = pictures.rename_pictures(read_campaign(content), lambda name: called.get(name or "", name))
    text = content.get(_SOURCE)
    if text is not None and source is not None:
        if _say_same(campaign, source):
            return str(text)
        return located_yaml.write_yaml(_merge_fields(campaign, located_yaml.load_yaml(text, "the file").value or {}))
    return located_yaml.write_yaml(_merge_fields(campaign, {}))


def _say_same(one: Campaign, other: Campaign) -> bool:
    """Whether two campaigns hold the same of all that the page changes."""

    def told(campaign: Campaign) -> tuple[Any, ...]:
        kept = [draft.model_dump(exclude_defaults=True) | {"surface": draft.surface} for draft in campaign.drafts]
        return (campaign.campaign, campaign.audience, campaign.objective, campaign.brief, kept)

    return told(one) == told(other)


def _merge_fields(campaign: Campaign, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a campaign file: what was in it before, with what the campaign says now."""
    surfaces = {draft.surface for draft in campaign.drafts}
    shared = surfaces.pop() if len(surfaces) == 1 else None
    said: dict[str, Any] = {
        "campaign": campaign.campaign,
        "surface": shared,
        "audience": campaign.audience,
        "objective": campaign.objective,
        "brief": campaign.brief and campaign.brief.model_dump(mode="json", exclude_defaults=True),
    }
    earlier = {
        str(one["id"]): one for one in before.get("drafts") or [] if isinstance(one, dict) and one.get("id") is not None
    }
    drafts = []
    for draft in campaign.drafts:
        fields = {"id": draft.id, **({} if shared else {"surface": draft.surface})}
        fields |= draft.model_dump(mode="json", exclude_defaults=True, exclude={"surface", "samples"})
        kept = earlier.get(draft.id, {})
        unknown = {name: value for name, value in kept.items() if name not in Draft.model_fields or name == "samples"}
        drafts.append(fields | unknown)
    rest = {name: value for name, value in before.items() if name not in {*said, "drafts"}}
    rest = {name: located_yaml.read_numbers(value) for name, value in rest.items()}
    return {**{name: value for name, value in said.items() if value}, "drafts": drafts, **rest}
