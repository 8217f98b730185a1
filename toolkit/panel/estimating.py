"""What a run will take, before it is started."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from toolkit.engines import Price, budget
from toolkit.files import languages
from toolkit.models import MEASURES, Record, cards, exchange
from toolkit.panel.asker import Tuning
from toolkit.panel.embedding import BATCH
from toolkit.panel.planning import Plan
from toolkit.panel.splitting import Split
from toolkit.panel.unanswered import Outstanding
from toolkit.questionnaire import BadReply, answers

WORTH_FINDING = 0.05
_MINUTE = 60
_CENT = 0.01
_REPLY_TOKENS: Mapping[exchange.Kind, int] = {
    "reading": 260, "reaction": 260, "glance": 40, "choice": 40, "share": 60, "digit": 1, "intent": 1, "thought": 40,
    "answer": 8,
}  # fmt: skip
"""Typical replies, for a model of which the store holds too few. What a model thinks unseen is charged, too."""
_SHORT_ANSWER, _TEXT_ANSWER = 10, 28
"""An answer to a question of one's own in a form, its name included: a number or a choice, and words."""
_WORDS = {"type": ["string", "null"]}
"""The schema of an answer in words."""
_SENTENCE_TOKENS = 20.0
"""One of the five sentences in a typical reading."""
_ENOUGH_REPLIES = 20
_SECONDS_PER_CALL = {"openai": 6.0, "local": 3.5, "replay": 0.01}
_CONCURRENCY = {"openai": 32, "local": 2, "replay": 1}
_BATCH_MINUTES = 24 * 60.0


Room = Literal["all", "some", "none", "no reply"]
_ROOMS: tuple[Room, ...] = ("all", "some", "none", "no reply")
"""From the best to the worst."""


class ModelEstimate(Record):
    """What one of several models is expected to take."""

    name: str
    personas: int
    calls: int
    cost_usd: float | None


class Estimate(Record):
    """What a run is expected to take beyond what the store already holds."""

    personas: int
    wordings: int
    reactions: int
    languages: tuple[str, ...] = Field(default=(), exclude_if=lambda value: not value)
    """What answers are asked for in, as BCP 47 tags; empty where that is English alone."""
    stored: int = 0
    """Of the reactions, those that the store holds: they are off the calls, tokens, dollars and minutes."""
    calls: int
    """At most: everybody is taken to stop and read on."""
    prompt_tokens: int
    completion_tokens: int
    embedding_tokens: int = 0
    """For an endpoint's embedding model: of sentences that are known, and at most five to each reply still to come."""
    measured_replies: int = 0
    """How many stored replies of this model say how long its replies and their sentences are; 0: typical lengths."""
    cost_usd: float | None
    """Null where something is to be asked of a model whose price is not known.

    No prompt is counted on to come from the provider's cache.
    """
    minutes: float
    """Of a batch: at most."""
    detectable_difference: float | None
    """Lead in the objective rate that is called best four times in five; null where no lead would be.

    From assumed components, not measured ones: nobody has answered yet.
    """
    personas_for_5_points: int | None
    """Personas needed to tell 5 points apart; null where more personas alone cannot."""
    drafts: int = 2
    """How many compete: the more there are, the larger a lead has to be."""
    max_cost_usd: float | None = None
    """The cost limit that it was made under; null without one."""
    room_for_thinking: Room | None = None
    """Which replies keep their room for what a model thinks before it answers, under the limit.

    all, some, none, or "no reply" where not even one is sure to be paid for. Null without a limit, without a price, or
    where nothing is asked in a form. A model that does not think needs no such room.
    """
    room_needs_usd: float | None = None
    """The least limit under which all keep it, if replies are as long as expected; null where it is not known."""
    models: tuple[ModelEstimate, ...] = ()
    """Of several models, what each takes; empty for a single one."""

    def _repr_html_(self) -> str:
        """Return what a notebook shows: calls, tokens, dollars, minutes, and what the design can tell apart."""
        lead = self.detectable_difference
        cost = "An unknown price" if self.cost_usd is None else f"${self.cost_usd:,.2f}"
        each = [
            (one.name, one.personas, f"{one.calls:,}", "not known" if one.cost_usd is None else f"${one.cost_usd:,.2f}")
            for one in self.models
        ]
        return cards.render_card(
            f"{cost} and about {say_seconds(self.minutes * 60)} for {self.reactions:,} reactions",
            text="This design can tell no lead apart."
            if lead is None
            else f"A lead of {100 * lead:.0f} points would be called best four times in five.",
            facts={
                "people": f"{self.personas:,}",
                "drafts": f"{self.drafts}",
                "calls": f"{self.calls:,}",
                "stored already": f"{self.stored:,}",
                "prompt tokens": f"{self.prompt_tokens:,}",
                "reply tokens": f"{self.completion_tokens:,}",
            },
            tables=[cards.CardTable(("model", "people", "calls", "cost"), each)] if each else (),
        )


def estimate_plan(
    plan: Plan,
    engine: str,
    price: Price | None,
    concurrency: int | None = None,
    *,
    outstanding: Outstanding,
    replies: Sequence[exchange.Reply] = (),
    batch: bool = False,
    embedding_price: Price | None = None,
    limit: float | None = None,
    tuning: Tuning | None = None,
) -> Estimate:
    """Return the estimate, from the outstanding questions' own lengths and from stored replies of the same model.

    `limit` is the most dollars that may be spent, `tuning` how the model would be asked.
    """
    from toolkit.stats import plans

    measured = _measure_replies(replies)
    questions = outstanding.questions
    texts, embedding_tokens = _count_texts(outstanding, replies, _count_own_sentences(plan))
    calls = len(questions) + math.ceil(texts / BATCH)
    prompt_tokens = sum(map(_count_prompt_tokens, questions))
    lengths = (measured.get(one.kind, _REPLY_TOKENS[one.kind]) for one in questions)
    completion_tokens = round(sum(lengths) + sum(_count_own_tokens(one, measured) for one in questions))
    in_flight = min(concurrency or _CONCURRENCY.get(engine, 1), max(calls, 1))
    dollars = price.cost(prompt_tokens, completion_tokens) if price else None
    if dollars is not None and embedding_price:
        dollars += embedding_price.cost(embedding_tokens, 0)
    if not calls:
        dollars = 0.0
    room, needs = _find_room(questions, price, limit, dollars, tuning or Tuning())
    minutes = round(calls * _SECONDS_PER_CALL.get(engine, 6.0) / in_flight / 60, 2)
    return Estimate(
        personas=len(plan.panel),
        wordings=plan.wordings,
        reactions=plan.persona_tasks,
        languages=plan.languages if plan.foreign else (),
        stored=outstanding.stored,
        calls=calls,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        embedding_tokens=embedding_tokens,
        measured_replies=len(replies) if measured else 0,
        cost_usd=None if dollars is None else round(dollars, 4),
        minutes=_BATCH_MINUTES if batch and calls else minutes,
        detectable_difference=plan.detectable,
        drafts=len(plan.campaign.drafts),
        max_cost_usd=limit,
        room_for_thinking=room,
        room_needs_usd=needs,
        personas_for_5_points=plans.personas_needed(
            plans.TYPICAL,
            len(plan.prompts.wordings),
            plan.settings.repeats,
            WORTH_FINDING,
            drafts=max(len(plan.campaign.drafts), len(("a", "b"))),
        ),
    )


def join_estimates(plan: Plan, split: Split, shares: Sequence[Estimate]) -> Estimate:
    """Return the estimate of a panel that is split over models, from that of each model's share.

    Models are asked at the same time, so it takes as long as the slowest. One limit holds for all of them.
    """
    costs = [one.cost_usd for one in shares]
    rooms = [one.room_for_thinking for one in shares if one.room_for_thinking is not None]
    worst: Room | None = max(rooms, key=_ROOMS.index) if rooms else None
    extra = [one.room_needs_usd - (one.cost_usd or 0.0) for one in shares if one.room_needs_usd is not None]
    total = None if None in costs else round(sum(cost for cost in costs if cost is not None), 4)
    needs = None if total is None or not extra else round(total + max(extra), 6)
    if needs is not None and shares[0].max_cost_usd is not None and shares[0].max_cost_usd < needs and worst == "all":
        worst = "some"
    return shares[0].model_copy(
        update={
            "reactions": plan.persona_tasks,
            **{
                name: sum(getattr(one, name) for one in shares)
                for name in ("stored", "calls", "prompt_tokens", "completion_tokens", "embedding_tokens")
            },
            "measured_replies": sum(one.measured_replies for one in shares),
            "cost_usd": total,
            "minutes": max(one.minutes for one in shares),
            "room_for_thinking": worst,
            "room_needs_usd": needs,
            "models": tuple(
                ModelEstimate(
                    name=name,
                    personas=sum(at == number for at in split.of_persona.values()),
                    calls=one.calls,
                    cost_usd=one.cost_usd,
                )
                for number, (name, one) in enumerate(zip(split.names, shares, strict=True))
            ),
        }
    )


def _find_room(
    questions: Sequence[exchange.Question], price: Price | None, limit: float | None, dollars: float | None, how: Tuning
) -> tuple[Room | None, float | None]:
    """Return which replies keep their room for thinking under a limit, and the dollars under which all would.

    A call is begun only where its worst case fits into what is left. So the last call needs its whole worst case free.
    """
    forms = [one for one in questions if one.schema is not None]
    if price is None or limit is None or dollars is None or not forms:
        return None, None
    prompts = [budget.count_most_prompt_tokens(one) for one in forms]
    roomy = [price.cost(tokens, how.leave_room(one, 1).most_tokens) for tokens, one in zip(prompts, forms, strict=True)]
    bare = [price.cost(tokens, one.max_tokens) for tokens, one in zip(prompts, forms, strict=True)]
    needs = dollars * (1 - 1 / len(questions)) + max(roomy)
    rooms: tuple[tuple[float, Room], ...] = ((needs, "all"), (min(roomy), "some"), (min(bare), "none"))
    room: Room = next((room for least, room in rooms if limit >= least), "no reply")
    return room, round(needs, 6)


def _count_prompt_tokens(question: exchange.Question) -> int:
    schema = budget.estimate_schema_tokens(json.dumps(question.schema)) if question.schema else 0
    picture = budget.PICTURE_TOKENS if question.picture else 0
    return budget.estimate_tokens(question.system) + budget.estimate_tokens(question.prompt) + schema + picture


def _count_own_tokens(question: exchange.Question, measured: Mapping[exchange.Kind, float]) -> int:
    """Return the tokens of answers to questions of one's own in a form whose length no stored reply tells."""
    own = (question.schema or {}).get("properties", {}).get("answers")
    if own is None or question.kind in measured:
        return 0
    return sum(_TEXT_ANSWER if one == _WORDS else _SHORT_ANSWER for one in own["properties"].values())


def _count_own_sentences(plan: Plan) -> int:
    """Return how many questions of one's own a reading answers in a sentence that is rated."""
    return sum(one.by_sentence for one in plan.questionnaire.list_own(plan.tasks[0])) if plan.own else 0


def _count_texts(outstanding: Outstanding, replies: Sequence[exchange.Reply], own: int) -> tuple[int, int]:
    """Return how many texts an endpoint's model has to embed at most, and their tokens; none where none does.

    `own` is how many sentences a reading has besides those of the measures.
    """
    if outstanding.texts is None:
        return 0, 0
    to_come = (len(MEASURES) + own) * sum(one.kind in {"reading", "reaction"} for one in outstanding.questions)
    known = sum(map(budget.estimate_tokens, outstanding.texts))
    return len(outstanding.texts) + to_come, known + round(to_come * _measure_sentences(replies))


def _measure_sentences(replies: Sequence[exchange.Reply]) -> float:
    """Return the mean tokens of the sentences in stored readings, of a typical one where there are too few."""
    said = []
    for reply in replies:
        with contextlib.suppress(BadReply):
            said.append(answers.read_reading(reply.text).says.values())
    tokens = [budget.estimate_tokens(sentence) for sentences in said for sentence in sentences]
    return sum(tokens) / len(tokens) if tokens and len(said) >= _ENOUGH_REPLIES else _SENTENCE_TOKENS


def _measure_replies(replies: Sequence[exchange.Reply]) -> dict[exchange.Kind, float]:
    """Return the mean completion tokens of each kind of reply of which there are enough."""
    taken: dict[exchange.Kind, list[int]] = {}
    for reply in replies:
        for kind in _find_kinds(reply.text):
            if reply.completion_tokens:
                taken.setdefault(kind, []).append(reply.completion_tokens)
    return {kind: sum(tokens) / len(tokens) for kind, tokens in taken.items() if len(tokens) >= _ENOUGH_REPLIES}


def _find_kinds(text: str) -> tuple[exchange.Kind, ...]:
    """Return what a stored reply may answer: the store keeps no kinds, and a reaction is as long as a reading."""
    marks: tuple[tuple[str, tuple[exchange.Kind, ...]], ...] = (
        ('"action"', ("reading", "reaction")),
        ('"first_glance"', ("glance",)),
        ('"sooner"', ("choice",)),
        ('"of_100"', ("share",)),
    )
    return next((kinds for mark, kinds in marks if mark in text), ())


def say_estimate(estimate: Estimate) -> tuple[str, str]:
    """Return what a run will take and what it can tell, each in a sentence without its full stop.

    Such as ("Ask 12 people, about $0.04, 20 s", "12 people can tell 31 points apart, four times in five; ...").
    """
    people = count_people(estimate.personas)
    cost = "cost unknown" if estimate.cost_usd is None else f"about ${estimate.cost_usd:.2f}"
    cost = "free" if estimate.cost_usd == 0 else cost
    takes = f"{say_people(estimate.personas)}, {cost}, {say_seconds(estimate.minutes * 60)}"
    if estimate.stored:
        takes += f"; {estimate.stored:,} of {estimate.reactions:,} reactions stored"
    spoken = f"; {say_languages(estimate)}" if estimate.languages else ""
    can = estimate.detectable_difference
    among = f" among {estimate.drafts} drafts" if estimate.drafts > len(("a", "b")) else ""
    tells = (
        f"{people} can tell {100 * can:.0f} points apart{among}"
        if can
        else f"{people}: too few to tell any two drafts apart"
    )
    if estimate.drafts == 1:
        return takes, f"{people}, one draft: there is nothing to compare with{spoken}"
    needed = estimate.personas_for_5_points
    more = f"; {needed:,} would tell 5 points apart" if needed else "; more people alone cannot tell 5 points apart"
    return takes, f"{tells}{more} (four times in five, typical variances assumed){spoken}"


def say_languages(estimate: Estimate) -> str:
    """Return what answers are asked for in, such as "answers are asked for in Polish"."""
    return f"answers are asked for in {languages.name_languages(estimate.languages)}"


def say_room(estimate: Estimate) -> str | None:
    """Return what a small cost limit leaves for thinking, in sentences without a last full stop; None for enough."""
    if estimate.room_needs_usd is None or estimate.room_for_thinking in {None, "all"}:
        return None
    limit, needs = f"A limit of ${estimate.max_cost_usd:g}", _round_up(estimate.room_needs_usd)
    if estimate.room_for_thinking == "no reply":
        return f"{limit} is less than one reply may cost, so nothing would be asked. {needs} is enough"
    share = "the last replies" if estimate.room_for_thinking == "some" else "replies"
    said = f"{limit} leaves {share} no room for thinking. A model that thinks first may then end before it answers"
    return f"{said}. {needs} leaves room for all"


def _round_up(dollars: float) -> str:
    """Return dollars, rounded up to cents, or to a ten-thousandth below a cent."""
    digits = 2 if dollars >= _CENT else 4
    return f"${math.ceil(round(dollars * 10**digits, 6)) / 10**digits:.{digits}f}"


def say_people(personas: int) -> str:
    """Return whom a run asks, before there is anything to ask about: "Ask 12 people"."""
    return f"Ask {count_people(personas)}"


def count_people(personas: int) -> str:
    """Return a number of people as people say it: "1 person", "12 people"."""
    return "1 person" if personas == 1 else f"{personas} people"


def say_seconds(seconds: float) -> str:
    """Return a duration as people say it: "20 s", "3 min", "1 h 20 min"."""
    if seconds < _MINUTE:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / _MINUTE)
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if not hours else f"{hours} h {rest} min"
