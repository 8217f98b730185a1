"""`record`: asks for what a recording lacks and writes it, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Unpack

from toolkit.drafts import load_drafts
from toolkit.engines import Engine
from toolkit.errors import InputError, check_options, suggest
from toolkit.gate.entries import make_entry
from toolkit.gate.names import is_same_name
from toolkit.gate.recording_file import (
    Entry,
    Header,
    RecordedModel,
    Recording,
    find_recording,
    load_recording,
    save_recording,
)
from toolkit.gate.replay import Replay, Shelf, replay
from toolkit.gate.results import RecordingOutcome
from toolkit.models import Campaign, Draft, Record, exchange, records
from toolkit.panel import api, background, connecting, estimating, planning, run_options, session
from toolkit.questionnaire import Task
from toolkit.results import Run
from toolkit.store import Store

OnPlan = Callable[[planning.Plan], None]
_KEPT_OPTIONS = ("rating", "sample", "repeats", "seed", "keep_weights", "embedding_model")
"""Options that a recording remembers."""
_APART = frozenset({"on_plan", "baseline", "renew", "prompts"})
"""Options that go to no engine."""
_WRITTEN = {"version", "prompts", "reactions", "sha256"}
"""Header fields that alone are no reason to write a recording anew."""


class RecordingOptions(run_options.EndpointOptions, total=False):
    """What may be said when a recording is made; what is left out, or None, stays as it was recorded."""

    engine: str | Engine | None
    """Who answers: "openai", "local", "replay" for what the store holds, or an engine object."""
    models: run_options.Models | None
    embedding_model: str | None
    rating: records.Rating | None
    sample: int | None
    repeats: int | None
    seed: int | None
    keep_weights: bool | None
    prompts: str | Path | None
    on_reaction: session.OnReaction | None
    on_plan: OnPlan | None
    """Called with what will be asked, if anything is."""
    baseline: str | None
    """The draft that is live: its reactions are kept also when its text changes later."""
    renew: bool
    """Take nothing over from the recording."""


@dataclass(frozen=True)
class Fetched:
    """A recording brought up to date in memory, and what was asked for it."""

    recording: Recording
    kept: int
    run: Run | None
    """None where nothing was lacking."""


class Preview(Record):
    """What bringing a recording up to date would take."""

    campaign: str
    file: str
    recording: str
    kept: int
    """Reactions that are there and hold."""
    lacking: tuple[str, ...]
    """What is stale or lacking, by cause, in words."""
    estimate: estimating.Estimate | None
    """Null where nothing is lacking."""


@dataclass(frozen=True)
class _Voice:
    """Who answers."""

    engine: str
    model: str
    form: exchange.Form
    models: tuple[RecordedModel, ...] = ()
    """Each of several models; then the others are theirs, joined."""


@dataclass(frozen=True)
class _Prepared:
    """Everything about a recording before anything is asked."""

    found: Replay
    header: Header
    voice: _Voice
    given: Mapping[str, Any]
    """The options for asking."""
    lacking: planning.Plan | None
    """What has to be asked; None where nothing has."""


def record_campaign(
    campaign: Campaign | str | Path,
    audience: Sequence[str] = (),
    *,
    shelf: Shelf | None = None,
    **options: Unpack[RecordingOptions],
) -> RecordingOutcome:
    """Ask for the reactions that the recording of a campaign lacks, and write it beside the campaign file.

    `baseline` names the draft that is live, whose reactions are kept also when its text changes later. `renew` takes
    over nothing from the recording. `on_plan` is called with what will be asked. The other options are those of
    `toolkit.run`. What is left out stays as it was recorded. `shelf` is shared between calls, so that audiences are
    read once. Raises InputError for what cannot be used, before anything is asked.
    """
    check_options(options, RecordingOptions.__annotations__, "record_campaign")
    campaign = campaign if isinstance(campaign, Campaign) else load_drafts(campaign)
    path = find_recording(require_file(campaign))
    recording = load_recording(path)
    fetched = fetch(campaign, recording, shelf or Shelf(), audience, options)
    if recording is None or _differs(recording, fetched.recording):
        save_recording(path, fetched.recording.header, fetched.recording.entries)
    return _summarise(campaign, path, fetched, recording.entries if recording else ())


def require_file(campaign: Campaign) -> str:
    """Return the file of a campaign; raise InputError where it came from none."""
    if campaign.file is None or not Path(campaign.file).is_file():
        raise InputError(f"{campaign.campaign}: a recording stands beside a campaign file; save the campaign first")
    return campaign.file


def preview_recording(
    campaign: Campaign | str | Path,
    audience: Sequence[str] = (),
    *,
    shelf: Shelf | None = None,
    **options: Unpack[RecordingOptions],
) -> Preview:
    """Return what `record_campaign` with these arguments would ask for and what it would take, with nothing asked."""
    check_options(options, RecordingOptions.__annotations__, "preview_recording")
    campaign = campaign if isinstance(campaign, Campaign) else load_drafts(campaign)
    path = find_recording(require_file(campaign))
    prepared = _prepare(campaign, load_recording(path), shelf or Shelf(), audience, options)
    priced = (
        "base_url", "price", "concurrency", "store", "endpoint", "max_cost", "max_tokens", "reasoning_effort",
    )  # fmt: skip
    about: dict[str, Any] = {name: options.get(name) for name in priced}
    about |= {"model": _name_models(prepared.voice), "embedding_model": prepared.header.embedding_model}
    lacking = prepared.lacking
    return Preview(
        campaign=campaign.campaign,
        file=str(campaign.file),
        recording=str(path),
        kept=len(prepared.found.kept),
        lacking=tuple(group.describe() for group in prepared.found.group_stale()),
        estimate=api.price_plan(lacking, prepared.voice.engine, **about) if lacking else None,
    )


def fetch(
    campaign: Campaign,
    recording: Recording | None,
    shelf: Shelf,
    audience: Sequence[str],
    options: RecordingOptions,
) -> Fetched:
    """Return the recording brought up to date, nothing written. Options as for `record_campaign`."""
    prepared = _prepare(campaign, recording, shelf, audience, options)
    found, lacking = prepared.found, prepared.lacking
    entries = [_place(task, entry) for task, entry in found.kept]
    finished = None
    if lacking is not None:
        on_plan = options.get("on_plan")
        if on_plan is not None:
            on_plan(lacking)
        finished = _ask(lacking, prepared)
        entries += _answer(found, lacking, finished)
    engine = _name_engine(prepared.voice, finished)
    header = prepared.header.model_copy(update={"engine": engine, **_measure(found)})
    entries.sort(key=lambda entry: entry.name)
    return Fetched(Recording(header=header, entries=tuple(entries)), len(found.kept), finished)


def _prepare(
    campaign: Campaign,
    recording: Recording | None,
    shelf: Shelf,
    audience: Sequence[str],
    options: RecordingOptions,
) -> _Prepared:
    """Find out what a recording lacks and who is to answer."""
    given = {name: value for name, value in options.items() if value is not None and name not in _APART}
    given = _take_models(given, campaign)
    settings = {name: given.pop(name) for name in _KEPT_OPTIONS if name in given}
    renew, baseline = options.get("renew", False), options.get("baseline")
    header = recording.header if recording else None
    chosen = not given.keys().isdisjoint(("engine", "model", "form")) or renew or header is None
    voice = _hear(given, header) if chosen or header is None else _recall(header)
    asked = _describe(campaign, header, voice, settings, audience, options.get("prompts"))
    if baseline is not None:
        asked = asked.model_copy(update={"baseline": _find_draft(campaign, baseline)})
    same_seed = header is not None and header.seed == asked.seed
    found = replay(campaign, recording, asked, shelf, audience=audience, kept_wordings=same_seed, renew=renew)
    if not found.stale:
        return _Prepared(found, asked, voice, given, None)
    _check_voice(voice, _hear(given, header), campaign)
    return _Prepared(found, asked, voice, given, replace(found.plan, tasks=tuple(_list_lacking(found))))


def _take_models(given: dict[str, Any], campaign: Campaign) -> dict[str, Any]:
    """Return the options with the models under one name, those of the campaign if no other were chosen."""
    asking = api.make_asking(given)  # raises InputError for what cannot be used
    taken = {name: value for name, value in given.items() if name not in {"model", "models"}}
    if asking.models:
        return {**taken, "model": asking.models}
    if "model" in given or "models" in given:
        return {**taken, "model": asking.model} if asking.model is not None else {**taken, "engine": asking.engine}
    return {**taken, "model": campaign.models} if asking.adopt_models(campaign).models else taken


def _recall(header: Header) -> _Voice:
    """Return who answered for a recording."""
    return _Voice(header.engine, header.model, header.form, header.models)


def _hear(given: Mapping[str, Any], header: Header | None) -> _Voice:
    """Return who would answer now: the engine named, or the one that made the recording."""
    engine = given.get("engine") or (header.engine if header else "openai")
    if not isinstance(engine, str):
        return _Voice(engine.name, engine.model, engine.form)
    recorded: Any = None
    if header and (header.engine == engine == "openai" or header.models):
        recorded = [one.name for one in header.models] or header.model
    asking = api.make_asking({**given, "engine": engine, "model": given.get("model") or recorded})
    with Store(asking.store_path) as store:
        made = [(one.name, connecting.open_engine(one.asking, store)) for one in asking.list_models()]
    if len(made) == 1:
        return _Voice(engine, made[0][1].model, made[0][1].form)
    models = tuple(RecordedModel(name=name, engine=one.name, model=one.model, form=one.form) for name, one in made)
    names = session.TOGETHER.join(name for name, _ in made)
    form: exchange.Form = "completion" if all(one.form == "completion" for one in models) else "chat"
    return _Voice(session.TOGETHER.join(dict.fromkeys(one.engine for one in models)), names, form, models)


def _name_models(voice: _Voice) -> Any:
    """Return the model of a voice, or each of several, as they are given to a run."""
    return [one.name for one in voice.models] or voice.model


def _check_voice(voice: _Voice, actual: _Voice, campaign: Campaign) -> None:
    """Refuse to go on with a recording under another model than the one that made it, unless one was named."""
    if (voice.model, voice.form, voice.models) != (actual.model, actual.form, actual.models):
        raise InputError(
            f"{find_recording(campaign.file or '')}: recorded from {voice.model}, and {actual.model} would answer now; "
            f"name the model {voice.model} to go on with it, or renew the recording to ask everything of {actual.model}"
        )


def _describe(
    campaign: Campaign,
    header: Header | None,
    voice: _Voice,
    settings: Mapping[str, Any],
    audience: Sequence[str],
    prompts: str | Path | None,
) -> Header:
    """Return the header of the recording to be: what was recorded, changed by what was asked for."""
    if settings.get("rating", "ssr") != "ssr":
        settings = {**settings, "embedding_model": None}
    now = {**settings, "engine": voice.engine, "model": voice.model, "form": voice.form, "models": voice.models}
    now |= {"campaign": campaign.campaign, "version": version("audience-toolkit")}
    folder = Path(campaign.file or "").resolve().parent
    if audience and not campaign.audience:
        now["audience"] = tuple(_from_folder(name, folder) if Path(name).suffix else name for name in audience)
    if prompts is not None:
        now["own_prompts"] = _from_folder(prompts, folder)
    before = header.model_dump() if header else {"wordings": 0, "prompts": {}}
    return Header.model_validate({**before, **now})


def _from_folder(path: str | Path, folder: Path) -> str:
    return Path(os.path.relpath(Path(path).resolve(), folder)).as_posix()


def _measure(found: Replay) -> dict[str, Any]:
    prompts = found.plan.prompts
    hashes = prompts.hashes | (prompts.question_hashes if found.plan.own else {})
    return {
        "wordings": found.plan.wordings,
        "prompts": {name: digest[:12] for name, digest in hashes.items()},
    }


def _find_draft(campaign: Campaign, written: str) -> Draft:
    ids = [draft.id for draft in campaign.drafts]
    for draft in campaign.drafts:
        if is_same_name(draft.id, written):
            return draft
    raise InputError(
        f"baseline {written!r}: no draft is called so{suggest(written, ids)}; {campaign.file} has: {', '.join(ids)}"
    )


def _list_lacking(found: Replay) -> Iterator[Task]:
    """Yield what to ask: reactions of equal content once, and under a wording that there is."""
    seen = set()
    for stale in found.stale:
        task = stale.task
        task = replace(task, wording=task.wording % len(found.plan.prompts.wordings))
        content = found.name_content(task)
        if content not in seen:
            seen.add(content)
            yield task


def _ask(lacking: planning.Plan, prepared: _Prepared) -> Run:
    options = {"engine": prepared.voice.engine, **prepared.given}
    if prepared.voice.models:
        options = {**prepared.given, "engine": prepared.given.get("engine") or "openai"}
    if prepared.voice.engine == "openai" or prepared.voice.models:
        options.setdefault("model", _name_models(prepared.voice))
    embedding = prepared.header.embedding_model
    finished: Run = background.run_blocking(lambda: api.ask_plan(lacking, embedding_model=embedding, **options))
    return finished


def _answer(found: Replay, lacking: planning.Plan, finished: Run) -> Iterator[Entry]:
    """Yield the entries of everything that was lacking and came."""
    rows = finished.reactions.iter_rows(named=True)
    came = {
        found.name_content(task): make_entry(
            row, found.shape(task), is_split=bool(found.asking.models), questions=found.plan.own
        )
        for task, row in zip(lacking.tasks, rows, strict=True)
        if row["status"] != "failed"
    }
    for stale in found.stale:
        task = replace(stale.task, wording=stale.task.wording % len(found.plan.prompts.wordings))
        entry = came.get(found.name_content(task))
        if entry is not None:
            yield _place(task, entry)


def _place(task: Task, entry: Entry) -> Entry:
    """Return the entry under the ids of a task; ids shape no reaction."""
    assert task.persona is not None  # noqa: S101 - a recording holds no control reader
    return entry.model_copy(update={"draft": task.draft.id, "persona": task.persona.id, "repeat": task.repeat})


def _name_engine(voice: _Voice, finished: Run | None) -> str:
    """Return the engine that answered, also where the store did in its place."""
    if voice.engine != "replay" or finished is None or voice.models:
        return voice.engine
    engines = finished.reactions["engine"].drop_nulls()
    return str(engines[0]) if len(engines) else voice.engine


def _differs(before: Recording, after: Recording) -> bool:
    headers = [recording.header.model_dump(exclude=_WRITTEN) for recording in (before, after)]
    return before.entries != after.entries or headers[0] != headers[1]


def _summarise(campaign: Campaign, path: Path, fetched: Fetched, before: Sequence[Entry]) -> RecordingOutcome:
    run = fetched.run
    names = {entry.name for entry in fetched.recording.entries}
    return RecordingOutcome(
        campaign=campaign.campaign,
        file=str(campaign.file),
        recording=str(path),
        reactions=len(names),
        kept=fetched.kept,
        asked=run.counts.planned if run else 0,
        refused=run.counts.refused if run else 0,
        failed=run.counts.failed if run else 0,
        dropped=sum(entry.name not in names for entry in before),
        cost_usd=run.methods.cost_usd if run else 0.0,
        stopped=run.methods.stopped if run else None,
        warnings=run.methods.warnings if run else (),
    )
