"""What a run records besides its reactions: identity, counts, cost, questions, warnings."""

from __future__ import annotations

import datetime
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import polars as pl

from toolkit.drafts.surfaces import find_surface, is_folded
from toolkit.engines import base, budget, embedder
from toolkit.errors import name_option, spell_out
from toolkit.files import languages
from toolkit.models import exchange, records
from toolkit.panel import polling, pooling
from toolkit.panel.embedding import Embedding
from toolkit.panel.frame import Rated, make_preferences, make_reactions, rate_reactions
from toolkit.panel.planning import Plan
from toolkit.panel.reasons import find_reason, say_reasons
from toolkit.panel.splitting import Split
from toolkit.questionnaire import BOUNDARY, Preference, Reaction, Task, pairs, shares
from toolkit.results import Run, runs
from toolkit.stats import bradley_terry
from toolkit.store import make_key

_Held = budget.Budget
_Answered = Reaction | Preference | shares.PollAnswer
_MOST_TOLD = 2_000
"""Answers whose language is looked at for the methods statement."""
_PAIRED = "head-to-head: two drafts per call, in both orders, labels cycled"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the asking left behind: reactions, what they cost, and when it began."""

    reactions: Sequence[Reaction]
    budget: budget.Budget
    started: datetime.datetime
    embedding_model: str | None = None
    """The endpoint's embedding model; None for the embedded one."""
    preferences: Sequence[Preference] = ()
    """The choices of a head-to-head."""
    polls: Sequence[shares.PollAnswer] = ()
    """What a forecast of shares said."""
    rows: pl.DataFrame | None = None
    """The reactions as a frame, ratings by sentence still null, where somebody made it already."""
    seconds: float | None = None
    """How long it took."""
    questions: Mapping[exchange.Kind, exchange.Question] = field(default_factory=dict)
    """The first question of each kind as it was asked; without any, the plan's own are written out."""
    split: Split | None = None
    """Which of several models answered for whom."""
    engines: Sequence[base.Answerer] = ()
    """Of each model, in the order of the split."""
    budgets: Sequence[_Held] = ()
    """What each model took."""

    @property
    def answers(self) -> list[_Answered]:
        """Everything that was asked for."""
        return [*self.reactions, *self.preferences, *self.polls]


def make_run(plan: Plan, engine: base.Answerer, asked: Asked, embedding: Embedding) -> Run:
    """Return the run with its methods statement; rates what was said where the rating method asks for it."""
    run_id = make_run_id(plan, engine.model, asked.embedding_model)
    rows = (
        asked.rows
        if asked.rows is not None
        else make_reactions(
            asked.reactions,
            run_id=run_id,
            campaign=plan.campaign,
            objective=plan.settings.objective,
            segment_keys=plan.segment_keys,
            model=asked.split.name if asked.split else engine.model,
        )
    )
    rated = Rated(rows, {}, {})
    if plan.settings.rating == "ssr":
        spoken = {draft.id: Task(None, draft, 0, 0).language for draft in plan.campaign.drafts}
        rated = rate_reactions(rows, plan.prompts, embedding.find_embed, spoken, plan.own)
        rows = rated.reactions
    preferences = make_preferences(asked.preferences, run_id) if plan.settings.head_to_head else None
    methods = _make_methods(run_id, plan, engine, asked, rated)
    if methods.stopped is None and embedding.unpaid is not None:
        methods = methods.model_copy(update={"stopped": embedding.unpaid})
    if preferences is not None:
        more = bradley_terry.list_order_warnings(bradley_terry.find_order_effects(preferences))
        methods = methods.model_copy(
            update={"warnings": (*methods.warnings, *more), "order": f"{methods.order}; {_PAIRED}"}
        )
    if plan.campaign.screened is not None:
        order = f"{methods.order}; {plan.campaign.screened.say(len(plan.campaign.drafts))}"
        methods = methods.model_copy(update={"order": order})
    if plan.polls:
        order = f"{methods.order}; {polling.say_order(plan.polls)}"
        names = asked.split.names if asked.split else (engine.model,)
        forecast = polling.make_forecast(asked.polls, names)
        methods = methods.model_copy(update={"order": order, "forecast": forecast})
    return Run(methods=methods, reactions=rows, preferences=preferences)


def _make_methods(run_id: str, plan: Plan, engine: base.Answerer, asked: Asked, rated: Rated) -> runs.Methods:
    reactions = asked.reactions
    control = [reaction for reaction in reactions if reaction.task.persona is None]
    personas = [reaction for reaction in reactions if reaction.task.persona is not None]
    return runs.Methods(
        run_id=run_id,
        campaign=plan.campaign,
        audiences=tuple(runs.describe_audience(audience) for audience in plan.audiences),
        segment_keys=plan.segment_keys,
        settings=plan.settings.model_copy(update={"prompts": None}),
        engine=engine.name,
        model=engine.model,
        models=tuple(_describe_models(asked)),
        form=engine.form,
        batch=engine.is_batch,
        personas=len(plan.panel),
        distinct_personas=pooling.count_distinct(plan.panel),
        wordings=plan.wordings,
        counts=_count(personas, engine.calls),
        control_counts=_count(control, engine.calls) if plan.settings.control else None,
        head_to_head_counts=_count(asked.preferences, engine.calls) if plan.settings.head_to_head else None,
        forecast_counts=_count(asked.polls, engine.calls) if plan.polls else None,
        cost_usd=_find_cost(engine, asked),
        cost_unknown_usd=round(asked.budget.lost, 6),
        prompt_tokens=sum(one.usage.fresh_prompt_tokens for one in asked.answers),
        cached_tokens=sum(one.usage.fresh_cached_tokens for one in asked.answers),
        completion_tokens=sum(one.usage.fresh_completion_tokens for one in asked.answers),
        rating=_describe_rating(plan, asked),
        silent=dict(rated.silent),
        bad_replies=_count_reasons(reason for one in asked.answers for reason in one.usage.bad),
        unanswered=_count_reasons(find_reason(one) for one in asked.answers if one.status != "ok"),
        detectable=plan.detectable,
        prompts=_list_hashes(plan),
        questions=_write_out_questions(asked.questions or _list_questions(plan, engine.form)),
        started=asked.started.isoformat(timespec="seconds"),
        asking_seconds=None if asked.seconds is None else round(asked.seconds, 3),
        stopped=next((one.error for one in asked.answers if one.unpaid or one.stopped), None),
        version=version("audience-toolkit"),
        warnings=tuple(_list_warnings(plan, engine, asked, rated)),
        languages=_count_languages(rated.reactions) if plan.foreign else {},
    )


def _describe_models(asked: Asked) -> Iterator[runs.ModelShare]:
    """Yield what each of several models did; nothing for a single one."""
    split = asked.split
    if split is None or len(split.names) == 1:
        return
    for number, name in enumerate(split.names):
        answered = [one for one in asked.answers if split.seat(find_item(one)) == number]
        personas = [one for one in answered if isinstance(one, Reaction) and one.task.persona is not None]
        engine, held = asked.engines[number], asked.budgets[number]
        known = held.price is not None or not any(one.usage.fresh for one in answered)
        yield runs.ModelShare(
            name=name,
            engine=engine.name,
            model=engine.model,
            form=engine.form,
            personas=len({one.persona_id for one in personas}),
            counts=_count(personas, engine.calls),
            cost_usd=round(held.spent, 6) if known else None,
            prompt_tokens=sum(one.usage.fresh_prompt_tokens for one in answered),
            completion_tokens=sum(one.usage.fresh_completion_tokens for one in answered),
        )


def find_item(answer: _Answered) -> Task | pairs.Pairing | shares.Poll:
    """Return what an answer was asked for."""
    if isinstance(answer, Reaction):
        return answer.task
    return answer.pairing if isinstance(answer, Preference) else answer.poll


def _describe_rating(plan: Plan, asked: Asked) -> str:
    method = plan.settings.rating
    if method != "ssr":
        return method
    foreign, own = plan.foreign, len(plan.languages) > len(plan.foreign)
    names = [embedder.NAME] * own + [embedder.MANY_NAME] * bool(foreign)
    return f"{method}, {asked.embedding_model or ' and '.join(names)}"


def _count_languages(reactions: pl.DataFrame) -> dict[str, int]:
    """Return how many answers are in which language, by its code, the most frequent first; "" for what is not sure."""
    found: Counter[str] = Counter()
    said = reactions["verbatim"].drop_nulls().value_counts(sort=True).head(_MOST_TOLD)
    for verbatim, count in said.iter_rows():
        guess = languages.detect_language(verbatim)
        found[guess.language if guess.sure and guess.language else ""] += count
    return dict(found.most_common())


def make_run_id(plan: Plan, model: str, embedding_model: str | None) -> str:
    """Return a name that the same inputs always give: campaign and twelve digits of their SHA-256."""
    later = {name for name in ("head_to_head", "keep_weights") if not getattr(plan.settings, name)}  # older names stay
    settings = plan.settings.model_dump_json(exclude=later)
    parts = [plan.campaign.model_dump_json(), settings, model, embedding_model or ""]
    parts += [audience.digest for audience in plan.audiences]
    parts += [f"{name} {digest}" for name, digest in _list_hashes(plan).items()]
    parts += [f"{draft} {picture}" for draft, picture in plan.pictures.items()]
    slug = "".join(letter if letter.isalnum() else "-" for letter in plan.campaign.campaign.lower()).strip("-")
    return f"{slug[:60] or 'run'}-{make_key(*parts).hex()[:12]}"


def _list_hashes(plan: Plan) -> dict[str, str]:
    more = plan.prompts.pair_hashes if plan.settings.head_to_head else {}
    more = more | (plan.prompts.share_hashes if plan.settings.forecast else {})
    more = more | (plan.prompts.question_hashes if plan.own else {})
    return plan.prompts.hashes | more | plan.prompts.hash_languages(plan.foreign)


def _count(reactions: Sequence[_Answered], calls: int) -> runs.Counts:
    statuses = [reaction.status for reaction in reactions]
    return runs.Counts(
        planned=len(reactions),
        ok=statuses.count("ok"),
        refused=statuses.count("refused"),
        failed=statuses.count("failed"),
        from_store=sum(reaction.usage.fresh == 0 and reaction.status != "failed" for reaction in reactions),
        calls=calls,
    )


def _count_reasons(reasons: Iterable[str]) -> dict[str, int]:
    """Return how often each reason occurs, the most frequent first."""
    return dict(Counter(reasons).most_common())


def _find_cost(engine: base.Answerer, asked: Asked) -> float | None:
    if asked.budget.price is not None:
        return round(asked.budget.spent, 6)
    paid = any(one.usage.fresh for one in asked.answers)
    return None if paid and engine.name == "openai" else 0.0


_WRITTEN: Mapping[exchange.Kind, str] = {
    "glance": "glance", "reading": "read", "reaction": "react", "thought": "completion", "choice": "head_to_head",
    "share": "forecast", "answer": "question",
}  # fmt: skip
"""What run.json calls the questions that it shows."""


def _write_out_questions(asked: Mapping[exchange.Kind, exchange.Question]) -> dict[str, str]:
    """Return questions as sent, by the names of run.json, the random token shown as a blank."""
    shown = {name: asked[kind] for kind, name in _WRITTEN.items() if kind in asked}
    system = next((question.system for question in shown.values() if question.system), None)
    prompts = {name: question.prompt.replace(BOUNDARY, "____") for name, question in shown.items()}
    others = {f"{name}_system": one.system for name, one in shown.items() if one.system not in {"", system}}
    return prompts if system is None else {"system": system, **prompts, **others}


def _list_questions(plan: Plan, form: exchange.Form) -> dict[exchange.Kind, exchange.Question]:
    """Return the first questions of a plan.

    Workers keep to themselves what they ask, and a run that was stopped at once asked nothing.
    """
    task, write = plan.tasks[0], plan.questionnaire
    if form == "completion":
        first = [write.ask_thought(task)]
    elif is_folded(task.draft):
        first = [write.ask_glance(task), write.ask_reading(task)]
    else:
        first = [write.ask_reaction(task)]
    paired = [plan.pair_questions.ask(pairing, form) for pairing in plan.pairings[:1]]
    polled = [plan.share_questions.ask(poll, form) for poll in plan.polls[:1]]
    return {question.kind: question for question in [*first, *paired, *polled]}


def _say_alone(plan: Plan) -> Iterator[str]:
    """Yield what was wanted of several drafts where there is one."""
    if len(plan.campaign.drafts) == 1 and plan.settings.forecast:
        yield "one draft has nothing to be compared with: no shares were forecast"
    if len(plan.campaign.drafts) == 1 and plan.settings.head_to_head:
        yield "one draft has nothing to be compared with: no choices were asked for"


def _list_warnings(plan: Plan, engine: base.Answerer, asked: Asked, rated: Rated) -> Iterator[str]:
    yield from dict.fromkeys(engine.warnings)
    yield from plan.notes
    yield from _say_alone(plan)
    if asked.budget.lost_calls:
        yield (
            f"{asked.budget.lost_calls} calls ended without an answer or without its usage: "
            f"they may have cost up to ${asked.budget.lost:.4f} more"
        )
    for why in ("unpaid", "stopped", "skipped"):  # each names the sum or the failure it came upon: one says it
        yield from itertools.islice((str(one.error) for one in asked.answers if getattr(one, why)), 1)
    for name in dict.fromkeys(draft.surface for draft in plan.campaign.drafts):
        surface = find_surface(name)
        if surface.retired:
            yield f"{name} was retired on {records.say_day(surface.retired)}; use {surface.replacement}"
    yield from _say_pictures(plan, engine)
    if engine.form == "completion":
        yield "the embedded model ranks drafts near chance: it shows how the toolkit works and decides nothing"
    several: tuple[tuple[str, Sequence[_Answered]], ...]
    several = (("reactions", asked.reactions), ("head-to-head choices", asked.preferences))
    several += (("forecasts of shares", asked.polls),)
    for name, answers in several:
        missing = sum(one.missing for one in answers)
        if missing:
            yield f"the store lacks {missing} {name}; run once with the engine that should answer"
        refused = sum(one.status == "refused" for one in answers)
        if refused:
            yield f"{refused} {name} were refused by the model and count nowhere"
    yield from _say_bad_replies([reason for one in asked.answers for reason in one.usage.bad], asked.answers)
    yield from map(spell_out, say_reasons(asked.answers))
    yield from _say_missing(rated)
    yield from _say_answers(plan, rated.reactions)


def _say_answers(plan: Plan, reactions: pl.DataFrame) -> Iterator[str]:
    """Say which questions of one's own have answers that cannot be used."""
    for question in plan.own:
        lost = reactions.filter(pl.col(f"status_{question.id}") == "unusable").height
        if lost:
            yield (
                f"question {question.id!r}: {lost} answers were outside what the form allows, were asked for once "
                "more, and are null"
            )


def _say_missing(rated: Rated) -> Iterator[str]:
    """Say how many sentences have no rating, and why."""
    total, elsewhere = sum(rated.silent.values()), sum(rated.elsewhere.values())
    causes = [f"{count} sentences are in {languages.name_language(code)}" for code, count in rated.elsewhere.items()]
    if total > elsewhere:
        silent = "their sentences did not speak of what was to be rated"
        causes.append(f"{total - elsewhere} did not speak of what was to be rated" if causes else silent)
    if total:
        advice = f"; choose {name_option('rating', 'direct')}" if elsewhere else ""
        yield spell_out(f"{total} ratings are missing: {', '.join(causes)}{advice}")


def _say_bad_replies(reasons: Sequence[str], answers: Sequence[_Answered]) -> Iterator[str]:
    """Say how many replies could not be used, why, and what became of them."""
    if not reasons:
        return
    lost = sum(bool(one.usage.bad) and one.status != "ok" for one in answers)
    listed = ", ".join(f"{count} {reason}" for reason, count in _count_reasons(reasons).items())
    ending = f"{lost} answers are null for it" if lost else "every second reply was fine"
    yield f"{len(reasons)} replies could not be used and were asked for once more ({listed}); {ending}"


def _say_pictures(plan: Plan, engine: base.Answerer) -> Iterator[str]:
    """Say of each draft with a picture whether the model saw it."""
    for draft in plan.campaign.drafts:
        if draft.image is None:
            continue
        if engine.form == "chat" and draft.id in plan.pictures:
            yield f"draft {draft.id!r}: its picture was sent to the model"
        else:
            why = "this engine reads text only" if draft.id in plan.pictures else f"{draft.image} could not be read"
            instead = "its description was read instead" if draft.alt else "add alt to describe it"
            yield f"draft {draft.id!r}: its picture was not shown: {why}; {instead}"
