"""What a run records besides its reactions: identity, counts, cost, questions, warnings."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from toolkit.asking import Reaction
from toolkit.budget import Budget
from toolkit.engines import embedder
from toolkit.engines.base import Engine
from toolkit.planning import Plan
from toolkit.questions import BOUNDARY, Questionnaire
from toolkit.reactions import Embed, make_reactions, rate_reactions
from toolkit.runs import Counts, Methods, Run, describe_audience
from toolkit.store import make_key
from toolkit.surfaces import find_surface


@dataclass(frozen=True, slots=True)
class Asked:
    """What the asking left behind: reactions, what they cost, and when it began."""

    reactions: Sequence[Reaction]
    budget: Budget
    started: datetime.datetime
    embedding_model: str | None = None
    """The endpoint's embedding model; None for the embedded one."""


def make_run(plan: Plan, engine: Engine, asked: Asked, embed: Embed) -> Run:
    """Return the run with its methods statement; rates what was said where the rating method asks for it."""
    run_id = _make_run_id(plan, engine.model, asked.embedding_model)
    rows = make_reactions(
        asked.reactions,
        run_id=run_id,
        campaign=plan.campaign,
        objective=plan.settings.objective,
        segment_keys=plan.segment_keys,
        model=engine.model,
    )
    silent: Mapping[str, int] = {}
    if plan.settings.rating == "ssr":
        rows, silent = rate_reactions(rows, plan.prompts, embed)
    return Run(methods=_make_methods(run_id, plan, engine, asked, silent), reactions=rows)


def _make_methods(run_id: str, plan: Plan, engine: Engine, asked: Asked, silent: Mapping[str, int]) -> Methods:
    reactions = asked.reactions
    control = [reaction for reaction in reactions if reaction.task.persona is None]
    personas = [reaction for reaction in reactions if reaction.task.persona is not None]
    return Methods(
        run_id=run_id,
        campaign=plan.campaign,
        audiences=tuple(describe_audience(audience) for audience in plan.audiences),
        segment_keys=plan.segment_keys,
        settings=plan.settings,
        engine=engine.name,
        model=engine.model,
        form=engine.form,
        personas=len(plan.panel),
        wordings=plan.wordings,
        counts=_count(personas, engine.calls),
        control_counts=_count(control, engine.calls) if plan.settings.control else None,
        cost_usd=_find_cost(engine, asked),
        prompt_tokens=sum(reaction.usage.fresh_prompt_tokens for reaction in reactions),
        completion_tokens=sum(reaction.usage.fresh_completion_tokens for reaction in reactions),
        rating=_describe_rating(plan, asked),
        silent=dict(silent),
        detectable=plan.detectable,
        prompts=plan.prompts.hashes,
        questions=_write_out_questions(plan, engine),
        started=asked.started.isoformat(timespec="seconds"),
        stopped=next((reaction.error for reaction in reactions if reaction.unpaid or reaction.stopped), None),
        version=version("audience-toolkit"),
        warnings=tuple(_list_warnings(plan, engine, reactions, silent)),
    )


def _describe_rating(plan: Plan, asked: Asked) -> str:
    method = plan.settings.rating
    return f"{method}, {asked.embedding_model or embedder.NAME}" if method == "ssr" else method


def _make_run_id(plan: Plan, model: str, embedding_model: str | None) -> str:
    """Return a name that the same inputs always give: campaign and twelve digits of their SHA-256."""
    parts = [plan.campaign.model_dump_json(), plan.settings.model_dump_json(), model, embedding_model or ""]
    parts += [audience.digest for audience in plan.audiences]
    parts += [f"{name} {digest}" for name, digest in plan.prompts.hashes.items()]
    parts += [f"{draft} {picture}" for draft, picture in plan.pictures.items()]
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


def _find_cost(engine: Engine, asked: Asked) -> float | None:
    if asked.budget.price is not None:
        return round(asked.budget.spent, 6)
    paid = any(reaction.usage.fresh for reaction in asked.reactions)
    return None if paid and engine.name == "openai" else 0.0


def _write_out_questions(plan: Plan, engine: Engine) -> dict[str, str]:
    """Return the first persona's questions as sent, the random token shown as a blank."""
    questionnaire = Questionnaire(plan.prompts, plan.settings.rating, plan.pictures)
    task = plan.tasks[0]
    if engine.form == "completion":
        return {"completion": questionnaire.ask_thought(task).prompt}
    question = questionnaire.ask_reaction(task)
    return {"system": question.system, "react": question.prompt.replace(BOUNDARY, "____")}


def _list_warnings(
    plan: Plan, engine: Engine, reactions: Sequence[Reaction], silent: Mapping[str, int]
) -> Iterator[str]:
    yield from dict.fromkeys(engine.warnings)
    yield from dict.fromkeys(str(reaction.error) for reaction in reactions if reaction.unpaid or reaction.stopped)
    for name in dict.fromkeys(draft.surface for draft in plan.campaign.drafts):
        surface = find_surface(name)
        if surface.retired:
            yield f"{name} was retired on {surface.retired:%d %B %Y}; use {surface.replacement}"
    yield from _say_pictures(plan, engine)
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


def _say_pictures(plan: Plan, engine: Engine) -> Iterator[str]:
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
