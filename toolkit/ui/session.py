"""What one browser session holds: the drafts on the page, what was chosen in its fields, and the work under way.

It knows nothing of Streamlit. `state` keeps it between two runs of the script and ties the fields of the pages to it.
"""

from __future__ import annotations

import secrets
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from toolkit.audiences import editing
from toolkit.models import Campaign, Draft, Record, records
from toolkit.panel import background
from toolkit.ui import keys
from toolkit.validity.outcomes import Addition

Content = dict[str, Any]
"""What is kept of a session, as plain values: its drafts under "slots", by number, and its fields under "values"."""
MOST_DRAFTS = 6
_FIRST_NAMES = "ABCDEF"
_TITLE = 60
_NEVER_KEPT = {keys.API_KEY, keys.IMPORTED, keys.FORGET_NAME}


class DraftSlot(Record):
    """One draft on the page, as it stands there."""

    number: int
    """Which draft of the session it is; no other ever has the number."""
    name: str
    text: str = ""
    parts: dict[str, Any] = Field(default_factory=dict)
    """What it has besides its words, by field of a Draft; a list is text with one item a line."""
    version: int = 0
    """How often its words were replaced by other means than typing."""

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


@dataclass
class Session:
    """Everything that one browser session remembers; runs belong to the process and are found by their link."""

    visitor: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    """Tells this session from all others."""
    slots: list[DraftSlot] = field(default_factory=list)
    """The drafts on the page, in order."""
    removed: DraftSlot | None = None
    """The draft that was taken off last."""
    values: dict[str, Any] = field(default_factory=dict)
    """What was chosen or typed in the fields of all pages, by the key of the field."""
    live: str | None = None
    """The link of the session's run, going on or finished."""
    followed: set[str] = field(default_factory=set)
    """The links of the runs that it ever held: an address that comes late names one of them, and counts for nothing."""
    lost: str | None = None
    """Why a run that was asked for is not at hand; said once."""
    said: str | None = None
    """What there is to say when the page is drawn next."""
    begun: bool = False
    """Whether the address was looked at for a campaign to take up; it is once."""
    kept_id: str | None = None
    """Under which id what is typed is kept; None before the first word."""
    kept_version: int = 0
    kept: Content = field(default_factory=dict)
    """What was last kept."""
    changes: dict[str, int] = field(default_factory=dict)
    """How often each field was given another value than the one it showed, by its key."""
    page: str | None = None
    """The address of the page that is drawn."""
    pages: Mapping[str, Any] = field(default_factory=dict)
    """The pages of this run of the script by their addresses, "" for the first."""
    pressed: bool = False
    """Whether the button that asks was pressed: a run of the script that is broken off on its way forgets it else."""
    settled: bool = False
    """Whether a draft was finished, so that what depends on all drafts is to be worked out anew."""
    opened: bool = False
    """Whether a file was opened since the page was drawn."""
    kept_outcomes: Addition | None = None
    """The results that were kept just now."""
    jobs: dict[str, background.Job[Any, Any]] = field(default_factory=dict)
    """Talks, rewrites and tests under way or over, by name."""
    desk: editing.Desk | None = None
    """The audience that is edited, with its history."""
    edited: str | None = None
    """The persona in the form, "" for a new one; None while the form is closed."""
    faults: dict[str, str] = field(default_factory=dict)
    """What is wrong with each field of that form."""
    wanted_audience: str | None = None
    """The audience to be chosen when the page of audiences is drawn next."""
    _next_number: int = 0

    def __post_init__(self) -> None:
        """Begin with two empty drafts."""
        self.add_draft()
        self.add_draft()

    def find_slot(self, number: int) -> DraftSlot | None:
        """Return the draft of that number; None once it was taken off."""
        return next((slot for slot in self.slots if slot.number == number), None)

    def add_draft(self, draft: Draft | None = None) -> None:
        """Put one more draft on the page: a given one, or an empty one."""
        fields = draft.model_dump(exclude_defaults=True, exclude={"surface"}) if draft else {}
        name, text = fields.pop("id", self._find_free_name()), fields.pop("text", "")
        parts = {part: "\n".join(value) if part in records.LIST_FIELDS else value for part, value in fields.items()}
        self._append(DraftSlot(number=self._next_number, name=name, text=text, parts=parts))

    def remove_draft(self, number: int) -> None:
        """Take a draft off the page; `undo_removal` brings it back."""
        self.removed = self.find_slot(number)
        self.slots = [slot for slot in self.slots if slot.number != number]

    def find_removed(self) -> str | None:
        """Return the name of the draft that was taken off last; None while there is no room for it."""
        return self.removed.name if self.removed and len(self.slots) < MOST_DRAFTS else None

    def undo_removal(self) -> None:
        """Bring the draft that was taken off last back."""
        if self.removed is not None:
            self._append(self.removed.model_copy(update={"number": self._next_number}))
            self.removed = None

    def change_draft(self, number: int, **changes: Any) -> None:
        """Change fields of a draft; what is typed into one while it is taken off comes back with it."""
        self.slots = [slot.model_copy(update=changes) if slot.number == number else slot for slot in self.slots]
        if self.removed is not None and self.removed.number == number:
            self.removed = self.removed.model_copy(update=changes)

    def fill_part(self, number: int, part: str, value: Any) -> None:
        """Change one part of a draft."""
        slot = self.find_slot(number)
        if slot is not None:
            self.change_draft(number, parts=slot.parts | {part: value})

    def type_text(self, number: int, text: str) -> None:
        """Take over typed words; the page as a whole follows once words begin or end."""
        slot = self.find_slot(number)
        if slot is not None and slot.is_written != bool(text.strip()):
            self.settled = True
        self.change_draft(number, text=text)

    def write_text(self, number: int, text: str) -> None:
        """Replace the words of a draft, whatever stands in its editor."""
        slot = self.find_slot(number)
        if slot is not None:
            self.change_draft(number, text=text, version=slot.version + 1)

    def settle(self) -> None:
        """Note that a draft was finished."""
        self.settled = True

    def take_settled(self) -> bool:
        """Tell whether a draft was finished since this was last asked."""
        settled, self.settled = self.settled, False
        return settled

    def put_campaign(self, campaign: Campaign, audiences: Iterable[str]) -> None:
        """Put the drafts of a campaign on the page, with its surface and objective; and its audience, if known."""
        self._leave()
        for draft in campaign.drafts:
            self.add_draft(draft)
        self.put(keys.SURFACE, campaign.drafts[0].surface)
        if campaign.audience in set(audiences):
            self.put(keys.AUDIENCE, campaign.audience)
        self.put(keys.OWN_QUESTIONS, [one.model_dump_json(exclude_defaults=True) for one in campaign.questions])
        if campaign.objective:
            self.put(keys.OBJECTIVE, campaign.objective)

    def enter(self, page: str) -> None:
        """Note which page is drawn; a press that was never taken on another page is forgotten."""
        if self.page != page:
            self.pressed = False
        self.page = page

    def press(self) -> None:
        """Note that the button that asks was pressed."""
        self.pressed = True

    def take_press(self) -> bool:
        """Tell, once, whether the button that asks was pressed."""
        pressed, self.pressed = self.pressed, False
        return pressed

    def take_opened(self) -> bool:
        """Tell, once, whether a file was opened."""
        opened, self.opened = self.opened, False
        return opened

    def take_lost(self) -> str | None:
        """Return, once, why the run that was asked for is not at hand."""
        lost, self.lost = self.lost, None
        return lost

    def take_said(self) -> str | None:
        """Return, once, what there is to say."""
        said, self.said = self.said, None
        return said

    def take_outcomes(self) -> Addition | None:
        """Return, once, the results that were kept."""
        kept, self.kept_outcomes = self.kept_outcomes, None
        return kept

    def take_wanted(self) -> str | None:
        """Return, once, the audience that was asked for."""
        wanted, self.wanted_audience = self.wanted_audience, None
        return wanted

    def keep_job(self, name: str, job: background.Job[Any, Any]) -> None:
        """Make a job the one of that name; an earlier one is stopped."""
        earlier = self.jobs.get(name)
        if earlier is not None:
            earlier.stop()
        self.jobs[name] = job

    def drop_desk(self) -> None:
        """Let go of the audience that is edited; it is opened anew from its file."""
        self.desk = None
        self.close_form()

    def undo_edit(self) -> None:
        """Take the last change to the edited audience back."""
        if self.desk is not None:
            self.desk = self.desk.undo()

    def open_form(self, persona: str, fields: Mapping[str, str]) -> None:
        """Begin to edit a persona, "" for a new one, with what its fields hold."""
        self.edited, self.faults = persona, {}
        for name, value in fields.items():
            self.put(keys.name_person_field(name), value)

    def close_form(self) -> None:
        """Close the form."""
        self.edited, self.faults = None, {}

    def read_form(self, fields: Sequence[str]) -> dict[str, str]:
        """Return what the fields of the form hold."""
        return {name: self.values.get(keys.name_person_field(name), "") for name in fields}

    @property
    def is_written(self) -> bool:
        """Whether a word was typed into any draft."""
        return any(slot.is_written or slot.filled for slot in self.slots)

    def describe(self) -> str:
        """Return what to call these drafts: the first words, and how many drafts there are."""
        texts = [slot.text for slot in self.slots if slot.is_written]
        if not texts:
            return "No words yet"
        words = textwrap.shorten(texts[0], _TITLE, placeholder="…")
        begin = texts[0].strip()[:_TITLE] if words == "…" else words  # a long text without spaces
        return f"{begin} · {'1 draft' if len(texts) == 1 else f'{len(texts)} drafts'}"

    def dump(self) -> Content:
        """Return what is kept: every draft and field, but no key of an endpoint."""
        slots = {
            str(slot.number): slot.model_dump(mode="json", exclude={"number", "version"})
            for slot in [*self.slots, *filter(None, [self.removed])]
        }
        values = {key: value for key, value in self.values.items() if _is_plain(value) and key not in _NEVER_KEPT}
        order = [slot.number for slot in self.slots]
        return {"slots": slots, "order": order, "removed": self.removed and self.removed.number, "values": values}

    def restore(self, content: Content) -> None:
        """Put on the page what was kept; drafts whose words change are drawn anew."""
        slots = {
            int(number): DraftSlot(number=int(number), version=self._find_next_version(int(number), fields), **fields)
            for number, fields in content["slots"].items()
        }
        self.slots = [slots[number] for number in content["order"]]
        self.removed = slots.get(content["removed"])
        self._next_number = max([self._next_number, *(number + 1 for number in slots)])
        if keys.OWN_QUESTIONS in self.values:  # what was kept before there were any brings none along
            self.put(keys.OWN_QUESTIONS, [])
        for key, value in content["values"].items():
            self.put(key, value)

    def begin_anew(self) -> None:
        """Leave the campaign, which stays kept, for two empty drafts."""
        self._leave()
        self.put(keys.OWN_QUESTIONS, [])
        self.add_draft()
        self.add_draft()

    def _leave(self) -> None:
        self.kept_id, self.kept_version, self.kept = None, 0, {}
        self.slots, self.removed = [], None

    def _find_next_version(self, number: int, fields: Mapping[str, Any]) -> int:
        slot = self.find_slot(number)
        if slot is None:
            return 0
        return slot.version if slot.text == fields["text"] else slot.version + 1

    def put(self, key: str, value: Any) -> None:
        """Give a field a value from elsewhere; the field that the browser shows is replaced by one that shows it."""
        if key in self.values and self.values[key] != value:
            self.changes[key] = self.changes.get(key, 0) + 1
        self.values[key] = value

    def _append(self, slot: DraftSlot) -> None:
        self.slots = [*self.slots, slot]
        self._next_number += 1

    def _find_free_name(self) -> str:
        taken = {slot.name for slot in self.slots}
        return next((name for name in _FIRST_NAMES if name not in taken), f"draft {self._next_number}")


def merge(base: Content, ours: Content, theirs: Content) -> Content:
    """Return what two tabs make of a campaign that both began with: each change of either, and no word lost.

    A draft that both changed is there twice: as we left it, and after all others as they did.
    """
    before = base or {"slots": {}, "order": [], "removed": None, "values": {}}
    slots, extra = {}, []
    for number in dict.fromkeys([*ours["slots"], *theirs["slots"]]):
        was, mine, other = (one["slots"].get(number) for one in (before, ours, theirs))
        slots[number] = mine if mine is not None and mine != was else other or mine
        if mine != was and other not in (was, None, mine) and mine is not None:
            extra.append(other)
    changed = {number for number in ours["order"] if ours["slots"][str(number)] != before["slots"].get(str(number))}
    order = [number for number in theirs["order"] if number in ours["order"] or number not in before["order"]]
    order += [number for number in ours["order"] if number in changed and number not in order]
    free = max(map(int, slots), default=-1) + 1
    for place, other in enumerate(extra):
        slots[str(free + place)] = {**other, "name": f"{other['name']} (other tab)"}
        order.append(free + place)
    values = theirs["values"] | {
        key: value for key, value in ours["values"].items() if value != before["values"].get(key)
    }
    return {"slots": slots, "order": order, "removed": ours["removed"], "values": values}


def _is_plain(value: Any) -> bool:
    """Whether a value is the same after it was written as JSON."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (str, int, float, bool))
