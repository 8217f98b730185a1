"""The provider's batch interface: half the price, results within 24 hours. A batch outlives its process."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from toolkit.engines import messages as wire
from toolkit.engines.batch_files import Failure, split_lines, write_line
from toolkit.engines.batch_service import BatchService, Full, QueueFull, State, Unreachable
from toolkit.errors import CallFailed, EngineUnavailable, Interrupted, ToolkitError, name_step
from toolkit.models import exchange
from toolkit.store import batches

ROUNDS = 3
"""How often a question is sent that the provider let expire, cancelled or could not answer."""
_MOST_UNREACHED = 60
"""Looks in a row that nobody answers, an hour of them, before the run ends; the batch does not."""
_MOST_UNNAMED = 60
"""Looks at a batch that is done while its files have no name yet, an hour of them."""
_MOST_FULL = 1_440
"""Times in a row that the provider's queue has no room, a day of them, before the run ends."""
_BYTES_PER_TOKEN = 3
"""Fewer bytes of an input file than a token has on average, so that what should fit does."""
_MOST_REASONS = 3
_REQUEST = re.compile(r"\b(?:req|resp|chatcmpl|batch)[_-]\w+|\b[0-9a-f-]{8,}\b|\d+")


@dataclass(frozen=True, slots=True)
class Tempo:
    """Seconds to wait: for more questions before a batch is sent, and between two looks at one that is on its way."""

    gather: float = 0.25
    first_look: float = 1.0
    longest_look: float = 60.0
    growth: float = 1.5


@dataclass(slots=True)
class _Waiter:
    """Somebody who waits for a reply."""

    question: exchange.Question
    future: asyncio.Future[exchange.Reply]
    rounds: int = 0


class BatchEngine:
    """Gathers questions until no more come, sends them as batches, and waits for their replies.

    Questions that follow from replies, such as the reading after the glance, form the next batch. What is on its way is
    written down in `log`: a question that is in an open batch, of this process or an earlier one, is waited for and not
    sent again. Once `halt` is set nobody waits any longer; the batches go on at the provider. `on_note` is told what
    was sent and how far it is.
    """

    name = "openai"
    form: exchange.Form = "chat"
    concurrency = 50_000
    claims = False
    is_batch = True
    reuses_prefixes = False

    def __init__(
        self,
        service: BatchService,
        log: batches.BatchLog,
        *,
        halt: asyncio.Event | None = None,
        on_note: Callable[[str], None] | None = None,
        tempo: Tempo | None = None,
    ) -> None:
        self.model = service.model
        self.endpoint: str | None = service.endpoint
        self.warnings: list[str] = []
        self._service = service
        self._log = log
        self._halt = halt or asyncio.Event()
        self._tell = on_note or (lambda _: None)
        self._tempo = tempo or Tempo()
        self._waiting: dict[str, _Waiter] = {}
        self._read: set[str] = set()
        self._asked = asyncio.Event()
        self._over: ToolkitError | None = None
        self._unreached = 0
        self._unnamed: Counter[str] = Counter()
        self._room: int | None = None
        """Bytes of the largest batch to send, one at a time, since the provider's queue was full."""
        self._full = 0
        """Times in a row that the queue was full."""

    @property
    def calls(self) -> int:
        """Requests sent so far: uploads, looks and downloads."""
        return self._service.calls

    def halt(self) -> None:
        """Wait for nothing any longer; batches on their way stay with the provider."""
        self._halt.set()

    async def __aenter__(self) -> Self:
        """Connect and start the one task that talks to the provider."""
        await self._service.open()
        self.warnings += self._service.dialect.lines
        self._task = asyncio.create_task(self._work())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop talking to the provider; batches on their way stay there."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if error is None:
            self._log.forget(self._read)
        await self._service.close()
        self._log.close()

    async def ask(self, question: exchange.Question) -> exchange.Reply:
        """Return the reply once its batch is done; raise CallFailed where the provider has none."""
        key = question.key
        if key in self._read:
            self._log.forget([key])
        else:
            self._read.add(key)
            reply = self._log.find_reply(key)
            if reply is not None:
                return reply
        if self._over is not None:
            raise self._over
        self._waiting[key] = _Waiter(question, asyncio.get_running_loop().create_future())
        self._asked.set()
        try:
            return await self._waiting[key].future
        finally:
            self._waiting.pop(key, None)

    async def embed(
        self, texts: Sequence[str], model: str, before_retry: exchange.Guard | None = None
    ) -> exchange.Embedded:
        """Return one vector per text, asked for at once and at the full price."""
        return await self._service.embed(texts, model, before_retry)

    async def _work(self) -> None:
        try:
            await self._find_unnamed()
            while True:
                if not self._lacking:
                    await self._until(self._asked)
                await self._gather()
                await self._wait_for_room()
                await self._send()
                await self._look()
        except ToolkitError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - whoever waits would wait for ever
            self._end(EngineUnavailable(f"the batch could not go on: {type(error).__name__}: {error}"))

    def _end(self, error: ToolkitError) -> None:
        self._over = error
        for waiter in self._waiting.values():
            if not waiter.future.done():
                waiter.future.set_exception(error)

    async def _until(self, event: asyncio.Event, seconds: float | None = None) -> bool:
        """Wait for an event, so many seconds at most; raise Interrupted once the run is to end."""
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._halt.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._halt.is_set():
            names = [batch.id for batch in self._list_awaited() if batch.id]
            goes_on = f"{', '.join(names)} goes on at the provider, and that collects it" if names else ""
            raise Interrupted(goes_on)
        return event.is_set()

    async def _gather(self) -> None:
        """Let questions come until none comes for a moment."""
        self._asked.clear()
        while await self._until(self._asked, self._tempo.gather):
            self._asked.clear()

    @property
    def _lacking(self) -> dict[str, _Waiter]:
        return {key: waiter for key, waiter in self._waiting.items() if not waiter.future.done()}

    def _list_awaited(self) -> list[batches.Batch]:
        lacking = self._lacking.keys()
        return [batch for batch in self._log.list_open(self._service.place) if batch.keys & lacking]

    async def _send(self) -> None:
        """Send what is in no open batch, in files as large as the provider takes."""
        under_way = {key for batch in self._log.list_open(self._service.place) for key in batch.keys}
        lines = {
            key: write_line(key, waiter.question, self.model, self._service.dialect)
            for key, waiter in self._lacking.items()
            if key not in under_way
        }
        parts = split_lines(lines) if self._room is None else split_lines(lines, most_bytes=self._room)
        for part in parts:
            if self._room is not None and self._list_awaited():
                return
            ticket = secrets.token_hex(12)
            for key in part:
                self._waiting[key].rounds += 1
            name = await self._service.upload(b"".join(part.values()))
            self._log.announce(ticket, self._service.place, list(part))
            try:
                identity = await self._service.create(name, ticket)
            except QueueFull as error:
                self._log.close_batch(ticket, {})
                self._shrink(part, error.full)
                return
            self._log.name(ticket, identity)
            self._tell(f"batch {identity} sent: {len(part)} questions; Ctrl-C leaves it running")

    def _shrink(self, keys: Iterable[str], full: Full) -> None:
        """Send smaller batches from now on, one after the other: the provider's queue had no room for this one."""
        self._full += 1
        if self._full > _MOST_FULL:
            raise EngineUnavailable(
                f"the provider's queue was full for a day: {full.said}; the answers so far are saved: later, "
                f"{name_step('again')}"
            )
        refused = [self._waiting[key] for key in keys if key in self._lacking]
        for waiter in refused:
            waiter.rounds -= 1
        size = sum(len(write_line("", waiter.question, self.model, self._service.dialect)) for waiter in refused)
        known = full.limit * _BYTES_PER_TOKEN if full.limit else size
        self._room = max(1, min(size // 2, known))
        self._tell(f"the provider's queue is full, sending smaller batches one after the other: {full.said}")

    async def _wait_for_room(self) -> None:
        """Wait before another try at a full queue, longer each time."""
        if self._full:
            wait = self._tempo.first_look * self._tempo.growth ** min(self._full, 30)
            await self._until(asyncio.Event(), min(wait, self._tempo.longest_look))

    async def _look(self) -> None:
        """Look at the batches that somebody waits for until one is done or more is asked."""
        wait = self._tempo.first_look
        while awaited := self._list_awaited():
            done = False
            for batch in awaited:
                done |= await self._collect(batch)
            if done or await self._until(self._asked, wait):
                return
            wait = min(wait * self._tempo.growth, self._tempo.longest_look)

    async def _collect(self, batch: batches.Batch) -> bool:
        """Hand out what a batch brought; False while it is on its way."""
        try:
            state = await self._service.look(batch.id or "")
        except Unreachable:
            self._unreached += 1
            if self._unreached > _MOST_UNREACHED:
                raise
            return False
        self._unreached = 0
        if not state.is_over:
            self._tell(f"batch {batch.id}: {state.describe()}")
            self._check_named(batch, state)
            return False
        replies, failures = await self._service.download(state)
        self._log.close_batch(batch.ticket, replies)
        if state.full is not None:
            self._shrink(batch.keys, state.full)
            return True
        if state.refusal is not None:
            raise EngineUnavailable(state.refusal)
        self._full = 0
        self._tell(f"batch {batch.id}: {state.describe()}, {len(replies)} replies")
        failures = dict(self._learn(replies, failures))
        if failures and not replies and not any(failure.again for failure in failures.values()):
            self._tell_failure(batch, failures)
        for key in batch.keys & self._lacking.keys():
            self._hand_out(key, replies.get(key), failures.get(key, Failure("the batch came without it", again=True)))
        return True

    def _learn(self, replies: Mapping[str, exchange.Reply], failures: Mapping[str, Failure]) -> dict[str, Failure]:
        """Learn what the endpoint refuses or ignores; what it refused for that is sent again, written otherwise."""
        before, mended = deepcopy(self._service.dialect), set()
        asked = {_group(failure): key for key, failure in failures.items() if key in self._lacking}
        for group, key in asked.items():
            complaint = failures[key].complaint
            body = wire.write_chat(self._waiting[key].question, self.model, before)
            trial = deepcopy(before)
            if complaint is not None and list(trial.learn(complaint, body)):
                mended.add(group)
                if not trial.is_within(self._service.dialect):
                    self._note(self._service.learn(complaint, body))
        for key in list(replies.keys() & self._lacking.keys())[:1]:
            self._note(self._service.learn_from_reply(self._waiting[key].question, replies[key]))
        for key, failure in failures.items():
            if _group(failure) in mended and key in self._waiting:
                self._waiting[key].rounds -= 1
        return {key: replace(one, again=one.again or _group(one) in mended) for key, one in failures.items()}

    def _note(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.warnings.append(line)
            self._tell(line)

    def _check_named(self, batch: batches.Batch, state: State) -> None:
        """End the run if a batch is done and its files get no name; the batch stays open for the next run."""
        if state.unnamed:
            self._unnamed[batch.ticket] += 1
        if self._unnamed[batch.ticket] > _MOST_UNNAMED:
            raise EngineUnavailable(
                f"batch {batch.id} is done, and the provider names no file with its results; "
                f"later, {name_step('again')}"
            )

    def _tell_failure(self, batch: batches.Batch, failures: Mapping[str, Failure]) -> None:
        """Say why not one question of a batch was answered."""
        reasons = Counter(failure.said for failure in failures.values()).most_common(_MOST_REASONS)
        listed = "; ".join(f"{said} ({count} of {len(batch.keys)})" for said, count in reasons)
        self.warnings.append(f"batch {batch.id}: every question failed: {listed}")
        self._tell(self.warnings[-1])

    def _hand_out(self, key: str, reply: exchange.Reply | None, failure: Failure) -> None:
        waiter = self._waiting[key]
        if reply is not None:
            waiter.future.set_result(reply)
        elif failure.again and waiter.rounds < ROUNDS:
            waiter.rounds = max(waiter.rounds, 1)
            self._asked.set()
        else:
            waiter.future.set_exception(CallFailed(failure.said, free=True))

    async def _find_unnamed(self) -> None:
        """Find the batches that a process created and did not live to write down; forget those never created."""
        unnamed = [batch for batch in self._log.list_open(self._service.place) if batch.id is None]
        known = await self._service.find_tickets() if unnamed else {}
        for batch in unnamed:
            if batch.ticket in known:
                self._log.name(batch.ticket, known[batch.ticket])
            else:
                self._log.close_batch(batch.ticket, {})


def _group(failure: Failure) -> str:
    """Return what failures of one kind have in common: their words without the numbers and names of requests."""
    return _REQUEST.sub("#", failure.said)
