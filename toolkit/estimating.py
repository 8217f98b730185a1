"""What a run will take, before it is started."""

from __future__ import annotations

from toolkit import stats
from toolkit.budget import Price
from toolkit.models import Record
from toolkit.planning import Plan
from toolkit.questions import Questionnaire
from toolkit.surfaces import is_folded

CHARACTERS_PER_TOKEN = 4
WORTH_FINDING = 0.05
_REPLY_TOKENS = {"chat": 260, "glance": 40, "completion": 40}
_SECONDS_PER_CALL = {"openai": 6.0, "local": 3.5, "replay": 0.01}
_CONCURRENCY = {"openai": 32, "local": 2, "replay": 1}


class Estimate(Record):
    """What a run is expected to take, stored reactions not taken off."""

    personas: int
    wordings: int
    reactions: int
    calls: int
    """At most: everybody is taken to stop and read on."""
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """Null where the model's price is not known."""
    minutes: float
    detectable_difference: float | None
    """Difference in the objective rate found four times in five; null where no difference would be."""
    personas_for_5_points: int | None
    """Personas needed to tell 5 points apart; null where more personas alone cannot."""


def estimate_plan(plan: Plan, engine: str, price: Price | None, concurrency: int | None = None) -> Estimate:
    """Return the estimate, from the prompts' real lengths at four characters a token."""
    questionnaire = Questionnaire(plan.prompts, plan.settings.rating)
    calls = prompt_tokens = completion_tokens = 0
    for task in plan.tasks:
        if engine == "local":
            questions = [(questionnaire.ask_thought(task), "completion")]
        elif is_folded(task.draft):
            questions = [(questionnaire.ask_glance(task), "glance"), (questionnaire.ask_reading(task), "chat")]
        else:
            questions = [(questionnaire.ask_reaction(task), "chat")]
        calls += len(questions)
        prompt_tokens += (
            sum(len(question.system + question.prompt) for question, _ in questions) // CHARACTERS_PER_TOKEN
        )
        completion_tokens += sum(_REPLY_TOKENS[kind] for _, kind in questions)
    in_flight = min(concurrency or _CONCURRENCY.get(engine, 1), max(calls, 1))
    return Estimate(
        personas=len(plan.panel),
        wordings=plan.wordings,
        reactions=plan.persona_tasks,
        calls=calls,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cost_usd=round(price.cost(prompt_tokens, completion_tokens), 4) if price else None,
        minutes=round(calls * _SECONDS_PER_CALL.get(engine, 6.0) / in_flight / 60, 2),
        detectable_difference=plan.detectable,
        personas_for_5_points=stats.personas_needed(
            stats.TYPICAL, len(plan.prompts.wordings), plan.settings.repeats, WORTH_FINDING
        ),
    )
