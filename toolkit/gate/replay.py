"""A campaign against its recording: which reactions still hold, which are stale, and why."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from toolkit.audiences import load_audience
from toolkit.errors import InputError
from toolkit.gate.digests import HowAsked, Shaped
from toolkit.gate.names import BASELINE
from toolkit.gate.recording_file import Entry, Header, Recording, make_content
from toolkit.models import Audience, Campaign, Draft, Settings
from toolkit.panel import api, planning, session
from toolkit.questionnaire import Prompts, Task

_PERSONA = "persona "
_MOST_NAMED = 3
"""Personas of one cause that are named one by one."""
_CAUSES = ("model", "settings", "questions", "prompts", "text", "parts", "persona")
"""In the order in which a change is told: the first that differs is named."""


@dataclass
class Shelf:
    """What several campaigns share, read once: audiences and prompts."""

    audiences: MutableMapping[str, Audience] = field(default_factory=dict)
    prompts: MutableMapping[Path | None, Prompts] = field(default_factory=dict)

    def load_audience(self, name: str) -> Audience:
        """Return an audience by name or path."""
        if name not in self.audiences:
            self.audiences[name] = load_audience(name)
        return self.audiences[name]

    def load_prompts(self, folder: Path | None) -> Prompts:
        """Return the prompts, those in the folder first."""
        if folder not in self.prompts:
            self.prompts[folder] = Prompts(folder)
        return self.prompts[folder]


@dataclass(frozen=True)
class Stale:
    """A reaction that the recording lacks or that something changed under."""

    task: Task
    cause: str
    """One of model, settings, questions, prompts, text, parts, persona, or "missing"."""


@dataclass(frozen=True)
class Group:
    """Stale reactions of one cause."""

    what: str
    count: int
    why: str

    def describe(self) -> str:
        """Return such as "draft benefit: 24 reactions, its text changed"."""
        return f"{self.what}: {self.count} reaction{'' if self.count == 1 else 's'}, {self.why}"


@dataclass(frozen=True)
class Replay:
    """A campaign, its plan, and what of it the recording holds."""

    campaign: Campaign
    plan: planning.Plan
    """Of all drafts, the baseline included, with the recorded wordings."""
    asking: HowAsked
    recording: Recording | None
    kept: Sequence[tuple[Task, Entry]]
    stale: Sequence[Stale]

    @cached_property
    def aged(self) -> int:
        """How many reactions were recorded under earlier built-in prompts."""
        return sum(counts[True] for counts in self._ages.values())

    @cached_property
    def _ages(self) -> dict[str, Counter[bool]]:
        """By draft id, how many reactions came under earlier built-in prompts, and how many under today's."""
        ages: dict[str, Counter[bool]] = defaultdict(Counter)
        for task, entry in self.kept:
            ages[task.draft.id][entry.shaped.built_in != self.shape(task).built_in] += 1
        return ages

    def shape(self, task: Task) -> Shaped:
        """Return the hashes of what shapes a reaction now."""
        assert task.persona is not None  # noqa: S101 - a recording holds no control reader
        return self.asking.shape(task.draft, task.persona)

    def name_content(self, task: Task) -> tuple[str | int, ...]:
        """Return what a recorded reaction must be of to stand for this one."""
        return make_content(self.shape(task), task.wording, task.repeat)

    def is_mixed(self, drafts: Collection[str]) -> bool:
        """Return whether some reactions to these drafts came under other built-in prompts than the rest."""
        return len({age for draft, ages in self._ages.items() if draft in drafts for age in ages}) > 1

    def group_stale(self, drafts: Collection[str] | None = None) -> list[Group]:
        """Return the stale reactions by cause, of some drafts or of all."""
        chosen = [one for one in self.stale if drafts is None or one.task.draft.id in drafts]
        if self.recording is None:
            return [Group("no recording yet", len(chosen), "nothing is recorded")] if chosen else []
        recorded = {(entry.draft, entry.persona) for entry in self.recording.entries}
        return list(_gather(Counter(self._label(one, recorded) for one in chosen)))

    def _name_model(self, task: Task) -> str:
        """Return the model that is asked for a task."""
        return self.asking.models[task.persona.id][0] if task.persona and self.asking.models else self.asking.model

    def _label(self, stale: Stale, recorded: Iterable[tuple[str, str]]) -> tuple[str, str]:
        task = stale.task
        assert task.persona is not None  # noqa: S101 - a recording holds no control reader
        draft, persona = f"draft {task.draft.id}", f"{_PERSONA}{task.persona.id}"
        told: dict[str, tuple[str, str]] = {
            "text": (draft, "its text changed"),
            "parts": (draft, "its surface, language, picture or another part changed"),
            "persona": (persona, "the description changed"),
            "prompts": ("prompts", "the team's own prompts changed"),
            "settings": ("rating", "the way words become ratings changed"),
            "questions": ("questions", "what is asked besides changed"),
            "model": ("model", f"{self._name_model(task)} was asked for, and another model answered"),
        }
        if stale.cause in told:
            return told[stale.cause]
        drafts, people = ({pair[0] for pair in recorded}, {pair[1] for pair in recorded})
        if task.draft.id in drafts and task.persona.id not in people:
            return (persona, "never recorded")
        return (draft, "never recorded")


def _gather(labels: Mapping[tuple[str, str], int]) -> Iterator[Group]:
    """Yield a group a label; many personas of one cause are one group, in the place of the first."""
    people: dict[str, list[str]] = {}
    for what, why in labels:
        if what.startswith(_PERSONA):
            people.setdefault(why, []).append(what)
    told: set[str] = set()
    for (what, why), count in labels.items():
        of_persona = what.startswith(_PERSONA) and len(people[why]) > _MOST_NAMED
        if not of_persona:
            yield Group(what, count, why)
        elif why not in told:
            told.add(why)
            yield Group(f"{len(people[why])} personas", sum(labels[name, why] for name in people[why]), why)


def replay(
    campaign: Campaign,
    recording: Recording | None,
    asked: Header,
    shelf: Shelf,
    *,
    audience: Sequence[str] = (),
    kept_wordings: bool = True,
    renew: bool = False,
) -> Replay:
    """Return what of a campaign its recording holds, asked for as the header says.

    A persona keeps the wording it was recorded under, so that one who joins the audience moves nobody else. Nothing is
    kept with `renew`. Raises InputError where audience, objective or prompts cannot be used.
    """
    folder = _folder(campaign)
    own = (folder / asked.own_prompts) if asked.own_prompts else None
    prompts = shelf.load_prompts(own)
    plan = _plan(campaign, asked, shelf, prompts, audience)
    wordings = _find_wordings(recording) if kept_wordings and not renew else {}
    plan = replace(plan, tasks=tuple(_reword(plan.tasks, wordings)))
    models: Mapping[str, tuple[str, str]] = {}
    if asked.models:
        names = [one.name for one in asked.models]
        seats = _find_seats(recording, names) if kept_wordings and not renew else {}
        plan = replace(plan, seats=session.split_people(plan.panel, names, plan.wordings, seats).of_persona)
        models = {who: (asked.models[at].model, asked.models[at].form) for who, at in plan.seats.items()}
    asking = HowAsked(
        asked.model, asked.form, asked.rating, asked.embedding_model, prompts, own, plan.pictures, models, plan.own
    )
    found = Replay(campaign, plan, asking, recording, (), ())
    return _match(found, () if recording is None or renew else recording.entries)


def write_command(campaign: Campaign, *more: str) -> str:
    """Return the command that renews the recording of a campaign, as typed into a shell."""
    return shlex.join(["audience", "record", campaign.file or campaign.campaign, *more])


def _match(found: Replay, entries: Sequence[Entry]) -> Replay:
    by_content = {entry.content: entry for entry in reversed(entries)}
    by_name = {entry.name: entry for entry in entries}
    kept: list[tuple[Task, Entry]] = []
    stale: list[Stale] = []
    for task in found.plan.tasks:
        entry = by_content.get(found.name_content(task))
        if entry is not None:
            kept.append((task, entry))
        else:
            persona = task.persona.id if task.persona else ""
            stale.append(
                Stale(task, _find_cause(found.shape(task), by_name.get((task.draft.id, persona, task.repeat))))
            )
    return replace(found, kept=kept, stale=stale)


def _find_cause(shaped: Shaped, entry: Entry | None) -> str:
    if entry is None:
        return "missing"
    changed = (cause for cause in _CAUSES if getattr(shaped, cause) != getattr(entry.shaped, cause))
    return next(changed, "missing")


def _plan(campaign: Campaign, asked: Header, shelf: Shelf, prompts: Prompts, audience: Sequence[str]) -> planning.Plan:
    folder = _folder(campaign)
    beside = [str(folder / name) if Path(name).suffix else name for name in asked.audience]
    names = list(audience) or ([campaign.audience] if campaign.audience else beside)
    if not names:
        raise InputError(
            f"{campaign.file or campaign.campaign}: no audience is named; write `audience: NAME` into the file"
        )
    audiences = [shelf.load_audience(name) for name in names]
    people = sum(len(one.personas) for one in audiences)
    settings = Settings(
        objective=campaign.objective or api.default_objective(campaign),
        rating=asked.rating,
        sample=None if asked.sample is None or asked.sample >= people else asked.sample,
        repeats=asked.repeats,
        seed=asked.seed,
        keep_weights=asked.keep_weights,
        control=False,
    )
    return planning.make_plan(_join_baseline(campaign, asked.baseline), audiences, settings, prompts)


def _join_baseline(campaign: Campaign, baseline: Draft | None) -> Campaign:
    if baseline is None:
        return campaign
    accepted = baseline.model_copy(update={"id": BASELINE})
    return campaign.model_copy(update={"drafts": (*campaign.drafts, accepted)})


def _find_wordings(recording: Recording | None) -> Mapping[str, int]:
    return {entry.persona: entry.wording for entry in (recording.entries if recording else ())}


def _find_seats(recording: Recording | None, names: Sequence[str]) -> Mapping[str, int]:
    """Return the place of the model that answered for each recorded persona, of those that are still asked."""
    entries = recording.entries if recording else ()
    return {entry.persona: names.index(entry.model) for entry in entries if entry.model in names}


def _reword(tasks: Iterable[Task], wordings: Mapping[str, int]) -> Iterable[Task]:
    for task in tasks:
        known: Any = wordings.get(task.persona.id) if task.persona else None
        yield task if known is None else replace(task, wording=known)


def _folder(campaign: Campaign) -> Path:
    return Path(campaign.file).parent if campaign.file else Path()
