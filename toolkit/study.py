"""Audience x drafts -> run: who is asked what, in what order, and what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeVar

import numpy as np

from toolkit import stats
from toolkit.asking import Asker, Reaction, Usage
from toolkit.budget import Budget, Price
from toolkit.engines import embedder
from toolkit.engines.base import Engine
from toolkit.errors import BudgetReached, InputError, ToolkitError
from toolkit.models import Audience, Campaign, Objective, Persona, Settings
from toolkit.prompts import Prompts
from toolkit.questions import Questionnaire, Task
from toolkit.reactions import Embed, make_reactions, rate_reactions
from toolkit.runs import Counts, Methods, Run, describe_audience
from toolkit.store import Store, make_key
from toolkit.surfaces import find_surface

OnReaction = Callable[[Reaction], None]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run will ask, before anything is asked."""

    campaign: Campaign
    audiences: tuple[Audience, ...]
    settings: Settings
    prompts: Prompts
    panel: tuple[Persona, ...]
    """The personas drawn, in asking order."""
    tasks: tuple[Task, ...]
    segment_keys: tuple[str, ...]

    @property
    def persona_tasks(self) -> int:
        """How many persona reactions are planned; the control reader's are apart."""
        return sum(task.persona is not None for task in self.tasks)

    @property
    def wordings(self) -> int:
        """How many wordings the panel is spread over."""
        return min(len(self.prompts.wordings), len(self.panel))

    @property
    def detectable(self) -> float | None:
        """The objective-rate difference this design tells apart four times in five, with typical components."""
        effective = stats.effective_size([persona.weight for persona in self.panel])
        found = stats.detectable_difference(stats.TYPICAL, effective, self.wordings, self.settings.repeats)
        return found if np.isfinite(found) and found <= 1 else None


def make_plan(
    campaign: Campaign, audiences: Sequence[Audience], settings: Settings, prompts: Prompts | None = None
) -> Plan:
    """Draw the panel, spread the wordings evenly over it and list the reactions to ask for.

    A persona's wording is the rank of SHA-256(seed, persona id) modulo the number of wordings, so it depends on no
    order; a sample is the first of that ranking. Raises InputError where the sample is larger than the audience or the
    objective cannot happen on a surface.
    """
    prompts = prompts or Prompts()
    _check_objective(campaign, settings.objective)
    people, keys = _join_audiences(audiences)
    ranked = sorted(people, key=lambda persona: hashlib.sha256(f"{settings.seed}\x1f{persona.id}".encode()).digest())
    if settings.sample is not None and settings.sample > len(ranked):
        raise InputError(
            f"--sample {settings.sample}: the audience has {len(ranked)} personas; choose 1 to {len(ranked)}"
        )
    panel = tuple(ranked[: settings.sample])
    tasks = tuple(_list_tasks(campaign, panel, settings, len(prompts.wordings)))
    return Plan(campaign, tuple(audiences), settings, prompts, panel, tasks, keys)


async def carry_out(
    plan: Plan,
    engine: Engine,
    store: Store,
    *,
    price: Price | None = None,
    max_cost: float | None = None,
    concurrency: int | None = None,
    embedding_model: str | None = None,
    on_reaction: OnReaction | None = None,
) -> Run:
    """Ask everything, rate what was said and return the run.

    Whatever the store holds is not asked again; each reply is kept as it arrives, so the same call after an
    interruption goes on from there. Where `max_cost` leaves no room, what was not asked counts as failed and
    `methods.stopped` says so.
    """
    started = datetime.datetime.now(datetime.UTC)
    if plan.settings.rating == "ssr" and embedding_model is None:
        embedder.check_installed()
    budget = Budget(price, max_cost)
    questionnaire = Questionnaire(plan.prompts, plan.settings.rating)
    async with engine:
        asker = Asker(questionnaire, engine, store, budget, secrets.token_hex(6))
        reactions = await _ask_all(plan.tasks, asker, concurrency or engine.concurrency, on_reaction)
        embed = await _find_embed(reactions, plan.prompts, engine, store, embedding_model)
    return _make_run(plan, engine, reactions, embed, budget, embedding_model, started)


def run_blocking(work: Callable[[], Any]) -> Any:
    """Run a coroutine to its end, from plain code or from inside a running loop such as a notebook's."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    outcome: list[Any] = []
    thread = threading.Thread(target=lambda: outcome.append(_catch(work)), daemon=True)
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _catch(work: Callable[[], Any]) -> Any:
    try:
        return asyncio.run(work())
    except BaseException as error:  # noqa: BLE001 - carried over to the waiting thread, which raises it
        return error


def _check_objective(campaign: Campaign, objective: Objective) -> None:
    for draft in campaign.drafts:
        actions = find_surface(draft.surface).actions
        if objective not in actions:
            raise InputError(
                f"draft {draft.id!r}: nobody can {objective!r} on a {draft.surface}; allowed objectives: {', '.join(actions)}"
            )


def _join_audiences(audiences: Sequence[Audience]) -> tuple[list[Persona], tuple[str, ...]]:
    """Return all personas and segment keys; with several audiences, ids and a segment say which one."""
    if not audiences:
        raise InputError("no audience given; name one with --audience, see `audience personas list`")
    if len(audiences) == 1 and audiences[0].segment_keys:
        return list(audiences[0].personas), audiences[0].segment_keys
    several = len(audiences) > 1
    people = [
        persona.model_copy(
            update={
                "id": f"{audience.audience}/{persona.id}" if several else persona.id,
                "segments": {**persona.segments, "audience": audience.audience},
            }
        )
        for audience in audiences
        for persona in audience.personas
    ]
    return people, tuple(sorted({key for persona in people for key in persona.segments}))


def _list_tasks(campaign: Campaign, panel: Sequence[Persona], settings: Settings, wordings: int) -> Iterator[Task]:
    for repeat in range(settings.repeats):
        for rank, persona in enumerate(panel):
            for draft in campaign.drafts:
                yield Task(persona, draft, rank % wordings, repeat)
    for repeat in range(settings.repeats if settings.control else 0):
        for wording in range(wordings):
            for draft in campaign.drafts:
                yield Task(None, draft, wording, repeat)


async def _ask_all(
    tasks: Sequence[Task], asker: Asker, concurrency: int, on_reaction: OnReaction | None
) -> list[Reaction]:
    """Return the reactions in the order of the tasks; the first error that ends a run cancels the rest."""
    reactions: list[Reaction | None] = [None] * len(tasks)
    waiting = iter(enumerate(tasks))

    async def work() -> None:
        for index, task in waiting:
            try:
                reaction = await asker.ask(task)
            except BudgetReached as error:
                reaction = Reaction(task=task, status="failed", usage=Usage(), error=str(error), unpaid=True)
            reactions[index] = reaction
            if on_reaction is not None:
                on_reaction(reaction)

    with _unwrap_group():
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(tasks))):
                group.create_task(work())
    return [reaction for reaction in reactions if reaction is not None]


@contextlib.contextmanager
def _unwrap_group() -> Iterator[None]:
    """Raise the toolkit's own error out of a task group's bundle."""
    try:
        yield
    except BaseExceptionGroup as group:
        expected = group.subgroup(ToolkitError)
        if expected is None:
            raise
        raise _first_leaf(expected) from None


def _first_leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _find_embed(
    reactions: Sequence[Reaction], prompts: Prompts, engine: Engine, store: Store, model: str | None
) -> Embed:
    """Return the embedding function of the run; vectors of an endpoint's model are fetched and kept beforehand."""
    if model is None:
        return embedder.embed_texts
    texts = {said for reaction in reactions if reaction.answer for said in reaction.answer.says.values()}
    texts |= {sentence for sets in prompts.anchors.values() for sentences in sets for sentence in sentences}
    keys = {text: make_key("vector", model, text) for text in sorted(texts)}
    known = store.find_vectors(keys.values())
    lacking = [text for text, key in keys.items() if key not in known]
    if lacking:
        vectors = await engine.embed(lacking, model)
        store.keep_vectors([keys[text] for text in lacking], vectors)
        known |= {keys[text]: np.asarray(vector) for text, vector in zip(lacking, vectors, strict=True)}
    return lambda wanted: np.stack([known[keys[text]] for text in wanted])


def _make_run(
    plan: Plan,
    engine: Engine,
    reactions: Sequence[Reaction],
    embed: Embed,
    budget: Budget,
    embedding_model: str | None,
    started: datetime.datetime,
) -> Run:
    settings = plan.settings
    run_id = _make_run_id(plan, engine.model, embedding_model)
    rows = make_reactions(
        reactions,
        run_id=run_id,
        campaign=plan.campaign,
        objective=settings.objective,
        segment_keys=plan.segment_keys,
        model=engine.model,
        price=budget.price,
    )
    rows, silent = rate_reactions(rows, plan.prompts, embed)
    control = [reaction for reaction in reactions if reaction.task.persona is None]
    personas = [reaction for reaction in reactions if reaction.task.persona is not None]
    methods = Methods(
        run_id=run_id,
        campaign=plan.campaign,
        audiences=tuple(describe_audience(audience) for audience in plan.audiences),
        segment_keys=plan.segment_keys,
        settings=settings,
        engine=engine.name,
        model=engine.model,
        form=engine.form,
        personas=len(plan.panel),
        wordings=plan.wordings,
        counts=_count(personas, engine.calls),
        control_counts=_count(control, engine.calls) if settings.control else None,
        cost_usd=_find_cost(engine, budget, reactions),
        prompt_tokens=sum(reaction.usage.fresh_prompt_tokens for reaction in reactions),
        completion_tokens=sum(reaction.usage.fresh_completion_tokens for reaction in reactions),
        rating=f"{settings.rating}, {embedding_model or embedder.NAME}"
        if settings.rating == "ssr"
        else settings.rating,
        silent=dict(silent),
        detectable=plan.detectable,
        prompts=plan.prompts.hashes,
        questions=_write_out_questions(plan, engine),
        started=started.isoformat(timespec="seconds"),
        stopped=next((reaction.error for reaction in reactions if reaction.unpaid), None),
        version=version("audience-toolkit"),
        warnings=tuple(_list_warnings(plan, engine, reactions, silent)),
    )
    return Run(methods=methods, reactions=rows)


def _make_run_id(plan: Plan, model: str, embedding_model: str | None) -> str:
    """Return a name that the same inputs always give: campaign and twelve digits of their SHA-256."""
    parts = [plan.campaign.model_dump_json(), plan.settings.model_dump_json(), model, embedding_model or ""]
    parts += [audience.digest for audience in plan.audiences]
    parts += [f"{name} {digest}" for name, digest in plan.prompts.hashes.items()]
    slug = "".join(letter if letter.isalnum() else "-" for letter in plan.campaign.campaign.lower()).strip("-")
    return f"{slug[:60] or 'run'}-{make_key(*parts).hex()[:12]}"


def _count(reactions: Sequence[Reaction], calls: int) -> Counts:
    statuses = [reaction.status for reaction in reactions]
    return Counts(
        planned=len(reactions),
        ok=statuses.count("ok"),
        refused=statuses.count("refused"),
        failed=statuses.count("failed"),
        from_store=sum(reaction.usage.fresh == 0 and reaction.status != "failed" for reaction in reactions),
        calls=calls,
    )


def _find_cost(engine: Engine, budget: Budget, reactions: Sequence[Reaction]) -> float | None:
    if budget.price is not None:
        return round(budget.spent, 6)
    asked = any(reaction.usage.fresh for reaction in reactions)
    return None if asked and engine.name == "openai" else 0.0


def _write_out_questions(plan: Plan, engine: Engine) -> dict[str, str]:
    """Return the first persona's questions as sent, the random token shown as a blank."""
    questionnaire = Questionnaire(plan.prompts, plan.settings.rating)
    task = plan.tasks[0]
    if engine.form == "completion":
        return {"completion": questionnaire.ask_thought(task).prompt}
    question = questionnaire.ask_reaction(task)
    return {"system": question.system, "react": question.prompt.replace("\x00", "____")}


def _list_warnings(
    plan: Plan, engine: Engine, reactions: Sequence[Reaction], silent: Mapping[str, int]
) -> Iterator[str]:
    yield from dict.fromkeys(engine.warnings)
    yield from dict.fromkeys(str(reaction.error) for reaction in reactions if reaction.unpaid)
    for name in dict.fromkeys(draft.surface for draft in plan.campaign.drafts):
        surface = find_surface(name)
        if surface.retired:
            yield f"{name} was retired on {surface.retired:%d %B %Y}; use {surface.replacement}"
    if engine.form == "completion":
        yield "the embedded model ranks drafts near chance: it shows how the toolkit works and decides nothing"
    missing = sum(reaction.missing for reaction in reactions)
    if missing:
        yield f"the store lacks {missing} reactions; run once with the engine that should answer"
    refused = sum(reaction.status == "refused" for reaction in reactions)
    if refused:
        yield f"{refused} reactions were refused by the model and count nowhere"
    total = sum(silent.values())
    if total:
        yield f"{total} sentences did not speak of their measure; those ratings are null"
