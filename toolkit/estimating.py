"""What a run will take, before it is started."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit import stats
from toolkit.budget import Price
from toolkit.engines.base import Form
from toolkit.head_to_head import PairQuestions, list_pairings
from toolkit.models import Record
from toolkit.planning import Plan
from toolkit.questions import Questionnaire
from toolkit.surfaces import is_folded

CHARACTERS_PER_TOKEN = 4
WORTH_FINDING = 0.05
_MINUTE = 60
_REPLY_TOKENS = {"chat": 260, "glance": 40, "completion": 40}
_PAIR_TOKENS: Mapping[Form, int] = {"chat": 40, "completion": 2}
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
    questionnaire = Questionnaire(plan.prompts, plan.settings.rating, plan.pictures)
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
    pairs = PairQuestions(plan.prompts, plan.settings.objective)
    form: Form = "completion" if engine == "local" else "chat"
    for pairing in list_pairings(plan):
        question = pairs.ask(pairing, form)
        calls += 1
        prompt_tokens += len(question.system + question.prompt) // CHARACTERS_PER_TOKEN
        completion_tokens += _PAIR_TOKENS[form]
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


def say_estimate(estimate: Estimate) -> tuple[str, str]:
    """Return what a run will take and what it can tell, each in a sentence without its full stop.

    Such as ("Ask 12 people, about $0.04, 20 s", "12 people can tell 31 points apart, four times in five; ...").
    """
    people = "1 person" if estimate.personas == 1 else f"{estimate.personas} people"
    cost = "cost unknown" if estimate.cost_usd is None else f"about ${estimate.cost_usd:.2f}"
    takes = f"Ask {people}, {cost if estimate.cost_usd != 0 else 'free'}, {say_seconds(estimate.minutes * 60)}"
    can = estimate.detectable_difference
    tells = f"{people} can tell {can:.0%} apart" if can else f"{people}: too few to tell any two drafts apart"
    needed = estimate.personas_for_5_points
    more = f"; {needed:,} would tell 5 points apart" if needed else "; more people alone cannot tell 5 points apart"
    return takes, f"{tells}{more} (four times in five, typical variances assumed)"


def say_seconds(seconds: float) -> str:
    """Return a duration as people say it: "20 s", "3 min", "1 h 20 min"."""
    if seconds < _MINUTE:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / _MINUTE)
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if not hours else f"{hours} h {rest} min"
