"""Cells go on at once, on engines that they share, until all are done, the money is, or somebody says stop."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from toolkit.engines import Engine, budget
from toolkit.errors import (
    EngineUnavailable,
    InputError,
    Interrupted,
    StoreUnusable,
    ToolkitError,
    name_option,
    spell_out,
)
from toolkit.panel import api, connecting, planning
from toolkit.questionnaire import Prompts, Reaction
from toolkit.results import Run, conclude_run, load_run
from toolkit.store import Store, shards
from toolkit.study.cells import StudyCell
from toolkit.study.ledger import LEDGER, Ledger
from toolkit.study.parts import PEOPLE, drop_other_parts, find_part, write_parts
from toolkit.study.records import INDEX, CellRecord, StudyRecord, read_record, say_differences, write_record

OnCell = Callable[[CellRecord], None]
RUNS = "runs"
_WRITE_EVERY = 2.0
"""Seconds between two writings of study.json; what came meanwhile stands in the run folders."""
_MOST_AT_ONCE = 64
_NOTHING_CAME = "nobody answered"


@dataclass(frozen=True)
class Work:
    """A study as it was asked for."""

    folder: Path
    cells: Sequence[StudyCell]
    settings: Mapping[str, Any]
    asking: api.Asking
    """How models are asked, whichever it is: limits, store, and who is told."""
    prompts: Prompts
    on_cell: OnCell | None = None

    def hearing(self, on_cell: OnCell | None = None, **changes: Any) -> Work:
        """Return the same work with somebody else told of it; `changes` are options of `study` such as `halt`."""
        return replace(self, on_cell=on_cell or self.on_cell, asking=replace(self.asking, **changes))

    def list_open(self) -> list[StudyCell]:
        """Return the cells that are not done by what the folder says; InputError where it cannot be gone on with."""
        before = open_folder(self)
        done = set() if before is None else {one.key for one in before.cells if one.state == "done"}
        return [cell for cell in self.cells if cell.key not in done]

    def count_questions(self) -> int:
        """Return how many reactions and choices are still to come, stored ones included."""
        return sum(cell.count_questions(len(self.prompts.wordings)) for cell in self.list_open())


@dataclass
class _Index:
    """study.json as it grows."""

    work: Work
    records: dict[str, CellRecord]
    ledger: Ledger | None
    stopped: str | None = None
    paid: float | None = 0.0
    """Dollars of runs, where there is no ledger."""
    _written: float = field(default=0.0)

    def make(self) -> StudyRecord:
        """Return the record of the whole."""
        return StudyRecord(
            version=version("audience-toolkit"),
            settings=dict(self.work.settings),
            cells=tuple(self.records[cell.key] for cell in self.work.cells),
            paid_usd=_round(self.paid if self.ledger is None else self.ledger.paid),
            unknown_usd=round(0.0 if self.ledger is None else self.ledger.lost, 6),
            stopped=self.stopped,
        )

    def write(self, *, now: bool = False) -> None:
        """Write study.json, unless that was done a moment ago."""
        if now or time.monotonic() - self._written > _WRITE_EVERY:
            write_record(self.work.folder, self.make())
            self._written = time.monotonic()


async def conduct(work: Work) -> StudyRecord:
    """Make every run that is not made yet, and return what became of each.

    Raises InputError where the folder holds something else or a study with other settings, StoreUnusable and
    Interrupted where nothing more can be asked. Where no cell has a run, the first error that came is raised: nothing
    works, and there is nothing to look at.
    """
    before = open_folder(work)
    index = _Index(work, {cell.key: _start_record(cell) for cell in work.cells}, None)
    index.paid = 0.0 if before is None else before.paid_usd
    waiting = [cell for cell in work.cells if not _take_up(cell, work, index, before)]
    drop_other_parts(work.folder, [cell.names for cell in work.cells if index.records[cell.key].folder is not None])
    index.write(now=True)
    try:
        if waiting:
            await _ask_all(waiting, work, index)
    finally:
        index.write(now=True)
    return index.make()


def open_folder(work: Work) -> StudyRecord | None:
    """Return what the folder says of earlier calls; raise InputError where this call cannot go on from there."""
    folder = work.folder
    if not folder.is_dir() or not any(folder.iterdir()):
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{name_option('folder', folder)}: this is a file; name a folder for the study")
        return None
    if not (folder / INDEX).is_file():
        raise InputError(f"{name_option('folder', folder)}: the folder holds other files; name a new or empty one")
    before = read_record(folder)
    differences = say_differences(before.settings, work.settings)
    if differences:
        raise InputError(
            f"{name_option('folder', folder)}: the study there has other settings: {differences}; give the same ones, "
            "or name another folder"
        )
    return before


def _start_record(cell: StudyCell) -> CellRecord:
    campaign, audience, model = cell.names
    tags = {draft.id: dict(draft.tags) for draft in cell.campaign.drafts if draft.tags}
    return CellRecord(
        campaign=campaign, audience=audience, model=model, key=cell.key, objective=cell.settings.objective, tags=tags
    )


def _take_up(cell: StudyCell, work: Work, index: _Index, before: StudyRecord | None) -> bool:
    """Take over what is known of a cell; tell whether there is nothing more to ask."""
    known = None if before is None else next((one for one in before.cells if one.key == cell.key), None)
    kept = (
        (find_part(work.folder, PEOPLE, cell.names), work.folder / (known.folder or "") / "run.json") if known else ()
    )
    if known is not None and known.state == "done" and all(place.is_file() for place in kept):
        index.records[cell.key] = known.model_copy(update={"tags": _start_record(cell).tags})
        return True
    place = work.folder / name_run(cell)
    if not (place / "run.json").is_file():
        return False
    try:
        run = load_run(place)
    except InputError:
        return False
    write_parts(work.folder, cell.names, run)
    index.records[cell.key] = describe_run(cell, run, name_run(cell))
    return run.is_complete


def name_run(cell: StudyCell) -> str:
    """Return where a cell's run is kept in the study's folder: the same inputs always give the same place."""
    slug = "".join(one if one.isalnum() else "-" for one in cell.campaign.campaign.lower()).strip("-")
    return f"{RUNS}/{slug[:60].encode()[:120].decode(errors='ignore') or 'run'}-{cell.key[:12]}"


def describe_run(cell: StudyCell, run: Run, folder: str) -> CellRecord:
    """Return what the index says of a cell that has a run."""
    verdict, counts, methods = run.verdict(), run.counts, run.methods
    rates = [row for row in run.scorecard().iter_rows(named=True) if row["measure"] == "objective_rate"]
    known = [row for row in rates if row["estimate"] is not None]
    highest: dict[str, Any] = max(known, key=lambda row: row["estimate"], default={})
    leader = next((row for row in known if row["draft_id"] == verdict.draft), highest)
    frames = [rows for rows in (run.reactions, run.control_reactions) if rows.height]
    costs = [cost for rows in frames for cost in rows["cost_usd"].drop_nulls()]
    problem = methods.stopped or (None if run.is_complete else _say_lack(run))
    return CellRecord(
        **_start_record(cell).model_dump(include={"campaign", "audience", "model", "key", "objective", "tags"}),
        state="done" if run.is_complete else "incomplete",
        problem=None if problem is None else spell_out(problem),
        folder=folder,
        decision=verdict.decision,
        draft=verdict.draft,
        because=verdict.because,
        leader=leader.get("draft_id"),
        objective_rate=leader.get("estimate"),
        low=leader.get("low"),
        high=leader.get("high"),
        people=methods.personas,
        planned=counts.planned,
        ok=counts.ok,
        refused=counts.refused,
        failed=counts.failed,
        calls=counts.calls,
        cost_usd=_round(math.fsum(costs)) if costs else None,
    )


def _say_lack(run: Run) -> str:
    reasons = list(run.methods.unanswered)
    lacking = f"{run.counts.failed} of {run.counts.planned} reactions failed"
    return f"{lacking}: {reasons[0]}" if reasons else lacking


def _round(dollars: float | None) -> float | None:
    return None if dollars is None else round(dollars, 6)


@dataclass
class _CellGroup:
    """Cells that one engine answers, or several together."""

    cells: list[StudyCell]
    over: str | None = None
    """Why no further cell of it is begun."""

    @property
    def voices(self) -> tuple[Any, ...]:
        """How each of its models is asked."""
        return self.cells[0].asking.list_models()

    @property
    def is_local(self) -> bool:
        """Whether a model is loaded into this machine's memory for it."""
        return any(voice.asking.engine == "local" for voice in self.voices)


@dataclass
class _Session:
    """What all cells of a call have in common while they are asked."""

    work: Work
    index: _Index
    store: Store
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a run is rated and saved."""
    together: asyncio.Semaphore | None = None
    ended: str | None = None
    """Why no further cell is begun at all."""
    stopped: str | None = None
    """The same, where the money was gone or somebody said stop."""
    first_error: ToolkitError | None = None
    heard: Exception | None = None
    """What the caller's own function raised."""
    known: dict[object, Any] = field(default_factory=dict)
    """What the store says of the weights of evidence, read once."""

    @property
    def is_over(self) -> bool:
        """Whether no further cell is begun."""
        return self.ended is not None or self.heard is not None


async def _ask_all(waiting: Sequence[StudyCell], work: Work, index: _Index) -> None:
    work.folder.mkdir(parents=True, exist_ok=True)
    for cell in waiting:
        cell.asking.check_affordable()
    path = work.asking.store_path
    are_priced = all(voice.asking.known_price is not None for cell in waiting for voice in cell.asking.list_models())
    with contextlib.ExitStack() as opened:
        if are_priced:
            index.ledger = opened.enter_context(Ledger(work.folder / LEDGER))
        opened.enter_context(budget.paid_from(index.ledger or budget.find_purse()))
        bill = opened.enter_context(budget.one_bill())
        if index.ledger is not None:
            bill.count(spent=index.ledger.paid, lost=index.ledger.lost)
        store = opened.enter_context(Store(path))
        shards.merge_left_shards(store, path)
        session = _Session(work, index, store)
        if work.asking.concurrency is not None:
            session.together = asyncio.Semaphore(work.asking.concurrency)
        groups = _group(waiting)
        loading = asyncio.Lock()
        await _gather([_ask_group(group, session, loading) for group in groups])
    index.stopped = None if session.stopped is None else spell_out(session.stopped)
    for cell in waiting if session.ended is not None else ():
        if index.records[cell.key].state == "waiting":
            unasked = {"problem": spell_out(session.ended or "")}
            index.records[cell.key] = index.records[cell.key].model_copy(update=unasked)
    if session.heard is not None:
        raise session.heard
    if session.first_error is not None and all(one.folder is None for one in index.records.values()):
        raise session.first_error


def _group(cells: Sequence[StudyCell]) -> list[_CellGroup]:
    """Return the cells by who answers them, in their order."""
    groups: dict[Any, _CellGroup] = {}
    for cell in cells:
        places = tuple(
            (voice.name, id(voice.asking.engine) if not isinstance(voice.asking.engine, str) else voice.asking.engine,
             voice.asking.base_url, voice.asking.model)
            for voice in cell.asking.list_models()
        )  # fmt: skip
        groups.setdefault(places, _CellGroup([])).cells.append(cell)
    return list(groups.values())


async def _gather(tasks: Sequence[Any]) -> None:
    """Wait for all; the first error is raised once every one of them has ended."""
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


async def _ask_group(group: _CellGroup, session: _Session, loading: asyncio.Lock) -> None:
    """Open what answers a group, and make its runs; models of this machine are loaded one after the other."""
    async with loading if group.is_local else contextlib.nullcontext():
        if session.is_over:
            return
        try:
            async with _opening(group, session) as share:
                at_once = _choose_cells(group, share, session.work)
                cells = iter(group.cells)
                await _gather([_make_runs(cells, group, share, session) for _ in range(at_once)])
        except (Interrupted, StoreUnusable):
            raise
        except ToolkitError as error:
            _end_group(group, error, session)


def _end_group(group: _CellGroup, error: ToolkitError, session: _Session) -> None:
    """Note that nothing more of a group is asked."""
    session.first_error = session.first_error or error
    group.over = str(error)
    for cell in group.cells:
        known = session.index.records[cell.key]
        if known.state == "waiting":
            _note(cell, known.model_copy(update={"state": "failed", "problem": group.over}), session)


@contextlib.asynccontextmanager
async def _opening(group: _CellGroup, session: _Session) -> AsyncIterator[api.Share]:
    """Open the engines of a group for as long as its cells are asked."""
    work = session.work
    async with contextlib.AsyncExitStack() as opened:
        engines: list[Engine] = []
        for voice in group.voices:
            asking = replace(voice.asking, on_note=work.asking.on_note)
            engine = api.open_shared(asking, session.store)
            engines.append(await opened.enter_async_context(engine))
        limit = sum(engine.concurrency for engine in engines)
        breakers = [
            connecting.make_breaker(work.asking.concurrency or engine.concurrency, engine) for engine in engines
        ]
        yield api.Share(engines, breakers, session.together or asyncio.Semaphore(limit))


def _choose_cells(group: _CellGroup, share: api.Share, work: Work) -> int:
    """Return how many cells go on at once: as many as keep every place filled while one of them ends."""
    if any(engine.is_batch for engine in share.engines):
        return len(group.cells)
    if any(engine.reuses_prefixes for engine in share.engines):
        return 1
    limit = work.asking.concurrency or sum(engine.concurrency for engine in share.engines)
    least = min(cell.count_questions(len(work.prompts.wordings)) for cell in group.cells)
    return min(len(group.cells), _MOST_AT_ONCE, math.ceil(limit / max(least, 1)) + 1)


async def _make_runs(cells: Iterator[StudyCell], group: _CellGroup, share: api.Share, session: _Session) -> None:
    """Make one run after the other; a cell that fails ends itself alone, or its group where nothing answers."""
    for cell in cells:
        if session.is_over or group.over is not None:
            return
        try:
            record = await _make_run(cell, share, session)
        except (Interrupted, StoreUnusable):
            session.ended = session.ended or "interrupted"
            raise
        except EngineUnavailable as error:
            _note_failure(cell, error, session)
            _end_group(group, error, session)
            return
        except ToolkitError as error:
            _note_failure(cell, error, session)
        except Exception as error:  # noqa: BLE001 - one cell's; it is told at the end, and the others go on
            if session.heard is not None:
                return
            _note_failure(cell, error, session)
        else:
            _note(cell, record, session)


def _note_failure(cell: StudyCell, error: Exception, session: _Session) -> None:
    """Note why a cell has no run, or none that is whole."""
    if isinstance(error, ToolkitError):
        said = str(error)
        session.first_error = session.first_error or error
    else:
        said = f"it ended unexpectedly: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    known = session.index.records[cell.key]
    state = "failed" if known.folder is None else "incomplete"
    _note(cell, known.model_copy(update={"state": state, "problem": said}), session)
    if session.work.asking.fail_fast:
        session.ended = session.ended or f"not asked: the study was to end at the first failure, which was: {said}"


def _note(cell: StudyCell, record: CellRecord, session: _Session) -> None:
    """Keep what became of a cell, and tell whoever listens."""
    session.index.records[cell.key] = record
    session.index.write()
    if session.work.on_cell is not None:
        try:
            session.work.on_cell(record)
        except Exception as error:  # noqa: BLE001 - the caller's own; raised once what is in flight has arrived
            session.heard = session.heard or error


async def _make_run(cell: StudyCell, share: api.Share, session: _Session) -> CellRecord:
    """Ask what a cell asks, keep its run, and return what it says."""
    work = session.work
    planned = planning.make_plan(cell.campaign, (cell.audience,), cell.settings, work.prompts)
    told = work.asking
    asking = replace(
        cell.asking,
        on_reaction=_listen(told.on_reaction, session),
        on_preference=told.on_preference,
        stop=told.stop,
        halt=told.halt,
    )
    run = await api.ask_together(planned, asking, session.store, share)
    if run.counts.ok + run.counts.refused == 0 and run.counts.failed:
        return _start_record(cell).model_copy(
            update={"state": "failed", "planned": run.counts.planned, "failed": run.counts.failed}
            | {"problem": spell_out(_find_why(run, session)), "calls": run.counts.calls}
        )
    async with session.one_at_a_time:
        record = await asyncio.to_thread(_keep_run, cell, run, work, session.known)
    if session.index.ledger is None:
        paid = run.methods.cost_usd
        session.index.paid = None if paid is None or session.index.paid is None else session.index.paid + paid
    _find_why(run, session)
    if not run.is_complete and asking.fail_fast:
        session.ended = session.ended or f"not asked: the study was to end at the first failure: {record.problem}"
    return record


def _find_why(run: Run, session: _Session) -> str:
    """Return why a run lacks answers, and end the study where money or patience did."""
    if run.methods.stopped is not None:
        session.ended = session.stopped = session.stopped or run.methods.stopped
        return run.methods.stopped
    return next(iter(run.methods.unanswered), _NOTHING_CAME)


def _keep_run(cell: StudyCell, run: Run, work: Work, known: dict[object, Any]) -> CellRecord:
    """Rate, weigh and save a run, and its reactions beside those of the other cells."""
    run = conclude_run(run, work.asking.store_path, known)
    folder = name_run(cell)
    run.save(work.folder / folder)
    write_parts(work.folder, cell.names, run)
    return describe_run(cell, run, folder)


def _listen(on_reaction: Callable[[Reaction], None] | None, session: _Session) -> Callable[[Reaction], None] | None:
    """Return the listener of a cell: what the caller's own function raises ends the study, not the cell alone."""
    if on_reaction is None:
        return None

    def tell(reaction: Reaction) -> None:
        try:
            on_reaction(reaction)
        except Exception as error:
            session.heard = session.heard or error
            raise

    return tell
