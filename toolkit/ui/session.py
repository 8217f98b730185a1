"""What one browser session holds: the drafts on the page, what was chosen in its fields, and the work under way.

It knows nothing of Streamlit. `state` keeps it between two runs of the script and ties the fields of the pages to it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolkit.audiences import editing
from toolkit.drafts.kept import content as kept_content
from toolkit.models import Campaign, Draft
from toolkit.panel import background
from toolkit.ui import keys
from toolkit.ui.telling import Telling
from toolkit.validity.outcomes import Addition

Content = kept_content.Content
DraftSlot = kept_content.DraftSlot
MOST_DRAFTS = 6
_FIRST_NAMES = "ABCDEF"
_NEVER_KEPT = {keys.API_KEY, keys.IMPORTED, keys.FORGET_NAME}
_MOST_STEPS = 100
_MOST_TAKEN = 200
_ONE_BURST = 2.0
"""Seconds within which more letters in one draft are undone with those before them."""
_ONE_EDIT = 600.0
"""Seconds within which more changes of a draft by one person are one line of the history."""
DRAFTS, RESULT = "Drafts", "Result"


@dataclass
class Session:
    """Everything that one browser session remembers; runs belong to the process and are found by their link."""

    visitor: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    """Tells this session from all others."""
    slots: list[DraftSlot] = field(default_factory=list)
    """The drafts on the page, in order."""
    removed: DraftSlot | None = None
    """The draft that was taken off last."""
    source: str | None = None
    """The text of the file that the campaign was imported from."""
    values: dict[str, Any] = field(default_factory=dict)
    """What was chosen or typed in the fields of all pages, by the key of the field."""
    live_round: int | None = None
    """The round that the session's run is; None where an address brought the run."""
    live: str | None = None
    """The link of the session's run, going on or finished."""
    followed: set[str] = field(default_factory=set)
    """The links of the runs that it ever held: an address that comes late names one of them, and counts for nothing."""
    lost: str | None = None
    """Why a run that was asked for is not at hand; said once."""
    said: str | None = None
    """What there is to say when the page is drawn next."""
    at_list: bool | None = None
    """Whether the list of campaigns is shown, and none of them; None before anything was drawn."""
    past: list[Content] = field(default_factory=list)
    """The states of the drafts that can be gone back to, the last last."""
    future: list[Content] = field(default_factory=list)
    """Those that were gone back from."""
    begun: bool = False
    """Whether the address was looked at for a campaign to take up; it is once."""
    identity: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    """Under which id what is typed is kept, from the first word on."""
    kept_version: int = 0
    """Which version of it was kept last; 0 before the first word."""
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
    surprised: bool = False
    """Whether somebody else changed whom or how to ask since the button that asks was drawn."""
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
    taken: dict[str, Telling] = field(default_factory=dict)
    """What each box told last, by its entry; the tab forgets an entry once it is here."""
    _next_number: int = 0
    _beside: dict[str, int] = field(default_factory=dict)
    """The draft that holds what a box tells whose own draft says something else, by its entry."""
    _noted: dict[str, float] = field(default_factory=dict)
    """When a change of each draft was noted last."""
    _step: Content | None = None
    _typed: tuple[str, float] = ("", 0.0)
    """The draft that was typed into last, and when."""

    def __post_init__(self) -> None:
        """Begin with two empty drafts."""
        self.add_draft()
        self.add_draft()

    def find_slot(self, number: int) -> DraftSlot | None:
        """Return the draft of that number; None once it was taken off."""
        return next((slot for slot in self.slots if slot.number == number), None)

    def add_draft(self, draft: Draft | None = None) -> None:
        """Put one more draft on the page: a given one, or an empty one."""
        self._append(kept_content.fill_slot(self._next_number, self._find_free_name(), draft))

    def remove_draft(self, number: int) -> None:
        """Take a draft off the page; `undo_removal` brings it back."""
        self.removed = self.find_slot(number)
        self.slots = [slot for slot in self.slots if slot.number != number]

    def find_removed(self) -> str | None:
        """Return the name of the draft that was taken off last; None while there is no room for it."""
        return self.removed.name if self.removed and len(self.own_slots) < MOST_DRAFTS else None

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

    def put_campaign(self, campaign: Campaign, audiences: Iterable[str], source: str | None = None) -> None:
        """Put a campaign on the page as one of its own, with the text of its file; its audience only if that is known.

        A name that no person gave it is made of its words once somebody asks.
        """
        self._leave()
        self.source = source
        self.put_drafts(campaign, audiences)
        for key, value in kept_content.list_choices(campaign).items():
            if key in kept_content.OF_CAMPAIGN:
                self.put(key, value)
        self.show_campaign()

    def put_drafts(self, campaign: Campaign, audiences: Iterable[str]) -> None:
        """Put the drafts of a campaign in the place of those on the page, which stay the drafts of theirs."""
        self.slots, self.removed = [], None
        for draft in campaign.drafts:
            self.add_draft(draft)
        self.put(keys.SURFACE, campaign.drafts[0].surface)
        if campaign.audience in set(audiences):
            self.put(keys.AUDIENCE, campaign.audience)
        self.put(keys.OWN_QUESTIONS, [one.model_dump_json(exclude_defaults=True) for one in campaign.questions])
        if campaign.objective:
            self.put(keys.OBJECTIVE, campaign.objective)

    def show_campaign(self, part: str = DRAFTS) -> None:
        """Show the campaign of the session, not the list, and one of its parts."""
        self.at_list = False
        self.put(keys.PART, part)

    def take(self, telling: Telling, *, is_standing: bool = False) -> None:
        """Take over what a box tells: one that shows the draft as it is here, or one that went or was replaced.

        Where the draft says something else by now, the words stand beside it as a rival; what is typed on into the
        same box goes there, too. What came before is not taken again.
        """
        before = self.taken.get(telling.entry)
        if before is not None and telling.at <= before.at:
            return
        self.note_taken(telling)
        slot = self.find_slot(telling.number)
        if slot is None:
            self._take_of_none(telling, before)
        elif is_standing and slot.version == telling.version:
            self.type_text(telling.number, telling.text)
        elif telling.text not in {slot.text, *(one.text for one in self.find_rivals(telling.number))}:
            self._take_late(telling, slot, before)
            self.settled = True

    def note_taken(self, telling: Telling) -> None:
        """Note what a box told last; the last boxes are enough, for a tab forgets what is here soon."""
        self.taken.pop(telling.entry, None)
        self.taken = dict([*self.taken.items(), (telling.entry, telling)][-_MOST_TAKEN:])

    def _take_late(self, telling: Telling, slot: DraftSlot, before: Telling | None) -> None:
        beside = self._beside.get(telling.entry)
        if beside is not None and self.find_slot(beside) is not None:
            self.change_draft(beside, text=telling.text)
        elif telling.continues(slot.text, before):
            self.write_text(telling.number, telling.text)
        elif not telling.is_part_of(slot.text):
            self._put_beside(telling, slot.model_copy(update={"rival": slot.number}))

    def _take_of_none(self, telling: Telling, before: Telling | None) -> None:
        """Take over words of a draft that was taken off: they come back with it, else as a draft of their own."""
        beside = self._beside.get(telling.entry)
        if beside is not None and self.find_slot(beside) is not None:
            self.change_draft(beside, text=telling.text)
        elif self.removed is not None and self.removed.number == telling.number:
            if telling.continues(self.removed.text, before):
                self.change_draft(telling.number, text=telling.text)
        elif telling.text.strip() and telling.text != telling.base:
            self._put_beside(telling, kept_content.fill_slot(self._next_number, self._find_free_name()))
            self.settled = True

    def _put_beside(self, telling: Telling, slot: DraftSlot) -> None:
        """Put what a box tells into a draft of its own, like that one; what it tells later goes there, too."""
        self._beside[telling.entry] = self._next_number
        self._append(slot.model_copy(update={"number": self._next_number, "text": telling.text}))

    def choose_rival(self, rival: int, choice: str) -> None:
        """Settle a draft that two people changed: keep "ours", take "theirs", or keep "both" as drafts."""
        other = self.find_slot(rival)
        if other is None:
            return
        if choice == "both":
            self.change_draft(rival, rival=None, name=self._find_name_like(other.name))
            return
        if choice == "theirs" and other.rival is not None:
            ours = self.find_slot(other.rival)
            version = (ours.version if ours else 0) + 1
            self.change_draft(other.rival, text=other.text, parts=other.parts, version=version)
        self.slots = [slot for slot in self.slots if slot.number != rival]

    def note_step(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Note the drafts as they are, so that what changed since they were last noted can be undone.

        Letters typed into one draft without a pause are one step.
        """
        now, before = self._picture(), self._step
        self._step = now
        if before is None or now == before:
            return
        typed, moment = _find_typed(before, now), clock()
        burst = typed is not None and self._typed[0] == typed and moment < self._typed[1] + _ONE_BURST
        self._typed = (typed or "", moment)
        self.future.clear()
        if not burst:
            self.past = [*self.past, before][-_MOST_STEPS:]

    def undo(self) -> None:
        """Go back to the drafts before the last step."""
        self.note_step()
        if self.past:
            self.future.append(self._picture())
            self._go_to(self.past.pop())

    def redo(self) -> None:
        """Go forth to the drafts that were gone back from last."""
        if self.future:
            self.past.append(self._picture())
            self._go_to(self.future.pop())

    def forget_steps(self) -> None:
        """Let nothing be undone: what somebody else changed is not to be."""
        self.past, self.future, self._step = [], [], None

    def _picture(self) -> Content:
        whole = self.dump()
        values = {key: whole["values"].get(key, "") for key in kept_content.OF_CAMPAIGN}
        return {**whole, "values": values}

    def _go_to(self, picture: Content) -> None:
        self.restore(picture)
        self._step, self._typed = self._picture(), ("", 0.0)

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

    def take_surprise(self) -> bool:
        """Tell, once, whether somebody else changed whom or how to ask."""
        surprised, self.surprised = self.surprised, False
        return surprised

    def list_unnoted(self, before: Content, after: Content, clock: Callable[[], float] = time.monotonic) -> list[str]:
        """Return the drafts that changed and whose change was not noted lately; they are noted from now on."""
        now = clock()
        changed = [name for name in list_changes(before, after) if self._noted.get(name, -_ONE_EDIT) + _ONE_EDIT <= now]
        self._noted |= dict.fromkeys(changed, now)
        return changed

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
    def kept_id(self) -> str | None:
        """Under which id the campaign is kept; None before the first word."""
        return self.identity if self.kept_version else None

    @property
    def own_slots(self) -> list[DraftSlot]:
        """The drafts that are no rival of another."""
        return [slot for slot in self.slots if slot.rival is None]

    def find_rivals(self, number: int) -> list[DraftSlot]:
        """Return what others made of a draft while it was changed here."""
        return [slot for slot in self.slots if slot.rival == number]

    @property
    def is_written(self) -> bool:
        """Whether a word was typed into any draft, into the name or the brief."""
        said = (str(self.values.get(key) or "").strip() for key in kept_content.OF_CAMPAIGN)
        return any(slot.is_written or slot.filled for slot in self.slots) or any(said)

    @property
    def name(self) -> str:
        """The name that somebody gave the campaign, else one made of its first words."""
        return kept_content.name_content(self.dump())

    def describe(self) -> str:
        """Return what to call the campaign in a list."""
        return kept_content.title_content(self.dump())

    def dump(self) -> Content:
        """Return what is kept: every draft and field, but no key of an endpoint."""
        slots = {
            str(slot.number): slot.model_dump(mode="json", exclude={"number", "version"})
            for slot in [*self.slots, *filter(None, [self.removed])]
        }
        values = {
            key: value
            for key, value in self.values.items()
            if _is_plain(value) and key not in _NEVER_KEPT and not keys.is_of_one_tab(key)
        }
        order = [slot.number for slot in self.slots]
        whole = {"slots": slots, "order": order, "removed": self.removed and self.removed.number, "values": values}
        return whole | ({"source": self.source} if self.source is not None else {})

    def restore(self, content: Content) -> None:
        """Put on the page what was kept; drafts whose words change are drawn anew."""
        slots = {
            int(number): DraftSlot(number=int(number), version=self._find_next_version(int(number), fields), **fields)
            for number, fields in content["slots"].items()
        }
        self.slots = [slots[number] for number in content["order"]]
        self.removed = slots.get(content["removed"])
        self._next_number = max([self._next_number, *(number + 1 for number in slots)])
        self.source = content.get("source")
        unsaid: dict[str, Any] = {key: "" for key in kept_content.OF_CAMPAIGN if key in self.values}
        if keys.OWN_QUESTIONS in self.values:  # what was kept before there were any brings none along
            unsaid[keys.OWN_QUESTIONS] = []
        for key, value in {**unsaid, **content["values"]}.items():
            self.put(key, value)

    def begin_anew(self) -> None:
        """Leave the campaign, which stays kept, for two empty drafts."""
        self._leave()
        self.put(keys.OWN_QUESTIONS, [])
        self.add_draft()
        self.add_draft()
        self.show_campaign()

    def leave_for_list(self) -> None:
        """Leave the campaign, which stays kept, for the list of all."""
        self.begin_anew()
        self.at_list = True

    def _leave(self) -> None:
        self.identity, self.kept_version, self.kept = secrets.token_urlsafe(12), 0, {}
        self.slots, self.removed, self.source = [], None, None
        for key in {*kept_content.OF_CAMPAIGN} & {*self.values}:
            self.put(key, "")
        self.forget_steps()
        self._noted = {}

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

    def _find_name_like(self, name: str) -> str:
        taken = {slot.name for slot in self.slots if slot.rival is None}
        return next(one for one in (name, *(f"{name} {count}" for count in range(2, 100))) if one not in taken)

    def _find_free_name(self) -> str:
        taken = {slot.name for slot in self.slots}
        return next((name for name in _FIRST_NAMES if name not in taken), f"draft {self._next_number}")


def merge(base: Content, ours: Content, theirs: Content) -> Content:
    """Return what two tabs make of a campaign that both began with: each change of either, and no word lost.

    A draft that both changed is there twice: as we left it, and after all others as they did, until somebody chooses.
    """
    before = base or {"slots": {}, "order": [], "removed": None, "values": {}}
    slots, extra = {}, []
    for number in dict.fromkeys([*ours["slots"], *theirs["slots"]]):
        was, mine, other = (one["slots"].get(number) for one in (before, ours, theirs))
        slots[number] = mine if mine is not None and mine != was else other or mine
        if mine != was and other not in (was, None, mine) and mine is not None:
            extra.append(_set_beside(int(number), was, mine, other) | {"changed_by": theirs.get("by", "")})
    changed = {number for number in ours["order"] if ours["slots"][str(number)] != before["slots"].get(str(number))}
    order = [number for number in theirs["order"] if number in ours["order"] or number not in before["order"]]
    order += [number for number in ours["order"] if number in changed and number not in order]
    free = max(map(int, slots), default=-1) + 1
    for place, other in enumerate(extra):
        slots[str(free + place)] = other
        order.append(free + place)
    values = theirs["values"] | {
        key: value for key, value in ours["values"].items() if value != before["values"].get(key)
    }
    merged = {"slots": slots, "order": order, "removed": ours["removed"], "values": values}
    sources = [one["source"] for one in (ours, theirs) if one.get("source") is not None]
    return merged | ({"source": sources[0]} if sources else {})


def _set_beside(number: int, was: Content | None, mine: Content, other: Content) -> Content:
    """Return a draft that somebody else changed, as a rival of ours; two new drafts of one number are both new."""
    if was is None and other.get("rival") is None:
        return {**other, "name": f"{other['name']} 2" if other["name"] == mine["name"] else other["name"]}
    if was is None:
        return dict(other)
    return {**other, "rival": mine.get("rival") if mine.get("rival") is not None else number}


def list_changes(before: Content, after: Content) -> list[str]:
    """Return the names of the drafts that are new or not the same."""
    known = before.get("slots", {})
    return [slot["name"] for number, slot in after["slots"].items() if known.get(number) != slot]


def _find_typed(before: Content, after: Content) -> str | None:
    """Return the draft whose words alone differ; None where anything else does."""
    if before["order"] != after["order"] or before["values"] != after["values"]:
        return None
    slots = [number for number, slot in after["slots"].items() if before["slots"].get(number) != slot]
    if len(slots) != 1 or slots[0] not in before["slots"]:
        return None
    was, now = before["slots"][slots[0]], after["slots"][slots[0]]
    return slots[0] if {**was, "text": ""} == {**now, "text": ""} else None


def _is_plain(value: Any) -> bool:
    """Whether a value is the same after it was written as JSON."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (str, int, float, bool))
