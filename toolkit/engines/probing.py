"""What one model at one endpoint can do, found out by a few questions like those of a run.

Examples:
    >>> from toolkit.engines.probing import Capability
    >>> Capability(name="system role", found="taken and followed").next_step
    ''
"""

from __future__ import annotations

import asyncio
import base64
import datetime
import ipaddress
import struct
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from toolkit.engines import replies, token_counts
from toolkit.engines.budget import Budget
from toolkit.engines.cut_prompts import CutWatch, advise_context
from toolkit.engines.dialect import OBJECT, PICTURES, PLAIN, PROMPT, STRICT, SYSTEM
from toolkit.errors import BudgetReached, CallFailed, name_option
from toolkit.models import Record, exchange

STEPS = {
    STRICT: "strict schema",
    PLAIN: "plain schema",
    OBJECT: "JSON mode, schema in the prompt",
    PROMPT: "schema in the prompt alone",
}
"""The ladder of structured output, in words."""
_PATIENCE_SECONDS = 90.0
"""How long one probe may take, retries included; the first may take as long as a call of a run."""
_ROOM = exchange.LEAST_ROOM
"""Tokens of a reply once the model was seen to think; a run leaves as many for a reply in a form."""
_LEVELS = (1, 2, 4, 8)
_WORTHWHILE = 1.15
"""By how much more requests at once must speed up the whole to be worth having."""
_LEAST_TOKENS = 8
"""Reply tokens from which a speed is worth telling."""
_LONG_WORDS, _SHORT_WORDS = 5_000, 1_500
_SLOW_SECONDS = 20.0
"""A first reply that takes longer is of a machine that would read a long question for minutes."""
_ENOUGH_CONTEXT = 8_192
"""Tokens that hold the longest question of a run and the room for its reply."""
_CONTEXT_FIELDS = (
    "max_model_len", "loaded_context_length", "context_length", "context_window", "max_context_length",
    "max_input_tokens", "inputTokenLimit",
)  # fmt: skip
"""Where servers say it: vLLM, LM Studio, OpenRouter and Together, Groq, Mistral, LiteLLM, Gemini."""
_FORM: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "first_glance": {"type": "string", "enum": ["stop", "scroll_past"]},
        "verbatim": {"type": "string"},
    },
    "required": ["first_glance", "verbatim"],
    "additionalProperties": False,
}
_MARK = "QUARTZ"
_PERSON = "You answer as Amy, 34, who sells jam at a market stall and checks her phone between customers."
_STYLE = f"Begin every text that you write with the word {_MARK}."
_DRAFT = "Amy sees this on her phone: “Get paid in the chat: send an invoice in a message.” What does she do and think?"
_DIGIT = "How warm is an oven that bakes bread? Answer with one digit from 1 (cold) to 5 (hot), nothing else."
_STORY = "Describe a market town that you make up, in two sentences."
_LINES = ("the river runs past the old mill and the road goes on to the sea",
          "a man with a cart of apples waits at the gate of the green field",
          "in the shop by the church they sell bread and salt and warm coats")  # fmt: skip


class Capability(Record):
    """One thing that an endpoint can do, or lacks."""

    name: str
    found: str
    next_step: str = ""
    """What to do about a gap; empty where there is none."""


class Capabilities(Record):
    """What was found out about a model at an endpoint."""

    model: str
    endpoint: str
    asked_at: datetime.datetime
    calls: int = 0
    spent_usd: float | None = None
    """Dollars of all probes; null if the price is not known."""
    form_step: int | None = None
    """The step of the ladder that a run begins with, 0 for a strict schema; null if it was not found out."""
    form_kept: bool | None = None
    """Whether the reply kept to the form in the end."""
    refused: tuple[str, ...] = ()
    """Parameters and abilities that are left out of each request."""
    context: int | None = None
    """Tokens of question and reply together that the server says it takes."""
    concurrency: int | None = None
    """Requests at once that a server on this machine answers faster than fewer."""
    tokens_per_second: float | None = None
    reasoning_tokens: int = 0
    """Most that one short reply took."""
    rows: tuple[Capability, ...] = ()
    stopped: str | None = None
    """Why the rest was not asked."""


class Probed(Protocol):
    """What a probe needs of an engine."""

    model: str
    endpoint: str | None
    calls: int
    ignores_form: bool

    async def ask(self, question: exchange.Question) -> exchange.Reply:
        """Return the reply to a question."""

    async def look(self, address: str) -> Any:
        """Return the JSON at an address of the server, or None."""

    def note_down(self) -> dict[str, Any]:
        """Return what was learned about the endpoint."""

    def learn_anew(self) -> None:
        """Forget what an earlier run learned about the endpoint."""

    def give_up_form(self) -> None:
        """Write schemas into the prompt alone from now on."""


async def probe(engine: Probed, held: Budget, address: str) -> Capabilities:
    """Find out what the model of an opened engine can do; `address` is that of its endpoint.

    Raises EngineUnavailable, in the provider's own words, if the first question gets no answer. Where the cost limit
    leaves no room for a question, what was found out so far is returned, and `stopped` says so.
    """
    prober = _Prober(engine, held, address)
    engine.learn_anew()
    stopped = None
    try:
        await prober.find_all()
    except BudgetReached as error:
        stopped = str(error)
    return prober.conclude(stopped)


def is_own_machine(address: str) -> bool:
    """Tell whether an address is of this machine."""
    host = _find_host(address)
    return host is not None and host.is_loopback


def _is_nearby(address: str) -> bool:
    host = _find_host(address)
    return host is not None and host.is_private


def _find_host(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the number of an address's host; None where it has a name, but for this machine's own."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return None


class _Prober:
    def __init__(self, engine: Probed, held: Budget, address: str) -> None:
        self._engine = engine
        self._held = held
        self._address = address
        self._known: dict[str, Any] = {}
        self._rows: list[Capability] = []
        self._heard: list[exchange.Reply] = []
        self._room: int | None = None
        self._starved = False

    async def find_all(self) -> None:
        """Ask everything, from what a run needs most to what it needs least."""
        await self._find_form()
        await self._find_words()
        await self._find_logprobs()
        await self._find_sight()
        await self._find_context()
        self._tell_thinking()
        self._find_speed()
        if is_own_machine(self._address):
            await self._find_concurrency()

    def conclude(self, stopped: str | None) -> Capabilities:
        """Return what was found out."""
        noted = self._engine.note_down()
        return Capabilities(
            model=self._engine.model,
            endpoint=self._engine.endpoint or "",
            asked_at=datetime.datetime.now(datetime.UTC).replace(microsecond=0),
            calls=self._engine.calls,
            spent_usd=None if self._held.price is None else self._held.spent,
            refused=tuple(noted["refused"]),
            reasoning_tokens=max((reply.reasoning_tokens for reply in self._heard), default=0),
            rows=tuple(self._rows),
            stopped=stopped,
            **self._known,
        )

    async def _ask(self, question: exchange.Question) -> exchange.Reply:
        """Ask; a reply that was thought away is asked for once more, with room for that."""
        reply = await self._pay_for(replace(question, room=self._room) if question.max_tokens > 1 else question)
        if reply.cut and not reply.text.strip() and question.max_tokens > 1:
            self._starved, self._room = True, (_ROOM if self._room is None else exchange.MOST_ROOM)
            reply = await self._pay_for(replace(question, room=self._room))
        return reply

    async def _pay_for(self, question: exchange.Question) -> exchange.Reply:
        """Ask with the worst case held back; raise CallFailed where no answer comes in time."""
        hold = await self._held.hold(question)
        question = question if hold.is_roomy else replace(question, room=None)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS if self._heard else None):
                reply = await self._engine.ask(replace(question, before_retry=hold.renew))
        except TimeoutError:
            raise CallFailed(f"no answer within {_PATIENCE_SECONDS:.0f} s") from None
        except CallFailed as error:
            if error.free:
                hold.free()
            raise
        else:
            hold.settle(reply)
            self._heard.append(reply)
            return reply
        finally:
            hold.lose()

    def _tell(self, name: str, found: str, next_step: str = "") -> None:
        self._rows.append(Capability(name=name, found=found, next_step=next_step))

    @property
    def _is_slow(self) -> bool:
        return self._heard[0].latency_ms > _SLOW_SECONDS * 1000

    @property
    def _refused(self) -> set[str]:
        return set(self._engine.note_down()["refused"])

    async def _find_form(self) -> None:
        """Ask in a form that the words of the question do not give away."""
        question = exchange.Question(system=_PERSON, prompt=_DRAFT, schema=_FORM, max_tokens=600)
        reply = await self._ask(question)
        keeps = _keeps_form(reply)
        if not keeps and not reply.refusal and not reply.cut and self._engine.note_down()["step"] < PROMPT:
            self._engine.give_up_form()
            keeps = _keeps_form(await self._ask(question))
        step = self._engine.note_down()["step"]
        self._known |= {"form_step": step, "form_kept": keeps}
        self._tell("schema", *self._describe_form(step, reply, keeps=keeps))
        refused, most = self._refused, self._engine.note_down()["most_tokens"]
        budgets = [name for name in ("max_completion_tokens", "max_tokens") if name not in refused]
        capped = f", {most:,} at most" if most else ""
        advice = "set the longest reply at the server; a run cannot limit what one costs" if not budgets else ""
        self._tell("token parameter", f"{budgets[0]}{capped}" if budgets else "none is taken", advice)

    def _describe_form(self, step: int, reply: exchange.Reply, *, keeps: bool) -> tuple[str, str]:
        named = f"step {step + 1} of {len(STEPS)}: {STEPS[step]}"
        if reply.refusal:
            return f"declined: {reply.refusal}", f"choose a {name_option('model')} that speaks for others"
        if not keeps and reply.cut:
            return f"not kept whole: cut at {reply.completion_tokens or 'its most'} tokens ({named})", (
                f"choose a {name_option('model')} that writes less, or raise {name_option('max_tokens')}"
            )
        if not keeps:
            return f"not kept ({named})", f"choose a {name_option('model')} that keeps to a form"
        if step == STRICT:
            return f"obeyed ({named})", ""
        done = "ignored" if self._engine.ignores_form else "refused"
        return f"{done} ({named} is used)", "runs use that step by themselves; a reply that misses is asked for again"

    async def _find_words(self) -> None:
        """Ask for plain words twice, with the same seed."""
        sampling = {"temperature": 1.0, "seed": 7}
        question = exchange.Question(system=_STYLE, prompt=_STORY, max_tokens=150, sampling=sampling)
        try:
            first, second = await self._ask(question), await self._ask(question)
        except CallFailed as error:
            self._tell("system role", f"not found out: {error}", _try_again(error))
            return
        refused = self._refused
        if SYSTEM in refused:
            self._tell("system role", "refused", "runs put its words before the question by themselves")
        elif not first.text.strip():
            self._tell("system role", "taken; the reply was empty")
        elif _MARK.casefold() in first.text.casefold():
            self._tell("system role", "taken and followed")
        else:
            advice = f"a {name_option('model')} that heeds it plays people better"
            self._tell("system role", "taken, and not followed in one try", advice)
        if "seed" in refused:
            self._tell("seed", "refused", "runs leave it out; what was answered is repeated from the store")
        elif first.text and first.text == second.text:
            self._tell("seed", "taken; the same words twice")
        else:
            self._tell("seed", "taken; other words the second time", "repeat a run from the store, not by its seed")

    async def _find_logprobs(self) -> None:
        question = exchange.Question(system=_PERSON, prompt=_DIGIT, max_tokens=1, top_logprobs=20)
        advice = f"choose {name_option('rating', 'ssr')} or direct, not logprob"
        try:
            reply = await self._ask(question)
        except CallFailed as error:
            self._tell("logprobs", f"refused: {error}", advice)
            return
        if reply.top:
            self._tell("logprobs", f"{len(reply.top)} alternatives to a token")
        else:
            self._tell("logprobs", "refused" if "logprobs" in self._refused else "none reported", advice)

    async def _find_sight(self) -> None:
        prompt = "Which colour fills the picture? Answer with one word."
        question = exchange.Question(system=_PERSON, prompt=prompt, picture=_draw_red(), max_tokens=400)
        advice = f"runs send the picture's description; a {name_option('model')} that sees is sent the picture"
        try:
            reply = await self._ask(question)
        except CallFailed as error:
            self._tell("pictures", f"refused: {error}", advice)
            return
        if PICTURES in self._refused:
            self._tell("pictures", "refused", advice)
        elif "red" in reply.text.casefold():
            self._tell("pictures", "seen")
        else:
            self._tell("pictures", "taken, and not seen", f"a {name_option('model')} that sees is needed for pictures")

    async def _find_context(self) -> None:
        """Read what the server says of its context, then send a long question twice, to see it read whole and kept."""
        context, cuts = await self._look_for_context()
        self._known["context"] = context
        is_short = context is not None and context < _ENOUGH_CONTEXT
        question = _write_long(_SHORT_WORDS if is_short or self._is_slow else _LONG_WORDS)
        advice = advise_context(_ENOUGH_CONTEXT // 2) if is_short else ""
        told = "not told by the server" if context is None else f"{context:,} tokens"
        told += "; longer prompts are cut at their start without a word" if cuts and is_short else ""
        try:
            first = await self._ask(question)
            second = await self._ask(question)
        except CallFailed as error:
            self._tell("context length", f"{told}; a long question failed: {error}", advice or _try_again(error))
            return
        sent = f"{question.system}\n{question.prompt}"
        estimate = token_counts.estimate_tokens(sent)
        counted = first.prompt_tokens + first.cached_tokens
        if 0 < counted < len(sent.split()) or CutWatch().is_cut(sent, counted):
            read = f"only {counted:,} of about {estimate:,} tokens of a long question were counted as read"
            self._tell("context length", f"{told}; {read}", advise_context(_ENOUGH_CONTEXT // 2))
        elif first.prompt_tokens:
            self._tell("context length", f"{told}; a question of {first.prompt_tokens:,} tokens was read whole", advice)
        else:
            self._tell("context length", f"{told}; prompt tokens are not counted", advice or _no_count())
        if second.cached_tokens:
            self._tell("cached tokens", f"{second.cached_tokens:,} of {second.prompt_tokens:,} the second time")
        else:
            self._tell("cached tokens", "none reported")

    async def _look_for_context(self) -> tuple[int | None, bool]:
        """Return the context that the server tells, and whether it is one that cuts longer prompts without a word."""
        listed = await self._engine.look("/models")
        told = next(_list_contexts(listed, self._engine.model), None)
        if not _is_nearby(self._address):
            return told, False
        root = urlsplit(self._address)._replace(path="", query="", fragment="").geturl()
        loaded = await self._engine.look(f"{root}/api/ps")
        if isinstance(loaded, dict) and isinstance(loaded.get("models"), list):
            return next(_list_contexts(loaded, self._engine.model), told), True
        shown = await self._engine.look(f"{root}/props")
        served = _dig(shown, "default_generation_settings", "n_ctx")
        if _is_count(served):
            return int(served), False
        lmstudio = await self._engine.look(f"{root}/api/v0/models")
        return next(_list_contexts(lmstudio, self._engine.model), told), False

    def _tell_thinking(self) -> None:
        most = max(reply.reasoning_tokens for reply in self._heard)
        room = f"raise {name_option('max_tokens')}, or lower {name_option('reasoning_effort')}, if replies come cut"
        found = f"up to {most:,} on a short reply" if most else "none reported"
        if self._starved:
            found += "; they left no room for a reply of a few hundred tokens"
        self._tell("reasoning tokens", found, room if self._starved else "")

    def _find_speed(self) -> None:
        speeds = [speed for reply in self._heard if (speed := _measure_speed(reply)) is not None]
        if not speeds:
            self._tell("tokens a second", "not found out: replies were too short")
            return
        self._known["tokens_per_second"] = round(max(speeds), 1)
        self._tell("tokens a second", f"{_say_speed(max(speeds))}, one request at a time")

    async def _find_concurrency(self) -> None:
        """Ask more and more at once while that speeds up the whole."""
        if self._is_slow:
            self._known["concurrency"] = 1
            taken = self._heard[0].latency_ms / 1000
            self._tell("safe concurrency", f"1 at once: a short reply took {taken:,.0f} s")
            return
        best, best_speed = 0, 0.0
        for level in _LEVELS:
            began = time.monotonic()
            asked = [self._ask(_count_to_twelve(level, place)) for place in range(level)]
            came = await asyncio.gather(*asked, return_exceptions=True)
            fault = next((one for one in came if isinstance(one, BaseException)), None)
            if fault is not None and not isinstance(fault, CallFailed):
                raise fault
            if fault is not None:
                break
            tokens = sum(_count_reply(one) for one in came if isinstance(one, exchange.Reply))
            speed = tokens / max(time.monotonic() - began, 1e-6)
            if speed < _WORTHWHILE * best_speed:
                break
            best, best_speed = level, speed
            if time.monotonic() - began > _SLOW_SECONDS:
                break
        if not best:
            self._tell("safe concurrency", "not found out", _try_again())
            return
        self._known["concurrency"] = best
        more = "" if best < _LEVELS[-1] else ", and perhaps more"
        self._tell("safe concurrency", f"{best} at once{more}: {_say_speed(best_speed)} tokens a second in all")


def _keeps_form(reply: exchange.Reply) -> bool:
    try:
        found = replies.find_object(reply.text, _FORM["required"])
    except replies.NoObjectError:
        return False
    return found.get("first_glance") in {"stop", "scroll_past"} and isinstance(found.get("verbatim"), str)


def _try_again(error: CallFailed | None = None) -> str:
    if error is not None and "no answer within" in str(error):
        return f"the machine is slow for this {name_option('model')}: choose a smaller one, or ask when it is idle"
    return f"look at the server's log, then ask again with {name_option('fresh')}"


def _say_speed(speed: float) -> str:
    return f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}"  # noqa: PLR2004 - two digits are told either way


def _no_count() -> str:
    return "costs and cut prompts cannot be seen at this endpoint"


def _count_reply(reply: exchange.Reply) -> int:
    return reply.completion_tokens or token_counts.estimate_tokens(reply.text)


def _measure_speed(reply: exchange.Reply) -> float | None:
    tokens = _count_reply(reply)
    return tokens / (reply.latency_ms / 1000) if tokens >= _LEAST_TOKENS and reply.latency_ms else None


def _count_to_twelve(level: int, place: int) -> exchange.Question:
    prompt = f"Write the numbers from {place + 1} to {place + 12} as words, separated by commas. Try {level}."
    return exchange.Question(system=_PERSON, prompt=prompt, max_tokens=60)


def _write_long(words: int) -> exchange.Question:
    """Return a question of so many words, different each time: nothing of it is cached beforehand."""
    lines, count = [f"This page was written at {time.time_ns()}."], 0
    while count < words:
        lines.append(_LINES[len(lines) % len(_LINES)])
        count += len(lines[-1].split())
    page = ".\n".join(lines)
    return exchange.Question(system=_PERSON, prompt=f"{page}.\n\nWhat is sold on this page? One word.", max_tokens=60)


def _list_contexts(listed: Any, model: str) -> Iterator[int]:
    """Yield the contexts that a list of models tells for one of them; of the only one, whatever it is called."""
    entries = _dig(listed, "data") or _dig(listed, "models")
    known = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    own = [one for one in known if model in {one.get("id"), one.get("name"), one.get("model")}]
    for entry in own or (known if len(known) == 1 else []):
        yield from (int(entry[name]) for name in _CONTEXT_FIELDS if _is_count(entry.get(name)))
        trained = _dig(entry, "meta", "n_ctx")
        if _is_count(trained):
            yield int(trained)


def _is_count(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _dig(found: Any, *names: str) -> Any:
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _draw_red(side: int = 64) -> str:
    """Return a red square as a data address."""
    rows = (b"\x00" + b"\xe0\x10\x10" * side) * side

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts: Sequence[bytes] = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).decode()
