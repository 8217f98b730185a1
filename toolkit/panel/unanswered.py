"""What a plan would still have to ask, given what the store already holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from toolkit.engines import EngineBase, budget
from toolkit.errors import MissingReply
from toolkit.models import MEASURES, exchange
from toolkit.panel import polling
from toolkit.panel.asker import Asker, Tuning, ask_pairing
from toolkit.panel.embedding import list_lacking
from toolkit.panel.planning import Plan
from toolkit.questionnaire import Questionnaire, Task
from toolkit.store import Store

_TYPICAL_THOUGHT = "That would save me some time, but I would want to know what it costs before I tap anything."


@dataclass(frozen=True, slots=True)
class Outstanding:
    """The questions that a plan still has, at most: whoever has not answered yet is taken to stop and read on."""

    questions: Sequence[exchange.Question]
    stored: int
    """Persona reactions for which nothing has to be asked."""
    texts: Sequence[str] | None = None
    """Anchors and sentences of stored reactions still to be embedded; None where no endpoint's model embeds."""


async def find_outstanding(
    plan: Plan,
    store: Store,
    model: str,
    form: exchange.Form,
    embedding_model: str | None = None,
    *,
    endpoint: str | None = None,
    tuning: Tuning | None = None,
) -> Outstanding:
    """Look up every reaction and choice of a plan, and the vectors of an endpoint's embedding model.

    `endpoint` is whose replies count; those of any where it is None. `tuning` is how the model would be asked.
    """
    peek = _Peek(model, form)
    peek.endpoint = endpoint
    asker = Asker(plan.questionnaire, peek, store, budget.Budget(None, None), "", tuning=tuning)
    found: list[exchange.Question] = []
    said: set[str] = set()
    stored = 0
    for task in plan.tasks:
        reaction = await asker.ask(task)
        asked = peek.take()
        said.update(reaction.answer.says.values() if reaction.answer else ())
        found += _follow(task, asked, plan.questionnaire) if asked else []
        stored += asked is None and task.persona is not None
    ask_pair = partial(ask_pairing, questions=plan.pair_questions, asker=asker)
    for pairing in plan.pairings:
        await ask_pair(pairing)
        asked = peek.take()
        found += [asked] if asked else []
    for poll in plan.polls:
        await polling.ask_poll(poll, questions=plan.share_questions, asker=asker)
        asked = peek.take()
        found += [asked] if asked else []
    texts = (
        None
        if embedding_model is None
        else list_lacking(said, plan.prompts, store, embedding_model, plan.languages, plan.own)
    )
    return Outstanding(found, stored, texts)


def _follow(task: Task, asked: exchange.Question, questionnaire: Questionnaire) -> list[exchange.Question]:
    """Return a missing question with those that may follow from its reply."""
    if asked.kind in {"intent", "answer"}:
        return [asked]
    if asked.kind == "thought":
        follows = questionnaire.rating != "ssr"
        digits_only = questionnaire.rating == "direct"
        own = [questionnaire.ask_own(task, _TYPICAL_THOUGHT, one) for one in questionnaire.list_own(task, page=True)]
        return [asked, *own, *([questionnaire.ask_intent(task, _TYPICAL_THOUGHT, digits_only=digits_only)] * follows)]
    if asked.kind == "digit":
        return [asked] * len(MEASURES)
    found = [asked]
    if asked.kind == "glance":
        found.append(questionnaire.ask_reading(task))
    if questionnaire.rating == "logprob":
        found += [questionnaire.ask_digit(task, measure, _TYPICAL_THOUGHT) for measure in MEASURES]
    return found


class _Peek(EngineBase):
    """An engine that answers nothing and remembers what it was asked."""

    name = "peek"
    concurrency = 1
    endpoint: str | None = None
    claims = False

    def __init__(self, model: str, form: exchange.Form) -> None:
        self.model = model
        self.form = form
        self._asked: exchange.Question | None = None

    def take(self) -> exchange.Question | None:
        """Return the question asked since the last time, or None."""
        asked, self._asked = self._asked, None
        return asked

    async def ask(self, question: exchange.Question) -> NoReturn:
        """Remember the question."""
        self._asked = question
        raise MissingReply("only looked up")
