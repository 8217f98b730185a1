"""One reaction: which questions it takes, where their replies come from, what they cost."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeVar

from toolkit.drafts.surfaces import describe_draft, find_surface, is_folded
from toolkit.engines import Engine, budget
from toolkit.errors import (
    BudgetReached,
    CallFailed,
    EngineUnavailable,
    Interrupted,
    MissingReply,
    StoreUnusable,
    name_option,
)
from toolkit.files import normalising, templating
from toolkit.models import MEASURES, Draft, exchange
from toolkit.panel.breaker import Breaker, choose_calls
from toolkit.questionnaire import (
    BOUNDARY,
    BadReply,
    Preference,
    Questionnaire,
    Reaction,
    Task,
    Usage,
    answers,
    pairs,
    repairs,
)
from toolkit.store import make_key

Parsed = TypeVar("Parsed")
_ATTEMPTS = 2
_DRAWS = 5
"""How often a page is written on until the words are a person's own: small models often copy, and a draw is short."""
_MOST_SHOWN = 160
_MOST_PARAMETERS = 256
_ROOM_AFTER = 4
"""How many times the usual room all questions get once a model was seen to think it away."""
_CERTAIN = [[float(level == value) for level in range(5)] for value in range(5)]
"""Distributions with everything on one point; a hundred thousand reactions share these five."""
WAITS_FOR_ANOTHER = (
    "another process is asking the same question: its answer is awaited, and asked for here once that process is "
    "silent for a minute"
)
_SILENT_WAIT = 10.0
"""Seconds after which somebody who waits for another process is told."""
_SHORTEST_WAIT, _LONGEST_WAIT = 0.05, 1.0
"""Seconds between two looks for a reply that another process is waiting for."""


class Refused(Exception):  # a signal inside the asking, never shown
    """The model declined to answer."""


class Withheld(Exception):  # a signal inside the asking, never shown
    """The circuit breaker kept the question from being asked, or asked again."""


_NO_SECOND = (BudgetReached, CallFailed, Interrupted, Withheld)
"""What keeps a second reply away where the first could stand."""
UNANSWERED = (Refused, Withheld, MissingReply, CallFailed)
"""What leaves one question without an answer while the run goes on."""


def describe_failure(error: Exception) -> dict[str, Any]:
    """Return the fields that say why a question of one of the kinds in `UNANSWERED` has no answer."""
    status = "refused" if isinstance(error, Refused) else "failed"
    why = {"missing": isinstance(error, MissingReply), "skipped": isinstance(error, Withheld)}
    return {"status": status, "error": str(error), **why}


class ReplyStore(Protocol):
    """What the asker needs of the place where replies are kept."""

    @property
    def trouble(self) -> StoreUnusable | None:
        """Why no more replies are taken; None while they are."""

    def find(self, key: bytes) -> exchange.Reply | None:
        """Return the reply kept under the key, or None."""

    def find_anywhere(self, question: bytes) -> exchange.Reply | None:
        """Return the latest reply to a question, whichever endpoint gave it, or None."""

    async def keep_together(self, key: bytes, form: exchange.Form, reply: exchange.Reply) -> exchange.Reply:
        """Keep a reply with those that come meanwhile; return the one that stands, once no power cut loses it."""

    def keep_subjects(self, key: bytes, about: Iterable[str]) -> None:
        """Note that a kept reply is about more than it says."""

    async def claim_together(self, key: bytes) -> bool:
        """Take a question in hand, with others; False where another living process has it."""

    def release(self, key: bytes) -> None:
        """Give a question back that got no reply worth keeping."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a model is asked, beside the words of the question."""

    max_tokens: int | None = None
    """Most tokens of a reply in a form, in place of the usual room; no part of the key of a reply."""
    reasoning_effort: str | None = None
    """How much a reasoning model thinks; part of the key, where it is given."""

    def apply(self, question: exchange.Question) -> exchange.Question:
        """Return the question with what shapes its reply."""
        if self.reasoning_effort is None or question.schema is None:
            return question
        return replace(question, sampling={**question.sampling, "reasoning_effort": self.reasoning_effort})

    def leave_room(self, question: exchange.Question, times: int) -> exchange.Question:
        """Return the question with the room that its reply may take."""
        return replace(question, room=self.find_room(question, times))

    def find_room(self, question: exchange.Question, times: int) -> int | None:
        """Return the room that the reply to a question may take."""
        if self.max_tokens is not None and question.schema is not None:
            return self.max_tokens
        return question.room or question.find_room(times)


@dataclass(frozen=True, slots=True)
class _KeyedQuestion:
    """One question, the keys of its reply, here and at any endpoint, and what it is about."""

    key: bytes
    content: bytes
    question: exchange.Question
    about: tuple[str, ...]


@dataclass(slots=True)
class _Tries:
    """What came of the attempts at one question."""

    problem: BadReply | None = None
    """What is wrong with the latest reply."""
    earlier: list[exchange.Reply] = field(default_factory=list)
    """Replies that another was asked for after."""
    astray: list[tuple[float, exchange.Reply]] = field(default_factory=list)
    """Those of them that could stand, with how near to the draft they are."""


class Asker:
    """Answers from the store where it can, from the engine where it must.

    `examples` holds the first question of each kind, in the order of the tasks asked.
    """

    def __init__(
        self,
        questionnaire: Questionnaire,
        engine: Engine,
        store: ReplyStore,
        held: budget.Budget,
        token: str,
        halt: asyncio.Event | None = None,
        breaker: Breaker | None = None,
        tuning: Tuning | None = None,
        campaign: str = "",
    ) -> None:
        self._campaign = campaign
        self._drafts: dict[int, tuple[Draft, str]] = {}
        self._questionnaire = questionnaire
        self._engine = engine
        self._store = store
        self._budget = held
        self._token = token
        self._halt = halt
        self._breaker = breaker or Breaker(choose_calls(engine.concurrency, is_batch=engine.is_batch))
        self._tuning = tuning or Tuning()
        self._room = 1
        self.kept = 0
        """Replies that this run asked for and kept."""
        self._asked = 0
        self._places: dict[int, int] = {}
        self._examples: dict[exchange.Kind, tuple[int, exchange.Question]] = {}
        self._parameters: dict[tuple[Any, ...], tuple[Any, str]] = {}
        self._in_hand: dict[bytes, asyncio.Event] = {}
        self._broken: StoreUnusable | None = None

    @property
    def form(self) -> exchange.Form:
        """The form in which the engine takes questions."""
        return self._engine.form

    @property
    def examples(self) -> dict[exchange.Kind, exchange.Question]:
        """The first question of each kind that was asked, of this run or an earlier one on the same store."""
        return {kind: question for kind, (_, question) in self._examples.items()}

    async def ask(self, task: Task) -> Reaction:
        """Return the reaction; only BudgetReached, EngineUnavailable, StoreUnusable and Interrupted escape."""
        usage = Usage()
        self._asked += 1
        self._places[id(task)] = self._asked
        try:
            answer = await self._find_answer(task, usage)
            pmfs = await self._find_pmfs(task, answer, usage)
        except UNANSWERED as error:
            return Reaction(task=task, usage=usage, **describe_failure(error))
        finally:
            del self._places[id(task)]
        return Reaction(task=task, status="ok", usage=usage, answer=_keep_true_quotes(task, answer), pmfs=pmfs)

    async def _find_answer(self, task: Task, usage: Usage) -> answers.Answer:
        if self._engine.form == "completion":
            return await self._answer_own(task, await self._read_thought(task, usage), usage)
        own = self._questionnaire.list_own(task)
        if not is_folded(task.draft):
            read = partial(answers.read_reaction, asked=own, deeds=find_surface(task.draft.surface).deeds)
            return await self._read(task, self._questionnaire.ask_reaction(task), read, usage)
        read = partial(answers.read_glance, asked=self._questionnaire.list_own(task, glance=True))
        glance = await self._read(task, self._questionnaire.ask_glance(task), read, usage)
        if not glance.stopped:
            return glance
        read = partial(answers.read_reading, asked=own, deeds=find_surface(task.draft.surface).deeds)
        return await self._read(task, self._questionnaire.ask_reading(task), read, usage)

    async def _answer_own(self, task: Task, answer: answers.Answer, usage: Usage) -> answers.Answer:
        """Ask a base model questions of one's own, one after another; who left answers those for everybody alone."""
        found: dict[str, answers.OwnAnswer] = {}
        for asked in self._questionnaire.list_own(task, glance=not answer.stopped, page=True):
            question = self._questionnaire.ask_own(task, f' "{answer.verbatim}"', asked)
            parse = repairs.keep_to_form(asked)
            reply = await self.find_reply(task, question, parse, usage)
            found[asked.id] = asked.read_completion(reply.text)
        return replace(answer, own=found) if found else answer

    async def _find_pmfs(self, task: Task, answer: answers.Answer, usage: Usage) -> dict[str, list[float]]:
        """Ask for ratings by digit where the rating method or a base model needs it."""
        rating = self._questionnaire.rating
        completion = self._engine.form == "completion"
        if not answer.stopped or rating == "ssr" or (rating == "direct" and not completion):
            return {measure: _certain(value) for measure, value in answer.ratings.items()} if answer.stopped else {}
        if completion and rating == "direct":
            thought = f' "{answer.verbatim}"'
            question = self._questionnaire.ask_intent(task, thought, digits_only=True)
            return {"intent": _certain(await self._parse(task, question, answers.read_digit, usage))}
        pmfs = {}
        for measure in ("intent",) if completion else MEASURES:
            pmf = await self._find_pmf(task, answer, measure, usage)
            if pmf is not None:
                pmfs[measure] = pmf
        return pmfs

    async def _find_pmf(self, task: Task, answer: answers.Answer, measure: str, usage: Usage) -> list[float] | None:
        if self._engine.form == "completion":
            question = self._questionnaire.ask_intent(task, f' "{answer.verbatim}"', digits_only=False)
        else:
            question = self._questionnaire.ask_digit(task, measure, answer.verbatim)
        reply = await self.find_reply(task, question, _any_text, usage)
        from toolkit.stats import ratings

        return ratings.from_logprobs(reply.top or {})

    async def _parse(
        self, task: Task, question: exchange.Question, parse: Callable[[str], Parsed], usage: Usage
    ) -> Parsed:
        reply = await self.find_reply(task, question, parse, usage)
        return parse(reply.text)

    async def _read_thought(self, task: Task, usage: Usage) -> answers.Answer:
        question = self._questionnaire.ask_thought(task)
        parse = repairs.make_strict(answers.read_thought, task, question.prompt)
        reply = await self.find_reply(task, question, repairs.keep_to_draft(parse, task), usage)
        return answers.read_thought(reply.text)

    async def _read(
        self, task: Task, question: exchange.Question, parse: Callable[[str], answers.Answer], usage: Usage
    ) -> answers.Answer:
        parse = _read_once(parse)
        reply = await self.find_reply(task, question, repairs.make_strict(parse, task, question.prompt), usage)
        return parse(reply.text)

    async def find_reply(
        self, task: Task, question: exchange.Question, parse: Callable[[str], Any], usage: Usage
    ) -> exchange.Reply:
        """Return the stored reply, or a fresh one; one that cannot be used, or declines, is asked for once more.

        Raises Refused where the model declined, and whatever the engine raises.
        """
        question, about = self._tuning.apply(question), (*question.about, *self._name_subjects(task))
        self._note(task, question)
        content = self._key(task, question)
        key = self._locate(content)
        reply = await self._find_kept(key, content)
        if reply is not None:
            usage.take(reply)
            if self._engine.claims and not set(about) <= set(reply.about):
                self._store.keep_subjects(key, about)
        else:
            asked = _KeyedQuestion(key, content, question, about)
            reply = await self._take_in_hand(asked, parse, usage)
        if reply.refusal:
            raise Refused(reply.refusal)
        return reply

    def _note(self, task: Task, question: exchange.Question) -> None:
        """Keep the first question of each kind; which reply came first does not matter."""
        place = self._places.get(id(task), self._asked)
        known = self._examples.get(question.kind)
        if known is None or place < known[0]:
            self._examples[question.kind] = (place, question)

    def _name_subjects(self, task: Task) -> tuple[str, ...]:
        """Return what a task is about, as a reply keeps it."""
        named = (
            *self._name_draft(task.draft),
            ("persona", task.persona.id if task.persona else ""),
            ("campaign", self._campaign),
        )
        return tuple(f"{kind}:{name}" for kind, name in named if name)

    def _name_draft(self, draft: Draft) -> tuple[tuple[str, str], ...]:
        if id(draft) not in self._drafts:
            self._drafts[id(draft)] = (draft, draft.digest)  # held, so that no other draft ever has its id
        return ("draft", draft.id), ("digest", self._drafts[id(draft)][1])

    def _locate(self, content: bytes) -> bytes:
        """Return the key of a question at the engine's endpoint."""
        endpoint = self._engine.endpoint
        return make_key("at", endpoint, content.hex()) if endpoint else content

    async def _find_kept(self, key: bytes, content: bytes) -> exchange.Reply | None:
        """Look into the store, once whoever asks the same question in this run has its answer.

        Replies of a version that did not tell endpoints apart, and of one's own engine, hold for every endpoint.
        """
        while (other := self._in_hand.get(key)) is not None:
            await other.wait()
        if self._broken is not None:
            raise self._broken
        try:
            if self._engine.endpoint is None:
                return self._store.find_anywhere(content)
            return self._store.find(key) or (self._store.find(content) if key != content else None)
        except StoreUnusable as error:
            self._broken = error
            raise

    async def _take_in_hand(self, asked: _KeyedQuestion, parse: Callable[[str], Any], usage: Usage) -> exchange.Reply:
        """Ask, unless another process on the same store does: then wait for its reply, and ask if none comes."""
        key = asked.key
        self._in_hand[key] = asyncio.Event()
        wait, waited = _SHORTEST_WAIT, 0.0
        try:
            while not await self._claim(key):
                reply = self._store.find(key)
                if reply is not None:
                    usage.take(reply)
                    return reply
                await asyncio.sleep(wait)
                waited, wait = waited + wait, min(1.5 * wait, _LONGEST_WAIT)
                if waited >= _SILENT_WAIT:
                    exchange.tell_trouble(WAITS_FOR_ANOTHER)
            reply = await self._ask_engine(asked, parse, usage)
        except BaseException:
            self._release(key)
            raise
        finally:
            if waited >= _SILENT_WAIT:
                exchange.tell_trouble(None)
            self._in_hand.pop(key).set()
        return reply

    def _check_open(self) -> None:
        """Raise Interrupted or Withheld once no further call is to be made."""
        if self._halt is not None and self._halt.is_set():
            raise Interrupted
        if self._breaker.tripped is not None:
            raise Withheld(f"not asked: {self._breaker.tripped}")

    async def _claim(self, key: bytes) -> bool:
        self._check_open()
        if not self._engine.claims:
            return True
        is_taken = await self._store.claim_together(key)
        self._check_open()
        return is_taken

    def _release(self, key: bytes) -> None:
        if self._engine.claims:
            with contextlib.suppress(StoreUnusable):
                self._store.release(key)

    async def _ask_engine(self, asked: _KeyedQuestion, parse: Callable[[str], Any], usage: Usage) -> exchange.Reply:
        question = asked.question
        tries, attempts = _Tries(), _ATTEMPTS if self._engine.form == "chat" else _DRAWS
        for attempt in range(attempts):
            again = repairs.ask_again(question, tries.problem, self._engine.form)
            try:
                if attempt:
                    await asyncio.sleep(0)  # replies that came together are all judged before one is asked for again
                    self._check_open()
                reply = await self._pay_for(asked, again, attempt)
            except _NO_SECOND as error:
                if tries.astray:
                    break
                if isinstance(error, Withheld) and tries.earlier:
                    usage.take(tries.earlier[0])
                raise
            usage.bill(reply)
            if question.top_logprobs and reply.top is None and not reply.refusal:
                raise EngineUnavailable(
                    f"{name_option('rating', 'logprob')}: {self._engine.model} reports no token probabilities; "
                    f"choose {name_option('rating', 'ssr')} or direct"
                )
            reply = self._judge(reply, parse, tries)
            if tries.problem is None or reply.filtered or (reply.refusal and attempt + 1 == attempts):
                usage.bad += ("refused",) if reply.refusal else ()
                return await self._settle(asked, reply, tries, usage)
            tries.earlier.append(reply)
            is_usable = isinstance(tries.problem, repairs.UsableReply)
            usage.bad += () if is_usable else (tries.problem.kind,)
            if tries.astray and attempt + 1 >= _ATTEMPTS:
                break
        if tries.astray:
            _, nearest = max(tries.astray, key=lambda found: found[0])
            return await self._settle(asked, nearest, tries, usage)
        usage.take(_add_up(tries.earlier[-1], tries.earlier[:-1]))
        raise CallFailed(
            f"{len(tries.earlier)} replies could not be used: {tries.problem}{_show_sample(tries.earlier[-1].text)}"
        )

    def _judge(self, reply: exchange.Reply, parse: Callable[[str], Any], tries: _Tries) -> exchange.Reply:
        """Return the reply, a refusal marked as one, and note what is wrong with it."""
        tries.problem = None
        try:
            reply = repairs.judge_reply(reply, parse)
        except repairs.UsableReply as error:
            tries.problem = error
            tries.astray.append((error.nearness, reply))
            self._breaker.count_answer()
        except BadReply as error:
            tries.problem = error
            self._room = max(self._room, _ROOM_AFTER if error.kind == "no room" else 1)
            if error.kind != "refused":
                self._breaker.count_unusable(error.kind, str(error))
        else:
            if reply.refusal:
                tries.problem = BadReply(reply.refusal, "refused")
            else:
                self._breaker.count_answer()
        return reply

    async def _settle(
        self, asked: _KeyedQuestion, reply: exchange.Reply, tries: _Tries, usage: Usage
    ) -> exchange.Reply:
        """Keep the reply that stands, with what the others took."""
        kept = await self._keep(asked, _add_up(reply, [one for one in tries.earlier if one is not reply]))
        usage.take(kept)
        return kept

    async def _keep(self, asked: _KeyedQuestion, reply: exchange.Reply) -> exchange.Reply:
        key, content = asked.key, asked.content
        endpoint = self._engine.endpoint or "" if key != content else reply.endpoint
        reply = replace(
            reply, about=asked.about, endpoint=endpoint, question=content.hex() if key != content else reply.question
        )
        self.kept += 1
        kept = await self._store.keep_together(key, self._engine.form, reply)
        self._broken = self._store.trouble
        return kept

    def _prepare(
        self, asked: _KeyedQuestion, question: exchange.Question, attempt: int, before_retry: exchange.Guard
    ) -> exchange.Question:
        """Put the run's token in place and, for a base model, a seed drawn from the key.

        A reply may have repeated the token; it is taken out of the words before it marks anything.
        """
        sampling = dict(question.sampling)
        if self._engine.form == "completion":
            sampling["seed"] = (int.from_bytes(asked.content[:4], "big") + attempt) % 2**31
        return replace(
            question,
            prompt=question.prompt.replace(self._token, "").replace(BOUNDARY, self._token),
            sampling=sampling,
            room=self._tuning.find_room(question, self._room),
            key=asked.key.hex(),
            about=asked.about,
            before_retry=before_retry,
        )

    async def _pay_for(self, asked: _KeyedQuestion, question: exchange.Question, attempt: int) -> exchange.Reply:
        """Ask with the worst case held back; what became of a call that broke off is not known and stays counted."""
        held: list[budget.Hold] = []

        async def renew() -> None:
            await held[0].renew()

        question = self._prepare(asked, question, attempt, renew)
        hold = await self._budget.hold(question)
        held.append(hold)
        if not hold.is_roomy:
            question = replace(question, room=None)
        try:
            reply = await self._engine.ask(question)
        except CallFailed as error:
            if error.free:
                hold.free()
            self._breaker.count_failure(str(error))
            raise
        except (EngineUnavailable, MissingReply, Interrupted):
            hold.free()
            raise
        else:
            cost = hold.settle(reply)
            return reply if cost == reply.cost_usd else replace(reply, cost_usd=cost)
        finally:
            hold.lose()

    def _key(self, task: Task, question: exchange.Question) -> bytes:
        return make_key(
            "reply", self._engine.form, self._engine.model, question.system, question.prompt,
            self._write_parameters(question), str(task.wording), str(task.repeat),
        )  # fmt: skip

    def _write_parameters(self, question: exchange.Question) -> str:
        """Return a question's parameters as JSON; most questions about a draft share them."""
        if question.sampling:
            return json.dumps(question.parameters, sort_keys=True)
        place = (
            id(question.schema), question.grammar, question.picture, question.stop, question.max_tokens,
            question.top_logprobs,
        )  # fmt: skip
        known = self._parameters.get(place)
        if known is None or known[0] is not question.schema:
            if len(self._parameters) >= _MOST_PARAMETERS:
                self._parameters.clear()
            known = self._parameters[place] = (question.schema, json.dumps(question.parameters, sort_keys=True))
        return known[1]


def _add_up(reply: exchange.Reply, earlier: Sequence[exchange.Reply]) -> exchange.Reply:
    """Return the reply with what the unusable ones before it took: a replay then tells the same as the run did."""
    if not earlier:
        return reply
    took = [*earlier, reply]
    costs = [one.cost_usd for one in took if one.cost_usd is not None]
    return replace(
        reply,
        prompt_tokens=sum(one.prompt_tokens for one in took),
        completion_tokens=sum(one.completion_tokens for one in took),
        cached_tokens=sum(one.cached_tokens for one in took),
        reasoning_tokens=sum(one.reasoning_tokens for one in took),
        latency_ms=sum(one.latency_ms for one in took),
        cost_usd=sum(costs) if len(costs) == len(took) else None,
    )


def _show_sample(text: str) -> str:
    """Return the beginning of a reply, on one line, for people to see what could not be used."""
    said = " ".join(text.split())
    cut = said if len(said) <= _MOST_SHOWN else f"{said[: _MOST_SHOWN - 1]}…"
    return f"; the last one: “{cut}”" if said else ""


def _read_once(parse: Callable[[str], Parsed]) -> Callable[[str], Parsed]:
    """Return `parse`, which reads a text that it read before no second time: a fresh reply is judged, then used."""
    known: dict[str, Parsed] = {}

    def read(text: str) -> Parsed:
        if text not in known:
            known[text] = parse(text)
        return known[text]

    return read


def _any_text(text: str) -> str:
    return text


def _certain(value: int) -> list[float]:
    return _CERTAIN[value - 1]


def _keep_true_quotes(task: Task, answer: answers.Answer) -> answers.Answer:
    """Drop quotes that do not stand in the draft, so that a highlight can always be placed."""
    shown = templating.clean_text(describe_draft(task.draft)) if answer.quotes else ""
    kept = tuple(quote for quote in answer.quotes if normalising.find_words(shown, quote[0]) is not None)
    return answer if kept == answer.quotes else replace(answer, quotes=kept)


async def ask_pairing(pairing: pairs.Pairing, questions: pairs.PairQuestions, asker: Asker) -> Preference:
    """Return the preference; only BudgetReached and EngineUnavailable escape."""
    usage = Usage()
    parse = partial(pairs.read_label if asker.form == "completion" else pairs.read_choice, labels=pairing.labels)
    try:
        about = tuple(
            f"{kind}:{name}"
            for one in (pairing.first, pairing.second)
            for kind, name in (("draft", one.id), ("digest", one.digest))
        )
        question = replace(questions.ask(pairing, asker.form), about=about)
        reply = await asker.find_reply(pairing.task, question, parse, usage)
        choice = parse(reply.text)
    except UNANSWERED as error:
        return Preference(pairing=pairing, usage=usage, **describe_failure(error))
    chosen = None if choice.place is None else (pairing.first.id, pairing.second.id)[choice.place]
    return Preference(pairing=pairing, status="ok", usage=usage, chosen=chosen, because=choice.because)
